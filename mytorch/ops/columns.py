"""The pixels under a sliding window as columns of a matrix (im2col), gathered a cache-sized block at a time.

The first spatial dimension, the rows, costs nothing: with a row's pixels gathered as (kernel, channels, places), those of consecutive rows lie one
after the other, and a window that is ``k`` rows high reads ``k`` of them. So each pixel is copied once per position across the kernel, not per
position of the kernel.
"""

from __future__ import annotations

import math

import numpy

from ..backend import xp
from ..parallel import spans
from .windows import batch_first, batch_last, boxes, threads_for

CACHE = 512 * 1024  # bytes of columns at a time: they should be in the second-level cache when the matrix product reads them
BAND = 4 * 1024 * 1024  # bytes of gathered rows to keep at most
SMALL = 1_000_000  # multiplications up to which OpenBLAS's AVX-512 kernels do without packing: up to three times as fast for narrow matrices


def threads_for_product(rows, targets, times=1):
    """How many threads pay to gather columns of ``rows`` elements and multiply them, ``times``, to ``targets`` (groups, channels, places)."""
    groups, channels, places = targets.shape
    return threads_for(groups * rows * places * (0.1 + times * channels / 100)) if xp(targets) is numpy else 1


def _piece(rows, depth, places, least):
    """Into how long pieces to cut ``places`` for products of at most SMALL multiplications; 0 if that would be less than ``least``."""
    width = SMALL // max(rows * depth, 1)
    return 0 if width < least or places <= width else places // -(-places // width) // 16 * 16


def multiply(matrix, block, out):
    """matrix @ block into ``out``: (groups, rows, depth), (groups, depth, places) -> (groups, rows, places)."""
    (_, rows, depth), places = matrix.shape, block.shape[2]
    width = _piece(rows, depth, places, 96) if rows <= 32 else 0
    if not width:
        xp(block).matmul(matrix, block, out=out)
        return
    whole = places - places % width
    xp(block).matmul(matrix[:, None], _cut(block, whole, width), out=_cut(out, whole, width))
    if whole < places:
        xp(block).matmul(matrix, block[:, :, whole:], out=out[:, :, whole:])


def contract(block, other, out):
    """block @ otherᵀ, (groups, rows, places), (groups, columns, places) -> (groups, rows, columns); ``out`` is memory for it."""
    rows, (_, columns, places) = block.shape[1], other.shape
    width = _piece(rows, columns, places, 1000)
    if not width:
        return xp(block).matmul(block, other.swapaxes(1, 2), out=out)
    whole = places - places % width
    total = xp(block).matmul(_cut(block, whole, width), _cut(other, whole, width).swapaxes(2, 3)).sum(1)
    if whole < places:
        total += xp(block).matmul(block[:, :, whole:], other[:, :, whole:].swapaxes(1, 2), out=out)
    return total


def _cut(x, whole, width):
    """(groups, rows, places) as the view (groups, pieces, rows, width) of its first ``whole`` places."""
    return x[:, :, :whole].reshape(*x.shape[:2], whole // width, width).swapaxes(1, 2)


class Columns:
    """The columns (groups, kernel · C/groups, places) of a padded array (C, *S, N), for windows in ``counts`` places.

    ``margin``: how many rows of zeros there are to be before and after those of the array. ``ones``: each row's columns end in a one, so that
    the product adds a bias; only where columns are gathered at all (``self.ones``). ``size``: of the blocks, in units of the cache.
    """

    def __init__(self, x, groups, kernel, stride, dilation, counts, margin=(0, 0), ones=False, size=1):
        self.groups, each = groups, x.shape[0] // max(groups, 1)
        self.limit = max(256, size * CACHE // max(x.shape[0] * math.prod(kernel) * x.itemsize, 1))
        if xp(x) is not numpy:  # a GPU has no such cache: only keep the memory within bounds
            self.limit = max(1, 2**28 // max(x.shape[0] * math.prod(kernel), 1))
        across = math.prod(counts[1:]) * x.shape[-1]
        self.keeps_rows = xp(x) is numpy and kernel[0] > 1 and dilation[0] == 1 and across * 2 >= self.limit
        if not self.keeps_rows:  # all is one row: gathering row by row would make small matrices, or is impossible
            if any(margin):
                x = batch_last(batch_first(x), [margin] + [(0, 0)] * (x.ndim - 3))
            x, margin = x[:, None], (0, 0)
            kernel, stride, dilation, counts = (1, *kernel), (1, *stride), (1, *dilation), (1, *counts)
        self.high, self.stride, self.across = kernel[0], stride[0], (*counts[1:], x.shape[-1])
        self.rows, self.places = counts[0], math.prod(self.across)
        self.x, self.before, steps = x, margin[0], x.strides
        inner = [s * d for s, d in zip(steps[2:], dilation[1:])], [s * t for s, t in zip(steps[2:], stride[1:])]
        self.view = xp(x).lib.stride_tricks.as_strided(
            x,
            (groups, x.shape[1], *kernel[1:], each, *self.across),
            (steps[0] * each, steps[1], *inner[0], steps[0], *inner[1], steps[-1]),
        )
        self.pixels = math.prod(kernel[1:]) * each  # of a column in one row
        self.plain = self.high == self.pixels // max(each, 1) == 1 and self.view.flags.c_contiguous
        self.ones = ones and not self.plain
        self.depth = self.pixels + self.ones

    def shares(self, threads):
        """(first row, last row + 1, box across) of all blocks, in a list for each thread: whole rows where there are enough of them."""
        if self.rows >= threads:
            parts = [(span, (0, None)) for span in spans(self.rows, threads)]
        else:
            parts = [((0, self.rows), span) for span in spans(self.across[0], threads)]
        return [blocks for (a, b), span in parts if (blocks := self._blocks(a, b, boxes(self.across, self.limit, *span)))]

    def _blocks(self, first, last, across):
        """The boxes in bands of rows, so that what is gathered of them at a time stays within bounds."""
        row = self.groups * self.depth * max((stop - start for start, stop, _ in across), default=1) * self.x.itemsize
        band = max(1, (BAND // max(row, 1) - self.high) // self.stride + 1)
        return [(a + first, b + first, box) for a, b in spans(last - first, -(-(last - first) // band)) for box in across]

    def of(self, share):
        """(first place, last place + 1, their slices in *counts and N, columns) of the blocks in ``share``. The columns' memory is reused."""
        if self.plain:
            flat = self.view.reshape(self.groups, self.depth, self.places)
            for _, _, (start, stop, box) in share:
                yield start, stop, box, flat[:, :, start:stop]
            return
        heights = [(b - 1 - a) * self.stride + self.high for a, b, _ in share]
        sizes = [n * (stop - start) for n, (_, _, (start, stop, _)) in zip(heights, share)]
        buffer = xp(self.x).empty(self.groups * self.depth * max(sizes), self.x.dtype)
        lead = (slice(None),) * (self.view.ndim - 2 - len(self.across))
        for (first, last, (start, stop, box)), height, size in zip(share, heights, sizes):
            source = self.view[(slice(None), slice(None), *lead, *box)]
            rows = buffer[: self.groups * self.depth * size].reshape(self.groups, height, self.depth, stop - start)
            pixels = rows[:, :, : self.pixels].reshape(self.groups, height, *source.shape[2:])
            if self.ones:
                rows[:, :, -1] = 1
            filled, offset = 0, first * self.stride - self.before
            for row in range(first, last):
                top = (row - first) * self.stride
                need = top + self.high
                self._copy(pixels[:, filled:need], source, offset + filled, offset + need)
                filled = need
                place, spot = row * self.places, (slice(row, row + 1), *box) if self.keeps_rows else box
                yield place + start, place + stop, spot, rows[:, top:need].reshape(self.groups, self.high * self.depth, stop - start)

    def _copy(self, target, source, start, stop):
        """Write rows ``start`` to ``stop`` of ``source`` to ``target``: zeros where there are none."""
        a, b = max(start, 0), min(stop, source.shape[1])
        if a > start:
            target[:, : a - start] = 0
        if b < stop:
            target[:, max(b - start, 0) :] = 0
        if a < b:
            xp(self.x).copyto(target[:, a - start : b - start], source[:, a:b])
