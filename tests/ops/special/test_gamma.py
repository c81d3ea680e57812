"""The logarithm of the gamma function and its derivatives, against exact values."""

import math

import numpy as np
import pytest

import mytorch
from tests.referee import agree

EULER, ZETA3 = 0.57721566490153286, 1.2020569031595942


def exact(function, x):
    return np.array([function(v) for v in x.tolist()])


def relative(ours, theirs):
    both = np.isfinite(theirs) & (np.abs(theirs) > 1e-300)
    np.testing.assert_array_equal(
        ours[~both & (theirs != 0) & (np.abs(theirs) > 1)],
        theirs[~both & (theirs != 0) & (np.abs(theirs) > 1)],
    )
    return np.max(np.abs(ours - theirs)[both] / np.abs(theirs)[both])


def test_lgamma():
    x = np.concatenate(
        [np.linspace(1e-3, 30, 30_001), [1e-10, 50, 1e3, 1e10, 1e300], -np.linspace(0.01, 20.013, 999)]
    )
    ours, theirs = mytorch.tensor(x).lgamma().numpy(), exact(math.lgamma, x)
    assert np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1)) < 1e-13
    z = np.array([1e-8, -1e-8, 3e-7])  # its zeros are at 1 and 2: the series there
    one, two = (mytorch.tensor(n + z).lgamma().numpy() for n in (1, 2))
    z = (1 + z) - 1
    assert relative(one, -EULER * z + math.pi**2 / 12 * z**2) < 1e-13
    z = (2 + np.array([1e-8, -1e-8, 3e-7])) - 2
    assert relative(two, (1 - EULER) * z + (math.pi**2 / 12 - 0.5) * z**2) < 1e-13
    assert mytorch.tensor([0.0, -1.0, -2.0, math.inf, -math.inf]).lgamma().tolist() == [math.inf] * 5


KNOWN = [  # n, x, the n-th derivative of digamma (Abramowitz and Stegun, 6.3 and 6.4)
    (0, 1.0, -EULER),
    (0, 0.5, -EULER - 2 * math.log(2)),
    (0, 2.0, 1 - EULER),
    (0, 0.25, -EULER - math.pi / 2 - 3 * math.log(2)),
    (0, -0.5, 2 - EULER - 2 * math.log(2)),
    (1, 1.0, math.pi**2 / 6),
    (1, 0.5, math.pi**2 / 2),
    (1, -0.5, math.pi**2 / 2 + 4),
    (2, 1.0, -2 * ZETA3),
    (2, 0.5, -14 * ZETA3),
    (2, -0.5, -14 * ZETA3 + 16),
    (3, 1.0, math.pi**4 / 15),
    (3, 0.5, math.pi**4),
]


@pytest.mark.parametrize(("n", "x", "value"), KNOWN)
def test_polygamma(n, x, value):
    assert math.isclose(
        mytorch.polygamma(n, mytorch.tensor(x, dtype=mytorch.float64)).item(), value, rel_tol=1e-13
    )


def test_digamma_satisfies_its_recurrence():
    x = mytorch.tensor(np.concatenate([np.linspace(0.01, 30, 3001), np.linspace(-9.99, -0.005, 1001)]))
    difference = (x + 1).digamma() - x.digamma() - 1 / x
    assert (difference.abs() / (1 / x).abs().clamp(min=1)).max().item() < 1e-12
    poles = mytorch.tensor([0.0, -0.0, -1.0, -7.0]).digamma().tolist()
    assert poles[:2] == [-math.inf, math.inf] and all(map(math.isnan, poles[2:]))


def test_mvlgamma():
    x = mytorch.tensor([2.5, 4.0], dtype=mytorch.float64)
    expected = exact(math.lgamma, x.numpy()) + exact(math.lgamma, x.numpy() - 0.5) + 0.5 * math.log(math.pi)
    np.testing.assert_allclose(mytorch.mvlgamma(x, 2).numpy(), expected, rtol=1e-13)
    with pytest.raises(RuntimeError, match="p has to be"):
        mytorch.mvlgamma(x, 0)


def test_zeta_far_to_the_left():
    with pytest.raises(NotImplementedError, match="from -1000 on"):
        mytorch.special.zeta(2.0, mytorch.tensor(-2000.5))


@pytest.mark.parametrize("n", [1, 2, 5])
def test_polygamma_reflects(n):
    x = np.array([-3e4 - 0.25, -1200.6, -20.4, -0.5, 0.2])
    agree(lambda m, x: m.polygamma(n, x), [x], tolerance=1e-9)
    assert np.isinf(mytorch.polygamma(n, mytorch.tensor([0.0, -7.0])).array).all()
