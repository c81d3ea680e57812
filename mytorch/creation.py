"""Functions that make tensors."""

from __future__ import annotations

import numpy

from .autograd.engine import Variable, wrap
from .backend import default_device, device_of, is_array, module_for, move
from .backend import device as as_device
from .dtypes import as_dtype, default_numpy
from .methods import sizes


def tensor(data, *, dtype=None, device=None, requires_grad=False, pin_memory=False):
    """A new leaf with a copy of ``data`` (nested lists, numbers, an array).

    Without ``dtype`` Python floats give the default dtype, ints int64, bools bool; arrays keep theirs.
    """
    return _from_data(data, dtype, device, copy=True).requires_grad_(requires_grad)


def as_tensor(data, dtype=None, device=None):
    """``data`` as a tensor; it shares memory where dtype and device allow. A tensor stays in the graph."""
    if isinstance(data, Variable):
        return data.to(device=device, dtype=dtype)
    return _from_data(data, dtype, device, copy=False)


asarray = as_tensor


def from_numpy(array):
    """A tensor that shares the memory of a NumPy array. TypeError for anything else or an unsupported dtype."""
    if not isinstance(array, numpy.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(array).__name__})")
    as_dtype(array.dtype)
    return wrap(array)


def _from_data(data, dtype, where, copy):
    if isinstance(data, Variable):
        array = data.array
    elif is_array(data):
        array = data
    elif hasattr(data, "__dlpack__") and not isinstance(data, numpy.generic):
        array = numpy.from_dlpack(data)
    else:
        array = _array_of(data)
    kind = as_dtype(dtype if dtype is not None else array.dtype).numpy
    place = as_device(where) if where is not None else device_of(array) if isinstance(data, Variable) else default_device()
    moved = move(array, place) if device_of(array) != place else array
    return wrap(moved.astype(kind, copy=copy and moved is array))


def _array_of(data):
    """Python numbers and nested sequences as a NumPy array of the dtype that torch would choose."""
    if isinstance(data, (list, tuple)) and any(isinstance(x, Variable) for x in data):
        data = [x.detach().cpu().array if isinstance(x, Variable) else x for x in data]
    try:
        array = numpy.array(data)
    except ValueError as error:
        raise ValueError(f"expected nested sequences of one shape: {error}") from None
    if array.dtype.kind in "OUSV":
        raise TypeError(f"can't make a tensor of {type(data).__name__} {data!r:.60}: expected numbers in nested sequences of one shape")
    if isinstance(data, (numpy.ndarray, numpy.generic)) or hasattr(data, "__array__"):
        return array
    if array.dtype.kind == "f" and not _holds_numpy(data):
        return array.astype(default_numpy())
    return array.astype("complex64") if array.dtype.kind == "c" else array


def _holds_numpy(data):
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return isinstance(data, (numpy.ndarray, numpy.generic))


def _made(maker, size, dtype, device, requires_grad, *args):
    place = as_device(device) if device is not None else default_device()
    kind = as_dtype(dtype).numpy if dtype is not None else default_numpy()
    return wrap(move(getattr(module_for(place), maker)(sizes(size), *args, dtype=kind), place)).requires_grad_(requires_grad)


def zeros(*size, dtype=None, device=None, requires_grad=False):
    """Zeros of shape ``size``."""
    return _made("zeros", size, dtype, device, requires_grad)


def ones(*size, dtype=None, device=None, requires_grad=False):
    """Ones of shape ``size``."""
    return _made("ones", size, dtype, device, requires_grad)


def empty(*size, dtype=None, device=None, requires_grad=False):
    """Uninitialised memory of shape ``size``."""
    return _made("empty", size, dtype, device, requires_grad)


def full(size, fill_value, *, dtype=None, device=None, requires_grad=False):
    """``fill_value`` in shape ``size``; without ``dtype`` that of the value."""
    value = fill_value.item() if isinstance(fill_value, Variable) else fill_value
    return _made("full", (size,), type(value) if dtype is None else dtype, device, requires_grad, value)


def arange(start, end=None, step=1, *, dtype=None, device=None, requires_grad=False):
    """start, start + step, … below ``end``; int64 if all three are integers."""
    start, end = (0, start) if end is None else (start, end)
    start, end, step = (v.item() if isinstance(v, Variable) else v for v in (start, end, step))
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    kind = dtype if dtype is not None else "int64" if all(isinstance(v, int) for v in (start, end, step)) else default_numpy()
    count = -int((start - end) // step)
    array = start + numpy.arange(max(count, 0)) * step
    return wrap(move(array.astype(as_dtype(kind).numpy), device or default_device())).requires_grad_(requires_grad)
