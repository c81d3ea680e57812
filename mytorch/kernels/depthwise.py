"""Depthwise convolution with stride 1: every channel has a kernel of its own.

Along the rows of an image it is a product with a banded matrix, for a few rows of the output at once: half of
it by zeros and yet faster than gathering windows. The columns of the kernel are shifts of that, added up.
"""

from __future__ import annotations

import numpy

from ..core.sums import summed
from .threads import parallel_for, spans
from .windows import strided, threads_for

_BLOCK = 64 * 1024  # elements of the output at a time: their inputs fit the second-level cache
_ROWS = 8  # of the output at once, at most


def rows_at_once(rows: int) -> int:
    """The largest divisor of ``rows`` that is at most ``_ROWS``."""
    return next(r for r in range(_ROWS, 0, -1) if rows % r == 0)


def correlate(x, kernels, dilation, counts):
    """``einsum("cij,cijhwn->chwn", kernels, window_view(x, ...))``: (C, *counts, N).

    ``x`` (C, H, W, N) is padded and contiguous, ``kernels`` (C, kH, kW).
    """
    channels, _, wide = kernels.shape
    high, n = rows_at_once(counts[0]), x.shape[-1]
    bands = _banded(kernels, high, dilation[0])
    out = numpy.empty((channels, *counts, n), x.dtype)
    # the rows of the input that each group of output rows reads: (C, groups, rows, W · N), overlapping
    size, row = x.itemsize, x.shape[2] * n * x.itemsize
    shape = (channels, counts[0] // high, bands.shape[-1], x.shape[2] * n)
    rows = strided(x, shape, (x.shape[1] * row, high * row, row, size))
    targets = out.reshape(channels, -1, high, counts[1] * n)

    def work(piece):
        part = slice(*piece)
        target = targets[part]
        product = numpy.empty(target.shape, x.dtype)
        for j in range(wide):
            start = j * dilation[1] * n
            source = rows[part, ..., start : start + counts[1] * n]
            numpy.matmul(bands[j, part, None], source, out=product if j else target)
            if j:
                target += product

    _share(work, channels, out.size, kernels)
    return out


def weight_gradient(x, g, kernel, dilation):
    """``einsum("chwn,cijhwn->cij", g, window_view(x, ...))``: (C, *kernel).

    ``x`` (C, H, W, N) is padded and contiguous, ``g`` (C, *counts, N).
    """
    channels, high, wide, n = g.shape
    out = numpy.empty((channels, *kernel), x.dtype)
    g, x = g.reshape(channels, high, 1, wide * n), x.reshape(*x.shape[:2], -1, 1)

    def work(piece):
        part = slice(*piece)
        for i, j in numpy.ndindex(*kernel):
            top, left = i * dilation[0], j * dilation[1] * n
            source = x[part, top : top + high, left : left + wide * n]
            out[part, i, j] = summed(numpy.matmul(g[part], source)[..., 0, 0], -1)

    _share(work, channels, g.size, out)
    return out


def _share(work, channels, size, kernels):
    """Do the ``work`` of all channels, in pieces that fit the cache, on several threads if it is large."""
    threads = threads_for(size * kernels[0].size * 0.2) if channels else 1
    pieces = spans(channels, -(-size // (_BLOCK * threads)) * threads)
    if threads > 1:
        parallel_for(work, pieces)
    else:
        for piece in pieces:
            work(piece)


def _banded(kernels, high, dilation):
    """(C, kH, kW) as matrices (kW, C, high, rows of the input) for ``high`` rows of the output."""
    channels, tall, wide = kernels.shape
    reach = (tall - 1) * dilation + 1
    bands = numpy.zeros((wide, channels, high, high - 1 + reach), kernels.dtype)
    for row in range(high):
        bands[:, :, row, row : row + reach : dilation] = kernels.transpose(2, 0, 1)
    return bands
