"""The tensors that a collective is given: what they have to be, and their memory as a transport takes it."""

from __future__ import annotations

from ..core.arrays import device_of, move, xp
from ..core.graph import Variable, changed
from ..ops.layout import address


def text(array):
    """How errors name an array: ``float32 [2, 3]``."""
    return f"{array.dtype} {list(array.shape)}"


def check_tensor(call, **named):
    """TypeError unless each of the arguments ``named`` is a tensor."""
    for name, value in named.items():
        if not isinstance(value, Variable):
            raise TypeError(
                f"{call}: Invalid function argument. Expected parameter `{name}` of type mytorch.Tensor but "
                f"got {type(value)} instead."
            )


def check_tensors(call, name, values, count, like=None, equal=False):
    """TypeError or ValueError unless ``values`` are ``count`` tensors with the dtype, and if ``equal`` as
    many elements, as ``like``.
    """
    if not isinstance(values, (list, tuple)) or not all(isinstance(v, Variable) for v in values):
        raise TypeError(
            f"{call}: Invalid function argument. Expected parameter `{name}` of type List[mytorch.Tensor]"
        )
    if len(values) != count:
        raise ValueError(f"{call}: {name} has {len(values)} tensors for a group of {count} processes")
    for i, v in enumerate(values if like is not None else ()):
        if v.array.dtype != like.array.dtype or (equal and v.array.size != like.array.size):
            raise ValueError(f"{call}: {name}[{i}] is {text(v.array)}, the tensor {text(like.array)}")


def check_alike(call, name, values):
    """TypeError or ValueError unless ``values`` is a list of tensors, not empty, of one dtype."""
    check_tensors(call, name, values, len(values) if values else 1, values[0] if values else None)


def check_given(name, given, here, role):
    """ValueError unless the argument ``name`` is given on the rank of that role, if it is ``here``, alone."""
    if given != here:
        where = f"be specified on {role} rank" if here else f"NOT be specified on non-{role} ranks"
        raise ValueError(f"Argument ``{name}`` must {where}.")


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


def flat(tensors, transport):
    """The elements of ``tensors``, in order; of a single one its own memory where that can be."""
    arrays = [taken(t, transport).reshape(-1) for t in tensors]
    return arrays[0] if len(arrays) == 1 else xp(arrays[0]).concatenate(arrays)


def room(tensors, transport):
    """A flat array for as many elements as ``tensors`` have; the memory of a single one where that can be."""
    if len(tensors) == 1:
        return flat(tensors, transport)
    array = taken(tensors[0], transport)
    return xp(array).empty(sum(t.array.size for t in tensors), array.dtype)


def put(tensors, flat):
    """Write the elements of ``flat`` into ``tensors``, in order, unless they are their own memory."""
    start = 0
    for t in tensors:
        own = t.array
        part = flat if len(tensors) == 1 else flat[start : start + own.size]
        if part.base is not own and (device_of(part) != device_of(own) or address(part) != address(own)):
            own[...] = move(part, device_of(own)).reshape(own.shape)
        changed(t)
        start += own.size
