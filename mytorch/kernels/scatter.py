"""Adding at indices, with repeated ones adding up. 16-bit numbers are accumulated in float32."""

from __future__ import annotations

import functools
import math

import numpy

from ..core.arrays import ndarray, xp
from ..core.sums import wide

_FEW = 64 * 1024  # elements to add, up to which finding equal rows takes longer than it saves


def out_of_bounds(index, low, high):
    """The first entry of an integer array outside [low, high), or None. A GPU is not asked:

    that would make the host wait.
    """
    if type(index) is not ndarray or not index.size or (index.min() >= low and index.max() < high):
        return None
    return int(index[(index < low) | (index >= high)][0])


def scatter_add(target, index, values):
    """``target[index] += values`` in place, with repeated indices adding up in their order.

    ``index`` is a tuple of full slices and arrays of integers or booleans.
    """
    kind = wide(target.dtype)
    if kind is target.dtype:
        _scatter_add(target, index, values)
    else:
        total = target.astype(kind)
        _scatter_add(total, index, xp(target).asarray(values, dtype=kind))
        target[...] = total


def _scatter_add(target, index, values):
    """``add.at`` is slow on all but vectors; integers of one dimension, or of several leading ones, are
    summed row by row here, several times as fast.
    """
    skip = next((i for i, part in enumerate(index) if type(part) is not slice), len(index))
    arrays, shape = index[skip:], target.shape
    rows_only = (
        type(target) is ndarray
        and target.dtype.kind in "fiu"
        and arrays
        and all(type(i) is ndarray and i.dtype.kind == "i" for i in arrays)
    )
    if not rows_only or (len(arrays) > 1 and (skip or not target.flags.c_contiguous)):
        xp(target).add.at(target, index, values)
        return
    for dim, part in enumerate(arrays, skip):
        if (wrong := out_of_bounds(part, -shape[dim], shape[dim])) is not None:
            raise IndexError(f"index {wrong} is out of bounds for dimension {dim} with size {shape[dim]}")
    rest = shape[skip + len(arrays) :]
    if len(arrays) == 1:
        rows, target = arrays[0], numpy.moveaxis(target, skip, 0)
    else:
        rows = functools.reduce(
            lambda place, pair: place * pair[1] + numpy.where(pair[0] < 0, pair[0] + pair[1], pair[0]),
            zip(arrays, shape),
            0,
        )
        target = target.reshape((math.prod(shape[: len(arrays)]), *rest))
    values = numpy.broadcast_to(values, shape[:skip] + rows.shape + rest)
    values = numpy.moveaxis(values, range(skip, skip + rows.ndim), range(rows.ndim)).reshape(
        rows.size, *shape[:skip], *rest
    )
    if values.size:
        _add_rows(target, rows.reshape(-1) % len(target), values)


def _add_rows(target, rows, values):
    """``target[rows] += values`` for a vector of ``rows``."""
    width = values[0].size
    few = width <= 16 or values.size <= _FEW
    if few and (target.ndim == 1 or target.flags.c_contiguous):  # add.at is fast on vectors
        places = rows if width == 1 else (rows[:, None] * width + numpy.arange(width)).reshape(-1)
        numpy.add.at(target.reshape(-1), places, values.reshape(-1).astype(target.dtype, copy=False))
        return
    order = rows.argsort(kind="stable")
    rows = rows[order]
    starts = numpy.flatnonzero(numpy.concatenate([[True], rows[1:] != rows[:-1]]))
    counts = numpy.diff(starts, append=len(rows))
    few = starts[counts <= 8]
    counted = counts[counts <= 8]
    # the first of every row, the second of every row, …: no row twice at once
    for turn in range(counted.max(initial=0)):
        at = few[counted > turn] + turn
        target[rows[at]] += values[order[at]]
    many = numpy.repeat(counts > 8, counts)
    if many.any():
        rows, order = rows[many], order[many]
        starts = numpy.flatnonzero(numpy.concatenate([[True], rows[1:] != rows[:-1]]))
        target[rows[starts]] += numpy.add.reduceat(values[order], starts, axis=0)
