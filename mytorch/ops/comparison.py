"""Comparison, logic and bits: operations without gradients."""

from __future__ import annotations

import numpy

from ..core.arrays import array_of, xp
from ..core.graph import Variable
from ..core.primitive import primitive
from .elementwise import stepwise
from .promotion import only, promoted

# ---- order ---------------------------------------------------------------------------------------


@stepwise(complex="values")
def eq(x, y):
    """x == y, elementwise, as booleans."""
    return x == y


@stepwise(complex="values")
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
        raise RuntimeError(
            f"{name}: expected both tensors to have the same dtype, but got {x.dtype} and {y.dtype}"
        )


def _tensors(arrays):
    for a in arrays:
        if not hasattr(a, "dtype"):
            raise TypeError(f"expected tensors, got {type(a).__name__} {a!r:.40}")
    return arrays


@primitive(complex="values", prepare=_tensors)
def isclose(x, y, *, rtol=1e-05, atol=1e-08, equal_nan=False):
    """|x - y| <= atol + rtol · |y|, elementwise, as booleans. RuntimeError unless the dtypes are equal."""
    _same_dtype(x, y, "isclose")
    if not (rtol >= 0 and atol >= 0):
        raise RuntimeError(f"rtol and atol must be greater than or equal to zero, but got {rtol} and {atol}")
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
    x, y = _tensors([array_of(v) for v in (input, other)])
    return x.shape == y.shape and bool((x == y).all())


# ---- logic ---------------------------------------------------------------------------------------


@primitive(complex="values", prepare=_tensors)
def logical_and(x, y):
    """Whether both are nonzero, elementwise, as booleans."""
    return xp(x).logical_and(x, y)


@primitive(complex="values", prepare=_tensors)
def logical_or(x, y):
    """Whether one or both are nonzero, elementwise, as booleans."""
    return xp(x).logical_or(x, y)


@primitive(complex="values", prepare=_tensors)
def logical_xor(x, y):
    """Whether exactly one is nonzero, elementwise, as booleans."""
    return xp(x).logical_xor(x, y)


@primitive(complex="values")
def logical_not(x):
    """Whether x is zero, elementwise, as booleans."""
    return xp(x).logical_not(x)


# ---- bits ----------------------------------------------------------------------------------------


def _bits(name, symbol, meaning):
    def forward(x, y):
        return getattr(xp(x), name)(x, y)

    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = f"x {symbol} y: {meaning}, of integers or booleans, elementwise."
    return primitive(prepare=only("biu", name, _as_arrays, numbers=True))(forward)


def _as_arrays(arrays):
    """``promoted``, and numbers as arrays of the same dtype."""
    arrays = promoted(arrays)
    like = next(a for a in arrays if hasattr(a, "dtype"))
    kinds = [float if isinstance(a, float) else like.dtype for a in arrays]
    return [a if hasattr(a, "dtype") else xp(like).asarray(a, kind) for a, kind in zip(arrays, kinds)]


bitwise_and = _bits("bitwise_and", "&", "the bits that both have")
bitwise_or = _bits("bitwise_or", "|", "the bits that one or both have")
bitwise_xor = _bits("bitwise_xor", "^", "the bits that exactly one has")


@primitive(prepare=only("biu", "bitwise_not"))
def bitwise_not(x):
    """~x: all bits inverted, of integers or booleans, elementwise."""
    return ~x


@primitive(prepare=only("iu", "bitwise_left_shift", _as_arrays, numbers=True))
def bitwise_left_shift(x, y):
    """x << y: x · 2^y, of integers, elementwise; 0 where y is negative or not below the number of bits."""
    fits = (y >= 0) & (y < x.dtype.itemsize * 8)
    zero = x.dtype.type(0)
    return xp(x).where(fits, x << xp(x).where(fits, y, zero), zero)


@primitive(prepare=only("iu", "bitwise_right_shift", _as_arrays, numbers=True))
def bitwise_right_shift(x, y):
    """x >> y: x / 2^y rounded down, of integers, elementwise.

    All bits are lost where y is negative or not below their number.
    """
    fits = (y >= 0) & (y < x.dtype.itemsize * 8)
    zero = x.dtype.type(0)
    emptied = xp(x).where(x < 0, x.dtype.type(-1 if x.dtype.kind == "i" else 0), zero)  # only signs are left
    return xp(x).where(fits, x >> xp(x).where(fits, y, zero), emptied)


def is_number(value) -> bool:
    """Whether an operator can take ``value``: a tensor, an array or a number."""
    return isinstance(value, (Variable, int, float, complex, numpy.generic)) or hasattr(value, "__array__")
