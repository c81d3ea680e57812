"""im2col: the elements under a sliding window as columns of a matrix, gathered a cache-sized block at a time.

The first spatial dimension, the rows, needs no copies: the elements of one row are gathered as (kernel,
channels, places), those of the next row follow in memory, and a window of ``k`` rows reads ``k`` of them as
one column. So each element is copied once for each column of the kernel, not for each of its positions.
"""

from __future__ import annotations

import math

import numpy

from ..core.arrays import xp
from ..core.blas import use_one_thread
from ..core.sums import summed
from .gemm import unpacked
from .pieces import NARROW, pieces, summed_pieces
from .threads import spans
from .windows import PRODUCTS, batch_first, batch_last, boxes, copy_pixels, strided, threads_for, transposed

# bytes of columns in a block: the matrix product should find them in the second-level cache
CACHE = 512 * 1024
BAND = 4 * 1024 * 1024  # bytes of gathered rows to keep at most
SUMMED = 200_000  # elements of products to keep at most before they are summed


def threads_for_product(rows, targets, times=1):
    """How many threads to use to gather columns of ``rows`` elements and multiply them ``times`` times.

    ``targets`` (groups, channels, *places) are the products.
    """
    if xp(targets) is not numpy:
        return 1
    return threads_for(rows * targets.size * (0.1 / max(targets.shape[1], 1) + times / 100), PRODUCTS)


def multiply(matrix, block, out):
    """``out[...] = matrix[:, None] @ block``, in pieces that the BLAS multiplies without packing them first.

    (groups, O, depth), (groups, rows, depth, places) -> (groups, rows, O, places).
    """
    count, parts = pieces(*matrix.shape[1:], block.shape[3], unpacked() if xp(block) is numpy else 0)
    heads = matrix.reshape(len(matrix), 1, 1, count, matrix.shape[1] // count, matrix.shape[2])
    for first, last, width in parts:
        columns = _cut(block[..., first:last], 1, width)
        xp(block).matmul(heads, columns, out=_cut(out[..., first:last], count, width))


def contract(block, other, total):
    """``total += (block @ other.swapaxes(2, 3)).sum(1)``, a few rows or a part of the depth at a time.

    (groups, rows, depth, places), (groups, rows, O, places) -> (groups, depth, O).
    """
    (groups, rows, depth, places), size = block.shape, other.shape[2]
    count, parts = summed_pieces(depth, size, places, unpacked() if xp(block) is numpy else 0)
    total = total.reshape(groups, count, depth // count, size)
    for first, last, width in parts:
        numbers = max((last - first) // width * depth * size, 1)  # of the products of a row
        for a, b in spans(rows, -(-rows // max(1, SUMMED // numbers))):
            columns = _cut(block[:, a:b, :, first:last], count, width)
            turned = _cut(other[:, a:b, :, first:last], 1, width)
            turned = transposed(turned) if count > 1 and size > NARROW else turned.swapaxes(-1, -2)
            for c, d in spans(count, -(-numbers // SUMMED)):
                total[:, c:d] += summed(columns[:, :, :, c:d] @ turned, (1, 2))


def _cut(x, count, width):
    """(groups, rows, n, places) as a view (groups, rows, places / width, count, n / count, width)."""
    groups, rows, n, places = x.shape
    return x.reshape(groups, rows, count, n // count, places // width, width).transpose(0, 1, 4, 2, 3, 5)


class Columns:
    """The columns (groups, kernel · C/groups, places) of a padded array (C, *S, N) with ``counts`` windows.

    Definition: ``window_view(x, ...)`` reshaped, with C split in groups and moved behind the kernel.

    ``margin``: rows of zeros before and after those of the array. ``ones``: each row's columns end in a one,
    so that the product adds a bias; ``self.ones`` is False where the columns are a view and take none.
    ``size``: of the blocks, in units of the cache.
    """

    def __init__(self, x, groups, kernel, stride, dilation, counts, margin=(0, 0), ones=False, size=1):
        use_one_thread()
        self.groups, each = groups, x.shape[0] // max(groups, 1)
        self.limit = max(256, size * CACHE // max(x.shape[0] * math.prod(kernel) * x.itemsize, 1))
        if xp(x) is not numpy:  # a GPU has no such cache: only keep the memory within bounds
            self.limit = max(1, 2**28 // max(x.shape[0] * math.prod(kernel), 1))
        across = math.prod(counts[1:]) * x.shape[-1]
        wide = xp(x) is numpy and across * 2 >= min(self.limit, 512)
        self.keeps_rows = wide and kernel[0] > 1 and dilation[0] == 1
        if not self.keeps_rows:  # all is one row, for rows by themselves would make small matrices
            if any(margin):
                x = batch_last(batch_first(x), [margin] + [(0, 0)] * (x.ndim - 3))
            x, margin = x[:, None], (0, 0)
            kernel, stride, dilation, counts = (1, *kernel), (1, *stride), (1, *dilation), (1, *counts)
        self.high, self.stride, self.across = kernel[0], stride[0], (*counts[1:], x.shape[-1])
        self.rows, self.places = counts[0], math.prod(self.across)
        self.x, self.before, steps = x, margin[0], x.strides
        taps = [s * d for s, d in zip(steps[2:], dilation[1:])]
        windows = [s * t for s, t in zip(steps[2:], stride[1:])]
        shape = (groups, x.shape[1], *kernel[1:], each, *self.across)
        strides = (steps[0] * each, steps[1], *taps, steps[0], *windows, steps[-1])
        self.view = strided(x, shape, strides)
        self.pixels = math.prod(kernel[1:]) * each  # of a column in one row
        self.plain = self.high == self.pixels // max(each, 1) == 1 and self.view.flags.c_contiguous
        self.ones = ones and not self.plain
        self.depth = self.pixels + self.ones

    def shares(self, threads):
        """A list of blocks for each thread: whole rows where there are enough.

        A block is (first row, last row + 1, (first place, last place + 1, box) across).
        """
        if self.rows >= threads:
            parts = [(span, (0, None)) for span in spans(self.rows, threads)]
        else:
            parts = [((0, self.rows), span) for span in spans(self.across[0], threads)]
        found = [self._blocks(a, b, boxes(self.across, self.limit, *span)) for (a, b), span in parts]
        return list(filter(None, found))

    def _blocks(self, first, last, across):
        """Rows ``first`` to ``last`` of the boxes ``across``, in bands of at most BAND bytes to gather."""
        widest = max((stop - start for start, stop, _ in across), default=1)
        row = self.groups * self.depth * widest * self.x.itemsize
        band = max(1, (BAND // max(row, 1) - self.high) // self.stride + 1)
        bands = spans(last - first, -(-(last - first) // band))
        return [(a + first, b + first, box) for a, b in bands for box in across]

    def of(self, share):
        """For each block in ``share``: slices of its rows and places, its box in (*counts, N), its columns.

        The columns are (groups, rows, depth, places); the next block reuses their memory.
        """
        if self.plain:
            flat = self.view.reshape(self.groups, 1, self.depth, self.places)
            for first, last, (start, stop, box) in share:
                yield slice(first, last), slice(start, stop), box, flat[..., start:stop]
            return
        heights = [(b - 1 - a) * self.stride + self.high for a, b, _ in share]
        sizes = [n * (stop - start) for n, (_, _, (start, stop, _)) in zip(heights, share)]
        buffer = xp(self.x).empty(self.groups * self.depth * max(sizes), self.x.dtype)
        lead = (slice(None),) * (self.view.ndim - 2 - len(self.across))
        for (first, last, (start, stop, box)), height, size in zip(share, heights, sizes):
            source = self.view[(slice(None), slice(None), *lead, *box)]
            shape = (self.groups, height, self.depth, stop - start)
            rows = buffer[: self.groups * self.depth * size].reshape(shape)
            if self.ones:
                rows[:, :, -1] = 1
            target = rows[:, :, : self.pixels].reshape(self.groups, height, *source.shape[2:])
            offset = first * self.stride - self.before
            self._copy(target, source, offset, offset + height)
            shape = (self.groups, last - first, self.high * self.depth, stop - start)
            group, row, *inner = rows.strides  # ``high`` rows, one after the other, are one column
            columns = strided(rows, shape, (group, row * self.stride, *inner))
            box = (slice(first, last), *box) if self.keeps_rows else box
            yield slice(first, last), slice(start, stop), box, columns

    def _copy(self, target, source, start, stop):
        """Write rows ``start`` to ``stop`` of ``source`` to ``target``: zeros where there are none."""
        a, b = max(start, 0), min(stop, source.shape[1])
        if a > start:
            target[:, : a - start] = 0
        if b < stop:
            target[:, max(b - start, 0) :] = 0
        if a < b:
            copy_pixels(target[:, a - start : b - start], source[:, a:b])
