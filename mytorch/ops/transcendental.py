"""Exponentials, logarithms, roots, trigonometric and hyperbolic functions, elementwise."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import array_of, ndarray, xp
from ..core.primitive import primitive
from ..core.sums import FLOAT64, wide
from ..kernels.elementwise import choose, in_blocks
from .cast import to_dtype
from .composite import composite
from .elementwise import bounded, select, smooth, widened
from .promotion import floating, only, operand
from .rounding import abs


def unary(name, rule, meaning, spelling=None, op=smooth, complex="holomorphic"):
    """The elementwise operation ``name``, computed by NumPy's function of that name or ``spelling``."""

    def forward(x):
        return getattr(xp(x), function)(x)

    function = spelling or name
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"{meaning}, elementwise."
    return op(complex=complex, x=rule)(forward)


# ---- exponentials, logarithms and roots -----------------------------------------------------------


@smooth(complex="holomorphic", x=lambda g, out: g * out)
def exp(x):
    """e to the power of x, elementwise."""
    return xp(x).exp(x)


@smooth(complex="holomorphic", x=lambda g, x: g / x)
def log(x):
    """The natural logarithm, elementwise."""
    return xp(x).log(x)


@smooth(complex="holomorphic", x=lambda g, out: g / (out * 2))
def sqrt(x):
    """The square root, elementwise."""
    return xp(x).sqrt(x)


# 2^(x - 1) does not overflow before the derivative does
exp2 = unary("exp2", lambda g, x: g * (exp2(x - 1) * (2 * math.log(2))), "2 to the power of x")
expm1 = unary("expm1", lambda g, x: g * exp(x), "exp(x) - 1, accurate near 0")
log2 = unary("log2", lambda g, x: g / (x * math.log(2)), "The logarithm to base 2")
log10 = unary("log10", lambda g, x: g / (x * math.log(10)), "The logarithm to base 10")
log1p = unary("log1p", lambda g, x: g / (x + 1), "log(1 + x), accurate near 0")


@smooth(complex="holomorphic", x=lambda g, out: -0.5 * g * (out * out * out))
def rsqrt(x):
    """1 / sqrt(x), elementwise."""
    module = xp(x)
    root = module.sqrt(x)
    return module.reciprocal(root, out=root if x.ndim else None)


@smooth(complex="holomorphic", x=lambda g, out: g * (-out * out))
def reciprocal(x):
    """1 / x, elementwise."""
    return 1 / x


# masks that keep the first half of the digits of a number, by its size in bytes
_HEADS = {4: ("int32", -(1 << 12)), 8: ("int64", -(1 << 27))}


def gaussian_of(x, rate):
    """exp(-rate · x²) of an array of float32 or float64, as accurate as exp.

    The square of the first half of x's digits is exact. Otherwise exp would multiply the rounding error of x²
    by x².
    """
    if x.itemsize == 4 and type(x) is ndarray and x.size and max(x.max(), -x.min()) ** 2 * rate <= 16:
        out = x * x  # its rounding error is 5e-7 at most
        out *= -rate
        return numpy.exp(out, out=out)
    x = bounded(x, -40, 40)  # 0 beyond
    integer, half = _HEADS[x.dtype.itemsize]
    head = (x.view(integer) & half).view(x.dtype)
    out = xp(x).exp(head * head * -rate)
    out *= xp(x).exp((head - x) * (head + x) * rate)
    return out


@smooth(x=lambda g, x, out, rate: g * (x * out * (-2 * rate)))
@widened
def gaussian(x, *, rate=1.0):
    """exp(-rate · x²) for a ``rate`` of 1 or 1/2, elementwise."""
    return in_blocks(lambda block: gaussian_of(block, rate), x)


def _logistic_density(x, scale=1.0):
    """4ˢ⁻¹ e / (1 + e)² with e = exp(-scale · |x|) for a scale s of 1 or 2."""
    e = xp(x).abs(x)
    e *= -scale
    xp(x).exp(e, out=e)
    root = e + 1
    e /= root
    e /= root
    if scale == 2:
        e *= 4
    return e


@smooth(x=lambda g, x, out: g * (out * tanh(x * -0.5)))
@widened
def logistic_density(x):
    """The derivative of sigmoid, sigmoid(x) · sigmoid(-x), elementwise, exact in both tails."""
    return in_blocks(_logistic_density, x)


@smooth(x=lambda g, x, out: g * (out * tanh(x) * -2))
@widened
def sech_squared(x):
    """The derivative of tanh, 1 / cosh(x)², elementwise, exact in both tails."""
    return in_blocks(lambda block: _logistic_density(block, 2.0), x)


def _is_complex(x):
    return array_of(x).dtype.kind == "c"


def _sigmoid_vjp(g, x, x_dtype, out):
    """In float64 from x: the result is rounded near 1, where 1 - out cancels."""
    return g * (logistic_density(x) if x_dtype == FLOAT64 else out * (1 - out))


@smooth(complex="holomorphic", copy_on_write="x", x=_sigmoid_vjp)
def sigmoid(x):
    """1 / (1 + exp(-x)), elementwise."""
    module = xp(x)
    out = module.asarray(-x)
    module.exp(out, out=out)
    one = operand(1, out)
    out += one
    return module.divide(one, out, out=out)  # NumPy's reciprocal is not vectorised


@composite(out=True)
def logit(input, eps: float | None = None):
    """log(x / (1 - x)), elementwise; ``eps`` first clamps x into [eps, 1 - eps]."""
    return _logit(input if eps is None else _within(input, eps))


@smooth(x=lambda g, x: select((x < 0) | (x > 1), math.nan, g / abs(x * (1 - x))))
def _logit(x):
    middle = xp(x).abs(x - 0.5) < 0.25  # there the quotient is near 1, where log loses digits
    inside = choose(middle, x, x.dtype.type(0.5))
    return choose(
        middle, xp(x).log1p((2 * inside - 1) / (1 - inside)), xp(x).log(x / (1 - x)).astype(x.dtype)
    )


def _within(x, eps):
    low, high = eps, 1 - eps
    return select(x < low, low, select(x > high, high, x))


# ---- trigonometric and hyperbolic functions -------------------------------------------------------


@smooth(complex="holomorphic", x=lambda g, x: g * (x * -2))
def one_minus_square(x):
    """1 - x², elementwise, exact near 1 too."""
    return (1 - x) * (1 + x)


sin = unary("sin", lambda g, x: g * cos(x), "The sine of x radians")
cos = unary("cos", lambda g, x: g * -sin(x), "The cosine of x radians")
tan = unary("tan", lambda g, out: g * (1 + out * out), "The tangent of x radians")
asin = unary(
    "asin", lambda g, x: g * rsqrt(one_minus_square(x)), "The angle in [-π/2, π/2] whose sine is x", "arcsin"
)
acos = unary(
    "acos", lambda g, x: g * -rsqrt(one_minus_square(x)), "The angle in [0, π] whose cosine is x", "arccos"
)
atan = unary("atan", lambda g, x: g / (x * x + 1), "The angle in [-π/2, π/2] whose tangent is x", "arctan")
sinh = unary("sinh", lambda g, x: g * cosh(x), "The hyperbolic sine")
cosh = unary("cosh", lambda g, x: g * sinh(x), "The hyperbolic cosine")
asinh = unary("asinh", lambda g, x: g * rsqrt(x * x + 1), "The inverse of sinh", "arcsinh")
acosh = unary("acosh", lambda g, x: g * _acosh_derivative(x), "The inverse of cosh", "arccosh")
atanh = unary("atanh", lambda g, x: g / one_minus_square(x), "The inverse of tanh", "arctanh")
deg2rad = unary("deg2rad", lambda g: g * (math.pi / 180), "Degrees as radians", complex=None)
rad2deg = unary("rad2deg", lambda g: g * (180 / math.pi), "Radians as degrees", complex=None)
arcsin, arccos, arctan, arcsinh, arccosh, arctanh = asin, acos, atan, asinh, acosh, atanh


def _acosh_derivative(x):
    if _is_complex(x):  # the root of x² - 1 has the other sign left of 0
        return rsqrt(x - 1) * rsqrt(x + 1)
    return rsqrt(0 - one_minus_square(x))


def _tanh_vjp(g, x, x_dtype, out):
    """In float64 from x, for the same reason as that of sigmoid."""
    return g * (sech_squared(x) if x_dtype == FLOAT64 else 1 - out * out)


@smooth(complex="holomorphic", copy_on_write="x", x=_tanh_vjp)
def tanh(x):
    """The hyperbolic tangent, elementwise."""
    return xp(x).tanh(x)


def _square_distance(x, y):
    squares = x * x + y * y
    return select(squares == 0, 1, squares)


@primitive(
    broadcasts=True,
    prepare=only("fV", "atan2", floating),
    x=lambda g, x, y: g * (y / _square_distance(x, y)),
    y=lambda g, x, y: g * (-x / _square_distance(x, y)),
)
def atan2(x, y):
    """The angle of the point (y, x), in [-π, π], elementwise."""
    return xp(x).arctan2(x, y)


@smooth(complex="holomorphic", x=lambda g, x: g * _sinc_derivative(x))
def sinc(x):
    """sin(πx) / (πx), and 1 at 0, elementwise."""
    return xp(x).sinc(x).astype(x.dtype, copy=False)


# the series of the derivative of sin(a) / a: the coefficients of a^(2k - 1)
_SINC_SERIES = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 10)]


def _sinc_derivative(x):
    kind = array_of(x).dtype
    a = to_dtype(x, wide(kind)) * math.pi  # 16 bits do not hold the angle
    near = abs(a) < 1  # the closed form cancels there
    b = select(near, a, 0)
    series = 0
    for c in reversed(_SINC_SERIES):
        series = series * (b * b) + c
    a = select(near, 1, a)
    return to_dtype(math.pi * select(near, series * b, (cos(a) - sin(a) / a) / a), kind)
