"""How elementwise operations are made, and selection by a condition."""

from __future__ import annotations

import functools
import math

import numpy

from ..core.arrays import array_of, is_array, xp
from ..core.graph import wrap
from ..core.primitive import primitive
from ..core.sums import cast, wide
from ..kernels.elementwise import choose
from .composite import composite
from .promotion import check_fits, floating, operand, promoted, result_numpy, tensor_first

pointwise = functools.partial(primitive, broadcasts=True, prepare=promoted)  # f(x, y) in the common dtype
# the same, and integers become floating point
smooth = functools.partial(primitive, broadcasts=True, prepare=floating)
stepwise = functools.partial(primitive, prepare=tensor_first)  # no gradient at all: comparisons


def widened(forward):
    """Let a function of arrays compute in float32 where the first array has 16-bit numbers.

    Results are rounded once, at the end.
    """

    @functools.wraps(forward)
    def call(x, *args, **settings):
        if x.itemsize != 2 or x.dtype.kind not in "fV":
            return forward(x, *args, **settings)
        kind = wide(x.dtype)
        args = [a.astype(kind) if getattr(a, "dtype", None) == x.dtype else a for a in args]
        out = forward(x.astype(kind), *args, **settings)
        return cast(out, x.dtype) if type(out) is tuple else out.astype(x.dtype)

    call.of_wide = forward
    return call


def check_floating(x, name):
    """NotImplementedError for an array or a tensor of integers or booleans."""
    if (x if type(x) is numpy.ndarray else array_of(x)).dtype.kind in "biu":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}: it takes floating-point numbers')


def check_real(x, name):
    """NotImplementedError for an array or a tensor of complex numbers."""
    if array_of(x).dtype.kind == "c":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}')


def bounded(x, low, high):
    """An array limited to two numbers.

    NumPy's ``clip`` with two finite or infinite bounds is vectorised, its ``maximum`` with a number is not.
    """
    if x.size > 2048 and x.dtype.kind == "f":
        return x.clip(low, high)
    if low == -math.inf:
        return x.copy() if high == math.inf else xp(x).minimum(x, operand(high, x))
    out = xp(x).maximum(x, operand(low, x))
    return out if high == math.inf else xp(x).minimum(out, operand(high, x))


def both_arrays(x, y):
    """Two inputs, of which one may be a number, as arrays of one dtype."""
    module, kind = (xp(x), x.dtype) if hasattr(x, "dtype") else (xp(y), y.dtype)
    x, y = (v if is_array(v) and v.dtype == kind else module.asarray(v, kind) for v in (x, y))
    return x, y


@primitive(complex="values")
def zeros_like(x):
    """Zeros of the shape and dtype of ``x``, outside of the graph: the gradient of a step function."""
    return xp(x).zeros_like(x)


def flat(g):
    """The vjp of piecewise constant functions: zeros."""
    return zeros_like(g)


_BOOL = numpy.dtype(bool)

# ---- selection -----------------------------------------------------------------------------------


def _branches(arrays):
    """The ``prepare`` step of where: both values in one dtype, numbers checked to fit."""
    condition, x, y = arrays
    if type(condition) is numpy.ndarray and condition.dtype is _BOOL:  # the common cases: nothing to do
        x, y = (x, y) if type(x) is numpy.ndarray else (y, x)
        alike = x.dtype is y.dtype if type(y) is numpy.ndarray else type(y) is int and y == 0
        if alike and type(x) is numpy.ndarray and x.dtype.kind == "f":
            return arrays
    both = arrays[1:]
    expected = "where expected condition to be a boolean tensor, but got"
    if not hasattr(condition, "dtype"):
        raise TypeError(f"{expected} {type(condition).__name__}")
    if condition.dtype not in ("bool", "uint8"):
        raise RuntimeError(f"{expected} {condition.dtype}")
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
    if not (hasattr(x, "dtype") or hasattr(y, "dtype")):  # two numbers have the default dtypes
        return xp(condition).where(condition, x, y).astype(result_numpy([x, y]))
    return choose(condition, x, y)


@composite(out=True)
def where(condition, input=None, other=None):
    """``input`` where ``condition`` (booleans) holds, else ``other``; tensors or numbers, broadcast.

    ``where(condition)`` alone gives one index tensor for each dimension.
    """
    if input is None and other is None:
        array = condition.array
        return tuple(wrap(a) for a in xp(array).nonzero(xp(array).atleast_1d(array)))
    return select(condition, input, other)
