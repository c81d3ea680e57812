"""Functions of one number, applied to each element, and ``where``."""

from __future__ import annotations

import functools
import math

import numpy

from ..core.arrays import choose, xp
from ..core.composite import composite
from ..core.dtypes import check_fits, finfo, floating, promoted, result_numpy, tensor_first
from ..core.graph import wrap
from ..core.primitive import primitive
from ..core.sums import cast, wide
from ..kernels.threads import parallel_for

pointwise = functools.partial(primitive, broadcasts=True, prepare=promoted)  # f(x, y) in the common dtype
# the same, and integers become floating point
smooth = functools.partial(primitive, broadcasts=True, prepare=floating)
stepwise = functools.partial(primitive, prepare=tensor_first)  # no gradient at all: comparisons


def unary(name, rule, meaning, spelling=None, op=smooth, complex="holomorphic"):
    """The operation ``name`` of NumPy's function ``spelling``: one line for each function of one number."""

    def forward(x):
        return getattr(xp(x), function)(x)

    function = spelling or name
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"{meaning}, elementwise."
    return op(complex=complex, x=rule)(forward)


def widened(forward):
    """Compute a function of arrays in float32 where the first one's numbers have 16 bits: results are rounded
    once, at the end.
    """

    @functools.wraps(forward)
    def call(x, *args, **settings):
        kind = wide(x.dtype)
        if kind is x.dtype:
            return forward(x, *args, **settings)
        args = [a.astype(kind) if getattr(a, "dtype", None) == x.dtype else a for a in args]
        out = forward(x.astype(kind), *args, **settings)
        return cast(out, x.dtype) if type(out) is tuple else out.astype(x.dtype)

    return call


def check_floating(x, name):
    """NotImplementedError for an array or a tensor of integers or booleans."""
    if getattr(x, "array", x).dtype.kind in "biu":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}: it takes floating-point numbers')


def check_real(x, name):
    """NotImplementedError for an array of complex numbers."""
    if x.dtype.kind == "c":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}')


def bounded(x, low, high):
    """An array within two numbers.

    NumPy's ``clip`` with two finite or infinite bounds is vectorised, its ``maximum`` with a number is not.
    """
    if x.dtype.kind == "f" and x.size > 2048:
        return x.clip(low, high)
    return xp(x).minimum(xp(x).maximum(x, low), high)


_BLOCK = 65536  # elements at a time: the temporaries stay in the cache


def in_blocks(function, x, *more):
    """``function`` of pieces of arrays of one shape, each 1-d and small enough for the cache, on several
    threads; a GPU takes them whole.
    """
    if x.ndim == 0:
        return function(*(xp(a).reshape(a, (1,)) for a in (x, *more))).reshape(())
    if x.size <= _BLOCK or xp(x) is not numpy:
        return function(x, *more)
    flat = [a.reshape(-1) for a in (x, *more)]
    out = numpy.empty_like(flat[0])

    def work(start):
        out[start : start + _BLOCK] = function(*(a[start : start + _BLOCK] for a in flat))

    parallel_for(work, range(0, out.size, _BLOCK))
    return out.reshape(x.shape)


@primitive
def zeros_like(x):
    """Zeros, as the gradient of a step function: of the shape and dtype of ``x``, outside of the graph."""
    return xp(x).zeros_like(x)


def flat(g):
    """The rule of functions that are constant in pieces."""
    return zeros_like(g)


# ---- selection -----------------------------------------------------------------------------------


def _branches(arrays):
    condition, *both = arrays
    if getattr(condition, "dtype", None) not in ("bool", "uint8"):
        kind = getattr(condition, "dtype", type(condition).__name__)
        raise (RuntimeError if hasattr(condition, "dtype") else TypeError)(
            f"where expected condition to be a boolean tensor, but got {kind}"
        )
    for value, other in (both, both[::-1]):
        if isinstance(value, int) and hasattr(other, "dtype"):
            check_fits(value, other.dtype)
    x, y = promoted(both) if any(hasattr(v, "dtype") for v in both) else both
    for value, other in zip(both, (y, x)):
        if isinstance(value, float) and hasattr(other, "dtype"):
            check_fits(value, other.dtype, finite=True)
    return [condition, x, y]


@primitive(
    complex=True,
    broadcasts=True,
    prepare=_branches,
    x=lambda g, condition: select(condition, g, 0),
    y=lambda g, condition: select(condition, 0, g),
    name="where",
)
def select(condition, x, y):
    """``x`` where ``condition`` holds, else ``y``; the three broadcast."""
    if not (hasattr(x, "dtype") or hasattr(y, "dtype")):  # two numbers: nothing else says the dtype
        return xp(condition).where(condition, x, y).astype(result_numpy([x, y]))
    return choose(condition, x, y)


@composite(out=True)
def where(condition, input=None, other=None):
    """``input`` where ``condition`` (booleans) holds, else ``other``; tensors or numbers, broadcast.
    ``where(condition)``: where it holds, as one index tensor for each dimension.
    """
    if input is None and other is None:
        return tuple(
            wrap(a) for a in xp(condition.array).nonzero(xp(condition.array).atleast_1d(condition.array))
        )
    return select(condition, input, other)


# ---- exponentials and logarithms -----------------------------------------------------------------


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


# half of 2ˣ does not overflow where the derivative does not
exp2 = unary("exp2", lambda g, x: g * (exp2(x - 1) * (2 * math.log(2))), "2 to the power of x")
expm1 = unary("expm1", lambda g, x: g * exp(x), "exp(x) - 1, accurate near 0")
log2 = unary("log2", lambda g, x: g / (x * math.log(2)), "The logarithm to base 2")
log10 = unary("log10", lambda g, x: g / (x * math.log(10)), "The logarithm to base 10")
log1p = unary("log1p", lambda g, x: g / (x + 1), "log(1 + x), accurate near 0")


@smooth(complex="holomorphic", x=lambda g, out: -0.5 * g * (out * out * out))
def rsqrt(x):
    """1 / sqrt(x), elementwise."""
    out = xp(x).asarray(xp(x).sqrt(x))
    return xp(x).divide(1, out, out=out)


@smooth(complex="holomorphic", x=lambda g, out: g * (-out * out))
def reciprocal(x):
    """1 / x, elementwise."""
    return 1 / x


_HEADS = {4: ("int32", -(1 << 12)), 8: ("int64", -(1 << 27))}  # the bits of half a number's digits


def gaussian_of(x, rate):
    """exp(-rate · x²) of an array of float32 or float64. The square of the first half of x's digits is exact:
    so it is as accurate as exp, which would multiply the rounding of x² by x².
    """
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
    check_real(x, "logistic_density")
    return in_blocks(_logistic_density, x)


@smooth(x=lambda g, x, out: g * (out * tanh(x) * -2))
@widened
def sech_squared(x):
    """The derivative of tanh, 1 / cosh(x)², elementwise, exact in both tails."""
    check_real(x, "sech_squared")
    return in_blocks(lambda block: _logistic_density(block, 2.0), x)


def _is_complex(x):
    return getattr(x, "array", x).dtype.kind == "c"


def _sigmoid_slope(x):
    """From x, not from the result: near 1 that has lost what its derivative is made of."""
    if _is_complex(x):
        out = sigmoid(x)
        return out * (1 - out)
    return logistic_density(x)


@smooth(complex="holomorphic", copy_on_write="x", x=lambda g, x: g * _sigmoid_slope(x))
def sigmoid(x):
    """1 / (1 + exp(-x)), elementwise."""
    if x.ndim == 0:
        return 1 / (1 + xp(x).exp(-x))
    out = -x
    xp(x).exp(out, out=out)
    out += 1
    return xp(x).divide(1, out, out=out)


@composite(out=True)
def logit(x, eps: float | None = None):
    """log(x / (1 - x)), elementwise; ``eps`` first clamps x into [eps, 1 - eps]."""
    return _logit(x if eps is None else _within(x, eps))


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


# ---- circular and hyperbolic functions -----------------------------------------------------------


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
acosh = unary("acosh", lambda g, x: g * _acosh_slope(x), "The inverse of cosh", "arccosh")
atanh = unary("atanh", lambda g, x: g / one_minus_square(x), "The inverse of tanh", "arctanh")
deg2rad = unary("deg2rad", lambda g: g * (math.pi / 180), "Degrees as radians", complex=None)
rad2deg = unary("rad2deg", lambda g: g * (180 / math.pi), "Radians as degrees", complex=None)
arcsin, arccos, arctan, arcsinh, arccosh, arctanh = asin, acos, atan, asinh, acosh, atanh


def _acosh_slope(x):
    if _is_complex(x):  # the root of x² - 1 has the other sign left of 0
        return rsqrt(x - 1) * rsqrt(x + 1)
    return rsqrt(0 - one_minus_square(x))


def _tanh_slope(x):
    """From x, for the same reason as sigmoid's."""
    if _is_complex(x):
        out = tanh(x)
        return 1 - out * out
    return sech_squared(x)


@smooth(complex="holomorphic", copy_on_write="x", x=lambda g, x: g * _tanh_slope(x))
def tanh(x):
    """The hyperbolic tangent, elementwise."""
    return xp(x).tanh(x)


@smooth(complex="holomorphic", x=lambda g, x: g * _sinc_slope(x))
def sinc(x):
    """sin(πx) / (πx), and 1 at 0, elementwise."""
    return xp(x).sinc(x).astype(x.dtype, copy=False)


# of the derivative of sin(a) / a, for a^(2k - 1)
_SINC_SERIES = [(-1) ** k * 2 * k / math.factorial(2 * k + 1) for k in range(1, 10)]


def _sinc_slope(x):
    a = x * math.pi
    near = abs(a) < 1  # the closed form cancels there
    b = select(near, a, 0)
    series = 0
    for c in reversed(_SINC_SERIES):
        series = series * (b * b) + c
    a = select(near, 1, a)
    return math.pi * select(near, series * b, (cos(a) - sin(a) / a) / a)


# ---- parts of a number ---------------------------------------------------------------------------


@primitive(complex=True, x=lambda g: -g)
def neg(x):
    """-x, elementwise. RuntimeError for booleans."""
    if x.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported; use the `~` or "
            "`logical_not()` operator instead"
        )
    return -x


negative = neg


def _no_booleans(x, name):
    if x.dtype.kind == "b":
        raise NotImplementedError(f'"{name}" not implemented for bool')


@primitive(complex=True, x=lambda g, x: g * sgn(x))
def abs(x):
    """|x|, elementwise; the gradient at 0 is 0."""
    _no_booleans(x, "abs")
    return xp(x).abs(x)


absolute = abs


@primitive(x=flat)
def sign(x):
    """-1, 0 or 1, elementwise; 0 for nan. RuntimeError for complex numbers."""
    if x.dtype.kind == "c":
        raise RuntimeError(
            "Unlike NumPy, torch.sign is not intended to support complex numbers. Please use torch.sgn "
            "instead."
        )
    if x.dtype.kind in "bu":
        return (x != 0).astype(x.dtype)
    return xp(x).sign(x) if x.dtype.kind == "i" else xp(x).sign(choose(x == x, x, x.dtype.type(0)))


def _turn(g, x):
    """What of ``g`` is at right angles to ``x``, over |x|: a change along ``x`` does not turn it."""
    size = abs(x)
    size = select(size == 0, math.inf, size)
    unit = x / size
    return (g - unit * (unit * g.conj()).real) / size


@primitive(complex=True, x=_turn)
def _direction(x):
    return xp(x).sign(x)


@composite(out=True)
def sgn(input):
    """x / |x|, and 0 for 0, elementwise; of real numbers :func:`sign`."""
    raw = getattr(input, "array", input)
    return (_direction if raw.dtype.kind == "c" else sign)(input)


@primitive(complex="holomorphic", x=lambda g, x: g * (x * 2))
def square(x):
    """x · x, elementwise; booleans give integers."""
    return x * x if x.dtype.kind != "b" else x.astype("int64")


def positive(input):
    """The tensor itself. RuntimeError for booleans."""
    if input.dtype == "bool":
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


def _whole(name, meaning):
    def forward(x):
        _no_booleans(x, name)
        return x.copy() if x.dtype.kind in "iu" else getattr(xp(x), name)(x)

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"{meaning}, elementwise; the gradient is 0."
    return primitive(x=flat)(forward)


floor = _whole("floor", "The largest integer that is not above x")
ceil = _whole("ceil", "The smallest integer that is not below x")
trunc = _whole("trunc", "x without its fraction")
fix = trunc


@primitive(x=flat)
@widened
def round(x, *, decimals=0):
    """The nearest number with ``decimals`` digits behind the point, halves to even, elementwise; the gradient
    is 0.

    NotImplementedError for decimals of integers.
    """
    _no_booleans(x, "round")
    if x.dtype.kind in "iu":
        if decimals:
            raise NotImplementedError(f"round() with decimals is not implemented for {x.dtype}")
        return x.copy()
    if decimals == 0:
        return xp(x).rint(x)
    scale = 10.0**decimals if decimals > 0 else 10.0**-decimals
    return xp(x).rint(x * scale) / scale if decimals > 0 else xp(x).rint(x / scale) * scale


@primitive(x=lambda g: g)
def frac(x):
    """x - trunc(x), elementwise. NotImplementedError for integers."""
    check_floating(x, "frac")
    return x - xp(x).trunc(x)


@primitive(x=lambda g, x: g * isfinite(x))
def nan_to_num(x, *, nan=0.0, posinf: float | None = None, neginf: float | None = None):
    """``nan`` for nan and the largest numbers (or ``posinf``, ``neginf``) for infinities, elementwise."""
    if x.dtype.kind in "biu":
        return x.copy()
    nan = 0.0 if nan is None else nan
    if x.dtype.kind != "V":
        return xp(x).nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
    largest, out = finfo(x.dtype).max, x.copy()  # bfloat16: NumPy does not take it for floating point
    out[x != x] = nan
    out[x == math.inf] = largest if posinf is None else posinf
    out[x == -math.inf] = -largest if neginf is None else neginf
    return out


# ---- what kind of number -------------------------------------------------------------------------


def _test(name, meaning, of_floats):
    def forward(x):
        if x.dtype.kind in "biu":
            return xp(x).full(x.shape, name == "isfinite")
        return of_floats(x)

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"Whether x is {meaning}, elementwise, as booleans."
    return primitive(forward)


isnan = _test("isnan", "not a number", lambda x: x != x)
isinf = _test("isinf", "infinite", lambda x: xp(x).isinf(x))
isfinite = _test("isfinite", "neither infinite nor nan", lambda x: xp(x).isfinite(x))
isposinf = _test("isposinf", "+infinity", lambda x: x == math.inf)
isneginf = _test("isneginf", "-infinity", lambda x: x == -math.inf)


@primitive
def signbit(x):
    """Whether the sign bit is set (also of -0.0), elementwise, as booleans."""
    return xp(x).signbit(x) if x.dtype.kind in "fV" else x < 0


@primitive
def isreal(x):
    """Whether the imaginary part is 0, elementwise, as booleans."""
    return xp(x).isreal(x)
