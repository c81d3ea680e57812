"""Assignment: ``x[i] = y``, ``copy_`` and ``fill_``, and how they take part in the graph (``inplace.py``)."""

from __future__ import annotations

import numpy

from ..core.arrays import as_array, device_of, is_array, quietly, xp
from ..core.graph import Leaf, Variable, changed, wrap
from .cast import to_device
from .indexing import alone, getitem, is_plain, parse, picked_shape, write_view
from .inplace import assign, prepare_write, recorded, store, whole
from .layout import address
from .promotion import fitted
from .shape import expand


def fill_(x, value):
    """Write ``value``, a number or a 0-d tensor, to every element; returns the tensor.

    RuntimeError for a tensor with dimensions.
    """
    prepare_write(x)
    if isinstance(value, Variable):
        if value.array.ndim:
            raise RuntimeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value.array.ndim} "
                "dimensions."
            )
        return copy_(x, value)
    store(x.array, ..., _number(value, x))
    return assign(x, wrap(x.array))


def zero_(x):
    """Write zeros to every element; returns the tensor."""
    prepare_write(x)
    x.array[...] = 0
    return assign(x, wrap(x.array))


def copy_(x, src, non_blocking=False):
    """Write the elements of ``src``, broadcast and cast to this shape and dtype; returns the tensor.

    A number is written to every element.
    """
    if isinstance(src, (int, float, complex)):
        return fill_(x, src)
    if not isinstance(src, Variable):
        raise TypeError(f"copy_(): argument 'other' (position 1) must be Tensor, not {type(src).__name__}")
    prepare_write(x)
    src = to_device(src, device_of(x.array))
    if src.array.shape != x.array.shape:
        src = expand(src, shape=x.array.shape)
    if not recorded(x, src):
        store(x.array, ..., src.array)
        changed(x)
        return x
    if src.array.dtype != x.array.dtype:
        src = src.astype(x.array.dtype)
    if x._base is None and x._node is not None:
        x.array[...] = src.array
        src = write_view(wrap(x.array, x._node), src, view=whole)
    return assign(x, src)


def _number(value, x):
    if not isinstance(value, (int, float, complex, numpy.generic)):
        raise TypeError(f"can't assign a {type(value).__name__} to a tensor of {x.array.dtype}")
    return fitted(value, x.array.dtype)


def setitem(x, index, value):
    """``x[index] = value``, a number or a tensor that broadcasts to ``x[index]``.

    Repeated indices keep one of the values. A view takes values of any dtype, as copy_ does; an index of
    tensors only those of its own dtype, a mask single ones of any.
    """
    if index is False:
        return
    if type(index) is int or (type(index) is tuple and is_plain(index)):
        view, pick = index, ()
    elif isinstance(index, Variable) and (pick := alone(x, index)):
        view = ()
    else:
        view, pick = parse(index, x.array.shape, xp(x.array))
    is_tensor = isinstance(value, Variable)
    if not is_tensor:
        value = _number(value, x)
    elif not pick and x._node is not None and value._base is not None and _is_part(value, x, view):
        prepare_write(x)
        changed(x)  # the end of ``x[index] += …``, which has changed that view already
        return
    if not pick and 0 not in x.array.strides and not (recorded(x, value) if is_tensor else recorded(x)):
        prepare_write(x)
        if _stored(x.array, view, to_device(value, device_of(x.array)).array if is_tensor else value):
            changed(x)
            return
    if pick:
        _assign_picked(getitem(x, index=view) if view else x, pick, value)
    else:
        view = view if type(view) is tuple else (view,)
        _assign_view(x, view if Ellipsis in view else (*view, Ellipsis), value)


def _is_part(value, x, index):
    """Whether the view ``value`` is ``x[index]``: the same elements of the same memory."""
    if value._base is not (x if x._base is None else x._base):
        return False
    index = index if type(index) is tuple else (index,)
    part = getitem(x.array, index=index if Ellipsis in index else (*index, ...))
    array = value.array
    same = array.shape == part.shape and array.strides == part.strides and array.dtype == part.dtype
    return same and address(array) == address(part)


def _assign_view(x, index, value):
    """``x[index] = value`` where ``x[index]`` is a view, by the general way."""
    if not isinstance(value, Variable):
        fill_(getitem(x, index=index), value)
    elif x._base is None and type(x._node) is not Leaf and 0 not in x.array.strides:
        _record_assignment(x, index, value)
    else:
        part = getitem(x, index=index)
        copy_(part, _without_leading_ones(value, part.array.ndim))


def _assign_picked(target, pick, value):
    """``target[pick] = value`` for arrays of integers or booleans in ``pick``."""
    prepare_write(target)
    is_tensor = isinstance(value, Variable)
    if is_tensor:
        value = _fit_value(value, target, pick)
    if recorded(target, value) if is_tensor else recorded(target):
        pick = tuple(p.copy() if is_array(p) else p for p in pick)  # the user may change theirs
        value = expand(
            value if is_tensor else wrap(as_array(value)), shape=picked_shape(pick, target.array.shape)
        )
        store(target.array, pick, value.array)
        assign(
            target, write_view(wrap(target.array, target._node), value, view=lambda b: getitem(b, index=pick))
        )
    else:
        store(target.array, pick, value.array if is_tensor else value)
        changed(target)


def _record_assignment(x, index, value):
    """``x[index] = value`` for a tensor ``value`` and an ``x`` that is no view, as one node."""
    prepare_write(x)
    part = getitem(x.array, index=index)
    value = _without_leading_ones(value, part.ndim)
    if type(value.array) is not type(part):
        value = to_device(value, device_of(x.array))
    if value.array.shape != part.shape:
        value = expand(value, shape=part.shape)
    if value.array.dtype != part.dtype:
        value = value.astype(part.dtype)
    part[...] = value.array
    assign(x, write_view(wrap(x.array, x._node), value, view=lambda base: getitem(base, index=index)))


def _stored(array, index, value):
    """Whether ``array[index] = value`` worked; if not, the general way raises torch's error."""
    try:
        quietly(array.__setitem__, index, value)
    except (IndexError, ValueError):
        return False
    return True


def _fit_value(value, target, pick):
    """``value`` on the device and in the dtype of ``target``, without leading dimensions of size 1."""
    if value.array.dtype != target.array.dtype:
        arrays = [p for p in pick if type(p) is not slice]
        # one mask is a masked_fill, which casts
        if value.array.size != 1 or len(arrays) > 1 or arrays[0].dtype.kind != "b":
            raise RuntimeError(
                f"Index put requires the source and destination dtypes match, got {target.array.dtype} for "
                f"the destination and {value.array.dtype} for the source."
            )
        value = value.astype(target.array.dtype)
    value = to_device(value, device_of(target.array))
    return _without_leading_ones(value, 1)


def _without_leading_ones(value, ndim):
    """``value`` without leading dimensions of size 1, as long as it has more than ``ndim``."""
    while value.array.ndim > ndim and value.array.shape[0] == 1:
        value = value[0]
    return value
