"""Conversion to another dtype or device: ``to`` and its shorter names."""

from __future__ import annotations

import numpy

from ..core.dtypes import as_dtype
from ..core.graph import Variable
from ..ops.cast import to_device, to_dtype

# legacy types, such as "torch.FloatTensor", are named after these
LEGACY_DTYPES = dict(Float="float32", Double="float64", Half="float16", BFloat16="bfloat16", Bool="bool")
LEGACY_DTYPES |= dict(Byte="uint8", Char="int8", Short="int16", Int="int32", Long="int64")
_LEGACY_NAMES = {kind: name for name, kind in LEGACY_DTYPES.items()}
ROOM = "mytorch"  # "torch" where it stands for that


class CastingMethods:
    """Each returns the tensor itself where nothing changes."""

    array: numpy.ndarray

    def to(self, *args, dtype=None, device=None, non_blocking=False, copy=False, memory_format=None):
        """Convert to another dtype or device: ``to(dtype)``, ``to(device, dtype)``, ``to(tensor)``.

        Returns the tensor itself if nothing changes, unless ``copy`` is True. Both conversions are
        differentiable.
        """
        for value in args:
            if isinstance(value, Variable):
                dtype, device = value.array.dtype, value.device
            elif value is None or isinstance(value, bool):  # a bool is torch's positional non_blocking
                continue
            elif _is_device(value):
                device = value
            else:
                dtype = value
        result = self
        if device is not None:
            result = to_device(result, device)
        if dtype is not None:
            result = to_dtype(result, dtype)
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

    def cpu(self):
        """This tensor in host memory."""
        return self.to("cpu")

    def cuda(self, device=None, non_blocking=False):
        """This tensor on a GPU, the current one by default."""
        return self.to("cuda" if device is None else device)

    float = lambda self, memory_format=None: self.to("float32")
    double = lambda self, memory_format=None: self.to("float64")
    cfloat = lambda self, memory_format=None: self.to("complex64")
    cdouble = lambda self, memory_format=None: self.to("complex128")
    half = lambda self, memory_format=None: self.to("float16")
    bfloat16 = lambda self, memory_format=None: self.to("bfloat16")
    long = lambda self, memory_format=None: self.to("int64")
    int = lambda self, memory_format=None: self.to("int32")
    short = lambda self, memory_format=None: self.to("int16")
    char = lambda self, memory_format=None: self.to("int8")
    byte = lambda self, memory_format=None: self.to("uint8")
    bool = lambda self, memory_format=None: self.to("bool")


def _is_device(value):
    """Whether a positional argument of ``to`` is a device, its name or its number."""
    if isinstance(value, (str, int)):
        return not _names_dtype(value)
    return hasattr(value, "index") and hasattr(value, "type")


def _names_dtype(value):
    try:
        return isinstance(value, str) and bool(as_dtype(value))
    except TypeError:
        return False
