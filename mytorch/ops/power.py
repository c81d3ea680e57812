"""Powers, elementwise with broadcasting."""

from __future__ import annotations

import cmath
import math

import numpy

from ..core.arrays import array_of, is_array, xp
from ..core.graph import Variable
from ..core.primitive import primitive
from .arithmetic import mul
from .cast import is_floating, to_dtype
from .composite import composite
from .elementwise import select, zeros_like
from .promotion import check_fits, only
from .transcendental import log


def _pow_x_vjp(g, x, y):
    if isinstance(y, (int, float, complex)):
        return zeros_like(g) if y == 0 else g * (y * pow(x, y - 1))
    return select(y == 0, 0, g * (y * pow(x, y - 1)))


def _pow_y_vjp(g, x, y, out):
    if not isinstance(x, (int, float, complex)):
        return select((x == 0) & (y.real >= 0), 0, g * (out * log(x)))
    if x == 0:
        return select(y.real >= 0, 0, g * (out * -math.inf))
    if isinstance(x, complex) or array_of(y).dtype.kind == "c":
        return g * (out * cmath.log(x))
    return g * (out * (math.log(x) if x > 0 else math.nan))


_POWERS = {  # many times faster than x**y
    1: lambda x: x.copy(),
    2: lambda x: x * x,
    3: lambda x: x * x * x,
    -1: lambda x: 1 / x,
    -2: lambda x: 1 / (x * x),
    0.5: lambda x: xp(x).sqrt(x),
    -0.5: lambda x: 1 / xp(x).sqrt(x),
}


def _powers(arrays):
    """The ``prepare`` step of pow: a number in the exponent stays a number, for :data:`_POWERS`."""
    x, y = arrays
    if isinstance(y, numpy.generic) and is_array(x):
        arrays = x, y = [x, y.item()]
    if isinstance(y, (int, float)) and is_array(x):
        if x.dtype.itemsize == 2:
            check_fits(y, x.dtype, finite=True)
        if x.dtype.kind == "f":
            return arrays
        if x.dtype.kind in "iu" and isinstance(y, int):
            check_fits(y, x.dtype)
            if y < 0:
                raise RuntimeError("Integers to negative integer powers are not allowed.")
    return _no_boolean_powers(arrays)


_no_boolean_powers = only("iufcV", "pow", numbers=True)


@primitive(complex="holomorphic", broadcasts=True, prepare=_powers, x=_pow_x_vjp, y=_pow_y_vjp)
def pow(x, y):
    """x to the power of y, elementwise; shapes broadcast.

    RuntimeError for integers and a negative number y.
    """
    if isinstance(y, (int, float, complex)):
        fast = _POWERS.get(y) if x.dtype.kind not in "iu" else None
        if fast is not None:
            return fast(x)
    elif y.dtype.kind == "i" and (y < 0).any():  # 1 or -1 stay, 1/2 and less round to 0
        positive = xp(y).where(y < 0, 0, y)
        inverse = xp(y).where(x == 1, 1, xp(y).where(x == -1, 1 - 2 * (y & 1), 0)).astype(y.dtype)
        return xp(y).where(y < 0, inverse, x**positive)
    return x**y


@composite(out=True)
def float_power(input, exponent):
    """input to the power of exponent in float64, or complex128, elementwise."""
    return pow(_double(input), _double(exponent))


def _double(value):
    """A tensor in float64 or complex128; a number as it is."""
    if not isinstance(value, Variable):
        return value
    return to_dtype(value, "complex128" if value.array.dtype.kind == "c" else "float64")


@composite(out=True)
def ldexp(input, other):
    """input · 2^other, elementwise. TypeError if other is not a tensor."""
    for name, value in (("input", input), ("other", other)):
        if not hasattr(value, "dtype"):
            raise TypeError(f"ldexp(): argument '{name}' must be Tensor, not {type(value).__name__}")
    product = mul(input, pow(2.0, other))
    keeps_dtype = is_floating(input) and not is_floating(other)  # integer exponents do not promote
    return to_dtype(product, array_of(input).dtype) if keeps_dtype else product
