"""Element types and how they mix: PyTorch's promotion rules on NumPy's dtypes."""

from __future__ import annotations

import functools
import importlib

import numpy


class dtype:
    """An element type, such as ``mytorch.float32``.

    It equals NumPy's dtype of the same name and works wherever NumPy takes one.
    """

    __slots__ = ("is_complex", "is_floating_point", "is_signed", "itemsize", "name", "numpy")

    def __init__(self, numpy_dtype, name=None):
        self.numpy = numpy.dtype(numpy_dtype)
        self.name = name or self.numpy.name
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = category(self.numpy) == 2
        self.is_complex = self.numpy.kind == "c"
        self.is_signed = self.numpy.kind not in "ub"

    @property
    def dtype(self):  # numpy.dtype(mytorch.float32) reads this
        return self.numpy

    def __repr__(self):
        return f"mytorch.{self.name}"

    def __eq__(self, other):
        if isinstance(other, dtype):
            return self is other
        return (
            isinstance(other, (numpy.dtype, type, str))
            and str(other) != ""  # which NumPy takes for float64
            and _same_numpy(self.numpy, other)
        )

    def __hash__(self):
        return hash(self.numpy)

    def __reduce__(self):
        return as_dtype, (self.name,)

    def to_real(self):
        return by_numpy[self.numpy.type().real.dtype] if self.is_complex else self


def _same_numpy(mine, other):
    try:
        return mine == numpy.dtype(other)
    except (TypeError, ValueError):
        return False


def category(numpy_dtype):
    """0 for bool, 1 for integers, 2 for floating point, 3 for complex."""
    return {"b": 0, "i": 1, "u": 1, "c": 3}.get(numpy_dtype.kind, 2)


float16, float32, float64 = dtype("float16"), dtype("float32"), dtype("float64")
int8, int16, int32, int64 = dtype("int8"), dtype("int16"), dtype("int32"), dtype("int64")
uint8, uint16, uint32, uint64 = dtype("uint8"), dtype("uint16"), dtype("uint32"), dtype("uint64")
bool_ = dtype("bool")
complex64, complex128 = dtype("complex64"), dtype("complex128")
_all = [value for value in list(globals().values()) if isinstance(value, dtype)]
half, float_, double, short, int_, long = float16, float32, float64, int16, int32, int64


class _ByNumpy(dict):
    """NumPy's dtypes to ours. bfloat16 joins when it is first met."""

    def __missing__(self, d):
        if getattr(d, "name", None) != "bfloat16":
            raise KeyError(d)
        self[d] = dtype(d)
        return self[d]

    def __contains__(self, d):
        return super().__contains__(d) or getattr(d, "name", None) == "bfloat16"


by_numpy = _ByNumpy({d.numpy: d for d in _all})
_by_name = {d.name: d for d in _all}
_by_name |= {"half": half, "float": float_, "double": double, "short": short, "int": int_, "long": long}
_by_python = {float: float64, int: int64, bool: bool_, complex: complex128}  # as ``dtype=float`` means them


def _bfloat16():
    """The 16-bit float with float32's range, which NumPy lacks.

    RuntimeError if the package ml_dtypes is not installed.
    """
    try:
        return by_numpy[numpy.dtype(importlib.import_module("ml_dtypes").bfloat16)]
    except ImportError as error:
        raise RuntimeError("bfloat16 needs the package ml_dtypes: pip install 'mytorch[bfloat16]'") from error


def __getattr__(name):
    """``mytorch.bfloat16``, only when asked for."""
    if name != "bfloat16":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return _bfloat16()
    except RuntimeError as error:
        raise AttributeError(str(error)) from None


_default = [float32]


def get_default_dtype() -> dtype:
    """The dtype of floating-point tensors made from Python numbers; float32 unless it was set."""
    return _default[0]


def set_default_dtype(d) -> None:
    """Set the dtype of floating-point tensors made from Python numbers.

    TypeError unless it is a floating-point dtype.
    """
    d = as_dtype(d)
    if not d.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {d}")
    _default[0] = d


def as_dtype(d) -> dtype:
    """Our dtype for ours, NumPy's, Python's ``float``/``int``/``bool`` or a name. TypeError for others."""
    if isinstance(d, dtype):
        return d
    if isinstance(d, type):
        if d in _by_python:
            return _by_python[d]
        kind = getattr(d, "dtype", None)
        if isinstance(kind, dtype):  # FloatTensor and its kin
            return kind
    if isinstance(d, str):
        name = d.removeprefix("torch.").removeprefix("mytorch.")
        if name in _by_name:
            return _by_name[name]
        if name == "bfloat16":
            return _bfloat16()
    try:
        return by_numpy[numpy.dtype(d)]
    except (KeyError, TypeError):
        raise TypeError(
            f"{d!r} is not a dtype that tensors can have; those are {', '.join(_by_name)}"
        ) from None


def default_numpy():
    """NumPy's name of the default floating-point dtype."""
    return _default[0].numpy


@functools.cache
def promote_numpy(a, b):
    """The smallest dtype for both, as torch has it: an integer with a floating-point type gives the
    latter."""
    if a == b:
        return a
    low, high = sorted((a, b), key=category)
    if category(low) != category(high) and (category(low), category(high)) != (2, 3):
        return high
    try:
        return numpy.promote_types(a, b)
    except TypeError:  # two 16-bit floats of different layouts
        return numpy.dtype("float32")


def cast_back(g, kind):
    """The gradient ``g`` (an array or a Tensor) in the dtype of its input: beside complex numbers a real one
    has the real part.
    """
    if g.dtype == kind:
        return g
    return (g if kind.kind == "c" else g.real).astype(kind)
