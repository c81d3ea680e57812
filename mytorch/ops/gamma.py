"""The gamma function's logarithm and its derivatives, computed in float64 from series (Abramowitz and Stegun, chapters 6 and 23)."""

from __future__ import annotations

import math

from ..autograd.engine import takes_out
from ..backend import kernel, xp
from .elementwise import smooth
from .special import polynomial, through_double

# B₂, B₄, … B₁₆: the Bernoulli numbers
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_ENOUGH = 10.0  # from here on eight terms of the asymptotic series are exact to float64


def _zeta_tail(s, a):
    """Σ (a + n)^-s over n = 0, 1, …, for a >= 10, by the Euler-Maclaurin formula (23.1.30)."""
    out = a ** (1 - s) / (s - 1) + 0.5 * a**-s
    factor, power = s, a ** (-s - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        out = out + b / math.factorial(2 * k) * factor * power
        factor *= (s + 2 * k - 1) * (s + 2 * k)
        power = power / (a * a)
    return out


def _zeta_minus_1(k):
    return sum(n**-k for n in range(9, 1, -1)) + _zeta_tail(k, 10.0)


_EULER = 0.57721566490153286061
# lgamma(2 + z) = (1 - γ) z + Σ (-1)^k (ζ(k) - 1) z^k / k  (6.1.33)
_NEAR_2 = (0.0, 1 - _EULER, *((-1) ** k * _zeta_minus_1(k) / k for k in range(2, 32)))
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1))  # of 1/x, 1/x³, … (6.1.41)
_DIGAMMA = (0.0, *(-b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)))  # of 1, 1/x², … (6.3.18)


def _stirling(x):
    return (x - 0.5) * xp(x).log(x) - x + 0.5 * math.log(2 * math.pi) + polynomial(_STIRLING, 1 / (x * x)) / x


def _sin_pi(x):
    """|sin(πx)| without the error of a large argument."""
    return xp(x).abs(xp(x).sin(math.pi * (x - xp(x).rint(x))))


@kernel("gammaln")
def _lgamma(x):
    where, log = xp(x).where, xp(x).log
    a = where(x < 0, 1 - x, x)  # then reflected
    out = _stirling(xp(x).maximum(a, 8.0))
    low = a < 8
    if low.any():
        b = a[low]
        product = b.copy()
        for k in range(1, 8):
            product *= b + k
        value = _stirling(b + 8) - log(product)
        near = b < 2.5
        c = b[near]
        z = where(c < 0.5, c, where(c < 1.5, c - 1, c - 2))
        series = polynomial(_NEAR_2, z)
        value[near] = series - where(c < 1.5, xp(x).log1p(z), 0) - where(c < 0.5, log(c), 0)
        out[low] = value
    out = where(xp(x).isinf(x), math.inf, out)
    return where((x < 0) & xp(x).isfinite(x), log(math.pi / _sin_pi(x)) - out, out)


@kernel("digamma")
def _digamma(x):
    where = xp(x).where
    a = where(x < 0, 1 - x, x)
    out = xp(x).zeros_like(a)
    for k in range(10):
        shift = a + k
        out -= where(a < _ENOUGH, 1 / shift, 0)
    b = where(a < _ENOUGH, a + 10, a)
    out += xp(x).log(b) - 0.5 / b + polynomial(_DIGAMMA, 1 / (b * b))
    reduced = x - xp(x).rint(x)
    reflected = where(reduced == 0, math.nan, out - math.pi / xp(x).tan(math.pi * reduced))
    return where(x == 0, xp(x).copysign(math.inf, -x), where(x < 0, reflected, out))


@kernel("zeta")
def _zeta(s, x):
    """Hurwitz' ζ(s, x) = Σ (x + n)^-s over n = 0, 1, …"""
    where, out = xp(x).where, xp(x).zeros_like(x)
    finite = xp(x).isfinite(x)
    low = float(where(finite, x, 0).min()) if x.size else 0.0
    if low < -1000:
        raise NotImplementedError(f"polygamma of order {s - 1} is implemented for numbers from -1000 on, got {low:g}")
    a = x + 0.0  # -0.0 becomes 0.0
    for _ in range(math.ceil(_ENOUGH - min(low, _ENOUGH))):
        early = a < _ENOUGH
        out += where(early, a ** float(-s), 0)
        a = where(early, a + 1, a)
    return out + _zeta_tail(s, a)


def _trigamma(x):
    a = xp(x).where(x < 0.5, 1 - x, x)
    value = _zeta(2, a)
    return xp(x).where(x < 0.5, (math.pi / _sin_pi(x)) ** 2 - value, value)


@takes_out
def polygamma(n, input):
    """The n-th derivative of :func:`digamma`, elementwise. RuntimeError for a negative n."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(input, n=n) if n else digamma(input)


@smooth(x=lambda g, x, n: g * _polygamma(x, n=n + 1))
def _polygamma(x, *, n):
    if n == 1:
        return through_double(_trigamma, x)
    return through_double(lambda b: (-1) ** (n + 1) * math.factorial(n) * _zeta(n + 1, b), x)


@smooth(x=lambda g, x: g * _polygamma(x, n=1))
def digamma(x):
    """The derivative of log Γ(x), elementwise; nan at negative integers."""
    return through_double(_digamma, x)


@smooth(x=lambda g, x: g * digamma(x))
def lgamma(x):
    """log |Γ(x)|, elementwise; inf at 0 and negative integers."""
    return through_double(_lgamma, x)


@takes_out
def mvlgamma(input, p):
    """The logarithm of the multivariate gamma function of dimension ``p``, elementwise. RuntimeError unless all inputs exceed (p - 1) / 2."""
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    out = lgamma(input)
    for j in range(1, p):
        out = out + lgamma(input - j / 2)
    return out + p * (p - 1) / 4 * math.log(math.pi)


gammaln = lgamma
