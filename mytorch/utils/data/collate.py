"""Collation of a list of samples to a batch, and conversion of other libraries' arrays to tensors."""

from __future__ import annotations

import collections.abc
import copy

import numpy

from ...core.arrays import is_array, xp
from ...core.graph import wrap
from ...ops.join import stack
from ...tensors.creation import as_tensor, tensor
from ...tensors.tensor import Tensor

default_collate_fn_map: dict = {}  # {a type: what collates its samples}, for types that packages add


def default_collate(batch):
    """Collate a list of samples to one batch, with a new first dimension in every tensor.

    Tensors and arrays (of any library with ``__dlpack__`` or ``__array__``), PIL images and numbers are
    stacked, Python floats as float64 as in torch. Strings and bytes stay lists. Dicts, lists, tuples and
    named tuples are collated item by item. TypeError for samples of other types, RuntimeError if their shapes
    or lengths differ.

    Args:
        batch (list): the samples

    Example:
        >>> mytorch.utils.data.default_collate([{"x": 1.0, "y": 2}, {"x": 3.0, "y": 4}])
        {'x': tensor([1., 3.], dtype=mytorch.float64), 'y': tensor([2, 4])}
    """
    first = batch[0]
    kind = type(first)
    for known, function in default_collate_fn_map.items():
        if isinstance(first, known):
            return function(batch, collate_fn_map=default_collate_fn_map)
    if isinstance(first, Tensor):
        return _stack(batch)
    if is_array(first) or isinstance(first, numpy.ndarray):
        return as_tensor(_stack_arrays(batch))
    if isinstance(first, (bool, int, float)):
        return tensor(batch, dtype="float64" if isinstance(first, float) else None)
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, numpy.generic):
        return as_tensor(_stack_arrays([numpy.asarray(x) for x in batch]))
    if isinstance(first, collections.abc.Mapping):
        return _like(first, {key: default_collate([sample[key] for sample in batch]) for key in first})
    if isinstance(first, collections.abc.Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _sequence_like(first, [default_collate(column) for column in zip(*batch)])
    if _is_foreign_array(first):
        return as_tensor(_stack_arrays([_to_array(x) for x in batch]))
    raise _cannot(kind)


def default_convert(data):
    """``data`` with every array in it, of NumPy or another library, converted to a tensor.

    It recurses into dicts, lists, tuples (which become lists, as in torch) and named tuples; everything else
    is unchanged. This is the default ``collate_fn`` of single samples.

    Args:
        data (object): the sample

    Example:
        >>> mytorch.utils.data.default_convert({"x": np.ones(2)})
        {'x': tensor([1., 1.], dtype=mytorch.float64)}
    """
    if isinstance(data, (Tensor, str, bytes)):
        return data
    if is_array(data) or isinstance(data, (numpy.ndarray, numpy.generic)):
        return data if data.dtype.kind in "SUO" else as_tensor(data)
    if isinstance(data, collections.abc.Mapping):
        return _like(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, collections.abc.Sequence):
        return _sequence_like(data, [default_convert(item) for item in data])
    return as_tensor(_to_array(data)) if _is_foreign_array(data) else data


def _sequence_like(original, items):
    """The list ``items`` in the type of ``original``; plain tuples become lists, as in torch."""
    if hasattr(original, "_fields"):
        return type(original)(*items)
    return items if isinstance(original, tuple) else _like(original, items)


def _like(original, items):
    """A dict or list of ``items`` in the type of ``original``, or a plain one if the type cannot be made.

    A mutable original is copied, to keep its other attributes.
    """
    try:
        if isinstance(original, collections.abc.MutableMapping):
            clone = copy.copy(original)
            clone.update(items)
            return clone
        if isinstance(original, collections.abc.MutableSequence):
            clone = copy.copy(original)
            for i, item in enumerate(items):
                clone[i] = item
            return clone
        return type(original)(items)
    except TypeError:
        return items


def _stack(tensors):
    """``stack``, without the graph for tensors that need no gradient."""
    if any(t.requires_grad for t in tensors):
        return stack(tensors)
    return wrap(_stack_arrays([t.array for t in tensors]))


def _stack_arrays(arrays):
    first = arrays[0]
    if first.dtype.kind in "SUO":
        raise _cannot(first.dtype)
    _check_shapes(arrays)
    if any(a.dtype != first.dtype for a in arrays):
        return stack(arrays)  # promotes as torch does
    if first.ndim == 0:
        return xp(first).stack(arrays)
    return xp(first).concatenate(arrays).reshape(len(arrays), *first.shape)  # three times as fast as `stack`


def _check_shapes(arrays):
    first = arrays[0].shape
    for i, a in enumerate(arrays):
        if a.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(a.shape)} at entry {i}"
            )


def _is_foreign_array(x):
    return any(hasattr(x, protocol) for protocol in ("__dlpack__", "__array__", "__array_interface__"))


def _to_array(x):
    """An array of another library on the CPU as a NumPy array; copied only if it is read-only."""
    if hasattr(x, "detach"):
        x = x.detach()  # torch does not export tensors that require a gradient
    is_like_numpy = hasattr(x, "__array__") or hasattr(x, "__array_interface__")
    array = numpy.asarray(x) if is_like_numpy else numpy.from_dlpack(x)
    return array if array.flags.writeable else array.copy()


def _cannot(kind):
    return TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {kind}"
    )
