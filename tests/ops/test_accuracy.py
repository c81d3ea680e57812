"""Smooth functions of one number, their first and second derivatives, to a few units in the last place over
wide ranges: against mpmath's numbers of many digits.
"""

import functools

import numpy as np
import pytest

import mytorch
from mytorch import special
from mytorch.nn import functional as F

mp = pytest.importorskip("mpmath")

ALL = [0, 1e-30, 1e-10, 1e-5, 0.01, 0.3, 0.7, 1, 1.5, 2.6, 5, 5.3, 8, 11, 15, 20, 25, 37, 40, 88, 350, 700]
BOTH = [*ALL, *(-x for x in ALL[1:])]
INSIDE = [1e-30, 1e-10, 0.001, 0.1, 0.25, 0.4, 0.6, 0.75, 0.9, 0.99, 0.9999, 1 - 2.0**-20]
UNIT = [*INSIDE, *(-x for x in INSIDE)]
ABOVE_ONE = [1 + 2.0**-20, 1.001, 1.1, 2, 5, 40, 1e6]
SELU = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x))


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def gelu_tanh(x):
    return x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3))


# name -> ours, the exact one, where, and how many units in the last place it may be off
TABLE = {
    "sigmoid": (mytorch.sigmoid, sigmoid, BOTH, 8),
    "logsigmoid": (F.logsigmoid, lambda x: -softplus(-x), BOTH, 8),
    "softplus": (lambda x: F.softplus(x, threshold=1e9), softplus, BOTH, 8),
    "silu": (F.silu, lambda x: x * sigmoid(x), BOTH, 16),
    "mish": (F.mish, lambda x: x * mp.tanh(softplus(x)), BOTH, 80),  # its second derivative is 0 near 1.5
    "tanh": (mytorch.tanh, mp.tanh, BOTH, 8),
    "tanhshrink": (F.tanhshrink, lambda x: x - mp.tanh(x), BOTH[1:], 8),
    "gelu": (F.gelu, lambda x: x * ndtr(x), BOTH, 20),
    # exp of a cubic: its argument's rounding counts 700 times at -20
    "gelu by tanh": (lambda x: F.gelu(x, approximate="tanh"), gelu_tanh, BOTH, 500),
    "erf": (mytorch.erf, mp.erf, BOTH, 8),
    "erfc": (mytorch.erfc, mp.erfc, BOTH, 8),
    "erfcx": (special.erfcx, lambda x: mp.exp(x * x) * mp.erfc(x), [x for x in BOTH if abs(x) < 26], 16),
    "ndtr": (special.ndtr, ndtr, BOTH, 12),
    "log_ndtr": (special.log_ndtr, lambda x: mp.log(ndtr(x)), [x for x in BOTH if abs(x) < 30], 16),
    "exp2": (mytorch.exp2, lambda x: mp.mpf(2) ** x, [*BOTH, 127.9, 128, 1023.9, 1024], 8),
    "expm1": (mytorch.expm1, mp.expm1, BOTH, 8),
    "log1p": (mytorch.log1p, mp.log1p, [*ALL, *(-x for x in INSIDE)], 8),
    "logit": (mytorch.logit, lambda x: mp.log(x) - mp.log1p(-x), INSIDE[1:], 8),
    "atanh": (mytorch.atanh, mp.atanh, UNIT, 8),
    "asin": (mytorch.asin, mp.asin, UNIT, 8),
    "acos": (mytorch.acos, mp.acos, UNIT, 8),
    "acosh": (mytorch.acosh, mp.acosh, ABOVE_ONE, 8),
    "sinh": (mytorch.sinh, mp.sinh, BOTH, 8),
    "cosh": (mytorch.cosh, mp.cosh, BOTH, 8),
    "asinh": (mytorch.asinh, mp.asinh, BOTH, 8),
    "atan": (mytorch.atan, mp.atan, BOTH, 8),
    "elu": (F.elu, lambda x: mp.expm1(x) if mp.re(x) < 0 else x, BOTH[len(ALL) :], 8),
    "selu": (
        F.selu,
        lambda x: SELU[0] * (SELU[1] * mp.expm1(x) if mp.re(x) < 0 else x),
        BOTH[len(ALL) :],
        8,
    ),
}


# In float32 these derivatives are made of the rounded result, as PyTorch's are: exact to units of 1, not of
# themselves.
ROUNDED = {"sigmoid", "logsigmoid", "softplus", "silu", "mish", "tanh", "tanhshrink", "gelu by tanh"}


@functools.cache
def exact(name, x, order):
    """The derivative of ``order`` 0, 1 or 2: with so many digits that differences cancel none that count."""
    function = TABLE[name][1]
    with mp.workdps(200 if 1e-9 < abs(x) < 12 else 800):
        x = mp.mpf(x)
        if not order:
            return mp.re(function(x))
        step = mp.mpf(10) ** -20 * (mp.fabs(x) if 0 < abs(x) < 1 else 1)
        sides = [mp.re(function(x + k * step)) for k in (-1, 0, 1)]
        if order == 1:
            return (sides[2] - sides[0]) / (2 * step)
        return (sides[2] - 2 * sides[1] + sides[0]) / step**2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", TABLE)
def test_values_and_derivatives(name, dtype):
    function, _, places, units = TABLE[name]
    x = np.array(places, dtype)
    if name in ("atanh", "asin", "acos", "logit", "log1p"):
        x = x[np.abs(x) < 1]
    t = mytorch.tensor(x, requires_grad=True)
    y = function(t)
    (slope,) = mytorch.autograd.grad(y.sum(), t, create_graph=True)
    (bend,) = mytorch.autograd.grad(slope.sum(), t)
    info = np.finfo(dtype)
    for order, found in enumerate((y, slope, bend)):
        for at, got in zip(x.tolist(), found.tolist()):
            wanted = exact(name, at, order)
            where = f"{name}, derivative {order} at {at}: {got}, exactly {mp.nstr(wanted, 12)}"
            if abs(wanted) > info.max:
                assert got == float(mp.sign(wanted)) * np.inf, where
                continue
            allowed = units * max(abs(wanted), 100 * mp.mpf(float(info.tiny))) * float(info.eps)
            if dtype == "float32" and order and name in ROUNDED:
                allowed += units * max(1, abs(at)) * float(info.eps)
            # what vanishes in subnormal numbers may vanish
            assert abs(mp.mpf(got) - wanted) <= allowed + 200 * mp.mpf(float(info.tiny)), where


def test_gelu_and_the_normal_distribution_in_their_lower_tail():
    x = mytorch.tensor([-5.0, -5.26, -6.0, -8.0, -12.0])
    wanted = [float(ndtr(mp.mpf(v))) for v in x.tolist()]
    normal = mytorch.distributions.Normal(mytorch.tensor(0.0), mytorch.tensor(1.0))
    np.testing.assert_allclose(normal.cdf(x).numpy(), wanted, rtol=1e-6)
    np.testing.assert_allclose(F.gelu(x).numpy(), np.multiply(x.tolist(), wanted), rtol=1e-6)
