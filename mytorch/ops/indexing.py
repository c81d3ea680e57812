"""Reading and writing by index, and in-place changes of views."""

from __future__ import annotations

import numpy

from ..core.arrays import array_of, as_array, broadcast_shape, is_array, ndarray, xp
from ..core.dtypes import cast_back
from ..core.graph import Variable
from ..core.primitive import primitive
from ..core.sums import summed
from ..kernels.scatter import scatter_add

FULL = slice(None)
_INT64, _BOOL = numpy.dtype("int64"), numpy.dtype("bool")


def is_basic(index):
    """Whether a parsed index takes a view: integers, slices, None and Ellipsis alone."""
    return not any(is_array(i) for i in index)


@primitive(complex=True, view=True, x=lambda g, x_shape, index: put_in_zeros(g, shape=x_shape, index=index))
def getitem(x, *, index):
    """``x[index]`` for an index in NumPy's form.

    Integers, slices, None and Ellipsis give a view, arrays of integers or booleans a copy.
    """
    try:
        rows = index[0] if type(index) is tuple and len(index) == 1 and type(x) is ndarray else None
        if type(rows) is ndarray and rows.dtype == _INT64 and x.size and x.flags.c_contiguous:
            return x.take(rows, 0)  # the same, in a third of the time
        return x[index]
    except IndexError as error:
        parse(index, x.shape)  # raises most errors in torch's words
        raise IndexError(in_torchs_words(error)) from None


def in_torchs_words(error):
    """The message of an IndexError of NumPy's, as torch would say it."""
    return str(error).replace(" axis ", " dimension ").replace("arrays", "tensors")


@primitive(complex=True, x=lambda g, index: getitem(g, index=index))
def put_in_zeros(x, *, shape, index):
    """Zeros of ``shape`` with ``x`` added at ``index``; repeated indices add up."""
    out = xp(x).zeros(shape, x.dtype)
    if is_basic(index) or (len(index) == 1 and index[0].dtype.kind == "b"):
        out[index] = x
    else:
        scatter_add(out, index, x)
    return out


@primitive(
    complex=True,
    broadcasts=True,
    x=lambda g, index, accumulate: g if accumulate else put(g, 0, index=index),
    value=lambda g, index, value_dtype: cast_back(getitem(g, index=index), value_dtype),
)
def put(x, value, *, index, accumulate=False):
    """A copy of ``x`` with ``value``, broadcast to ``x[index]``, written at ``index``.

    With ``accumulate`` it is added.
    """
    out = as_array(x).copy()
    if accumulate:
        scatter_add(out, index, value)
    else:
        out[index] = value
    return out


@primitive(
    complex=True,
    base=lambda g, view: zero_at(g, view=view),
    value=lambda g, view, value_dtype: cast_back(view(g), value_dtype),
)
def write_view(base, value, *, view):
    """``base`` after ``value`` was written to its part ``view(base)``.

    The memory has been written already.
    """
    return base


@primitive(complex=True, x=lambda g, view: zero_at(g, view=view))
def zero_at(x, *, view):
    """``x`` with zeros in its part ``view(x)``."""
    out = as_array(x).copy()
    part = view(out)
    if part.base is out or part is out:
        part[...] = 0
    else:  # on this layout the view has to copy: find its places by number
        places = view(xp(x).arange(x.size).reshape(x.shape))
        out.reshape(-1)[places.reshape(-1)] = 0
    return out


# ---- an index as the user writes it --------------------------------------------------------------


def parse(index, shape, module=numpy):
    """Any index that torch takes, as a pair of NumPy's: what to take as a view, then what to pick from it.

    Integers, slices, None and Ellipsis act first, as views; the second index holds arrays of integers or
    booleans, and full slices, or is empty. (NumPy would let an integer broadcast with the arrays and so place
    the result's dimensions elsewhere.)
    """
    parts = [_part(p, module) for p in as_tuple(index)]
    view, pick, dim, rest = [], [], 0, len(shape) - _dims_taken(parts, len(shape))
    for p in parts:
        if is_array(p):
            if p.dtype.kind == "b":
                _check_mask(p, shape, dim)
            view += [FULL] * _dims_of(p)
            pick.append(p)
            dim += _dims_of(p)
        elif p is Ellipsis:
            view += [FULL] * rest
            pick += [FULL] * rest
            dim, rest = dim + rest, 0
        elif isinstance(p, bool):  # a new dimension of size 1, kept or emptied
            view.append(None)
            pick.append(module.arange(int(p)))
        else:
            view.append(p)
            if isinstance(p, (slice, type(None))):
                pick.append(FULL)
            dim += p is not None
    return _without_full_ends(view, pick)


def _without_full_ends(view, pick):
    """The pair of :func:`parse` without full slices at the end of ``pick``; empty where all is taken."""
    if all(p is FULL for p in pick):
        return (*view, Ellipsis), ()
    while pick[-1] is FULL:
        pick.pop()
    return () if all(v is FULL for v in view) else (*view, Ellipsis), tuple(pick)


def _dims_of(array):
    """How many dimensions an array in an index stands for: a mask for all of its own."""
    return array.ndim if array.dtype.kind == "b" else 1


def _dims_taken(parts, ndim):
    """How many of ``ndim`` dimensions the parts of an index stand for. IndexError for more than there are."""
    taken = 0
    for p in parts:
        if is_array(p):
            taken += _dims_of(p)
        elif not (p is None or p is Ellipsis or isinstance(p, bool)):
            taken += 1
    if taken > ndim:
        if ndim == 0:
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in "
                "C++ to convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {ndim}")
    return taken


def _check_mask(mask, shape, dim):
    """IndexError unless a mask fits the dimensions from ``dim`` on."""
    sizes = shape[dim : dim + mask.ndim]
    if mask.shape != sizes:
        at = next(i for i, (m, n) in enumerate(zip(mask.shape, sizes)) if m != n)
        raise IndexError(
            f"The shape of the mask {list(mask.shape)} at index {at} does not match the shape of the "
            f"indexed tensor {list(shape)} at index {dim + at}"
        )


def as_tuple(index):
    """An index as a tuple. A short list that holds slices, lists or tensors means the same as one."""
    if type(index) is tuple:
        return index
    if (
        isinstance(index, list)
        and len(index) < 32
        and any(
            isinstance(p, (slice, list, tuple, type(None), type(...))) or hasattr(p, "ndim") for p in index
        )
    ):
        return tuple(index)
    return (index,)


def _part(part, module):
    """One entry of an index: an int, a slice, None, Ellipsis, a bool or an array of int64 or bool."""
    kind = type(part)
    if kind is int or part is None or part is Ellipsis or kind is bool:
        return part
    if kind is slice:
        return _slice(part)
    if isinstance(part, (list, tuple, range)):
        return _index_array(_array_of_list(part), module)
    if isinstance(part, (Variable, numpy.generic)) or is_array(part):
        array = array_of(part)
        return _index_array(array.copy() if array.ndim else array, module)  # the user may change theirs
    return _integer(part)


def _slice(part):
    """A slice of Python integers, FULL if it takes all. ValueError unless it steps forward."""
    step = part.step
    if step is not None and step.__index__() <= 0:
        raise ValueError(
            "slice step cannot be zero" if step.__index__() == 0 else "step must be greater than zero"
        )
    if part.start is None and part.stop is None and step is None:
        return FULL
    return slice(*(None if v is None else _bound(v) for v in (part.start, part.stop, step)))


def _array_of_list(part):
    """The array of a list, a tuple or a range of numbers, 0-d tensors or further lists."""
    array = numpy.asarray([v.__index__() for v in part] if _holds_variables(part) else part)
    return array.astype("int64") if array.dtype.kind == "f" or not array.size else array


def _index_array(array, module):
    """An array in an index: of int64 or booleans, of ``module``. IndexError for other dtypes.

    A 0-d one is a number.
    """
    if array.dtype.kind not in "iub" or array.dtype.itemsize == 2:
        raise IndexError(
            f"tensors used as indices must be long, int, byte or bool tensors, got {array.dtype}"
        )
    if array.dtype == numpy.uint8:
        array = array.astype(bool)
    if array.ndim == 0:
        return array.item()
    return module.asarray(array) if type(array) is numpy.ndarray else array


def _integer(part):
    """An entry of an index that is neither a number, a slice nor an array: what its ``__index__`` gives."""
    if hasattr(part, "__index__"):
        return part.__index__()
    if isinstance(part, str):
        raise TypeError(f"a string is no index: {part!r}")
    raise IndexError(
        "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
        f"(got {type(part).__name__})"
    )


def _bound(value):
    if not hasattr(value, "__index__"):
        raise TypeError("slice indices must be integers or None or have an __index__ method")
    return value.__index__()


def _holds_variables(part):
    return bool(len(part)) and not isinstance(part, range) and any(isinstance(v, Variable) for v in part)


def picked_shape(pick, shape):
    """The shape of ``x[pick]`` for an ``x`` of ``shape`` and the second index that :func:`parse` returns."""
    arrays, kept, dim, first, last = [], [], 0, None, None
    for position, p in enumerate(pick):
        if p is FULL:
            kept.append(shape[dim])
            dim += 1
            continue
        arrays.append((int(summed(p)),) if p.dtype.kind == "b" else p.shape)
        first, last = len(kept) if first is None else first, position
        dim += p.ndim if p.dtype.kind == "b" else 1
    apart = any(p is FULL for p in pick[next(i for i, p in enumerate(pick) if p is not FULL) : last])
    at = 0 if apart else first
    try:
        found = broadcast_shape(*arrays)
    except RuntimeError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            f"{', '.join(str(list(a)) for a in arrays)}"
        ) from None
    return (*kept[:at], *found, *kept[at:], *shape[dim:])


def is_plain(index):
    """Whether NumPy can take this tuple as it is.

    It may hold integers, slices that step forward between integers, None, and one Ellipsis.
    """
    ellipses = 0
    for part in index:
        kind = type(part)
        if kind is slice:
            if type(part.start) not in _BOUNDS or type(part.stop) not in _BOUNDS:
                return False
            if part.step is not None and not (type(part.step) is int and part.step > 0):
                return False
        elif part is Ellipsis:
            ellipses += 1
        elif kind not in _BOUNDS:
            return False
    return ellipses < 2


_BOUNDS = {int, type(None)}


def alone(x, index):
    """The pick for an index that is one array or tensor, of int64 or a mask.

    None if NumPy cannot take it as it is.
    """
    array, shape = array_of(index), x.array.shape
    fits = array.dtype == _INT64 and shape if array.dtype != _BOOL else array.shape == shape[: array.ndim]
    if not fits or not array.ndim or type(array) is not type(x.array):
        return None
    return (array if x._node is None and x._base is None else array.copy(),)  # the user may change theirs


def of_vectors(x, index):
    """The pick for an index of int64 arrays or tensors alone; None if NumPy cannot take it as it is."""
    arrays = tuple([array_of(part) for part in index])
    if len(arrays) > x.array.ndim:
        return None
    for array in arrays:
        if type(array) is not type(x.array) or array.dtype is not _INT64 or not array.ndim:
            return None
    return tuple([array.copy() for array in arrays])  # the user may change theirs


def item(x, index):
    """``x[index]`` for any index that torch takes."""
    if type(index) is int:
        return getitem(x, index=(index, Ellipsis))
    if (isinstance(index, Variable) or is_array(index)) and (pick := alone(x, index)):
        return getitem(x, index=pick)
    index = as_tuple(index)
    if is_plain(index):
        return getitem(x, index=index if Ellipsis in index else (*index, Ellipsis))
    if pick := of_vectors(x, index):
        return getitem(x, index=pick)
    view, pick = parse(index, x.array.shape, xp(x.array))
    if not pick:
        return getitem(x, index=view or (Ellipsis,))
    return getitem(getitem(x, index=view) if view else x, index=pick)
