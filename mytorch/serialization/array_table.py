"""The arrays of a checkpoint: those that share memory before saving share it after loading."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import CPU, move
from ..core.dtypes import by_numpy
from ..ops.layout import address, owner


class ArrayTable:
    """The arrays of one checkpoint, each of which is written once."""

    def __init__(self):
        self.arrays = []  # in host memory
        self._index, self._originals = {}, []

    def add(self, array):
        """The index of ``array`` in the table; arrays of the same memory, layout and dtype have one index."""
        key = (address(array) if array.size else id(array), array.shape, array.strides, array.dtype)
        if key not in self._index:
            self._index[key] = len(self.arrays)
            self._originals.append(array)  # the reference keeps the address in use
            self.arrays.append(move(array, CPU))
        return self._index[key]

    def settle(self):
        """(the arrays to write, for each array of the table its entry in the manifest).

        An array that overlaps with no other is written with its own shape. Overlapping arrays are windows on
        one block of bytes.
        """
        written, places = [], [None] * len(self.arrays)
        for group in _overlapping(self.arrays):
            block, low = _block([self.arrays[i] for i in group])
            for i in group:
                array = self.arrays[i]
                places[i] = {"dtype": _name(array.dtype), "member": len(written)}
                if block is not None:
                    places[i] |= {
                        "shape": array.shape,
                        "strides": array.strides,
                        "offset": address(array) - low,
                    }
                else:
                    written.append(_plain(array))
            if block is not None:
                written.append(block)
        return written, places


def _name(kind):
    return kind.str if kind.kind != "V" else by_numpy[kind].name


def _plain(array):
    """``array``; bfloat16, which ``.npy`` files do not have, as integers of the same bits."""
    return array if array.dtype.kind != "V" else array.view(f"<u{array.dtype.itemsize}")


def _bounds(array):
    """The addresses of the first byte and of the byte after the last."""
    low = high = address(array)
    for n, stride in zip(array.shape, array.strides):
        low, high = (low + (n - 1) * stride, high) if stride < 0 else (low, high + (n - 1) * stride)
    return low, high + array.itemsize


def _overlapping(arrays):
    """Groups of indices of arrays whose ranges of memory overlap; most groups have one index."""
    spans = sorted((*_bounds(a), i) for i, a in enumerate(arrays) if a.size)
    groups, end = [[i] for i, a in enumerate(arrays) if not a.size], 0
    for low, high, i in spans:
        if low < end:
            groups[-1].append(i)
        else:
            groups.append([i])
        end = max(end, high)
    return groups


def _block(group):
    """(the block of bytes that holds all arrays of ``group``, its address); (None, 0) to write each alone."""
    bounds = [_bounds(a) for a in group if a.size]
    if not bounds or (len(group) == 1 and group[0].nbytes <= bounds[0][1] - bounds[0][0]):
        return None, 0
    low, high = min(b[0] for b in bounds), max(b[1] for b in bounds)
    for array in group:
        whole = _bytes(array)
        if whole is not None and address(whole) <= low and high <= address(whole) + whole.size:
            start = (low - address(whole)) // 64 * 64  # elements stay aligned
            return whole[start : high - address(whole)], address(whole) + start
    return None, 0


def _bytes(array):
    """The whole memory that ``array`` is a view of, as uint8; None if it is not contiguous."""
    array = numpy.asarray(owner(array))
    order = sorted(range(array.ndim), key=lambda d: -abs(array.strides[d]))
    array = array.transpose(order)
    if not array.flags.c_contiguous or array.nbytes != math.prod(array.shape) * array.itemsize:
        return None
    return array.reshape(-1).view(numpy.uint8)
