"""The logarithm of the gamma function and its derivatives.

Computed in float64 from series (Abramowitz and Stegun, chapters 6 and 23).
"""

from __future__ import annotations

import math

from ...core.arrays import xp
from ..composite import composite
from ..elementwise import smooth
from .erf import both_double, polynomial, through_double
from .scipy_module import kernel

# B₂, B₄, … B₁₆: the Bernoulli numbers
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_ENOUGH = 10.0  # from here on eight terms of the asymptotic series are exact to float64


def _zeta_tail(s, a):
    """Σ (a + n)^-s over n = 0, 1, …, for a >= 10, by the Euler-Maclaurin formula (23.1.30)."""
    out = a ** (1 - s) / (s - 1) + 0.5 * a**-s
    factor, power = s, a ** (-s - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        out = out + b / math.factorial(2 * k) * factor * power
        factor = factor * ((s + 2 * k - 1) * (s + 2 * k))
        power = power / (a * a)
    return out


def _zeta_minus_1(k):
    return sum(n**-k for n in range(9, 1, -1)) + _zeta_tail(k, 10.0)


_EULER = 0.57721566490153286061
# lgamma(2 + z) = (1 - γ) z + Σ (-1)^k (ζ(k) - 1) z^k / k  (6.1.33)
_NEAR_2 = (0.0, 1 - _EULER, *((-1) ** k * _zeta_minus_1(k) / k for k in range(2, 32)))
_STIRLING = tuple(b / (2 * k * (2 * k - 1)) for k, b in enumerate(_BERNOULLI, 1))  # of 1/x, 1/x³, … (6.1.41)
_DIGAMMA = (0.0, *(-b / (2 * k) for k, b in enumerate(_BERNOULLI, 1)))  # of 1, 1/x², … (6.3.18)


def stirling_rest(x):
    """log Γ(x + 1) - log(√(2πx) (x/e)^x), for x >= 8."""
    return polynomial(_STIRLING, 1 / (x * x)) / x


def _stirling(x):
    return (x - 0.5) * xp(x).log(x) - x + 0.5 * math.log(2 * math.pi) + stirling_rest(x)


def _sin_pi(x):
    """|sin(πx)| without the error of a large argument."""
    return xp(x).abs(xp(x).sin(math.pi * (x - xp(x).rint(x))))


@kernel("gammaln")
def lgamma_double(x):
    """log |Γ(x)| of float64 numbers."""
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
def digamma_double(x):
    """The derivative of log Γ(x) for float64 numbers."""
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
    """Hurwitz' ζ(s, x) = Σ (x + n)^-s over n = 0, 1, …, of arrays s > 1 and x > 0; s may be a number."""
    where, out, a = xp(x).where, xp(x).zeros_like(x), x
    for _ in range(math.ceil(_ENOUGH)):
        early = a < _ENOUGH
        out += where(early, a**-s, 0)
        a = where(early, a + 1, a)
    return out + _zeta_tail(s, a)


def _cotangent_derivative(n):
    """The coefficients of the n-th derivative of -cot(πx) / π^n, a polynomial in cot(πx)."""
    out = [0, -1]
    for _ in range(n):  # d/dx p(cot) = -π (1 + cot²) p'(cot)
        derivative = [-k * c for k, c in enumerate(out)][1:]
        out = [low + high for low, high in zip([*derivative, 0, 0], [0, 0, *derivative])]
    return tuple(map(float, out))


def _polygamma_double(n, x):
    """(-1)^(n+1) n! ζ(n + 1, x) (6.4.10), reflected for x < 1/2 (6.4.7)."""
    where, factor = xp(x).where, (-1) ** (n + 1) * float(math.factorial(n))
    left = x < 0.5
    out = factor * _zeta(float(n + 1), where(left, 1 - x, x))
    if not left.any():
        return out
    reduced = x - xp(x).rint(x)
    turned = math.pi ** (n + 1) * polynomial(
        _cotangent_derivative(n), 1 / xp(x).tan(math.pi * where(reduced == 0, 0.25, reduced))
    )
    reflected = where(reduced == 0, math.copysign(math.inf, factor), (-1) ** n * out + turned)
    return where(left, reflected, out)


@kernel("zeta")
def _zeta_anywhere(s, x):
    """Hurwitz' ζ(s, x). Where s is an integer, x may be negative, but no integer."""
    where = xp(x).where
    pole = (x <= 0) & (x == xp(x).floor(x))
    infinite = (s == 1) | (pole & (s >= 1))
    bad = ~infinite & ((s < 1) | (s != s) | (x != x) | ((x <= 0) & ~pole & (s != xp(x).floor(s))))
    plain = bad | infinite
    s, a = where(plain, 2.0, s), where(plain, 1.0, x)
    low = float(a.min()) if a.size else 0.0
    if low < -1000:
        raise NotImplementedError(f"zeta is implemented for numbers from -1000 on, got {low:g}")
    out = xp(x).zeros_like(a)
    for _ in range(math.ceil(max(-low, 0))):
        early = a <= 0
        out += where(early, a**-s, 0)
        a = where(early, a + 1, a)
    return where(bad, math.nan, where(infinite, math.inf, out + _zeta(s, a)))


def _zeta_x_vjp(g):
    raise NotImplementedError("the derivative of zeta in its first argument is not implemented")


@smooth(x=_zeta_x_vjp, y=lambda g, x, y: -g * x * zeta(x + 1, y))
def zeta(x, y):
    """Hurwitz' ζ(x, y) = Σ (y + n)^-x over n = 0, 1, …, elementwise.

    NotImplementedError for y < -1000 and in the backward pass to x.
    """
    return both_double(_zeta_anywhere, x, y)


@composite(out=True)
def polygamma(n: int, input):
    """The n-th derivative of :func:`digamma`, elementwise. RuntimeError for a negative n."""
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return _polygamma(input, n=n) if n else digamma(input)


@composite(name="polygamma")
def polygamma_of(input, n: int):
    """:func:`polygamma` as a method, which has the tensor first."""
    return polygamma(n, input)


@smooth(x=lambda g, x, n: g * _polygamma(x, n=n + 1))
def _polygamma(x, *, n):
    return through_double(lambda b: _polygamma_double(n, b), x)


@smooth(x=lambda g, x: g * _polygamma(x, n=1))
def digamma(x):
    """The derivative of log Γ(x), elementwise; nan at negative integers."""
    return through_double(digamma_double, x)


@smooth(x=lambda g, x: g * digamma(x))
def lgamma(x):
    """log |Γ(x)|, elementwise; inf at 0 and negative integers."""
    return through_double(lgamma_double, x)


@composite(out=True)
def mvlgamma(input, p: int):
    """The logarithm of the multivariate gamma function of dimension ``p``, elementwise.

    RuntimeError unless all inputs exceed (p - 1) / 2.
    """
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    out = lgamma(input)
    for j in range(1, p):
        out = out + lgamma(input - j / 2)
    return out + p * (p - 1) / 4 * math.log(math.pi)


gammaln = lgamma
