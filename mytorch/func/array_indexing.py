"""Reading and writing batched arrays by index."""

from __future__ import annotations

import numpy

from ..core.arrays import is_array, xp
from .batched_array import BatchedArray, SharedWrite, aligned, batched, grow, union
from .entrywise import entrywise

FULL = slice(None)
BASIC = {int, slice, type(None), type(Ellipsis)}


def get(x, key):
    """``x[key]``, where ``x`` or arrays in ``key`` are batched."""
    if _is_own_index(x, key):
        return _in_order(x, x.data[(*_counters(x, x.levels, key.ndim), key.data)], x.levels)
    key = key if isinstance(key, tuple) else (key,)
    if BASIC.issuperset(map(type, key)):
        return x.again(x.data[(*(FULL,) * len(x.levels), *key)])
    key = _whole(key, x.ndim)
    if any(_is_mask(k) and k.levels for k in key if isinstance(k, BatchedArray)):
        return entrywise(lambda x, key: x[key], (x, key), {})
    levels, key, moves = _located(x, key)
    data = x.data[key]
    for source, destination in moves:
        data = xp(data).moveaxis(data, source, destination)
    return _in_order(x, data, levels)


def _is_own_index(x, key):
    """Whether ``key`` is an array of integers of the same levels as ``x``."""
    return type(key) is type(x) and x.ndim and key.levels == x.levels and key.data.dtype.kind != "b"


def _in_order(x, data, levels):
    """What was found in ``x``, contiguous, so that views of an entry are views."""
    if not data.flags.c_contiguous:
        data = xp(data).ascontiguousarray(data)
    return x.again(data) if levels == x.levels else batched(data, levels)


def put(x, key, value):
    """``x[key] = value``."""
    if _is_own_index(x, key) and getattr(value, "levels", x.levels) == x.levels:
        place = (*_counters(x, x.levels, key.ndim), key.data)
        x.data[place] = aligned(value, x.levels, key.ndim + x.ndim - 1)
        return
    key = key if isinstance(key, tuple) else (key,)
    levels = grow(x, (x, value, *key))
    if BASIC.issuperset(map(type, key)):
        key = key if Ellipsis in key else (*key, Ellipsis)  # so that it is no number but an array
        target = x.data[(*(FULL,) * len(levels), *key)]
        target[...] = aligned(value, levels, target.ndim - len(levels))
        return
    key = _whole(key, x.ndim)
    if len(key) == 1 and _is_mask(key[0]) and key[0].shape == x.shape and not _ndim(value):
        where = numpy.broadcast_to(aligned(key[0], levels, x.ndim), x.data.shape)
        numpy.copyto(x.data, aligned(value, levels, x.ndim), where=where, casting="unsafe")
        return
    _, full_key, moves = _located(x, key)
    if moves:
        places, values = _places(x, key, value)
        x.data.flat[places] = values
    else:
        ndim = _found_ndim(key) + x.ndim + sum((k is None) - _taken(k) for k in key)
        x.data[full_key] = aligned(value, levels, ndim)


def add_at(ufunc, x, key, value):
    """``ufunc.at(x, key, value)``: repeated indices add up."""
    if not isinstance(x, BatchedArray):
        raise SharedWrite
    key = key if isinstance(key, tuple) else (key,)
    grow(x, (x, value, *key))
    whole = x.data if x.data.flags.c_contiguous else x.data.copy()
    ufunc.at(whole.reshape(-1), *_places(x, key, value))
    if whole is not x.data:
        x.data[...] = whole


def _places(x, key, value):
    """(the positions in the data of ``x`` that ``x[key]`` reads, the elements of ``value`` for them)."""
    numbers = xp(x.data).arange(x.data.size).reshape(x.data.shape)
    found = get(batched(numbers, x.levels), key)
    values = aligned(value, x.levels, found.ndim)
    return found.data.reshape(-1), xp(x.data).broadcast_to(values, found.data.shape).reshape(-1)


def _ndim(value):
    return value.ndim if is_array(value) else 0


def _whole(key, ndim):
    """The key without Ellipsis, with full slices to the end; lists and numbers as arrays."""
    key = tuple(numpy.asarray(k) if isinstance(k, (list, numpy.generic)) else k for k in key)
    at = next((i for i, k in enumerate(key) if k is Ellipsis), None)
    if at is None:
        return key
    return (*key[:at], *(FULL,) * (ndim - sum(map(_taken, key))), *key[at + 1 :])


def _taken(k):
    """How many dimensions ``k`` stands for."""
    if k is None or k is Ellipsis:
        return 0
    return k.ndim if _is_mask(k) else 1


def _is_mask(k):
    return is_array(k) and k.dtype.kind == "b"


def _is_index(k):
    return is_array(k) or isinstance(k, (int, numpy.integer))


def _located(x, key):
    """(levels, the key of ``x[key]`` in the data of ``x``, pairs of axes that are then to be moved)."""
    levels, found = union((x, *key)), _found_ndim(key)
    ahead, own = len(levels), any(isinstance(k, BatchedArray) and k.levels for k in key)
    if own:
        key = tuple(i for k in key for i in (k.nonzero() if _is_mask(k) else (k,)))
    at = [i for i, k in enumerate(key) if _is_index(k)]
    apart = at[-1] - at[0] + 1 > len(at)  # then NumPy puts the dimensions of the index arrays first
    first = 0 if apart else at[0]
    if not own:
        full_key = (*(FULL,) * ahead, *(k.data if isinstance(k, BatchedArray) else k for k in key))
        return levels, full_key, [(range(found, found + ahead), range(ahead))] if ahead and apart else []
    # each entry has indices of its own: the batch is indexed by numbers as well
    lead = _counters(x, levels, found)
    full_key = (*lead, *(aligned(k, levels, found) if _is_index(k) else k for k in key))
    if lead or not first:
        moves = [(range(ahead, ahead + found), range(ahead + first, ahead + first + found))] if first else []
    else:
        moves = [(range(first, first + ahead), range(ahead))]
    return levels, full_key, moves


def _counters(x, levels, ndim):
    """The numbers of the entries, for each level of ``x``, as arrays of ``ndim`` dimensions and the batch."""
    counters = []
    for level, n in zip(x.levels, x.lead):
        shape = [1] * (len(levels) + ndim)
        shape[levels.index(level)] = n
        counters.append(xp(x.data).arange(n).reshape(shape))
    return counters


def _found_ndim(key):
    """The dimensions that the index arrays of ``key`` have together."""
    return max((1 if _is_mask(k) else k.ndim) for k in key if is_array(k))


BatchedArray.__getitem__, BatchedArray.__setitem__ = get, put  # type: ignore[misc, index]
