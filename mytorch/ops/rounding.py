"""Signs, rounding, and what kind of number each element is."""

from __future__ import annotations

import builtins
import math

from ..core.arrays import array_of, xp
from ..core.primitive import primitive
from ..kernels.elementwise import choose
from .composite import composite
from .elementwise import check_floating, flat, select, widened
from .promotion import largest_of
from .shape_arguments import integer

# ---- signs and rounding ---------------------------------------------------------------------------


@primitive(complex=True, x=lambda g: -g)
def neg(x):
    """-x, elementwise. RuntimeError for booleans."""
    if x.dtype.kind == "b":
        raise RuntimeError(
            "Negation, the `-` operator, on a bool tensor is not supported; use the `~` or `logical_not()` "
            "operator instead"
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


def _direction_vjp(g, x):
    """The part of ``g`` at right angles to ``x``, over |x|: a change along ``x`` keeps its direction."""
    size = abs(x)
    size = select(size == 0, math.inf, size)
    unit = x / size
    return (g - unit * (unit * g.conj()).real) / size


@primitive(complex=True, x=_direction_vjp)
def _direction(x):
    return xp(x).sign(x)


@composite(out=True)
def sgn(input):
    """x / |x|, and 0 for 0, elementwise; of real numbers :func:`sign`."""
    raw = array_of(input)
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
    """The nearest number with ``decimals`` digits after the point, elementwise; halves round to even.

    The gradient is 0. NotImplementedError for decimals of integers.
    """
    _no_booleans(x, "round")
    decimals = integer(decimals)
    if x.dtype.kind in "iu":
        if decimals:
            raise NotImplementedError(f"round() with decimals is not implemented for {x.dtype}")
        return x.copy()
    if decimals == 0:
        return xp(x).rint(x)
    digits = builtins.abs(decimals)
    scale = 10.0**digits if digits <= 308 else math.inf
    return xp(x).rint(x * scale) / scale if decimals > 0 else xp(x).rint(x / scale) * scale


@primitive(x=lambda g: g)
def frac(x):
    """x - trunc(x), elementwise. NotImplementedError for integers."""
    check_floating(x, "frac")
    return x - xp(x).trunc(x)


@primitive(complex="values", x=lambda g, x: g * isfinite(x))
def nan_to_num(x, *, nan=0.0, posinf: float | None = None, neginf: float | None = None):
    """``nan`` for nan and the largest numbers (or ``posinf``, ``neginf``) for infinities, elementwise."""
    if x.dtype.kind in "biu":
        return x.copy()
    nan = 0.0 if nan is None else nan
    if x.dtype.kind != "V":
        return xp(x).nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)
    largest, out = largest_of(x.dtype), x.copy()  # bfloat16: NumPy does not take it for floating point
    out[x != x] = nan
    out[x == math.inf] = largest if posinf is None else posinf
    out[x == -math.inf] = -largest if neginf is None else neginf
    return out


# ---- what kind of number -------------------------------------------------------------------------


def _test(name, meaning, of_floats, complex="values"):
    def forward(x):
        if x.dtype.kind in "biu":
            return xp(x).full(x.shape, name == "isfinite")
        return of_floats(x)

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"Whether x is {meaning}, elementwise, as booleans."
    return primitive(forward, complex=complex)


isnan = _test("isnan", "not a number", lambda x: x != x)
isinf = _test("isinf", "infinite", lambda x: xp(x).isinf(x))
isfinite = _test("isfinite", "neither infinite nor nan", lambda x: xp(x).isfinite(x))
isposinf = _test("isposinf", "+infinity", lambda x: x == math.inf, complex=None)
isneginf = _test("isneginf", "-infinity", lambda x: x == -math.inf, complex=None)


@primitive
def signbit(x):
    """Whether the sign bit is set (also of -0.0), elementwise, as booleans."""
    return xp(x).signbit(x) if x.dtype.kind in "fV" else x < 0


@primitive(complex="values")
def isreal(x):
    """Whether the imaginary part is 0, elementwise, as booleans."""
    return xp(x).isreal(x)
