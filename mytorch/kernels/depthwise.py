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
_ROWS = (4, 5, 3, 6, 7, 2, 8, 1)  # of the output at once, the fastest first


def rows_at_once(rows: int) -> int:
    """The first of ``_ROWS`` that divides ``rows``."""
    return next(n for n in _ROWS if rows % n == 0)


def correlate(x, kernels, dilation, counts):
    """``einsum("cij,cijhwn->chwn", kernels, window_view(x, ...))``: (C, *counts, N).

    ``x`` (C, H, W, N) is padded and contiguous, ``kernels`` (C, kH, kW).
    """
    channels, _, wide = kernels.shape
    high, n = rows_at_once(counts[0]), x.shape[-1]
    bands = _banded(kernels, high, dilation[0])
    out = numpy.empty((channels, *counts, n), x.dtype)
    rows = _rows_read(x, high, bands.shape[-1], counts[0] // high)
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

    ``x`` (C, H, W, N) is padded and contiguous, ``g`` (C, *counts, N). All rows of a group are multiplied
    with all that the group reads: more than is needed, and yet faster than each with those that it reads.
    """
    channels, *counts, n = g.shape
    out, high = numpy.empty((channels, *kernel), x.dtype), rows_at_once(counts[0])
    reach, across = high + (kernel[0] - 1) * dilation[0], counts[1] * n
    sources, g = _rows_read(x, high, reach, counts[0] // high), g.reshape(channels, -1, high, across)
    row = numpy.arange(high)
    read = row + numpy.arange(kernel[0])[:, None] * dilation[0]  # by each position of the kernel

    def work(piece):
        part = slice(*piece)
        products = numpy.empty((kernel[1], piece[1] - piece[0], high, reach), x.dtype)
        for j, product in enumerate(products):
            source = sources[part, ..., j * dilation[1] * n :][..., :across]
            product[...] = summed(numpy.matmul(g[part], source.swapaxes(2, 3)), 1)
        out[part] = summed(products[:, :, row, read], 3).transpose(1, 2, 0)

    _share(work, channels, g.size, out)
    return out


def _rows_read(x, high, reach, groups):
    """The rows that each group of ``high`` output rows reads: (C, groups, ``reach``, W · N), overlapping."""
    row = x.strides[1]
    shape = (len(x), groups, reach, x.shape[2] * x.shape[3])
    return strided(x, shape, (x.strides[0], high * row, row, x.itemsize))


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
