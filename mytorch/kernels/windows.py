"""Sliding windows: the layout, the views and the blocks that convolution, pooling and unfolding share.

Inside these operations the batch is the last dimension, (C, *S, N); results are (N, C, *S) views of that. So
an element of a window is a long run of memory for any kernel size and number of channels, a channel is one
block, and flattening needs no copy.
"""

from __future__ import annotations

import functools
import itertools
import math

import numpy

from ..core.arrays import xp
from .threads import get_num_threads, parallel_for, spans

BLOCK = 256 * 1024  # elements to go through several times while they are in the cache
_SMALL = 4096  # elements that are one block without a question
# the order of the dimensions with the first one last, and with the last one first, by their number
_BATCH_LAST = [(*range(1, n), 0) for n in range(64)]
_BATCH_FIRST = [(n - 1, *range(n - 1)) for n in range(64)]


def batch_last(x, padding=(), value=0):
    """``numpy.pad(x, padding).transpose(1, …, 0)``: (N, C, *S) as a contiguous (C, *S, N).

    ``padding`` is (before, after) for each of S, filled with ``value``. No copy if ``x`` lies so already.
    """
    moved = x.transpose(_BATCH_LAST[x.ndim])
    large = x.shape[0] >= 32 and x.size > 16384
    if large and x.strides[0] % 1024 == 0 and xp(x) is numpy and x[0].flags.c_contiguous:
        moved = _transposed(x.reshape(x.shape[0], -1)).reshape(moved.shape)
    if moved.flags.c_contiguous and not any(map(any, padding)):
        return moved
    return _padded(moved, padding or ((0, 0),) * (x.ndim - 2), value)


def _padded(moved, padding, value):
    """A (C, *S, N) with ``value`` before and after each of S."""
    sizes = [a + n + b for n, (a, b) in zip(moved.shape[1:], padding)]
    out = xp(moved).empty((moved.shape[0], *sizes, moved.shape[-1]), moved.dtype)
    inside = (slice(None),)
    for n, (a, b) in zip(moved.shape[1:], padding):  # the borders first, one dimension after the other
        out[(*inside, slice(0, a))] = value
        out[(*inside, slice(a + n, a + n + b))] = value
        inside += (slice(a, a + n),)
    few = 1 < moved.shape[-1] <= 4 and moved.strides[-1] > moved.itemsize
    for i in range(moved.shape[-1]) if few else (slice(None),):  # a few samples apart: one by one is faster
        out[inside][..., i] = moved[..., i]
    return out


def _transposed(x):
    """``x.T`` copied, for a matrix whose rows lie a multiple of 1 KiB apart.

    A column of such rows shares a few lines of the cache. So the rows are first copied to a buffer whose rows
    lie otherwise.
    """
    rows, columns = x.shape
    out, piece = numpy.empty((columns, rows), x.dtype), 1024
    spread = numpy.empty((rows, piece + 16), x.dtype)
    for start in range(0, columns, piece):
        part = x[:, start : start + piece]
        buffer = spread[:, : part.shape[1]]
        buffer[...] = part
        out[start : start + piece] = buffer.T
    return out


def transposed(x):
    """``x.swapaxes(-1, -2)`` copied, as :func:`_transposed` does it: by a buffer whose rows lie otherwise."""
    places = x.shape[-1]
    spread = xp(x).empty((*x.shape[:-1], places + 16), x.dtype)[..., :places]
    spread[...] = x
    return xp(x).ascontiguousarray(spread.swapaxes(-1, -2))


def batch_first(x):
    """(C, *S, N) as an (N, C, *S) view."""
    return x.transpose(_BATCH_FIRST[x.ndim])


def copy_pixels(target, source):
    """``target[...] = source`` for views (…, N) of pixels that lie apart, each a contiguous run of N numbers.

    A pixel is copied as one item: NumPy starts a loop of its own for each run, which takes longer than
    copying a short one.
    """
    size = source.shape[-1] * source.itemsize
    runs = source.strides[-1] == target.strides[-1] == source.itemsize and source.dtype == target.dtype
    apart = not source.strides[-2] == target.strides[-2] == size
    if xp(source) is numpy and runs and apart and source.itemsize < size <= 256:
        kind = {8: "u8", 16: "c16"}.get(size, f"V{size}")
        target, source = target.view(kind), source.view(kind)
    target[...] = source


def window_view(x, kernel, stride, dilation, sizes=None):
    """A view (C, *kernel, *sizes, N) of (C, *S, N): ``out[c, k, i, n] = x[c, i · stride + k · dilation, n]``.

    ``sizes``: how many windows, as many as fit by default.
    """
    if sizes is None:
        sizes = window_counts(x.shape[1:-1], kernel, stride, dilation)
    return strided(x, *_window_layout(x.shape, x.strides, *map(tuple, (kernel, stride, dilation, sizes))))


@functools.lru_cache(maxsize=256)
def _window_layout(shape, strides, kernel, stride, dilation, sizes):
    steps = [s * d for s, d in zip(strides[1:], dilation)] + [s * t for s, t in zip(strides[1:], stride)]
    return (shape[0], *kernel, *sizes, shape[-1]), (strides[0], *steps, strides[-1])


def strided(x, shape, strides):
    """``as_strided`` of a contiguous array, which NumPy's own constructor makes in a fifth of the time."""
    if xp(x) is numpy and x.flags.c_contiguous:
        return numpy.ndarray(shape, x.dtype, x, 0, strides)
    return xp(x).lib.stride_tricks.as_strided(x, shape, strides)


def window_counts(sizes, kernel, stride, dilation):
    """How many windows fit along each (padded) size."""
    return tuple((n - (k - 1) * d - 1) // s + 1 for n, k, s, d in zip(sizes, kernel, stride, dilation))


@functools.lru_cache(maxsize=256)  # every training step has the same sizes
def boxes(sizes, limit, first=0, last=None):
    """An array of ``sizes`` cut into boxes of at most ``limit`` places, each contiguous in memory.

    A list of (first place, last place + 1, a slice per dimension). ``first`` and ``last`` choose a part of
    the first dimension.
    """
    sizes = [range(first, sizes[0] if last is None else last), *map(range, sizes[1:])]
    if not all(sizes):
        return []
    inner, cut = 1, len(sizes) - 1
    while cut > 0 and inner * len(sizes[cut]) <= limit:
        inner *= len(sizes[cut])
        cut -= 1
    pieces = spans(len(sizes[cut]), -(-len(sizes[cut]) // max(limit // inner, 1)))
    rest = [slice(0, len(size)) for size in sizes[cut + 1 :]]
    found, start = [], first * math.prod(map(len, sizes[1:]))
    for place in itertools.product(*sizes[:cut]):
        lead = [slice(i, i + 1) for i in place]
        for a, b in pieces:
            box = (*lead, slice(sizes[cut][a], sizes[cut][b - 1] + 1), *rest)
            found.append((start + a * inner, start + b * inner, box))
        start += len(sizes[cut]) * inner
    return found


PRODUCTS = 80_000  # nanoseconds of matrix products from which on several threads are faster


def threads_for(nanoseconds, least=1_000_000):
    """How many threads to use for so much work, from ``least`` on: another core has nothing in its cache."""
    return get_num_threads() if nanoseconds > least else 1


def over_blocks(function, n, size, nanoseconds, array):
    """Call ``function(first, last + 1)`` for blocks that cover ``range(n)``, together as ``function(0, n)``.

    On several threads if the work, ``nanoseconds`` for each of ``size`` elements, is worth it.
    """
    if xp(array) is not numpy or 0 < size <= _SMALL:
        blocks, threads = [(0, n)], 1
    else:
        threads = threads_for(size * nanoseconds)
        blocks = spans(n, -(-size // (BLOCK * threads)) * threads)
    if threads > 1:
        parallel_for(lambda block: function(*block), blocks)
    else:
        for block in blocks:
            function(*block)


_PAGE = 4096  # bytes
_FEW = 16 * 1024  # bytes for which it does not matter


def empty_apart(shape, dtype, source):
    """``numpy.empty(shape, dtype)`` at half a page from ``source``, from which it will be computed.

    Arrays of a power of two of bytes often lie some bytes more than a multiple of 4 KiB apart. Then loads
    from the one wait for stores to the other, and a pass takes two to five times as long.
    """
    if type(source) is not numpy.ndarray or source.nbytes < _FEW:
        return xp(source).empty(shape, dtype)
    size, dtype = math.prod(shape), numpy.dtype(dtype)
    out = numpy.empty(size + _PAGE // dtype.itemsize, dtype)
    there, here = (a.__array_interface__["data"][0] for a in (source, out))
    start = ((there & -64) + _PAGE // 2 - here) % _PAGE // dtype.itemsize  # also at the start of a cache line
    return out[start : start + size].reshape(shape)
