"""Scattering with a reduction, against PyTorch."""

import numpy as np
import pytest

from tests.draws import draws, numbers
from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

REDUCTIONS = ["sum", "prod", "mean", "amax", "amin", "other"]


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize("reduce", REDUCTIONS)
def test_scatter_reduce(reduce, include_self):
    rng = draws(0)
    cases = [
        ((3, 4), (3, 6), 1),
        ((3, 4), (2, 4), 0),
        ((5,), (7,), 0),
        ((2, 3, 4), (2, 5, 4), 1),
        ((3,), (0,), 0),
        ((), (), 0),
    ]
    for dtype in ("float32", "int64"):
        for shape, places, dim in cases:
            # no ties: there torch counts itself even where it is not included
            x, y = numbers(shape, dtype), numbers(places, dtype, 1) * 2 + 1
            i = rng.integers(0, shape[dim] if shape else 1, places)
            agree(
                lambda m, x, i, y: m.scatter_reduce(x, dim, i, y, reduce, include_self=include_self),
                [x, np.asarray(i), y],
                f"{shape} {places} {dtype}",
                tolerance=1e-5,
            )
    zeros = np.array([0, 1, 0, 2, 0, 0], "float32")
    i = np.array([0, 0, 1, 1, 2, 2])
    agree(
        lambda m, x, i, y: x.scatter_reduce(0, i, y, reduce, include_self=include_self),
        [np.array([2, 0, 3, 0] if include_self else [2, 9, 3, 0], "float32"), i, zeros],
        tolerance=1e-5,
    )
    ties = np.array([1, 1, 3, 3, 0, 0], "float32")
    agree(
        lambda m, x, i, y: x.scatter_reduce(0, i, y, reduce, include_self=include_self),
        [np.array([1, 3, 7, 5] if include_self else [2, 8, 7, 5], "float32"), i, ties],
        tolerance=1e-5,
    )


def test_scatter_with_a_reduction():
    i = np.array([[0, 0, 1], [1, 1, 1]])
    for reduce in ("add", "multiply", "other"):
        agree(
            lambda m, x, i, y: m.scatter(x, 0, i, y, reduce=reduce),
            [numbers((3, 3)), i, numbers((2, 3), seed=1)],
            reduce,
            gradient=False,
        )
        agree(
            lambda m, x, i: m.scatter(x, 0, i, 2.0, reduce=reduce),
            [numbers((3, 3)), i],
            reduce,
            gradient=False,
        )
        agree(
            lambda m, x, i: x.scatter_(0, i, 2.0, reduce=reduce), [numbers((3, 3)), i], reduce, gradient=False
        )
