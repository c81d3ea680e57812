"""Comparison, logic and bits: operations without gradients."""

from __future__ import annotations

import numpy

from ..autograd.engine import Variable, primitive
from ..backend import xp
from .elementwise import stepwise

# ---- order ------------------------------------------------------------------------------------------------------------


@stepwise
def eq(x, y):
    """x == y, elementwise, as booleans."""
    return x == y


@stepwise
def ne(x, y):
    """x != y, elementwise, as booleans."""
    return x != y


@stepwise
def lt(x, y):
    """x < y, elementwise, as booleans."""
    return x < y


@stepwise
def le(x, y):
    """x <= y, elementwise, as booleans."""
    return x <= y


@stepwise
def gt(x, y):
    """x > y, elementwise, as booleans."""
    return x > y


@stepwise
def ge(x, y):
    """x >= y, elementwise, as booleans."""
    return x >= y


not_equal, less, less_equal, greater, greater_equal = ne, lt, le, gt, ge


def _same_dtype(x, y, name):
    if x.dtype != y.dtype:
        raise RuntimeError(f"{name}: expected both tensors to have the same dtype, but got {x.dtype} and {y.dtype}")


@primitive
def isclose(x, y, *, rtol=1e-05, atol=1e-08, equal_nan=False):
    """|x - y| <= atol + rtol · |y|, elementwise, as booleans. RuntimeError unless the dtypes are equal."""
    _same_dtype(x, y, "isclose")
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"rtol and atol must not be negative, but got {rtol} and {atol}")
    close = x == y
    if x.dtype.kind in "biu":
        if rtol == 0 and atol == 0:
            return close
        x, y = x.astype("float64"), y.astype("float64")
    elif equal_nan:
        close = close | ((x != x) & (y != y))
    difference = xp(x).abs(x - y)
    return close | (xp(x).isfinite(difference) & (difference <= atol + xp(x).abs(rtol * y)))


def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False) -> bool:
    """Whether all elements are :func:`isclose`."""
    return bool(isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan).array.all())


def equal(input, other) -> bool:
    """Whether both tensors have the same shape and elements."""
    x, y = input.array, other.array
    return x.shape == y.shape and bool((x == y).all())


# ---- logic ------------------------------------------------------------------------------------------------------------


@primitive
def logical_and(x, y):
    """Whether both are nonzero, elementwise, as booleans."""
    return xp(x).logical_and(x, y)


@primitive
def logical_or(x, y):
    """Whether one or both are nonzero, elementwise, as booleans."""
    return xp(x).logical_or(x, y)


@primitive
def logical_xor(x, y):
    """Whether exactly one is nonzero, elementwise, as booleans."""
    return xp(x).logical_xor(x, y)


@primitive
def logical_not(x):
    """Whether x is zero, elementwise, as booleans."""
    return xp(x).logical_not(x)


# ---- bits -------------------------------------------------------------------------------------------------------------


def _whole_numbers(x, name):
    if hasattr(x, "dtype") and x.dtype.kind not in "biu" or isinstance(x, float):
        raise NotImplementedError(f'"{name}" not implemented for {getattr(x, "dtype", "float")}: it takes integers and booleans')


def _bits(name, symbol, meaning):
    def forward(x, y):
        _whole_numbers(x, name), _whole_numbers(y, name)
        return getattr(numpy if not hasattr(x, "dtype") else xp(x), name)(x, y)

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"x {symbol} y: {meaning}, of integers or booleans, elementwise."
    return stepwise(forward)


bitwise_and = _bits("bitwise_and", "&", "the bits that both have")
bitwise_or = _bits("bitwise_or", "|", "the bits that one or both have")
bitwise_xor = _bits("bitwise_xor", "^", "the bits that exactly one has")


@primitive
def bitwise_not(x):
    """~x: the other bits, of integers or booleans, elementwise."""
    _whole_numbers(x, "bitwise_not")
    return ~x


@stepwise
def bitwise_left_shift(x, y):
    """x << y: x · 2^y, of integers, elementwise; 0 where y is negative or not below the number of bits."""
    _shiftable(x, y, "lshift")
    bits = x.dtype.itemsize * 8 if hasattr(x, "dtype") else y.dtype.itemsize * 8
    fits = (y >= 0) & (y < bits)
    return xp(x).where(fits, x << xp(x).where(fits, y, 0), 0)


@stepwise
def bitwise_right_shift(x, y):
    """x >> y: x / 2^y rounded down, of integers, elementwise."""
    _shiftable(x, y, "rshift")
    bits = x.dtype.itemsize * 8 if hasattr(x, "dtype") else y.dtype.itemsize * 8
    return x >> xp(x).where((y >= 0) & (y < bits), y, bits - 1)


def _shiftable(x, y, name):
    for v in (x, y):
        if hasattr(v, "dtype") and v.dtype.kind not in "iu" or isinstance(v, (bool, float)):
            raise NotImplementedError(f'"{name}_cpu" not implemented for {getattr(v, "dtype", type(v).__name__)}: it takes integers')


def is_number(value) -> bool:
    """Whether an operator can take ``value``: a tensor, an array or a number."""
    return isinstance(value, (Variable, int, float, complex, numpy.generic)) or hasattr(value, "__array__")
