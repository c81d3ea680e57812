"""Sliding windows: the layout, the views and the cuts that convolution, pooling and unfolding share.

Inside these operations the batch is the last dimension, (C, *S, N), and results are handed out as (N, C, *S)
views of that. Then a window's pixels are long runs of memory whatever the kernel and the number of channels,
a channel is one block, and flattening stays free.
"""

from __future__ import annotations

import itertools
import math

import numpy

from ..core.arrays import xp
from .threads import get_num_threads, parallel_for, spans

BLOCK = 256 * 1024  # elements to go through several times while they are in the cache


def batch_last(x, padding=(), value=0):
    """(N, C, *S) as a contiguous (C, *S, N), no copy if it lies so already; ``padding`` is (before, after)
    for each of S.
    """
    moved = x.transpose(*range(1, x.ndim), 0)
    if (
        x.shape[0] >= 32
        and x.strides[0] % 1024 == 0
        and xp(x) is numpy
        and x.size > 16384
        and x[0].flags.c_contiguous
    ):
        moved = _transposed(x.reshape(x.shape[0], -1)).reshape(moved.shape)
    if not any(map(any, padding)):
        return xp(x).ascontiguousarray(moved)
    sizes = [a + n + b for n, (a, b) in zip(moved.shape[1:], padding)]
    out, inside = xp(x).empty((moved.shape[0], *sizes, moved.shape[-1]), x.dtype), (slice(None),)
    for n, (a, b) in zip(moved.shape[1:], padding):  # the borders first, one dimension after the other
        out[(*inside, slice(0, a))] = value
        out[(*inside, slice(a + n, a + n + b))] = value
        inside += (slice(a, a + n),)
    out[inside] = moved
    return out


def _transposed(x):
    """The transpose of a matrix whose rows lie a multiple of 1 KiB apart, by way of rows that do not: those
    would share a few lines of the cache.
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


def batch_first(x):
    """(C, *S, N) as an (N, C, *S) view."""
    return x.transpose(x.ndim - 1, *range(x.ndim - 1))


def window_view(x, kernel, stride, dilation, sizes=None):
    """Of (C, *S, N), a view (C, *kernel, *sizes, N): the element at each kernel position of each window."""
    if sizes is None:
        sizes = window_counts(x.shape[1:-1], kernel, stride, dilation)
    steps = [s * d for s, d in zip(x.strides[1:], dilation)] + [s * t for s, t in zip(x.strides[1:], stride)]
    shape, strides = (x.shape[0], *kernel, *sizes, x.shape[-1]), (x.strides[0], *steps, x.strides[-1])
    return xp(x).lib.stride_tricks.as_strided(x, shape, strides)


def window_counts(sizes, kernel, stride, dilation):
    """How many windows fit along each (padded) size."""
    return tuple((n - (k - 1) * d - 1) // s + 1 for n, k, s, d in zip(sizes, kernel, stride, dilation))


def boxes(sizes, limit, first=0, last=None):
    """Contiguous boxes of at most ``limit`` places that make up an array of ``sizes``: (first place, last +
    1, a slice per dimension) of each.

    ``first`` and ``last`` choose a part of the first dimension.
    """
    sizes = [range(first, sizes[0] if last is None else last), *map(range, sizes[1:])]
    if not all(sizes):
        return []
    inner, cut = 1, len(sizes) - 1
    while cut > 0 and inner * len(sizes[cut]) <= limit:
        inner *= len(sizes[cut])
        cut -= 1
    pieces, rest = (
        spans(len(sizes[cut]), -(-len(sizes[cut]) // max(limit // inner, 1))),
        [slice(0, len(size)) for size in sizes[cut + 1 :]],
    )
    found, start = [], first * math.prod(map(len, sizes[1:]))
    for place in itertools.product(*sizes[:cut]):
        lead = [slice(i, i + 1) for i in place]
        for a, b in pieces:
            found.append(
                (
                    start + a * inner,
                    start + b * inner,
                    (*lead, slice(sizes[cut][a], sizes[cut][b - 1] + 1), *rest),
                )
            )
        start += len(sizes[cut]) * inner
    return found


def threads_for(nanoseconds):
    """How many threads are worth their start, and their waiting for each other at the GIL, for this much
    work.
    """
    return get_num_threads() if nanoseconds > 1_000_000 else 1


def over_blocks(function, n, size, nanoseconds, array):
    """Call ``function(first, last + 1)`` for blocks of ``range(n)``, on several threads if ``nanoseconds``
    for each of ``size`` elements pay.
    """
    if xp(array) is not numpy:
        function(0, n)
        return
    threads = threads_for(size * nanoseconds)
    blocks = spans(n, -(-size // (BLOCK * threads)) * threads)
    if threads > 1:
        parallel_for(lambda block: function(*block), blocks)
        return
    for block in blocks:
        function(*block)
