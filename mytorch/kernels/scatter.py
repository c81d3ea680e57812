"""Taking and adding at indices, with repeated ones adding up. 16-bit numbers are accumulated in float32."""

from __future__ import annotations

import functools
import math

import numpy

from ..core.arrays import ndarray, xp
from ..core.sums import wide

_FEW = 64 * 1024  # elements to add, up to which finding equal rows takes longer than it saves
_KEPT = 8192  # places that are kept for the next index of the same shape
_INT64, _UINT64 = numpy.dtype("int64"), numpy.dtype("uint64")


def out_of_bounds(index, low, high):
    """The first entry of an integer array outside [low, high), or None. A GPU is not asked:

    that would make the host wait.
    """
    if type(index) is not ndarray or not index.size:
        return None
    if index.dtype == _INT64:  # as unsigned numbers those below are large: one pass finds both kinds
        places = index if low == 0 else index - low
        places = places.view(_UINT64)
        if places.item(places.argmax()) < high - low:  # a third of the time of its maximum, if it is small
            return None
    elif index.min() >= low and index.max() < high:
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
    arrays = [_from_the_front(part, shape[dim], dim) for dim, part in enumerate(arrays, skip)]
    rest = shape[skip + len(arrays) :]
    if len(arrays) == 1:
        rows, target = arrays[0], numpy.moveaxis(target, skip, 0) if skip else target
    else:
        rows = functools.reduce(
            lambda place, pair: place * pair[1] + pair[0], zip(arrays[1:], shape[1:]), arrays[0]
        )
        target = target.reshape((math.prod(shape[: len(arrays)]), *rest))
    whole = shape[:skip] + rows.shape + rest
    values = numpy.asarray(values)
    if values.shape != whole:
        values = numpy.broadcast_to(values, whole)
    if skip:
        values = numpy.moveaxis(values, range(skip, skip + rows.ndim), range(rows.ndim))
    values = values.reshape(rows.size, *shape[:skip], *rest)
    if values.size:
        _add_rows(target, rows.reshape(-1), values)


def _from_the_front(index, size, dim):
    """An integer array without negative entries. IndexError for one that is outside of [-size, size)."""
    if out_of_bounds(index, 0, size) is None:
        return index
    if (wrong := out_of_bounds(index, -size, size)) is not None:
        raise IndexError(f"index {wrong} is out of bounds for dimension {dim} with size {size}")
    return index % size


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


# ---- one index for each element, along a dimension -----------------------------------------------


def take_along(x, index, dim):
    """``numpy.take_along_axis(x, index, dim)`` of indices from the front; other sizes may be below those of
    ``x``.
    """
    return x.ravel()[_places(index, x.shape, dim)]


def add_along(values, shape, index, dim):
    """Zeros of ``shape`` with ``values`` added where :func:`take_along` takes."""
    out = xp(values).zeros(math.prod(shape), values.dtype)
    places, values = _places(index, shape, dim).reshape(-1), values.reshape(-1)
    if wide(out.dtype) is out.dtype:
        xp(out).add.at(out, places, values)
    else:
        scatter_add(out, (places,), values)
    return out.reshape(shape)


def _places(index, shape, dim):
    """Where the elements at ``index`` along ``dim`` lie in a contiguous array of ``shape``."""
    if type(index) is ndarray and index.size <= _KEPT:
        step, starts = _kept_starts(index.shape, shape, dim)
    else:
        step, starts = _starts(index.shape, shape, dim, xp(index))
    return (index if step == 1 else index * step) + starts


@functools.lru_cache(64)
def _kept_starts(sizes, shape, dim):
    """As :func:`_starts`, in full: NumPy takes two times as long to add where it broadcasts."""
    step, starts = _starts(sizes, shape, dim, numpy)
    return step, numpy.broadcast_to(starts, sizes).copy()


def _starts(sizes, shape, dim, module):
    """How far apart elements of a row along ``dim`` lie, and where the rows begin: the first ``sizes`` in the
    other dimensions.
    """
    starts, step = 0, 1
    for d in reversed(range(len(shape))):
        if d != dim:
            starts = starts + (module.arange(sizes[d]) * step).reshape((-1,) + (1,) * (len(shape) - 1 - d))
        step *= shape[d]
    return math.prod(shape[dim + 1 :]), starts
