"""Reading and writing batched arrays by index."""

from __future__ import annotations

import numpy

from ..core.arrays import is_array, xp
from .batched_array import BatchedArray, SharedWrite, aligned, batched, entrywise, grow, lead_of, union

FULL = slice(None)


def get(x, key):
    """``x[key]``, where ``x`` or arrays in ``key`` are batched."""
    key = _whole(key, x.ndim)
    if not any(isinstance(k, BatchedArray) and k.levels for k in key):
        return _same_for_all(x, tuple(_plain(k) for k in key))
    if any(isinstance(k, BatchedArray) and k.dtype.kind == "b" for k in key):
        return entrywise(lambda x, key: x[key], (x, key), {})
    return _own_for_each(x, key)


def put(x, key, value):
    """``x[key] = value``."""
    key = _whole(key, x.ndim)
    values = (x, value, *key)
    levels = union(values)
    if levels != x.levels:
        grow(x, levels, lead_of(values, levels))
    lead = (FULL,) * len(levels)
    if all(not is_array(k) for k in key):
        target = x.data[(*lead, *key, Ellipsis)]
        target[...] = aligned(value, levels, target.ndim - len(levels))
    elif len(key) == 1 and key[0].dtype.kind == "b" and key[0].shape == x.shape and not _ndim(value):
        where = numpy.broadcast_to(aligned(key[0], levels, x.ndim), x.data.shape)
        numpy.copyto(x.data, aligned(value, levels, x.ndim), where=where, casting="unsafe")
    else:
        places = _places(x, key)
        values = numpy.broadcast_to(aligned(value, levels, places.ndim), places.data.shape)
        if x.data.flags.c_contiguous:
            x.data.reshape(-1)[places.data] = values
        else:
            x.data.flat[places.data.reshape(-1)] = values.reshape(-1)


def add_at(ufunc, x, key, value):
    """``ufunc.at(x, key, value)``: repeated indices add up."""
    if not isinstance(x, BatchedArray):
        raise SharedWrite
    key = _whole(key, x.ndim)
    values = (x, value, *key)
    levels = union(values)
    if levels != x.levels:
        grow(x, levels, lead_of(values, levels))
    places = _places(x, key)
    values = numpy.broadcast_to(aligned(value, levels, places.ndim), places.data.shape)
    whole = x.data if x.data.flags.c_contiguous else x.data.copy()
    ufunc.at(whole.reshape(-1), places.data, values)
    if whole is not x.data:
        x.data[...] = whole


def _places(x, key):
    """The positions in the data of ``x`` that ``x[key]`` reads."""
    numbers = xp(x.data).arange(x.data.size).reshape(x.data.shape)
    found = get(batched(numbers, x.levels), key)
    return found if found.levels == x.levels else batched(aligned(found, x.levels), x.levels)


def _ndim(value):
    return value.ndim if is_array(value) else 0


def _whole(key, ndim):
    """The key as a tuple without Ellipsis, with full slices to the end; booleans as they are."""
    key = key if isinstance(key, tuple) else (key,)
    key = tuple(numpy.asarray(k) if isinstance(k, (list, numpy.generic)) else k for k in key)
    taken = sum(_taken(k) for k in key)
    at = next((i for i, k in enumerate(key) if k is Ellipsis), None)
    if at is None:
        return key
    return (*key[:at], *(FULL,) * (ndim - taken), *key[at + 1 :])


def _taken(k):
    if k is None or k is Ellipsis:
        return 0
    return k.ndim if is_array(k) and k.dtype.kind == "b" else 1


def _plain(k):
    return k.data if isinstance(k, BatchedArray) else k


def _is_index(k):
    return is_array(k) or isinstance(k, (int, numpy.integer))


def _is_apart(key):
    """Whether NumPy puts the dimensions of the index arrays first, for something stands between them."""
    at = [i for i, k in enumerate(key) if _is_index(k)]
    return any(is_array(k) for k in key) and at[-1] - at[0] + 1 > len(at)


def _same_for_all(x, key):
    data, ahead = x.data[(*(FULL,) * len(x.levels), *key)], len(x.levels)
    if ahead and _is_apart(key):
        found = _found_ndim(key)
        data = xp(data).ascontiguousarray(numpy.moveaxis(data, range(found, found + ahead), range(ahead)))
    return x.again(data)


def _found_ndim(key):
    """The dimensions that the index arrays of ``key`` have together."""
    return max((1 if k.dtype.kind == "b" else k.ndim) for k in key if is_array(k))


def _own_for_each(x, key):
    """Each entry has indices of its own: the batch is indexed by numbers as well."""
    levels = union([x, *key])
    key = tuple(i for k in key for i in (k.nonzero() if is_array(k) and k.dtype.kind == "b" else (k,)))
    found = _found_ndim(key)
    arrays = [_spelled(k, levels, found) if _is_index(k) else k for k in key]
    lead = []
    for position, level in enumerate(levels):
        if level in x.levels:
            n = x.data.shape[x.levels.index(level)]
            shape = [1] * (len(levels) + found)
            shape[position] = n
            lead.append(xp(x.data).arange(n).reshape(shape))
    full_key = (*lead, *arrays)
    data = x.data[full_key]
    total = len(levels) + found
    # where NumPy has put the dimensions of the indices
    start = 0 if _is_apart(full_key) else next(i for i, k in enumerate(full_key) if is_array(k))
    data = numpy.moveaxis(data, range(start, start + len(levels)), range(len(levels)))
    at = 0 if _is_apart(key) else next(i for i, k in enumerate(key) if _is_index(k))
    if start == 0 and at:
        ahead = len(levels)
        data = numpy.moveaxis(data, range(ahead, total), range(ahead + at, total + at))
    return batched(xp(data).ascontiguousarray(data), levels)


def _spelled(k, levels, ndim):
    """An index as an array with all batch dimensions and ``ndim`` others."""
    if isinstance(k, BatchedArray):
        return aligned(k, levels, ndim)
    return numpy.asarray(k) if not is_array(k) else k


BatchedArray.__getitem__, BatchedArray.__setitem__ = get, put  # type: ignore[misc, index]
