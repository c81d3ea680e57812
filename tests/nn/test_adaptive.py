"""Adaptive softmax against PyTorch."""

import numpy as np
import pytest

from tests.draws import draws
from tests.nn.twins import agree, twins
from tests.referee import same_error

rng = draws(8)
TARGETS = [np.array([0, 3, 5, 11, 7]), np.array([1, 2, 0, 1, 1]), np.array([9, 10, 11, 9, 8])]


@pytest.mark.parametrize("settings", [{}, {"div_value": 2.0, "head_bias": True}], ids=str)
def test_adaptive_softmax(settings):
    modules = twins("AdaptiveLogSoftmaxWithLoss", 16, 12, [3, 7], **settings)
    x = rng.standard_normal((5, 16)) * 3
    for target in TARGETS:
        agree(modules, lambda m, x, t: tuple(m(x, t)), [x, target])
    agree(modules, lambda m, x, t: tuple(m(x, t)), [x[0], np.asarray(4)])
    agree(modules, lambda m, x: (m.log_prob(x), m.predict(x)), [x])


LAYER = "AdaptiveLogSoftmaxWithLoss"
REFUSED = {
    "no cutoffs": (
        lambda lib: getattr(lib.nn, LAYER)(4, 5, []),
        "cutoffs should be a sequence of length larger than 0",
    ),
    "cutoffs": (
        lambda lib: getattr(lib.nn, LAYER)(4, 5, [3, 2]),
        "cutoffs should be a sequence of unique, positive integers",
    ),
    "target": (
        lambda lib: getattr(lib.nn, LAYER)(4, 5, [2])(lib.ones(1, 4), lib.tensor([5])),
        "Target values should be in [0, 4]",
    ),
    "batch": (
        lambda lib: getattr(lib.nn, LAYER)(4, 5, [2])(lib.ones(2, 4), lib.tensor([1])),
        "same size in the batch dimension",
    ),
    "dimensions": (
        lambda lib: getattr(lib.nn, LAYER)(4, 5, [2])(lib.ones(1, 4, 1), lib.tensor([1])),
        "1D target tensor expects 2D input tensors",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, match = REFUSED[name]
    same_error(call, match=match)
