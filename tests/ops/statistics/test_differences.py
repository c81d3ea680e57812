"""Differences, areas, covariance, integer divisors and membership, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree

rng = draws(0)

pytestmark = pytest.mark.filterwarnings("ignore")

X, PLACES, COUNTS, WEIGHTS = (
    rng.standard_normal((4, 6)),
    np.sort(rng.random(6)),
    np.array([1, 2, 3, 1, 1, 1]),
    rng.random(6),
)


@pytest.mark.parametrize("dim", [0, 1, -1, 2])
def test_differences_and_areas(dim):
    for n in (1, 2, 9, -1):
        agree(lambda t, x: t.diff(x, n, dim), [X])
    agree(lambda t, x: t.trapezoid(x, dim=dim), [X])
    agree(lambda t, x: t.trapz(x, dx=0.3, dim=dim), [X])
    agree(lambda t, x: t.cumulative_trapezoid(x, dim=dim, dx=0.3), [X])


def test_forms_of_diff_and_trapezoid():
    agree(lambda t, x: t.diff(x, prepend=x[:, :1], append=x[:, :2]), [X])
    agree(lambda t, x: x.diff(), [np.array([True, False, False])])
    agree(lambda t, x: x.diff(), [np.array([1, 4, 9])])
    agree(lambda t, x: x.diff(), [np.array(1.0)])
    agree(lambda t, x: t.diff(x, 0), [X])
    agree(lambda t, y, x: t.trapezoid(y, x), [X, PLACES])
    agree(lambda t, y, x: t.trapezoid(y, x, dim=0), [X, PLACES[:4]])
    agree(lambda t, y, x: t.trapezoid(y, x), [X, np.cumsum(rng.random((4, 6)), 1)])


def test_covariance():
    for correction in (0, 1, 7):
        agree(lambda t, x: t.cov(x, correction=correction), [X])
    agree(lambda t, x: t.cov(x), [X[0]])
    agree(lambda t, x: t.cov(x), [X[None]])
    agree(lambda t, x: t.cov(x), [np.array([[1, 2, 4], [3, 3, 1]])])
    agree(lambda t, x, f: t.cov(x, fweights=f), [X, COUNTS])
    agree(lambda t, x, a: t.cov(x, aweights=a), [X, WEIGHTS])
    agree(lambda t, x, f, a: t.cov(x, fweights=f, aweights=a), [X, COUNTS, WEIGHTS])
    agree(lambda t, x: t.corrcoef(x), [X])
    agree(lambda t, x: t.corrcoef(x), [X[0]])


def test_divisors_and_membership():
    x = np.array([4, 6, 0, -9])
    for name in ("gcd", "lcm"):
        agree(lambda t, x, y: getattr(t, name)(x, y), [x, x[::-1].copy()])
        agree(lambda t, x, y: getattr(t, name)(x, y), [X, X])
    agree(lambda t, x, y: t.isin(x, y), [x, np.array([0, 6])])
    agree(lambda t, x: t.isin(x, 6), [x])
    agree(lambda t, x: t.isin(6, x, invert=True), [x])


@pytest.mark.parametrize("name", ["entr", "ndtr", "xlog1py", "expit", "gammaln", "psi"])
def test_the_special_namespace(name):
    x = np.array([0.0, 0.3, 2, -0.5, np.nan, np.inf, 5])
    if name == "xlog1py":
        agree(lambda t, x, y: t.special.xlog1py(x, y), [x[:, None], x])
    else:
        # torch's trigamma has ten digits
        agree(lambda t, x: getattr(t.special, name)(x), [x], tolerance=1e-8 if name == "psi" else None)


@pytest.mark.parametrize(
    "settings", [{}, {"spacing": None}, {"dim": None, "spacing": None}, {"dim": 1, "spacing": None}], ids=str
)
def test_gradient_takes_none_for_its_defaults(settings):
    agree(lambda t, x: t.gradient(x, **settings), [X])


@pytest.mark.parametrize("dtype", ["int8", "int64"])
def test_the_greatest_common_divisor_of_the_smallest_number_is_positive(dtype):
    smallest = np.iinfo(dtype).min  # PyTorch gives -2: the sign of the remainders
    x = mytorch.tensor(np.array([smallest, 6, -6], dtype))
    y = mytorch.tensor(np.array([6, smallest, smallest], dtype))
    assert mytorch.gcd(x, y).tolist() == [2, 2, 2]
    agree(
        lambda t, x, y: t.gcd(x, y),
        [np.array([smallest, smallest, 0], dtype), np.array([0, smallest, smallest], dtype)],
    )
    agree(lambda t, x, y: t.lcm(x, y), [np.array([smallest, 0, 3], dtype), np.array([0, smallest, 5], dtype)])


GRID, CUBE = rng.standard_normal((4, 5)), rng.standard_normal((3, 4, 5))


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
        [GRID, *places],
        tolerance=1e-10,
        gradient=False,
    )
    agree(
        lambda m, x: m.gradient(x, spacing=(m.tensor(places[0]),), dim=0, edge_order=order),
        [GRID],
        tolerance=1e-10,
    )
    agree(lambda m, x: m.gradient(x, edge_order=order), [GRID[:2]], tolerance=1e-10)
    agree(lambda m, x: m.gradient(x, edge_order=order), [GRID[:1]])
    agree(lambda m, x: m.gradient(x, spacing=[1.0]), [GRID])
    agree(lambda m, x: m.gradient(x, edge_order=3), [GRID])
