"""frexp, renorm, gradient, histogram, windows, and the methods that go with them, as in PyTorch."""

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


@pytest.mark.parametrize("order", [1, 2])
def test_gradient(order):
    agree(lambda m, x: m.gradient(x, edge_order=order), [CUBE], tolerance=1e-10)
    agree(lambda m, x: m.gradient(x, spacing=2.5, dim=1, edge_order=order), [CUBE], tolerance=1e-10)
    agree(
        lambda m, x: m.gradient(x, spacing=[0.5, 2.0], dim=(0, -1), edge_order=order), [CUBE], tolerance=1e-10
    )
    places = np.array([0.0, 0.7, 1.0, 2.5]), np.array([-1.0, 0.0, 0.5, 3.0, 4.0])
    agree(
        lambda m, x, a, b: m.gradient(x, spacing=(a, b), edge_order=order),
        [X, *places],
        tolerance=1e-10,
        gradient=False,
    )
    agree(
        lambda m, x: m.gradient(x, spacing=(m.tensor(places[0]),), dim=0, edge_order=order),
        [X],
        tolerance=1e-10,
    )
    agree(lambda m, x: m.gradient(x, edge_order=order), [X[:2]], tolerance=1e-10)
    agree(lambda m, x: m.gradient(x, edge_order=order), [X[:1]])
    agree(lambda m, x: m.gradient(x, spacing=[1.0]), [X])
    agree(lambda m, x: m.gradient(x, edge_order=3), [X])


@pytest.mark.parametrize("density", [False, True])
def test_histogram(density):
    for kind in ("float32", "float64"):
        x = X.astype(kind)
        agree(lambda m, x: m.histogram(x, 6, density=density), [x], gradient=False, tolerance=1e-6)
        agree(
            lambda m, x: m.histogram(x, bins=6, range=(-1.0, 1.0), density=density),
            [x],
            gradient=False,
            tolerance=1e-6,
        )
        agree(
            lambda m, x, w: x.histogram(6, weight=w, density=density),
            [x, np.abs(x)],
            gradient=False,
            tolerance=1e-5,
        )
        agree(
            lambda m, x, e: m.histogram(x, e, density=density),
            [x, np.array([-1.0, 0.0, 0.5, 2.0], kind)],
            gradient=False,
            tolerance=1e-6,
        )
    agree(lambda m, x: m.histogram(x, 3), [np.ones(4)], gradient=False)
    agree(lambda m, x: m.histogram(x, 0), [X], gradient=False)
    agree(lambda m, x: m.histogram(x, 3), [np.arange(4)])


@pytest.mark.parametrize("name", ["bartlett", "hann", "hamming", "blackman", "kaiser"])
@pytest.mark.parametrize("periodic", [True, False])
def test_windows(name, periodic):
    for n in (0, 1, 2, 7, 8):
        agree(lambda m, n=n: getattr(m, f"{name}_window")(n, periodic), [], tolerance=1e-6)
        agree(
            lambda m, n=n: getattr(m, f"{name}_window")(n, periodic=periodic, dtype=m.float64),
            [],
            tolerance=1e-12,
        )
    agree(lambda m: getattr(m, f"{name}_window")(-1), [])
    agree(lambda m: getattr(m, f"{name}_window")(4, dtype=m.int64), [])


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
