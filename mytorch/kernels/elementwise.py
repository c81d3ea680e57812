"""Elementwise work that NumPy does slowly: many passes over large arrays, selection, the largest element."""

from __future__ import annotations

import numpy

from ..core.arrays import ndarray, xp
from .threads import parallel_for

BLOCK = 128 * 1024  # elements: a function's temporaries stay near, and two threads overlap


def in_blocks(function, x, *more):
    """``function(x, *more)`` of arrays of one shape, block by block, on several threads.

    A block is 1-d. The result has the dtype of ``x``. A GPU takes the whole arrays.
    """
    if x.ndim == 0:
        return function(*(xp(a).reshape(a, (1,)) for a in (x, *more))).reshape(())
    if x.size <= BLOCK or xp(x) is not numpy:
        return function(x, *more)
    return fill_in_blocks(lambda out, *blocks: numpy.copyto(out, function(*blocks)), 1, x, *more)[0]


def fill_in_blocks(function, count, x, *more):
    """``count`` arrays like ``x`` that ``function(*results, x, *more)`` fills, in blocks of a fixed size."""
    order, arrays = _flattened((x, *more))
    results = [numpy.empty([x.shape[d] for d in order], x.dtype) for _ in range(count)]
    arrays = [*(r.reshape(-1) for r in results), *arrays]

    def work(start):
        function(*[a[start : start + BLOCK] for a in arrays])

    parallel_for(work, range(0, x.size, BLOCK))
    return [r.transpose(numpy.argsort(order)) for r in results]


def _flattened(arrays):
    """The order of the first array's dimensions in memory, and the arrays as vectors in that order."""
    strides = arrays[0].strides
    order = sorted(range(len(strides)), key=lambda d: -abs(strides[d]))
    return order, [a.transpose(order).reshape(-1) for a in arrays]


def largest(array, dims, keepdims, least):
    """The largest element over ``dims``, ``least`` where there is none."""
    if type(array) is ndarray:
        return numpy.maximum.reduce(array, dims, None, None, keepdims, least)
    if not array.size:  # CuPy's max takes no initial value
        shape = array.any(dims, keepdims=keepdims).shape
        return xp(array).full(shape, least, array.dtype)
    return array.max(dims, keepdims=keepdims)


def extremes(x):
    """The smallest and the largest element, nan if there is one: NumPy finds the place in few sooner."""
    if x.size <= 8192 and type(x) is ndarray:
        return x.item(x.argmin()), x.item(x.argmax())
    return x.min(), x.max()


_BITS = {1: numpy.dtype("int8"), 2: numpy.dtype("int16"), 4: numpy.dtype("int32"), 8: numpy.dtype("int64")}


def keep(x, condition):
    """``x`` where ``condition``, of its shape, holds, else 0: without branches, by a product of bits, which
    also stops infinities.
    """
    if (
        type(x) is not ndarray
        or type(condition) is not ndarray
        or x.dtype.kind not in "fi"
        or x.itemsize not in _BITS
    ):
        return xp(x).where(condition, x, x.dtype.type(0))
    bits = condition.astype(_BITS[x.itemsize])
    bits *= x.view(bits.dtype)
    return bits.view(x.dtype)


def choose(condition, x, y):
    """``where(condition, x, y)`` of arrays of one dtype, or numbers.

    NumPy's own branches at every element, which takes ten times as long on a random condition as picking by
    bits.
    """
    if condition.size < 1024 or type(condition) is not ndarray:
        return xp(condition).where(condition, x, y)
    like = x if type(x) is ndarray else y
    if condition.dtype != bool or type(like) is not ndarray or like.dtype.kind not in "fi":
        return xp(condition).where(condition, x, y)
    if any(
        type(v) is ndarray and v.ndim and (v.shape != condition.shape or v.dtype != like.dtype)
        for v in (x, y)
    ):
        return numpy.where(condition, x, y)
    if type(x) is ndarray and type(y) is not ndarray and y == 0:
        return keep(x, condition)
    if type(y) is ndarray and type(x) is not ndarray and x == 0:
        return keep(y, ~condition)
    if not numpy.ndim(y):
        return in_blocks(lambda x, condition: _picked(condition, x, y), x, condition)
    if not numpy.ndim(x):
        return in_blocks(lambda y, condition: _picked(condition, x, y), y, condition)
    return in_blocks(lambda x, y, condition: _picked(condition, x, y), x, y, condition)


def _picked(condition, x, y):
    like = x if numpy.ndim(x) else y
    bits = _BITS[like.dtype.itemsize]
    mask = condition.astype(bits)
    numpy.negative(mask, out=mask)  # all bits where the condition holds
    x, y = numpy.asarray(x, like.dtype).view(bits), numpy.asarray(y, like.dtype).view(bits)
    mask &= x ^ y
    mask ^= y
    return mask.view(like.dtype)


def broadcast_view(array, shape):
    """``array`` repeated to ``shape`` without copying: a view, writable where ``array`` is."""
    if array.shape == shape:
        return array.view()
    if xp(array) is not numpy:
        return xp(array).broadcast_to(array, shape)
    array = numpy.asarray(array)  # what a reduction made may be a number
    if array.flags.c_contiguous:  # NumPy's own constructor takes a fifth of the time of its broadcast_to
        extra, steps = len(shape) - array.ndim, array.strides
        if array.shape != shape[extra:]:
            steps = tuple([0 if n == 1 else step for n, step in zip(array.shape, steps)])
        return ndarray(shape, array.dtype, array, 0, (0,) * extra + steps)
    out = numpy.broadcast_to(array, shape)
    if array.flags.writeable:
        # NumPy refuses any write; which ones are safe is for the in-place operations to say
        out.flags.writeable = True
    return out
