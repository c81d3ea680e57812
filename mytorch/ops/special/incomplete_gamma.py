"""The regularized incomplete gamma functions, and the derivative of gamma random numbers."""

from __future__ import annotations

import math

import numpy

from ...core.arrays import array_of, xp
from ...core.primitive import primitive
from ...core.sums import wide
from ..elementwise import smooth
from ..promotion import floating, only
from ..transcendental import exp, log
from .erf import both_double
from .gamma import digamma_double, lgamma, lgamma_double, stirling_rest
from .scipy_module import kernel

# ---- P(a, x) and Q(a, x) = 1 - P(a, x) -----------------------------------------------------------
#
# Abramowitz and Stegun, chapter 6.5: the series 6.5.29 for P where x < a + 1, Legendre's continued fraction
# 6.5.31 for Q elsewhere.


def _front(a, x):
    """x^a · exp(-x) / Γ(a + 1).

    For large a by Stirling's formula around x = a, where a · log x - x - lgamma(a + 1) would cancel.
    """
    module, b = xp(x), xp(x).maximum(a, 10.0)
    d = (x - b) / b
    large = b * (module.log1p(d) - d) - 0.5 * module.log(2 * math.pi * b) - stirling_rest(b)
    small = xp(x).minimum(a, 10.0)
    return module.exp(module.where(a >= 10, large, small * module.log(x) - x - lgamma_double(small + 1)))


def _lower(a, x):
    """P for x < a + 1."""
    term = total = xp(x).ones_like(x)
    n = a
    while True:
        n = n + 1
        term = term * (x / n)
        total = total + term
        if not (term > total * 1e-17).any():
            return total * _front(a, x)


def _upper(a, x):
    """Q for x >= a + 1, by the modified method of Lentz."""
    b = x + 1 - a
    c, d = xp(x).full_like(x, 1e300), 1 / b
    out = d
    for k in range(1, 100_000):
        factor = -k * (k - a)
        b = b + 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        step = c * d
        out = out * step
        if not (xp(x).abs(step - 1) > 2e-15).any():  # converged to rounding error
            break
    return out * _front(a, x) * a


def _split(a, x):
    """(P, Q) for positive finite a and x."""
    p, below = xp(x).empty_like(x), x < a + 1
    q = p.copy()
    if below.any():
        p[below] = _lower(a[below], x[below])
        q[below] = 1 - p[below]
    if not below.all():
        q[~below] = _upper(a[~below], x[~below])
        p[~below] = 1 - q[~below]
    return p, q


def _regularized(a, x, part):
    where, inside = xp(x).where, (a > 0) & (x > 0) & xp(x).isfinite(a) & xp(x).isfinite(x)
    out = _split(where(inside, a, 1.0), where(inside, x, 1.0))[part]
    infinite = xp(x).isinf
    at_0, at_end = (0.0, 1.0) if part == 0 else (1.0, 0.0)
    out = where(inside, out, where((x == 0) | infinite(a), at_0, at_end))  # a = 0 is like x = inf
    bad = (a < 0) | (x < 0) | (a != a) | (x != x) | ((a == 0) & (x == 0)) | (infinite(a) & infinite(x))
    return where(bad, math.nan, out)


@kernel("gammainc")
def _gammainc(a, x):
    return _regularized(a, x, 0)


@kernel("gammaincc")
def _gammaincc(a, x):
    return _regularized(a, x, 1)


def _gammainc_x_vjp(g):
    raise NotImplementedError(
        "the derivative of the incomplete gamma functions in their first argument is not implemented"
    )


def _density(x, y):
    """d P(x, y) / dy, the density of a gamma distribution; for 16-bit numbers computed in float32."""
    kind = array_of(y).dtype
    x, y = (v if wide(kind) is kind else v.astype(wide(kind)) for v in (x, y))
    out = exp((x - 1) * log(y) - y - lgamma(x))
    return out if wide(kind) is kind else out.astype(kind)


@smooth(prepare=only("fV", "igamma", floating), x=_gammainc_x_vjp, y=lambda g, x, y: g * _density(x, y))
def igamma(x, y):
    """The regularized lower incomplete gamma function P(input, other), elementwise.

    P(a, x) = ∫₀ˣ t^(a-1) exp(-t) dt / Γ(a). nan for negative arguments. NotImplementedError in the backward
    pass to ``input``.
    """
    return both_double(_gammainc, x, y)


@smooth(prepare=only("fV", "igammac", floating), x=_gammainc_x_vjp, y=lambda g, x, y: -g * _density(x, y))
def igammac(x, y):
    """The regularized upper incomplete gamma function 1 - P(input, other), elementwise.

    Otherwise as :func:`igamma`.
    """
    return both_double(_gammaincc, x, y)


# ---- random numbers ------------------------------------------------------------------------------
#
# Implicit differentiation (Figurnov et al., Implicit Reparameterization Gradients, 2018): P(a, x) stays the
# same as a moves, so dx/da = -(∂P/∂a) / p(x) = -∫₀ˣ p(t)/p(x) · (log t - ψ(a)) dt = ∫ₓ^∞ p(t)/p(x) · (log t -
# ψ(a)) dt.

_NODES, _WEIGHTS = numpy.polynomial.legendre.leggauss(64)


def _by_series(a, x):
    """-(∂P/∂a) / p(x) for small a, from the series 6.5.29.

    The derivative of its term x^(a+k) exp(-x) / Γ(a+k+1) is (log x - ψ(a+k+1)) times the term.
    """
    log = xp(x).log
    term, psi = 1 / a, digamma_double(a) + 1 / a  # relative to the density times x; ψ(a + 1)
    logarithm, total, n = log(x), 0.0, a
    while True:
        total = total + term * (logarithm - psi)
        n = n + 1
        term = term * (x / n)
        psi = psi + 1 / n
        if not (term * (1 + xp(x).abs(logarithm - psi)) > xp(x).abs(total) * 1e-16).any():
            return -x * total


def _by_quadrature(a, x):
    """-(∂P/∂a) / p(x) for larger a, by Gauss and Legendre's rule.

    The integral over log t goes from x, away from the mode, to where the density is negligible.
    """
    module = xp(x)
    down = x <= a
    gap = module.abs(a - x)
    end = 1.6 * (module.sqrt(gap * gap + 80 * x) - gap) / x
    sign = module.where(down, -1.0, 1.0)
    centered, total = module.log(x) - digamma_double(a), 0.0
    for node, weight in zip(_NODES, _WEIGHTS):
        s = sign * end * (0.5 * (node + 1))
        total = total + weight * module.exp(a * s - x * module.expm1(s)) * (centered + s)
    return sign * x * total * end * 0.5


def _sample_derivative(a, x):
    """dx/da of standard gamma numbers x of shape a."""
    x = xp(x).maximum(x, 1e-300)
    out, small = xp(x).empty_like(x), a < 10
    for chosen, method in ((small, _by_series), (~small, _by_quadrature)):
        if chosen.any():
            out[chosen] = method(a[chosen], x[chosen])
    return out


def _standard_gamma_derivative_vjp(g):
    raise NotImplementedError("the second derivative of gamma random numbers is not implemented")


@primitive(x=_standard_gamma_derivative_vjp, sample=_standard_gamma_derivative_vjp)
def standard_gamma_derivative(x, sample):
    """d sample / dx for a gamma random number ``sample`` of shape ``x`` and rate 1, elementwise."""
    return both_double(_sample_derivative, x, sample)


@primitive(x=lambda g, x, sample: g * standard_gamma_derivative(x, sample), sample=lambda g: g)
def standard_gamma(x, sample):
    """``sample``, a gamma random number of shape ``x`` and rate 1, with its gradient to ``x``."""
    return sample
