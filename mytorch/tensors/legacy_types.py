"""Legacy constructors such as ``FloatTensor``, which name a dtype and a device at once."""

from __future__ import annotations

from ..core.arrays import device_of, move, set_default_device
from ..core.dtypes import as_dtype, set_default_dtype
from ..core.graph import Variable, wrap
from .casting import LEGACY_DTYPES
from .from_data import constructed


class LegacyType(type):
    """A name such as ``FloatTensor``: a constructor from sizes or data, and a dtype for ``x.type(…)``.

    ``isinstance(x, FloatTensor)`` compares dtype and device.
    """

    dtype = property(lambda cls: as_dtype(cls.kind), doc="The dtype of its tensors.")

    def __call__(cls, *data, device=None):
        kind = cls.dtype
        if len(data) == 1 and isinstance(data[0], Variable) and data[0].dtype is not kind:
            raise TypeError(f"expected a tensor of dtype {kind}, got {data[0].dtype}; use tensor.to")
        return wrap(move(constructed(data, kind.numpy), device or cls.place))

    def __instancecheck__(cls, x):
        return isinstance(x, Variable) and x.dtype is cls.dtype and device_of(x.array).type == cls.place


def legacy_type(name, dtype, place="cpu", module=__name__):
    """A legacy type of tensors on the device ``place``, "cpu" or "cuda"."""
    where = " on the GPU" if place == "cuda" else ""
    meaning = f"``{name}(2, 3)`` or ``{name}([1, 2])``: a tensor of {dtype}{where}."
    return LegacyType(name, (), {"kind": dtype, "place": place, "__doc__": meaning, "__module__": module})


_FLOATING = ("Float", "Double", "Half", "BFloat16")

(
    FloatTensor,
    DoubleTensor,
    HalfTensor,
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    ShortTensor,
    IntTensor,
    LongTensor,
) = (legacy_type(f"{name}Tensor", kind) for name, kind in LEGACY_DTYPES.items())


def set_default_tensor_type(t) -> None:
    """Set the default dtype and device to those of a legacy type, ``FloatTensor`` or its name.

    TypeError unless it is a floating-point type.
    """
    name = t if isinstance(t, str) else f"{t.__module__}.{t.__name__}"
    prefix = name.rpartition(".")[2].removesuffix("Tensor")
    if prefix not in _FLOATING or not name.endswith("Tensor"):
        raise TypeError(f"only floating-point types are supported as the default type, got {name}")
    set_default_dtype(LEGACY_DTYPES[prefix])
    set_default_device("cuda" if ".cuda." in name else "cpu")
