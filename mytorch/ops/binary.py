"""Other functions of two numbers, elementwise with broadcasting."""

from __future__ import annotations

import math

from ..core.arrays import xp
from ..core.primitive import primitive
from .elementwise import both_arrays, flat, select, smooth, zeros_like
from .promotion import floating, only
from .transcendental import atan2, log, sigmoid

arctan2 = atan2


@primitive(
    broadcasts=True,
    prepare=only("fV", "hypot"),
    x=lambda g, x, out: g * (x / out),
    y=lambda g, y, out: g * (y / out),
)
def hypot(x, y):
    """sqrt(x² + y²) without overflow on the way, elementwise."""
    return xp(x).hypot(x, y)


@primitive(
    broadcasts=True,
    prepare=only("fV", "copysign", floating, numbers="other"),
    x=lambda g, x, out: select(x == 0, 0, g * (out / x)),
    y=flat,
)
def copysign(x, y):
    """|x| with the sign of y, elementwise."""
    return xp(x).copysign(x, y)


def _one_dtype(arrays):
    dtypes = {str(a.dtype) for a in arrays if hasattr(a, "dtype")}
    if len(dtypes) > 1:
        raise RuntimeError(
            "heaviside is not yet implemented for tensors with different dtypes, but got "
            f"{' and '.join(sorted(dtypes))}"
        )
    return only("biufV", "heaviside")(arrays)


def _heaviside_vjp(g):
    raise RuntimeError("derivative for aten::heaviside is not implemented")


@primitive(broadcasts=True, prepare=_one_dtype, x=_heaviside_vjp, y=_heaviside_vjp)
def heaviside(x, y):
    """0 below 0, ``y`` at 0, 1 above 0, elementwise."""
    return xp(x).where(x == 0, y, (x > 0).astype(x.dtype))


@primitive(
    complex="holomorphic",
    broadcasts=True,
    prepare=only("fcV", "logaddexp"),
    x=lambda g, x, y: g * sigmoid(x - y),
    y=lambda g, x, y: g * sigmoid(y - x),
)
def logaddexp(x, y):
    """log(exp(x) + exp(y)) without overflow on the way, elementwise."""
    if x.dtype.kind != "c":
        return xp(x).logaddexp(x, y)
    swaps = x.real < y.real
    low, high = xp(x).where(swaps, x, y), xp(x).where(swaps, y, x)
    return high + xp(x).log1p(xp(x).exp(low - high))


@primitive(
    broadcasts=True,
    prepare=only("fV", "logaddexp2"),
    x=lambda g, x, y: g * sigmoid((x - y) * math.log(2)),
    y=lambda g, x, y: g * sigmoid((y - x) * math.log(2)),
)
def logaddexp2(x, y):
    """log2(2^x + 2^y) without overflow on the way, elementwise."""
    return xp(x).logaddexp2(x, y)


def _xlogy_x_vjp(g, x, y):
    y = y if hasattr(y, "dtype") else zeros_like(x) + y
    return g * select((x == 0) & (y <= 0), 0, log(y))


@smooth(x=_xlogy_x_vjp, y=lambda g, x, y: g * (x / y))
def xlogy(x, y):
    """x · log(y), and 0 where x is 0 and y is not nan, elementwise."""
    x, y = both_arrays(x, y)
    return xp(x).where((x == 0) & (y == y), x.dtype.type(0), xp(x).log(y) * x)


@primitive(broadcasts=True, prepare=only("fV", "nextafter"), x=lambda g, x, y: select(x == y, 0, g), y=flat)
def nextafter(x, y):
    """The next floating-point number after x towards y, elementwise."""
    if x.dtype.kind == "V":
        return _next_bfloat16(x, y)
    return xp(x).nextafter(x, y)


def _next_bfloat16(x, y):
    """NumPy's ``nextafter`` of bfloat16, whose bits, read as integers, are in the order of its numbers."""
    x, y = xp(x).broadcast_arrays(x, y)
    bits = x.copy().view("int16")
    bits += xp(x).where((x < y) == (x > 0), 1, -1).astype("int16")
    smallest = xp(x).copysign(xp(x).asarray(1e-40, x.dtype), y)
    out = xp(x).where(x == 0, smallest.view("int16") & -0x7FFF, bits).astype("int16").view(x.dtype)
    return xp(x).where(x != x, x, xp(x).where((x == y) | (y != y), y, out))


@primitive(prepare=only("iu", "gcd"))
def gcd(x, y):
    """The greatest common divisor of integers, elementwise.

    It is positive, except where the smallest number of a dtype meets itself or 0.
    """
    return xp(x).gcd(x, y)


@primitive(prepare=only("iu", "lcm"))
def lcm(x, y):
    """The least common multiple of integers, elementwise."""
    return xp(x).lcm(x, y)
