"""The error function and its relatives, from published rational approximations; NumPy lacks them."""

from __future__ import annotations

import functools
import math

import numpy

from ...core.arrays import ndarray, xp
from ...kernels.elementwise import in_blocks
from ..elementwise import both_arrays, bounded, select, smooth, widened, zeros_like
from ..transcendental import gaussian, log, log1p
from .scipy_module import kernel

# ---- the error function --------------------------------------------------------------------------
#
# float64: S. T. Moshier / Sun Microsystems 1993, the rational approximations of FreeBSD's s_erf.c (error
# below 1 ulp in each of its ranges). float32: a rational minimax approximation x · P(x²) / Q(x²) on |x| <
# 3.83, as in Eigen and XLA (error of a few ulp).

_SMALL = (
    (
        1.28379167095512558561e-01,
        -3.25042107247001499370e-01,
        -2.84817495755985104766e-02,
        -5.77027029648944159157e-03,
        -2.37630166566501626084e-05,
    ),
    (
        1.0,
        3.97917223959155352819e-01,
        6.50222499887672944485e-02,
        5.08130628187576562776e-03,
        1.32494738004321644526e-04,
        -3.96022827877536812320e-06,
    ),
)  # |x| < 0.84375
_ERX = 8.45062911510467529297e-01
_NEAR_ONE = (
    (
        -2.36211856075265944077e-03,
        4.14856118683748331666e-01,
        -3.72207876035701323847e-01,
        3.18346619901161753674e-01,
        -1.10894694282396677476e-01,
        3.54783043256182359371e-02,
        -2.16637559486879084300e-03,
    ),
    (
        1.0,
        1.06420880400844228286e-01,
        5.40397917702171048937e-01,
        7.18286544141962662868e-02,
        1.26171219808761642112e-01,
        1.36370839120290507362e-02,
        1.19844998467991074170e-02,
    ),
)  # 0.84375 <= |x| < 1.25
_MIDDLE = (
    (
        -9.86494403484714822705e-03,
        -6.93858572707181764372e-01,
        -1.05586262253232909814e01,
        -6.23753324503260060396e01,
        -1.62396669462573470355e02,
        -1.84605092906711035994e02,
        -8.12874355063065934246e01,
        -9.81432934416914548592e00,
    ),
    (
        1.0,
        1.96512716674392571292e01,
        1.37657754143519042600e02,
        4.34565877475229228821e02,
        6.45387271733267880336e02,
        4.29008140027567833386e02,
        1.08635005541779435134e02,
        6.57024977031928170135e00,
        -6.04244152148580987438e-02,
    ),
)  # 1.25 <= |x| < 1/0.35
_TAIL = (
    (
        -9.86494292470009928597e-03,
        -7.99283237680523006574e-01,
        -1.77579549177547519889e01,
        -1.60636384855821916062e02,
        -6.37566443368389627722e02,
        -1.02509513161107724954e03,
        -4.83519191608651397019e02,
    ),
    (
        1.0,
        3.03380607434824582924e01,
        3.25792512996573918826e02,
        1.53672958608443695994e03,
        3.19985821950859553908e03,
        2.55305040643316442583e03,
        4.74528541206955367215e02,
        -2.24409524465858183362e01,
    ),
)  # |x| >= 1/0.35
_SINGLE = (
    (
        1.128379143519084,
        0.18520832239976145,
        0.050955695062380861,
        0.0034082910107109506,
        0.00022905065861350646,
    ),
    (
        1.0,
        0.49746925110067538,
        0.11098505178285362,
        0.014070470171167667,
        0.0010179625278914885,
        0.000023547966471313185,
        -1.1791602954361697e-7,
    ),
)
_SINGLE_END = 3.832506856900711  # erf is 1 in float32 beyond
_INDEX = numpy.dtype("intp")


# A few float32 numbers: erf(x) / x as lines in x².
_FEW = 2048  # elements up to which NumPy's calls take longer than what they do
_PER_UNIT, _LAST = 1024, 15  # lines for each unit of x², and where they end: erf is 1 in float32 before


def polynomial(coefficients, x):
    """c0 + c1 x + c2 x² + …, by Horner's rule on one buffer."""
    if type(x) is ndarray and x.ndim:
        coefficients = _arrays(tuple(coefficients), x.dtype)
    out = xp(x).asarray(x * coefficients[-1])
    for c in coefficients[-2:0:-1]:
        out += c
        out *= x
    out += coefficients[0]
    return out


@functools.cache
def _arrays(numbers, dtype):
    """Numbers as 0-d arrays, which NumPy adds to a small array in half the time."""
    return [numpy.array(number, dtype) for number in numbers]


_LIMITS = _arrays((_LAST, _PER_UNIT, 1, -1), numpy.dtype("float32"))


def _ratio(coefficients, x):
    out = polynomial(coefficients[0], x)
    out /= polynomial(coefficients[1], x)
    return out


@kernel("erf")
def erf_single(x):
    """erf of float32 numbers."""
    clipped = bounded(x, -_SINGLE_END, _SINGLE_END)
    out = _ratio(_SINGLE, clipped * clipped)
    out *= clipped
    return bounded(out, -1, 1)


@functools.cache
def _lines():
    """Lines (value, slope) through erf(x) / x as a function of x²; they miss it by 2.5e-8 at most."""
    squares = numpy.arange(_PER_UNIT * _LAST + 1) / _PER_UNIT
    roots = numpy.sqrt(squares)
    ratios = numpy.append(2 / math.sqrt(math.pi), erf_double(roots[1:]) / roots[1:])
    slopes = numpy.append(numpy.diff(ratios) * _PER_UNIT, 0)
    return [a.astype("float32") for a in (ratios - slopes * squares, slopes)]


def _erf_of_few(x):
    """erf of a few float32 numbers, in as few calls of NumPy's as may be."""
    (values, slopes), (last, per_unit, one, minus_one) = _lines(), _LIMITS
    squares = x * x
    numpy.fmin(squares, last, out=squares)  # no nan either
    line = (squares * per_unit).astype(_INDEX)
    out = slopes[line]
    out *= squares
    out += values[line]
    out *= x
    numpy.minimum(out, one, out=out)
    return numpy.maximum(out, minus_one, out=out)


def _beyond(a):
    """log(a · exp(a²) · erfc(a)) + 0.5625 of a >= 1.25."""
    s = 1 / (a * a)
    return xp(a).where(a < 1 / 0.35, _ratio(_MIDDLE, s), _ratio(_TAIL, s))


def _erfc_beyond(a):
    """erfc of a >= 1.25: exp(-a²) split in two so that the square rounds only once."""
    r = _beyond(a)
    head = a.astype("float32").astype(a.dtype)
    return xp(a).exp(-head * head - 0.5625) * xp(a).exp((head - a) * (head + a) + r) / a


@kernel("erf")
def erf_double(x):
    """erf of float64 numbers."""
    a = xp(x).abs(x)
    out = x + x * _ratio(_SMALL, x * x)
    far = a >= 0.84375
    if far.any():
        b = a[far]
        value = _ERX + _ratio(_NEAR_ONE, b - 1)
        beyond = b >= 1.25
        value[beyond] = 1 - _erfc_beyond(xp(x).minimum(b[beyond], 6))
        out[far] = xp(x).copysign(value, x[far])
    return out


@kernel("erfc")
def erfc_double(x):
    out = 1 - erf_double(x)
    far = x >= 0.5
    if far.any():
        b = x[far]
        value = 0.5 - (b - 0.5 + b * _ratio(_SMALL, b * b))
        middle = b >= 0.84375
        value[middle] = 1 - _ERX - _ratio(_NEAR_ONE, b[middle] - 1)
        beyond = b >= 1.25
        value[beyond] = _erfc_beyond(xp(x).minimum(b[beyond], 28))
        out[far] = value
    return out


def through_double(function, x):
    """``function`` of float64 numbers for ``x`` of any floating-point dtype."""
    return in_blocks(
        lambda block: function(block.astype("float64", copy=False)).astype(x.dtype, copy=False), x
    )


def both_double(function, x, y):
    """``function`` of float64 numbers for two arrays (or numbers) of one dtype, which broadcast."""
    x, y = both_arrays(x, y)
    kind = x.dtype

    def work(a, b):
        return function(a.astype("float64"), b.astype("float64")).astype(kind, copy=False)

    return in_blocks(work, *xp(x).broadcast_arrays(x, y))


@smooth(x=lambda g, x: g * (gaussian(x) * (2 / math.sqrt(math.pi))))
def erf(x):
    """The error function 2/√π · ∫₀ˣ exp(-t²) dt, elementwise."""
    if x.size <= _FEW and x.itemsize == 4 and type(x) is ndarray and x.ndim:
        return _erf_of_few(x)
    return _erf(x)


@widened
def _erf(x):
    return in_blocks(erf_double if x.itemsize == 8 else erf_single, x)


@smooth(x=lambda g, x: g * (gaussian(x) * (-2 / math.sqrt(math.pi))))
def erfc(x):
    """1 - erf(x) without cancellation, elementwise."""
    return through_double(erfc_double, x)


_INVERSE = (
    # |y| <= 0.7
    (
        (0.886226899, -1.645349621, 0.914624893, -0.140543331),
        (1.0, -2.118377725, 1.442710462, -0.329097515, 0.012229801),
    ),
    ((-1.970840454, -1.624906493, 3.429567803, 1.641345311), (1.0, 3.543889200, 1.637067800)),
)


@kernel("erfinv")
def _erfinv_double(y):
    """A rational approximation (error 1e-8), then two steps of Newton's method."""
    where, a = xp(y).where, xp(y).abs(y)
    inner, outer = xp(y).minimum(a, 0.7), xp(y).maximum(a, 0.7)
    x = where(
        a <= 0.7,
        inner * _ratio(_INVERSE[0], inner * inner),
        _ratio(_INVERSE[1], xp(y).sqrt(-xp(y).log((1 - outer) / 2))),
    )
    for _ in range(2):
        error = where(a < 0.5, erf_double(x) - a, (1 - a) - erfc_double(x))
        x = x - error / (2 / math.sqrt(math.pi) * xp(y).exp(-x * x))
    return where(a == 1, math.inf, x) * xp(y).sign(y)


@smooth(x=lambda g, out: g * (math.sqrt(math.pi) / 2) / gaussian(out))
def erfinv(x):
    """The inverse of :func:`erf`, elementwise; nan outside [-1, 1]."""
    return through_double(_erfinv_double, x)


@kernel("erfcx")
def erfcx_double(x):
    near = x < 1.25
    far = xp(x).maximum(x, 1.25)
    a = xp(x).where(near, x, 0)
    return xp(x).where(near, xp(x).exp(a * a) * erfc_double(a), xp(x).exp(_beyond(far) - 0.5625) / far)


@smooth(x=lambda g, x: g * (erfcx_integral(x, order=1) * -2))
def erfcx(x):
    """exp(x²) · erfc(x), elementwise: it does not vanish where erfc does."""
    return through_double(erfcx_double, x)


# Its derivatives are exp(x²) times the repeated integrals iⁿerfc(x): S₀' = -2 S₁, S₁' = -4 S₂, …, with
# 2n Sₙ = S₍ₙ₋₂₎ - 2x S₍ₙ₋₁₎ (Abramowitz and Stegun, 7.2). From x = 1 on the recurrence cancels; the continued
# fraction of the ratios Sₙ / S₍ₙ₋₁₎ does not.
_TERMS = 150


def erfc_integral_ratios(x, order):
    """Sₙ / S₍ₙ₋₁₎ at x >= 1 for n from 1 to ``order``."""
    last = order + _TERMS
    ratio, found = 1 / (x + xp(x).sqrt(x * x + 2 * last)), []
    for n in range(last - 1, 0, -1):
        ratio = 0.5 / (x + (n + 1) * ratio)
        found.append(ratio)
    return found[: -order - 1 : -1]


def _erfcx_integral_double(x, order):
    near = x < 1
    a, far = xp(x).where(near, x, 0), xp(x).maximum(x, 1)
    before, here = 2 / math.sqrt(math.pi), erfcx_double(a)
    for n in range(1, order + 1):
        before, here = here, (before - 2 * a * here) / (2 * n)
    return xp(x).where(near, here, math.prod(erfc_integral_ratios(far, order), start=erfcx_double(far)))


@smooth(x=lambda g, x, order: g * (erfcx_integral(x, order=order + 1) * (-2 * (order + 1))))
def erfcx_integral(x, *, order):
    """exp(x²) times the ``order``-fold integral of erfc from x to infinity, elementwise."""
    return through_double(lambda block: _erfcx_integral_double(block, order), x)


# ---- made of others ------------------------------------------------------------------------------


@smooth(x=lambda g, x: g * (-log(x) - 1))
def entr(x):
    """-x · log(x), 0 at 0 and -inf below, elementwise."""
    inside = xp(x).where(x > 0, x, 1)
    out = 0 - inside * xp(x).log(inside)  # 0, not -0, for 0
    out = xp(x).where(x == x, out, x)  # nan stays
    return xp(x).where(x < 0, x.dtype.type(-math.inf), out)


def _xlog1py_x_vjp(g, x, y):
    y = y if hasattr(y, "dtype") else zeros_like(x) + y
    return g * select((x == 0) & (y <= -1), 0, log1p(y))


@smooth(x=_xlog1py_x_vjp, y=lambda g, x, y: g * (x / (y + 1)))
def xlog1py(x, y):
    """x · log(1 + y), and 0 where x is 0 and y is not nan, elementwise."""
    x, y = both_arrays(x, y)
    return xp(x).where((x == 0) & (y == y), x.dtype.type(0), xp(x).log1p(y) * x)
