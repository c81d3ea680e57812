"""The tensors that a collective is given: what they have to be, and their memory as a transport takes it."""

from __future__ import annotations

from ..core.arrays import device_of, move, xp
from ..core.graph import Variable, changed
from ..ops.layout import address


def text(array):
    """How errors name an array: ``float32 [2, 3]``."""
    return f"{array.dtype} {list(array.shape)}"


def check_tensor(call, name, value):
    """TypeError unless ``value`` is a tensor."""
    if not isinstance(value, Variable):
        raise TypeError(
            f"{call}: Invalid function argument. Expected parameter `{name}` of type mytorch.Tensor but got "
            f"{type(value)} instead."
        )


def check_tensors(call, name, values, count, like=None):
    """TypeError or ValueError unless ``values`` are ``count`` tensors with the dtype of ``like``."""
    if not isinstance(values, (list, tuple)) or not all(isinstance(v, Variable) for v in values):
        raise TypeError(
            f"{call}: Invalid function argument. Expected parameter `{name}` of type List[mytorch.Tensor]"
        )
    if len(values) != count:
        raise ValueError(f"{call}: {name} has {len(values)} tensors for a group of {count} processes")
    for i, v in enumerate(values):
        if like is not None and v.array.dtype != like.array.dtype:
            raise ValueError(f"{call}: {name}[{i}] is {text(v.array)}, the tensor {text(like.array)}")


def check_sizes(call, whole, part, count, names):
    """ValueError unless ``whole`` has the elements of ``count`` tensors ``part``, and its dtype."""
    if whole.array.dtype != part.array.dtype:
        raise ValueError(f"{call}: {names[0]} is {text(whole.array)}, {names[1]} {text(part.array)}")
    if whole.array.size != part.array.size * count:
        raise ValueError(
            f"{call}: {names[0]} is {text(whole.array)}, which should be {count} times {names[1]}, "
            f"{text(part.array)}"
        )


# ---- arrays that a transport can use -------------------------------------------------------------


def taken(tensor, transport):
    """The array of ``tensor`` as the transport takes it: contiguous, on a device that it knows."""
    array = tensor.array
    if device_of(array).type not in transport.devices:
        array = move(array, transport.devices[0])
    return array if array.flags.c_contiguous else xp(array).ascontiguousarray(array)


def put(tensor, array):
    """Write ``array`` into ``tensor``, unless it is the tensor's own memory."""
    own = tensor.array
    if device_of(array) != device_of(own) or address(array) != address(own):
        own[...] = move(array, device_of(own)).reshape(own.shape)
    changed(tensor)
