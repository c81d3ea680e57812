"""The normal distribution function, its logarithm and its inverse."""

from __future__ import annotations

import math

from ...core.arrays import xp
from ...kernels.elementwise import in_blocks
from ..elementwise import bounded, smooth, widened
from ..transcendental import gaussian, gaussian_of
from .erf import erfc_double, erfc_integral_ratios, erfcx_double, polynomial, through_double
from .scipy_module import kernel

# float32: exp(x²/2) · ndtr(-x) for x >= 0 as a polynomial in (x - 3) / (x + 3). It is a least-squares fit,
# reweighted to minimize the largest relative error, 1.1e-8.
_NORMAL_TAIL = (
    0.1215139474,
    -0.2064026219,
    0.1232250523,
    -0.04621323451,
    0.00613181128,
    0.00290421392,
    -0.0009828224968,
    -0.0003385464083,
    0.0001145047196,
    5.267676468e-05,
)


def ndtr_single(x):
    """ndtr of float32 numbers."""
    t = bounded(x, -15, 15)
    xp(x).abs(t, out=t)
    above = t + 3
    t -= 3
    t /= above
    out = polynomial(_NORMAL_TAIL, t)
    out *= gaussian_of(x, 0.5)
    positive = (x > 0).astype(x.dtype)
    positive -= out
    return xp(x).abs(positive, out=positive)


@kernel("ndtr")
def ndtr_double(x):
    """ndtr of float64 numbers."""
    out = 0.5 * erfc_double(x * -math.sqrt(0.5))
    tail = x < -1
    if tail.any():
        a = x[tail]
        out[tail] = 0.5 * erfcx_double(a * -math.sqrt(0.5)) * gaussian_of(a, 0.5)
    return out


@smooth(x=lambda g, x: g * (gaussian(x, rate=0.5) * (1 / math.sqrt(2 * math.pi))))
@widened
def ndtr(x):
    """The standard normal distribution function, elementwise, exact in the lower tail too."""
    return in_blocks(ndtr_double if x.dtype == "float64" else ndtr_single, x)


@kernel("log_ndtr")
def _log_ndtr_double(x):
    left = x < -1
    a = xp(x).where(left, x, -1)
    right = xp(x).log1p(-ndtr_double(-xp(x).where(left, -1, x)))
    return xp(x).where(left, xp(x).log(0.5 * erfcx_double(-a / math.sqrt(2))) - 0.5 * a * a, right)


def _inverse_mills_double(x):
    left = x < 0
    below = math.sqrt(2 / math.pi) / erfcx_double(xp(x).where(left, x, 0) * -math.sqrt(0.5))
    above = xp(x).where(left, 0, x)
    return xp(x).where(left, below, gaussian_of(above, 0.5) / (ndtr_double(above) * math.sqrt(2 * math.pi)))


def _mills_excess_double(x):
    far = x < -math.sqrt(2)
    u = xp(x).where(far, x, -math.sqrt(2)) * -math.sqrt(0.5)
    return xp(x).where(
        far, erfc_integral_ratios(xp(x).maximum(u, 1), 1)[0] * math.sqrt(2), x + _inverse_mills_double(x)
    )


@smooth(x=lambda g, x, out: -g * (out * mills_excess(x)))
def inverse_mills(x):
    """The density of the standard normal distribution over its distribution function, elementwise."""
    return through_double(_inverse_mills_double, x)


@smooth(x=lambda g, x, out: g * (1 - inverse_mills(x) * out))
def mills_excess(x):
    """x + inverse_mills(x), elementwise, without cancellation: about -1/x far to the left."""
    return through_double(_mills_excess_double, x)


@smooth(x=lambda g, x: g * inverse_mills(x))
def log_ndtr(x):
    """The logarithm of :func:`ndtr`, elementwise, exact in the lower tail too."""
    return through_double(_log_ndtr_double, x)


@kernel("ndtri")
def _ndtri_double(p):
    """Newton's method on log ndtr, which is concave, for the lower half; the upper half mirrors it."""
    where, low = xp(p).where, xp(p).minimum(p, 1 - p)
    inside = (low > 0) & (low <= 0.5)
    wanted = xp(p).log(where(inside, low, 0.25))
    x = -xp(p).sqrt(-2 * wanted) + 1.17  # 0 for p = 1/2, a little above the root in the tail
    for _ in range(8):
        x = x - (_log_ndtr_double(x) - wanted) * erfcx_double(-x / math.sqrt(2)) * math.sqrt(math.pi / 2)
    x = where(p == 0.5, 0, where(p < 0.5, x, -x))
    return where(inside, x, where(p == 0, -math.inf, where(p == 1, math.inf, math.nan)))


@smooth(x=lambda g, out: g / gaussian(out, rate=0.5) * math.sqrt(2 * math.pi))
def ndtri(x):
    """The inverse of :func:`ndtr`, elementwise; nan outside [0, 1]."""
    return through_double(_ndtri_double, x)
