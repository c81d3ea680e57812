"""Conversion to another dtype or device: ``to`` and its shorter names."""

from __future__ import annotations

import numpy

from ..core.arrays import device_of
from ..core.dtypes import as_dtype
from ..core.graph import Variable
from ..ops.cast import to_device, to_dtype
from ..ops.composite import late
from ..ops.layout import _contiguous
from ..ops.memory_format import formatted

# legacy types, such as "torch.FloatTensor", are named after these
LEGACY_DTYPES = dict(Float="float32", Double="float64", Half="float16", BFloat16="bfloat16", Bool="bool")
LEGACY_DTYPES |= dict(Byte="uint8", Char="int8", Short="int16", Int="int32", Long="int64")
_LEGACY_NAMES = {kind: name for name, kind in LEGACY_DTYPES.items()}
ROOM = "mytorch"  # "torch" where it stands for that


def _cast(kind):
    """The method that casts to ``kind``."""

    def cast(self, memory_format=None):
        return self.to(dtype=kind, memory_format=memory_format)

    cast.__doc__ = f"In {kind}: what :meth:`to` gives."
    return cast


class ShortCasts:
    """The short names of what has a ``to``: tensors, modules, packed sequences."""

    def cpu(self):
        """In host memory: what :meth:`to` gives."""
        return self.to("cpu")

    def cuda(self, device=None, non_blocking=False):
        """On a GPU, the current one by default: what :meth:`to` gives."""
        return self.to("cuda" if device is None else device)

    float, double, half, bfloat16 = map(_cast, ("float32", "float64", "float16", "bfloat16"))


class CastingMethods(ShortCasts):
    """Each returns the tensor itself where nothing changes."""

    array: numpy.ndarray

    def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None):
        """Convert to another dtype or device: ``to(dtype)``, ``to(device, dtype)``, ``to(tensor)``.

        Returns the tensor itself if nothing changes, unless ``copy`` is True. Both conversions are
        differentiable. ``memory_format`` is the order in memory.
        """
        device, dtype = destination(args, device, dtype)
        result = self
        if device is not None:
            result = to_device(result, device)
        if dtype is not None:
            result = to_dtype(result, dtype)
        if memory_format is not None:
            result = formatted(result, memory_format, "to", _contiguous)
        return self.clone() if copy and result is self else result

    def astype(self, dtype):
        """NumPy's spelling of ``to(dtype)``."""
        return self.to(as_dtype(dtype))

    def type(self, dtype=None, non_blocking=False):
        """The name of the legacy type, such as ``'mytorch.FloatTensor'``, or this tensor cast to ``dtype``.

        ``dtype`` may be a dtype, a legacy type or the name of one.
        """
        if dtype is None:
            room = f"{ROOM}.cuda" if self.is_cuda else ROOM
            return f"{room}.{_LEGACY_NAMES.get(self.dtype.name, self.dtype.name)}Tensor"
        place = getattr(dtype, "place", None)  # legacy types have one
        if isinstance(dtype, str) and dtype.endswith("Tensor"):
            place = "cuda" if ".cuda." in dtype else "cpu"
            dtype = LEGACY_DTYPES[dtype.rsplit(".", 1)[-1].removesuffix("Tensor")]
        return self.to(device=place, dtype=as_dtype(dtype))

    def type_as(self, other):
        """This tensor with the dtype and on the device of ``other``."""
        return self.to(other)

    cfloat, cdouble, bool, byte = map(_cast, ("complex64", "complex128", "bool", "uint8"))
    long, int, short, char = map(_cast, ("int64", "int32", "int16", "int8"))


def destination(args, device, dtype):
    """(device, dtype) that the arguments of a ``to`` name: each may be a device, a dtype or a tensor."""
    for value in args:
        if isinstance(value, Variable):
            dtype, device = value.array.dtype, device_of(value.array)
        elif value is None or isinstance(value, bool):  # a bool is torch's positional non_blocking
            continue
        elif _is_device(value):
            device = value
        else:
            dtype = value
    return device, dtype


def _is_device(value):
    """Whether a positional argument of ``to`` is a device, its name or its number."""
    if isinstance(value, str) and not _names_dtype(value):
        return late("argument_errors", "no_misspelt_dtype")(value, _LEGACY_NAMES)
    if isinstance(value, (str, int)):
        return isinstance(value, int)
    return hasattr(value, "index") and hasattr(value, "type")


def _names_dtype(value):
    try:
        return isinstance(value, str) and bool(as_dtype(value))
    except TypeError:
        return False
