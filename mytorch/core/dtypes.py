"""Element types and how they mix: PyTorch's promotion rules on NumPy's dtypes."""

from __future__ import annotations

import functools
import importlib
import math

import numpy

from .arrays import as_array, is_array, modules
from .public_names import NoSuchName


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
            and other not in ("", None)
            and _same_numpy(self.numpy, other)
        )

    def __hash__(self):
        return hash(self.numpy)

    def __reduce__(self):
        return as_dtype, (self.name,)

    def to_real(self):
        return self


def _same_numpy(mine, other):
    try:
        return mine == numpy.dtype(other)
    except TypeError:
        return False


def category(numpy_dtype):
    """0 for bool, 1 for integers, 2 for floating point, 3 for complex."""
    return {"b": 0, "i": 1, "u": 1, "c": 3}.get(numpy_dtype.kind, 2)


float16, float32, float64 = dtype("float16"), dtype("float32"), dtype("float64")
int8, int16, int32, int64 = dtype("int8"), dtype("int16"), dtype("int32"), dtype("int64")
uint8, uint16, uint32, uint64 = dtype("uint8"), dtype("uint16"), dtype("uint32"), dtype("uint64")
bool_ = dtype("bool")
complex64, complex128 = dtype("complex64"), dtype("complex128")
half, float_, double, short, int_, long = float16, float32, float64, int16, int32, int64

_all = [
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    bool_,
    complex64,
    complex128,
]


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
_by_name = {d.name: d for d in _all} | {
    "half": half,
    "float": float_,
    "double": double,
    "short": short,
    "int": int_,
    "long": long,
}
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
        raise NoSuchName("mytorch", name)
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

    TypeError unless it is a floating-point one.
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


def number_dtype(value):
    """NumPy's dtype of a Python number: bool, int64, the default dtype, or its complex form."""
    if isinstance(value, (bool, int)):
        return bool_.numpy if isinstance(value, bool) else int64.numpy
    if isinstance(value, float):
        return _default[0].numpy
    return (complex128 if _default[0] is float64 else complex64).numpy


def check_fits(value, kind, finite=False):
    """RuntimeError for a Python number that NumPy's dtype ``kind`` cannot hold. Unsigned ones let -1 wrap, as
    in torch.

    ``finite``: a number must not become infinite either.
    """
    if kind.kind == "b":
        return
    if kind.kind in "iu":
        limits = numpy.iinfo(kind)
        low = limits.min or -limits.max
        fits = value == value and abs(value) != math.inf and low <= int(value) <= limits.max
    elif isinstance(value, complex):
        fits = kind.kind == "c"
    else:
        fits = (
            not finite
            or value != value
            or abs(value) <= 65504
            or abs(value) == math.inf
            or abs(value) <= finfo(kind).max
        )
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")


def result_numpy(values):
    """torch.result_type of arrays and Python numbers, as NumPy's dtype.

    Arrays with dimensions count before 0-d arrays, those before Python numbers; a later group matters only if
    its category (bool, integer, float, complex) is higher. Beside an array NumPy's numbers count as Python's;
    among themselves they are 0-d arrays, as formulas make them.
    """
    groups = [None, None, None]
    beside = any(is_array(v) for v in values)
    for v in values:
        if is_array(v) or (isinstance(v, numpy.generic) and not beside):
            level, d = (0 if v.ndim else 1), v.dtype
        elif isinstance(v, numpy.generic):
            level, d = 2, number_dtype(v.item())
        elif isinstance(v, (bool, int, float, complex)):
            level, d = 2, number_dtype(v)
        else:
            raise TypeError(f"expected tensors and numbers, got {type(v).__name__}")
        groups[level] = d if groups[level] is None else promote_numpy(groups[level], d)
    return functools.reduce(_combine, groups)


def _combine(high, low):
    if high is None or low is None:
        return low if high is None else high
    return promote_numpy(high, low) if category(high) < category(low) else high


_INT64 = numpy.dtype("int64")


@functools.lru_cache(256)
def _constant(number, dtype):
    """A number (not a zero, which may be -0.0) as an array: NumPy takes twice as long over x * 0.5 as over x
    * y.
    """
    return numpy.array(number, dtype)


def promoted(arrays):
    """``prepare`` step: cast arrays that differ to their common dtype. Python numbers stay, they never
    promote.
    """
    if len(arrays) == 2:  # the common cases first: nothing to do
        x, y = arrays
        first, second = type(x), type(y)
        if first is second:
            if first in modules and x.dtype is y.dtype:
                return arrays
        elif second is float or second is int:
            if first is numpy.ndarray and y and x.dtype.kind == "f":
                return [x, _constant(y, x.dtype)]
            if first in modules and (
                x.dtype.kind == "f" or (second is int and x.dtype == _INT64 and -(2**63) <= y < 2**63)
            ):
                return arrays
        elif (first is float or first is int) and second in modules and y.dtype.kind == "f":
            return [_constant(x, y.dtype), y] if x and second is numpy.ndarray else arrays
    return _cast(arrays, result_numpy(arrays))


def floating(arrays):
    """``prepare`` step: as :func:`promoted`, and integers become the default floating-point dtype."""
    x = arrays[0]
    if type(x) in modules and x.dtype.kind == "f":
        return arrays if len(arrays) == 1 else promoted(arrays)
    common = result_numpy(arrays)
    if category(common) >= 2:
        return promoted(arrays)
    return _cast(arrays, default_numpy())


def _cast(arrays, common):
    """Arrays in the dtype ``common``; a 0-d array of the CPU may join arrays of a GPU."""
    gpu = any(type(a) is not numpy.ndarray and is_array(a) for a in arrays)
    if not (gpu or any(isinstance(a, (numpy.ndarray, numpy.generic)) for a in arrays)):
        raise TypeError(f"expected at least one tensor, got {', '.join(type(a).__name__ for a in arrays)}")
    out = []
    for a in arrays:
        if isinstance(a, numpy.generic):
            a = common.type(a) if gpu else as_array(a)
        if is_array(a):
            if gpu and type(a) is numpy.ndarray and a.ndim == 0:
                a = common.type(a[()])
            elif a.dtype != common:
                a = a.astype(common)
        elif type(a) is int and common.kind in "iu":
            a = _wrapped(a, common)
        elif common.kind == "V" and isinstance(a, (int, float)):
            a = common.type(a)  # NumPy would make float32 of bfloat16 and a Python number
        out.append(a)
    return out


def _wrapped(number, common):
    """A Python integer as the integer dtype ``common`` holds it, cut to its bits.

    RuntimeError if not even int64 does.
    """
    try:
        return numpy.asarray(number, "int64").astype(common).item()
    except OverflowError as error:
        raise RuntimeError(f"value {number} cannot be converted to type int64 without overflow") from error


def tensor_first(arrays):
    """``prepare`` step: as :func:`promoted`; TypeError for a Python number as the first input."""
    first = arrays[0]
    if type(first) not in modules and not isinstance(first, numpy.generic):
        raise TypeError(f"argument 'input' (position 1) must be Tensor, not {type(first).__name__}")
    return promoted(arrays)


def only(kinds, name, prepare=promoted, numbers=False):
    """A ``prepare`` step for the operation ``name`` on dtypes of certain ``kinds`` (NumPy's letters).

    ``numbers``: whether it takes Python numbers, "other" for all inputs but the first.
    """

    def step(arrays):
        if numbers is not True:
            for a in arrays if not numbers else arrays[:1]:
                if not hasattr(a, "dtype"):
                    raise TypeError(
                        f"{name}(): expected {'a tensor first' if numbers else 'tensors'}, got "
                        f"{type(a).__name__} {a!r:.40}"
                    )
        arrays = prepare(arrays)
        for a in arrays:
            if hasattr(a, "dtype") and a.dtype.kind not in kinds:
                raise NotImplementedError(f"{name}() is not implemented for {a.dtype}")
        return arrays

    return step


def cast_back(g, kind):
    """The gradient ``g`` (an array or a Tensor) in the dtype of its input: beside complex numbers a real one
    has the real part.
    """
    if g.dtype == kind:
        return g
    return (g if kind.kind == "c" else g.real).astype(kind)


def promote_types(a, b) -> dtype:
    """The smallest dtype that holds both, by torch's rules. Takes dtypes, not tensors:

    see :func:`result_type`.
    """
    return by_numpy[promote_numpy(as_dtype(a).numpy, as_dtype(b).numpy)]


def can_cast(from_, to) -> bool:
    """Whether torch casts ``from_`` to ``to`` implicitly: never to a lower category."""
    return category(as_dtype(from_).numpy) <= category(as_dtype(to).numpy)


class finfo:
    """The limits of a floating-point dtype (the default one without an argument): bits, eps, max, min, tiny,
    smallest_normal, resolution.

    TypeError for integers and booleans.
    """

    def __init__(self, type=None):
        kind = as_dtype(type) if type is not None else get_default_dtype()
        if not (kind.is_floating_point or kind.is_complex):
            raise TypeError(
                f"mytorch.finfo() requires a floating point input type. Use mytorch.iinfo to handle '{kind}'"
            )
        numbers = (
            importlib.import_module("ml_dtypes").finfo(kind.numpy)
            if kind.name == "bfloat16"
            else numpy.finfo(kind.numpy)
        )
        self.dtype, self.bits = kind.name, numbers.bits
        self.eps, self.max, self.min = float(numbers.eps), float(numbers.max), float(numbers.min)
        self.tiny = self.smallest_normal = float(numbers.tiny)
        self.resolution = 10.0**-numbers.precision

    def __repr__(self):
        fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{f}={getattr(self, f):g}' for f in fields)}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype: bits, max, min. TypeError for others."""

    def __init__(self, type):
        kind = as_dtype(type)
        if kind.numpy.kind not in "iu":
            raise TypeError(
                f"mytorch.iinfo() requires an integer input type. Use mytorch.finfo to handle '{kind}'"
            )
        numbers = numpy.iinfo(kind.numpy)
        self.dtype, self.bits, self.max, self.min = (
            kind.name,
            numbers.bits,
            int(numbers.max),
            int(numbers.min),
        )

    def __repr__(self):
        return f"iinfo(min={self.min}, max={self.max}, dtype={self.dtype})"
