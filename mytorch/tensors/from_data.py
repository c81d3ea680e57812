"""Conversion of Python data to arrays: numbers, nested sequences and arrays of other libraries."""

from __future__ import annotations

import functools

import numpy

from ..core.arrays import cupy, default_device, device, device_of, is_array, move, quietly
from ..core.dtypes import by_numpy, default_numpy, promote_numpy
from ..core.graph import Variable
from ..core.scalar_arguments import as_number
from ..ops.promotion import check_fits, number_dtype
from ..ops.shape_arguments import sizes

_NUMBERS = {bool, int, float, complex}


def array_from(data, kind=None):
    """Convert ``data`` to an array of NumPy dtype ``kind``, or of the dtype that ``torch.tensor`` chooses.

    Python floats give the default dtype, ints int64, bools bool; arrays, their scalars and tensors keep their
    own. An array is copied only if its dtype changes. TypeError for strings and unsupported dtypes,
    ValueError for ragged sequences and ints beyond 64 bits, RuntimeError for other objects and for numbers
    that an integer ``kind`` cannot hold.
    """
    array = _existing(data)
    if array is not None:
        return array if kind is None else as_type(array, kind)
    try:
        values, natural = _leaves(data)
    except RuntimeError as error:
        raise error if kind is None else TypeError(f"must be a number: {error}") from None
    if kind is None:
        return as_type(_values(values, _wide(natural)), natural)
    parsed = natural if natural.kind == "c" or kind.kind in "iub" else kind
    array = _values(values, _wide(parsed))
    if natural.kind == "c" and kind.kind != "c":
        raise TypeError("must be real number, not complex")
    if kind.kind in "iu" and array.size:
        check_fits(array.min().item(), kind)
        check_fits(array.max().item(), kind)
    return as_type(array, kind)


def placed(data, kind, where, copy):
    """:func:`array_from` on the device ``where``, in its own memory if ``copy``.

    Without ``where`` a tensor or an array on a GPU stays there; all else goes to the default device.
    """
    array = array_from(data, kind)
    if where is None:
        has_device = isinstance(data, Variable) or type(array) is not numpy.ndarray
        where = device_of(array) if has_device else default_device()
    moved = move(array, where) if device_of(array) != device(where) else array
    source = data.array if isinstance(data, Variable) else data
    made = array is not source and (is_array(source) or isinstance(data, (list, tuple, int, float, complex)))
    return moved.copy(order="K") if copy and moved is array and not made else moved


def constructed(data, kind):
    """The array of a constructor: values for ``Tensor([1, 2])``, uninitialised for ``Tensor(2, 3)``."""
    value = data[0] if len(data) == 1 else None
    if isinstance(value, Variable):
        return value.array
    count = isinstance(value, (int, numpy.integer)) or (
        isinstance(value, numpy.ndarray) and value.ndim == 0 and value.dtype.kind in "iu"
    )
    if len(data) != 1 or count or (isinstance(value, tuple) and hasattr(value, "numel")):
        return numpy.empty(sizes(data) if data else (0,), kind)
    if value is None or isinstance(value, (float, complex)):
        raise TypeError(f"new(): data must be a sequence (got {type(value).__name__})")
    return array_from(value, kind)


def number(value):
    """(the Python number, its NumPy dtype) of a number or a tensor with one element.

    TypeError for anything else.
    """
    if isinstance(value, Variable):
        return as_number(value, "full", "fill_value"), value.array.dtype
    if isinstance(value, numpy.generic):
        value = value.item()
    if not isinstance(value, (bool, int, float, complex)):
        raise TypeError(f"expected a number, got {type(value).__name__}")
    return value, number_dtype(value)


def wrapped(value, kind):
    """``value`` as an integer dtype stores it: truncated, and modulo 2**bits in an unsigned one."""
    if kind.kind not in "iu":
        return value
    return int(value) % 2 ** (8 * kind.itemsize) if kind.kind == "u" else int(value)


def as_type(array, kind):
    """``array`` cast to NumPy dtype ``kind``; overflow gives inf, without a warning."""
    if array.dtype == kind:
        return array
    return quietly(array.astype, kind)


def _existing(data):
    """The array of a tensor or an array of any library; None for Python numbers and sequences."""
    if isinstance(data, Variable):
        return data.array
    if is_array(data):
        return checked(data)
    if type(data) in _NUMBERS or isinstance(data, (list, tuple, str, bytes)):
        return None
    if isinstance(data, (numpy.generic, numpy.ndarray)):
        return checked(numpy.asarray(data))
    array = foreign(data)
    return None if array is None else checked(array)


def checked(array):
    """``array``, whose dtype, byte order and strides are checked.

    TypeError or ValueError, as in torch, if a tensor cannot have them.
    """
    if type(array) is numpy.ndarray and not array.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order; convert it: "
            "array.astype(array.dtype.newbyteorder('='))"
        )
    if array.dtype not in by_numpy:
        supported = ", ".join(sorted(d.name for d in by_numpy.values()))
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype}. The only supported types are: {supported}."
        )
    if any(s < 0 for s in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. "
            "(You can probably work around this by making a copy of your array with array.copy().)"
        )
    return array


def foreign(data):
    """An array of another library (a torch tensor, an image, a Series) as a NumPy or CuPy array.

    It shares memory where possible. None if ``data`` is not an array.
    """
    if hasattr(data, "__dlpack__"):
        if getattr(data, "requires_grad", False):
            data = data.detach()
        on_gpu = data.__dlpack_device__()[0] in (2, 13)  # kDLCUDA, kDLCUDAManaged
        return (cupy() if on_gpu else numpy).from_dlpack(data)
    if hasattr(data, "__array__") or hasattr(data, "__array_interface__"):
        return numpy.asarray(data)
    return None


# ---- numbers and nested sequences ----------------------------------------------------------------


def _leaves(data):
    """(``data`` as Python numbers in nested lists, the NumPy dtype that follows from their types)."""
    kind = type(data)
    if kind in _NUMBERS:
        return data, number_dtype(data)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type {kind.__name__!r}")
    if not _is_sequence(data):
        return _number(data)
    data = data if isinstance(data, (list, tuple)) else list(data)
    if isinstance(first := _first(data), (str, bytes)):
        raise ValueError(f"too many dimensions {type(first).__name__!r}")
    kinds = set()
    _leaf_kinds(data, kinds)
    if kinds <= _NUMBERS:
        return data, _natural(kinds)
    data, dtypes = _unwrapped(data)
    return data, functools.reduce(promote_numpy, dtypes)


def _first(data):
    """The first leaf of nested lists and tuples, or the empty list that comes before it."""
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def _is_sequence(data):
    return (
        hasattr(data, "__len__") and hasattr(data, "__getitem__") and not isinstance(data, (dict, str, bytes))
    )


def _leaf_kinds(data, kinds):
    """Add the types of the leaves of nested lists and tuples to ``kinds``."""
    found = set(map(type, data))
    kinds |= found - {list, tuple}
    if list in found or tuple in found:
        for item in data:
            if type(item) is list or type(item) is tuple:
                _leaf_kinds(item, kinds)


def _natural(kinds):
    """The NumPy dtype for Python numbers of these types: that of the highest, the default without any."""
    for kind in (complex, float, int, bool):
        if kind in kinds:
            return number_dtype(kind())
    return number_dtype(0.0)


def _wide(kind):
    """The dtype of the same category that holds Python numbers exactly."""
    return numpy.dtype({"f": "float64", "V": "float64", "c": "complex128"}.get(kind.kind, kind))


def _number(data):
    """(Python number, NumPy dtype) of a number whose class derives from a Python number."""
    for kind in (bool, int, float, complex):
        if isinstance(data, kind):
            return kind(data), number_dtype(data)
    raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")


def _unwrapped(data):
    """(nested lists with tensors, scalars and arrays replaced by Python values, the set of their dtypes)."""
    if isinstance(data, Variable):
        if data.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return data.array.item(), {data.array.dtype}
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type {type(data).__name__!r}: must be a number")
    array = _existing(data)
    if array is not None:
        return array.tolist(), {array.dtype}
    if not _is_sequence(data):
        value, kind = _number(data)
        return value, {kind}
    if not len(data):
        return [], {default_numpy()}
    values, dtypes = zip(*(_unwrapped(item) for item in data))
    return list(values), set().union(*dtypes)


def _values(data, kind):
    """Python numbers in nested lists as an array of dtype ``kind``."""
    try:
        array = numpy.array(data, kind)
    except OverflowError as error:
        if kind.kind in "iu":
            raise ValueError(f"Overflow when unpacking long long: {error}") from None
        raise
    except (ValueError, TypeError):
        _explain_ragged(data, _sizes(data))
        raise
    if array.size == 0:
        _explain_ragged(data, _sizes(data))
    return array


def _sizes(data):
    sizes = []
    while isinstance(data, (list, tuple)):
        sizes.append(len(data))
        if not data:
            break
        data = data[0]
    return sizes


def _explain_ragged(data, sizes, dim=0):
    """Raise torch's error if nested sequences have no common shape."""
    if dim == len(sizes):
        if isinstance(data, (list, tuple)):
            raise TypeError(
                f"{type(data).__name__!r} object cannot be interpreted as a number: a sequence at dim "
                f"{dim} beside numbers"
            )
        return
    if not isinstance(data, (list, tuple)):
        raise TypeError(f"not a sequence: a number at dim {dim} beside sequences")
    if len(data) != sizes[dim]:
        raise ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(data)})")
    for item in data:
        _explain_ragged(item, sizes, dim + 1)
