"""frexp, renorm, and the methods that go with them, as in PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree

RNG = draws(0)

X, CUBE = RNG.standard_normal((4, 5)), RNG.standard_normal((3, 4, 5))


def test_frexp():
    for kind in ("float16", "float32", "float64"):
        agree(lambda m, x: m.frexp(x), [X.astype(kind)])
    agree(lambda m, x: x.frexp(), [np.array([0.0, -0.0, np.inf, np.nan, 1e-310])], gradient=False)
    agree(lambda m, x: m.frexp(x), [np.arange(3)])


@pytest.mark.parametrize("p", [1, 2, 3.5, float("inf")])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_renorm(p, dim):
    agree(lambda m, x: m.renorm(x, p, dim, 1.5), [CUBE], tolerance=1e-9)
    agree(lambda m, x: (x * 1).renorm_(p, dim, 0.7), [X], tolerance=1e-9)
    agree(lambda m, x: m.renorm(x, p=p, dim=dim, maxnorm=100.0), [X], tolerance=1e-9)


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.renorm(x[0], 2, 0, 1.0),
        lambda m, x: m.renorm(x, 0, 0, 1.0),
        lambda m, x: m.renorm(x, 2, 0, -1.0),
        lambda m, x: m.renorm(x, 2, 3, 1.0),
    ],
)
def test_renorm_refused(call):
    agree(call, [X])


def test_methods():
    agree(lambda m, x: x.sum_to_size(4, 1), [CUBE])
    agree(lambda m, x: x.sum_to_size((5,)), [CUBE])
    agree(lambda m, x: x.sum_to_size(3, 4, 5), [CUBE])
    agree(lambda m, x: x.sum_to_size(2), [CUBE])
    agree(lambda m, x: (x * 1).detach().apply_(lambda v: v * 2 + 1), [X], gradient=False)
    agree(lambda m, x: (x * 1).detach().map_(x.detach() * 3, lambda a, b: a * b), [X], gradient=False)
    agree(lambda m, x: x.apply_(lambda v: v), [X])
    agree(lambda m, x: x.put(m.tensor([0, 3]), x[0, :2] * 5), [X])
    agree(lambda m, x: m.put(x, m.tensor([0, 0]), x[0, :2], accumulate=True), [X])
    agree(lambda m, x: (x * 2).as_strided_((2, 2), (1, 3), 1), [X])
    agree(lambda m, x: m.addmv_(x[0] * 1, x.mT, x[:, 0]), [X])
    assert mytorch.tensor([1, 2]).apply_(lambda v: v * v).tolist() == [1, 4]
