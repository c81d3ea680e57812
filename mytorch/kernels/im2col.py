"""im2col: the elements under a sliding window as columns of a matrix, gathered a cache-sized block at a time.

The first spatial dimension, the rows, needs no copies: the elements of one row are gathered as (kernel,
channels, places), those of the next row follow in memory, and a window of ``k`` rows reads ``k`` of them as
one column. So each element is copied once for each column of the kernel, not for each of its positions.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

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
    if count == len(parts) == 1:
        xp(block).matmul(matrix[:, None], block, out=out)
        return
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
    if count == len(parts) == 1 and rows * depth * size <= SUMMED:
        total += summed(block @ other.swapaxes(-1, -2), 1)
        return
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
    so that the product adds a bias; ``layout.ones`` is False where the columns are a view and take none.
    ``size``: of the blocks, in units of the cache.
    """

    def __init__(self, x, groups, kernel, stride, dilation, counts, margin=(0, 0), ones=False, size=1):
        use_one_thread()
        steps, cache = (groups, kernel, stride, dilation, tuple(counts)), size * CACHE * (xp(x) is numpy)
        self.layout = _layout(x.shape, x.strides, x.itemsize, *steps, margin, ones, cache, BAND)
        if any(margin) and not self.layout.keeps_rows:
            x = batch_last(batch_first(x), [margin] + [(0, 0)] * (x.ndim - 3))
            self.layout = _layout(x.shape, x.strides, x.itemsize, *steps, (0, 0), ones, cache, BAND)
        self.x, self.view = x, strided(x, self.layout.shape, self.layout.strides)

    def of(self, share):
        """For each block in ``share``: slices of its rows and places, its box in (*counts, N), its columns.

        The columns are (groups, rows, depth, places); the next block reuses their memory.
        """
        layout = self.layout
        if layout.plain:
            flat = self.view.reshape(layout.groups, 1, layout.depth, layout.places)
            for block in share:
                yield block.rows, block.places, block.box, flat[..., block.places]
            return
        buffer = xp(self.x).empty(max([math.prod(block.shape) for block in share]), self.x.dtype)
        for block in share:
            rows = strided(buffer, block.shape, block.strides)
            if layout.ones:
                rows[:, :, -1] = 1
            source, offset = self.view[block.source], block.offset
            target = rows[:, :, : layout.pixels].reshape(len(rows), block.shape[1], *source.shape[2:])
            self._copy(target, source, offset, offset + block.shape[1])
            yield block.rows, block.places, block.box, strided(buffer, *block.columns)

    def _copy(self, target, source, start, stop):
        """Write rows ``start`` to ``stop`` of ``source`` to ``target``: zeros where there are none."""
        a, b = max(start, 0), min(stop, source.shape[1])
        if a > start:
            target[:, : a - start] = 0
        if b < stop:
            target[:, max(b - start, 0) :] = 0
        if a < b:
            copy_pixels(target[:, a - start : b - start], source[:, a:b])


class Block(NamedTuple):
    """What is gathered at once: its places in the result, in the view of all windows, and in the buffer."""

    rows: slice
    places: slice
    box: tuple  # the places in (*counts, N)
    source: tuple  # in the view
    offset: int  # the first row of the source
    shape: tuple  # (groups, rows of the source, depth, places)
    strides: tuple
    columns: tuple  # shape and strides of the columns in the buffer


class Layout:
    """Where the columns of arrays of one shape lie. It is made once: training steps repeat their shapes."""

    def __init__(
        self, sizes, steps, item, groups, kernel, stride, dilation, counts, margin, ones, cache, band
    ):
        each, pixels = sizes[0] // max(groups, 1), sizes[0] * math.prod(kernel)
        self.limit = max(256, cache // max(pixels * item, 1))
        if not cache:  # a GPU has no such cache: only keep the memory within bounds
            self.limit = max(1, 2**28 // max(pixels, 1))
        across = math.prod(counts[1:]) * sizes[-1]
        self.keeps_rows = kernel[0] > 1 and dilation[0] == 1 and cache and across * 2 >= min(self.limit, 512)
        if not self.keeps_rows:  # all is one row, for rows by themselves would make small matrices
            sizes, steps = (sizes[0], 1, *sizes[1:]), (steps[0], 0, *steps[1:])
            kernel, stride, dilation, counts = (1, *kernel), (1, *stride), (1, *dilation), (1, *counts)
        self.groups, self.item, self.band, self.before = groups, item, band, margin[0]
        self.high, self.stride, self.across = kernel[0], stride[0], (*counts[1:], sizes[-1])
        self.rows, self.places = counts[0], math.prod(self.across)
        taps = [s * d for s, d in zip(steps[2:], dilation[1:])]
        windows = [s * t for s, t in zip(steps[2:], stride[1:])]
        self.shape = (groups, sizes[1], *kernel[1:], each, *self.across)
        self.strides = (steps[0] * each, steps[1], *taps, steps[0], *windows, steps[-1])
        self.pixels = math.prod(kernel[1:]) * each  # of a column in one row
        self.plain = self.high == self.pixels // max(each, 1) == 1 and self._is_dense()
        self.ones = ones and not self.plain
        self.depth, self._shares = self.pixels + self.ones, {}

    def _is_dense(self):
        """Whether the view is the array itself: the strides are those of a contiguous array of its shape."""
        step = self.item
        for size, stride in zip(self.shape[::-1], self.strides[::-1]):
            if size != 1 and stride != step:
                return False
            step *= size
        return True

    def shares(self, threads):
        """A list of :class:`Block` for each thread: whole rows where there are enough."""
        if threads not in self._shares:
            if self.rows >= threads:
                parts = [(span, (0, None)) for span in spans(self.rows, threads)]
            else:
                parts = [((0, self.rows), span) for span in spans(self.across[0], threads)]
            found = [self._blocks(a, b, boxes(self.across, self.limit, *span)) for (a, b), span in parts]
            self._shares[threads] = list(filter(None, found))
        return self._shares[threads]

    def _blocks(self, first, last, across):
        """Rows ``first`` to ``last`` of the boxes ``across``, in bands of at most BAND bytes to gather."""
        widest = max((stop - start for start, stop, _ in across), default=1)
        row = self.groups * self.depth * widest * self.item
        band = max(1, (self.band // max(row, 1) - self.high) // self.stride + 1)
        bands = spans(last - first, -(-(last - first) // band))
        return [self._block(a + first, b + first, *box) for a, b in bands for box in across]

    def _block(self, first, last, start, stop, box):
        high, wide = (last - 1 - first) * self.stride + self.high, stop - start
        lead = (slice(None),) * (len(self.shape) - len(self.across))
        shape = self.groups, high, self.depth, wide
        strides = tuple(self.item * n for n in (high * self.depth * wide, self.depth * wide, wide, 1))
        # ``high`` rows, one after the other, are one column
        columns = self.groups, last - first, self.high * self.depth, wide
        apart = strides[0], strides[1] * self.stride, *strides[2:]
        return Block(
            rows=slice(first, last),
            places=slice(start, stop),
            box=(slice(first, last), *box) if self.keeps_rows else box,
            source=(*lead, *box),
            offset=first * self.stride - self.before,
            shape=shape,
            strides=strides,
            columns=(columns, apart),
        )


_layout = functools.lru_cache(maxsize=256)(Layout)
