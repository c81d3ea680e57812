"""How elements lie in memory: copies, strides, addresses."""

from __future__ import annotations

from ..core.arrays import array_of
from ..core.primitive import primitive
from .memory_format import contiguous_format, formatted, lies_in, preserve_format


def address(array):
    """Where in memory the first element of ``array`` lies."""
    return array.ctypes.data if hasattr(array, "ctypes") else array.data.ptr


def owner(array):
    """The array that owns the memory of ``array``, so far as array types know."""
    base = array
    while base is not None:
        if isinstance(base, type(array)):  # NumPy's as_strided puts an object of its own between
            array = base
        base = getattr(base, "base", None)
    return array


@primitive(complex=True, x=lambda g: g)
def _clone(x):
    return x.copy(order="K")


@primitive(complex=True, x=lambda g: g)
def _contiguous(x):
    return x.copy(order="C")


def clone(input, *, memory_format=preserve_format):
    """A copy of the elements; the gradient flows through."""
    copy = input if memory_format is None else formatted(input, memory_format, "clone", _contiguous)
    return _clone(input) if copy is input else copy


def owned(result, source):
    """``result``, or a copy of it if it shares memory with ``source``.

    For operations that return no views, where their settings change nothing.
    """
    arrays = [array_of(x) for x in (result, source)]
    return _clone(result) if owner(arrays[0]) is owner(arrays[1]) else result


def is_contiguous(input, memory_format=contiguous_format):
    """Whether the elements lie in memory in the order of their indices, or in that of ``memory_format``."""
    return lies_in(array_of(input), memory_format)


def contiguous(input, memory_format=contiguous_format):
    """Itself if its elements lie in memory in order, a copy otherwise."""
    if memory_format is contiguous_format and array_of(input).flags.c_contiguous:
        return input
    return formatted(input, memory_format, "contiguous", _contiguous)


def stride(input, dim=None):
    """How many elements to go in memory for one step in each dimension, or in ``dim``."""
    array = array_of(input)
    if isinstance(dim, bool):
        raise TypeError("stride(): argument 'dim' must be int, not bool")
    if not array.size:  # NumPy's strides of empty arrays mean nothing
        steps, step = [], 1
        for n in reversed(array.shape):
            steps.append(step)
            step *= max(n, 1)
        steps = tuple(reversed(steps))
    else:
        steps = tuple(step // array.itemsize for step in array.strides)
    return steps if dim is None else steps[dim]


def storage_offset(input):
    """How many elements lie in memory before the first one."""
    array = array_of(input)
    return (address(array) - address(owner(array))) // array.itemsize


def data_ptr(input):
    """Where in memory the first element lies."""
    array = array_of(input)
    return address(array) if array.size else 0
