"""``torch._C._nn``: what the arguments of ``to`` mean."""

from ....core.arrays import device as as_device
from ....core.dtypes import as_dtype
from ....tensors.casting import destination
from ...absent import absent


def _parse_to(*args, device=None, dtype=None, non_blocking=False, copy=False, memory_format=None):
    """(the device, the dtype, ``non_blocking``, ``memory_format``), None where there is none."""
    device, dtype = destination(args, device, dtype)
    return (
        None if device is None else as_device(device),
        None if dtype is None else as_dtype(dtype),
        non_blocking,
        memory_format,
    )


__getattr__ = absent("_C").__getattr__
