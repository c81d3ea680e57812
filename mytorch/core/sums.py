"""The one function that adds numbers up (``kernels/sums.py``: along a dimension, ``scatter.py``: at indices).

16-bit numbers are accumulated in float32 and rounded once, at the end: float16 stops counting at 2048,
bfloat16 at 256.
"""

from __future__ import annotations

import functools
import math

import numpy

from .arrays import as_array, ndarray
from .blas import use_one_thread
from .graph import Variable

FLOAT32, FLOAT64 = numpy.dtype("float32"), numpy.dtype("float64")


def wide(dtype):
    """The dtype to compute in: float32 for 16-bit floating-point numbers."""
    return FLOAT32 if dtype.itemsize == 2 and dtype.kind in "fV" else dtype


def widen(*arrays):
    """The arrays (or None) with 16-bit floating-point numbers as float32."""
    return [a if a is None else a.astype(wide(a.dtype), copy=False) for a in arrays]


def cast(arrays, dtype):
    """The arrays (or None) in ``dtype``, as a tuple."""
    return tuple(a if a is None else a.astype(dtype, copy=False) for a in arrays)


def doubled(dtype):
    """The dtype with twice the bits, for what float32 too would compute roughly: float64 for float32."""
    return FLOAT64 if dtype == FLOAT32 else wide(dtype)


# ---- over dimensions -----------------------------------------------------------------------------

_BLOCK = 128  # rows
_SMALL = 8192  # elements up to which blocks are not worth the question


def summed(x, axes=None, dtype=None, keepdims=False):
    """Σ x over ``axes`` (an int, a tuple, None for all), of an array or a Tensor, in ``dtype``.

    NumPy adds long columns up row by row, which costs float32 three digits; here blocks of rows are summed
    first.
    """
    if type(x) is ndarray and (dtype is None or dtype is x.dtype) and x.itemsize > 2 and x.size <= _SMALL:
        return numpy.add.reduce(x, axes, None, None, keepdims)
    if isinstance(x, Variable):  # its sum comes back here
        return x.sum(axes, keepdims, dtype=dtype)
    x = as_array(x)  # one number
    kind = x.dtype if dtype is None else numpy.dtype(dtype)
    if kind.kind not in "fV":
        return x.sum(axes, dtype, keepdims=keepdims)
    wider, leading = wide(kind), _leading(x, axes)
    if leading:
        total = _sum_of_rows(x.reshape(-1, *x.shape[leading:]), wider)
        total = total.reshape((1,) * leading + total.shape) if keepdims else total
    else:
        total = _sum_over(x, axes, wider, keepdims)
    return total if wider is kind else total.astype(kind)


def _leading(x, axes):
    """How many axes there are, if they are the first of a contiguous array, with many rows; else 0."""
    if type(x) is not ndarray or axes is None or x.itemsize > 4:
        return 0
    axes = (axes,) if isinstance(axes, int) else axes
    n = len(axes)
    first = 0 < n < x.ndim and axes == tuple(range(n)) and x.flags.c_contiguous
    return n if first and math.prod(x.shape[:n]) > 2 * _BLOCK and x.size else 0


def _sum_over(x, axes, kind, keepdims):
    """``x.sum(axes, kind)``: over *S of a view (N, C, *S) of an array (C, *S, N) a product with ones."""
    if type(x) is ndarray and x.ndim > 2 and 1 < len(x) <= 64 and axes == tuple(range(2, x.ndim)):
        rows, unit = (
            x.transpose(*range(1, x.ndim), 0),
            summing_vector(math.prod(x.shape[2:]), type(x), x.dtype),
        )
        if rows.flags.c_contiguous and kind is x.dtype and unit is not None:
            total = (unit @ rows.reshape(x.shape[1], -1, len(x))).T
            return total.reshape(*total.shape, *[1] * len(axes)) if keepdims else total
    return x.sum(axes, kind, keepdims=keepdims)


def _sum_of_rows(rows, kind):
    whole = len(rows) // _BLOCK * _BLOCK
    total = rows[:whole].reshape(-1, _BLOCK, *rows.shape[1:]).sum(1, kind).sum(0)
    return total if whole == len(rows) else total + rows[whole:].sum(0, kind)


@functools.lru_cache(32)
def summing_vector(n, array_type, kind):
    """``n`` ones to sum such an array by, or None if the BLAS does not multiply its kind."""
    if array_type is not ndarray or kind.kind != "f" or kind.itemsize == 2:
        return None
    use_one_thread()
    return numpy.ones(n, kind)
