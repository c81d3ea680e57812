"""``torch.nn.parallel.scatter_gather``: parts of a batch for several devices, and their results together."""

from .....core.graph import Variable
from .....ops.join import cat
from .....ops.split import chunk


def scatter(inputs, target_gpus, dim=0):
    """A part of ``inputs`` for each of the devices: tensors are cut along ``dim``, other objects repeated."""
    devices = list(target_gpus)
    if isinstance(inputs, Variable):
        return tuple(part.to(device) for part, device in zip(chunk(inputs, len(devices), dim), devices))
    if isinstance(inputs, dict):
        keys, values = list(inputs), scatter(tuple(inputs.values()), devices, dim)
        return [dict(zip(keys, part)) for part in values]
    if isinstance(inputs, (tuple, list)) and inputs:
        return [type(inputs)(part) for part in zip(*(scatter(value, devices, dim) for value in inputs))]
    return [inputs for _ in devices]


def scatter_kwargs(inputs, kwargs, target_gpus, dim=0):
    """:func:`scatter` of positional and keyword arguments."""
    parts = scatter(tuple(inputs), target_gpus, dim), scatter(kwargs or {}, target_gpus, dim)
    return tuple(tuple(part) for part in parts[0]), tuple(parts[1])


def gather(outputs, target_device, dim=0):
    """The tensors of several devices joined along ``dim`` on one of them; of each in a list or dict."""
    first = outputs[0]
    if isinstance(first, Variable):
        return cat([out.to(target_device) for out in outputs], dim)
    if isinstance(first, dict):
        return type(first)((key, gather([out[key] for out in outputs], target_device, dim)) for key in first)
    if first is None:
        return None
    return type(first)(gather(list(part), target_device, dim) for part in zip(*outputs))
