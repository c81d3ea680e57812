"""Distances, against PyTorch."""

import numpy as np

from tests.draws import draws
from tests.referee import compare

rng = draws(1)


def real(*shape):
    return np.asarray(rng.standard_normal(shape))


def test_distances():
    for p in (1, 2, 0.5, 3, float("inf")):
        compare(lambda lib, x, y: lib.nn.functional.pairwise_distance(x, y, p), [real(4, 5), real(4, 5)])
        compare(lambda lib, x: lib.nn.functional.normalize(x, p, 0), [real(4, 5)])
        compare(lambda lib, x: lib.nn.functional.pdist(x, p), [real(4, 5)])
    compare(lambda lib, x, y: lib.nn.functional.cosine_similarity(x, y), [real(4, 5), real(1, 5)])
    for dim in (0, 1, -1):
        compare(
            lambda lib, x, y, dim=dim: lib.nn.functional.cosine_similarity(x, y, dim), [real(4, 5), real(5)]
        )
    compare(
        lambda lib, x, y: lib.nn.functional.cosine_similarity(x, y, 0), [real(4, 5), real(4, 5)], "float32"
    )
