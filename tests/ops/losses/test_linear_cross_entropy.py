"""The cross entropy of a linear layer's scores, as a function and as a module, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error

rng = draws(0)


def real(*shape):
    return rng.standard_normal(shape)


def classes(count, *shape):
    return rng.integers(0, count, shape)


WEIGHT, SHARES = real(5, 3), np.exp(real(4, 5))
CASES = {  # what the target is, the arrays after it, the settings
    "classes": ([real(4, 3), WEIGHT], classes(5, 4), {}),
    "one sample": ([real(3), WEIGHT], classes(5), {"reduction": "none"}),
    "positions": ([real(4, 3), real(5, 2, 6, 3)], classes(5, 4, 2, 6), {"reduction": "sum"}),
    "bias": ([real(4, 3), WEIGHT, real(5)], classes(5, 4), {"label_smoothing": 0.2}),
    "bias of positions": ([real(4, 3), real(5, 2, 3), real(5, 2)], classes(5, 4, 2), {}),
    "ignored": ([real(4, 3), WEIGHT], np.array([0, 2, 2, 4]), {"ignore_index": 2}),
    "probabilities": ([real(4, 3), WEIGHT, real(5)], SHARES / SHARES.sum(1, keepdims=True), {}),
}


@pytest.mark.parametrize("case", CASES)
def test_function(case):
    arrays, target, settings = CASES[case]

    def loss(lib, x, weight, target, bias=None):
        return lib.nn.functional.linear_cross_entropy(x, weight, target, linear_bias=bias, **settings)

    x, weight, *bias = arrays
    compare(loss, [x, weight, target, *bias])


REFUSED = {
    "a matrix too many": ([real(2, 4, 3), WEIGHT], classes(5, 2, 4), {}),
    "a vector of weights": ([real(4, 3), real(3)], classes(5, 4), {}),
    "features": ([real(4, 2), WEIGHT], classes(5, 4), {}),
    "bias": ([real(4, 3), WEIGHT, real(4)], classes(5, 4), {}),
    "one sample with positions": ([real(3), real(5, 2, 3)], classes(5, 2), {}),
    "ignored probabilities": ([real(4, 3), WEIGHT], SHARES, {"ignore_index": 1}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(case):
    (x, weight, *bias), target, settings = REFUSED[case]

    def loss(lib, x, weight, target, bias=None):
        return lib.nn.functional.linear_cross_entropy(x, weight, target, linear_bias=bias, **settings)

    same_error(loss, x, weight, target, *bias)


@pytest.mark.parametrize(
    "settings", [{}, {"bias": True, "out_features": (2,)}, {"reduction": "sum"}], ids=str
)
def test_module(settings):
    shape = (4, *settings.get("out_features", ()))

    def loss(lib, x, target, *parameters):
        module = lib.nn.LinearCrossEntropyLoss(3, 5, **settings).double()
        with lib.no_grad():
            for p, values in zip(module.parameters(), parameters):
                p.copy_(values)
        return module(x, target)

    rows = 5 * int(np.prod(shape[1:]))
    compare(loss, [real(4, 3), classes(5, *shape), real(rows, 3), real(rows)])


def test_module_refusals():
    for settings in ({"weight": np.ones(4)}, {"label_smoothing": 1.5}):
        same_error(
            lambda lib, settings=settings: lib.nn.LinearCrossEntropyLoss(
                3, 5, **{k: lib.tensor(v) if k == "weight" else v for k, v in settings.items()}
            )
        )


def test_options_are_refused():
    with pytest.raises(NotImplementedError, match="scores are computed as a whole"):
        mytorch.nn.LinearCrossEntropyLoss(3, 5, options=object())(mytorch.ones(2, 3), mytorch.tensor([0, 1]))
