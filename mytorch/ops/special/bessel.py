"""The modified Bessel functions of the first kind, orders 0 and 1.

Computed in float64 (Abramowitz and Stegun, chapter 9).
"""

from __future__ import annotations

import math

from ...core.arrays import xp
from ..elementwise import select, smooth
from ..rounding import sgn
from ..transcendental import exp
from .erf import polynomial, through_double
from .scipy_module import kernel

# from here on the asymptotic series (9.7.1) is exact to float64, up to here the power series (9.6.10)
_FAR = 20.0
# of (x²/4)^k
_SERIES = [tuple(1 / (math.factorial(k) * math.factorial(k + order)) for k in range(45)) for order in (0, 1)]


def _asymptotic(order):
    terms = [1.0]
    for k in range(1, 32):
        terms.append(-terms[-1] * (4 * order**2 - (2 * k - 1) ** 2) / (8 * k))
    return tuple(terms)


_ASYMPTOTIC = [_asymptotic(order) for order in (0, 1)]  # of x^-k


def _scaled(order, a):
    """exp(-a) · I_order(a) for a >= 0."""
    near, far = xp(a).minimum(a, _FAR), xp(a).maximum(a, _FAR)
    series = polynomial(_SERIES[order], near * near / 4) * xp(a).exp(-near) * (near / 2) ** order
    return xp(a).where(
        a < _FAR, series, polynomial(_ASYMPTOTIC[order], 1 / far) / xp(a).sqrt(2 * math.pi * far)
    )


def _grown(a, scaled):
    """exp(a) · scaled, in two steps, so that it overflows no sooner than it must."""
    half = xp(a).exp(a / 2)
    return scaled * half * half


@kernel("i0")
def _i0(x):
    a = xp(x).abs(x)
    return _grown(a, _scaled(0, a))


@kernel("i1")
def _i1(x):
    a = xp(x).abs(x)
    return xp(x).copysign(_grown(a, _scaled(1, a)), x)


@kernel("i0e")
def _i0e(x):
    return _scaled(0, xp(x).abs(x))


@kernel("i1e")
def _i1e(x):
    return xp(x).copysign(_scaled(1, xp(x).abs(x)), x)


def _per(out, x):
    """out / x for I₁ or the scaled one; its limit 1/2 near 0, where subnormal numbers have few digits."""
    near = abs(x) < 1e-10
    return select(near, 0.5, out / select(near, 1, x))


@smooth(x=lambda g, x: g * i1(x))
def i0(x):
    """The modified Bessel function I₀, elementwise."""
    return through_double(_i0, x)


@smooth(x=lambda g, x: g * (i0e(x) - _per(i1e(x), x)) * exp(abs(x)))
def i1(x):
    """The modified Bessel function I₁, elementwise."""
    return through_double(_i1, x)


@smooth(x=lambda g, x, out: g * (i1e(x) - sgn(x) * out))
def i0e(x):
    """exp(-|x|) · I₀(x), elementwise."""
    return through_double(_i0e, x)


@smooth(x=lambda g, x, out: g * (i0e(x) - sgn(x) * out - _per(out, x)))
def i1e(x):
    """exp(-|x|) · I₁(x), elementwise."""
    return through_double(_i1e, x)
