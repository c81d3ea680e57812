"""How the dtypes of an operation's inputs mix, as ``prepare`` steps: PyTorch's promotion rules."""

from __future__ import annotations

import functools
import math

import numpy

from ..core.arrays import as_array, is_array, modules, quietly
from ..core.dtypes import bool_, category, complex64, complex128, default_numpy, float64, int64, promote_numpy


def number_dtype(value):
    """NumPy's dtype of a Python number: bool, int64, the default dtype, or its complex form."""
    if isinstance(value, (bool, int)):
        return bool_.numpy if isinstance(value, bool) else int64.numpy
    if isinstance(value, float):
        return default_numpy()
    return (complex128 if default_numpy() == float64.numpy else complex64).numpy


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
            or abs(value) <= largest_of(kind)
        )
    if not fits:
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")


def fitted(value, dtype):
    """A Python number as NumPy's ``dtype`` stores it; negative ones wrap in unsigned integers, as in torch.

    RuntimeError if it does not fit.
    """
    if (type(value) is float or type(value) is int) and dtype.kind == "f" and -65504 <= value <= 65504:
        return value  # the common case, nothing to do
    if not isinstance(value, (int, float, complex, numpy.generic)):
        raise TypeError(f"expected a number or a tensor of one, got {type(value).__name__} {value!r:.40}")
    if dtype.kind == "b":
        return bool(value)
    if isinstance(value, complex) and dtype.kind != "c":
        raise RuntimeError(f"value cannot be converted to type {dtype} without overflow")
    check_fits(value, dtype, finite=True)
    if dtype.kind == "u":
        return int(value) % (numpy.iinfo(dtype).max + 1)
    return int(value) if dtype.kind == "i" else value


def largest_of(kind):
    """The largest number of a floating-point dtype. bfloat16's is a little smaller than float32's."""
    return 3.3895313892515355e38 if kind.kind == "V" else float(numpy.finfo(kind).max)


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


_constants: dict = {}


def _constant(number, dtype):
    """A number (not a zero, which may be -0.0) as an array: NumPy takes twice as long over x * 0.5 as over x
    * y.
    """
    found = _constants.get((number, dtype))
    if found is None:
        if len(_constants) >= 256:
            _constants.clear()
        found = _constants[number, dtype] = quietly(numpy.array, number, dtype)
    return found


def operand(number, x):
    """A Python number as the fastest operand beside the array ``x``."""
    if type(x) is numpy.ndarray and (number or type(number) is int):
        found = _constants.get((number, x.dtype))
        if found is not None:
            return found
        if x.dtype.kind in "fV":
            return _constant(number, x.dtype)
    return number


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
    elif all(type(a) in modules and a.dtype is arrays[0].dtype for a in arrays):
        return arrays
    return quietly(_cast, arrays, result_numpy(arrays))


def floating(arrays):
    """``prepare`` step: as :func:`promoted`, and integers become the default floating-point dtype."""
    x = arrays[0]
    if type(x) in modules and x.dtype.kind == "f":
        return arrays if len(arrays) == 1 else promoted(arrays)
    common = result_numpy(arrays)
    if category(common) >= 2:
        return promoted(arrays)
    return quietly(_cast, arrays, default_numpy())


# ``compiled_call.py`` leaves out the step for arrays that are all float32: it would return them as they are
promoted.keeps_floats = floating.keeps_floats = True  # type: ignore[attr-defined]


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


tensor_first.keeps_floats = True  # type: ignore[attr-defined]


def only(kinds, name, prepare=promoted, numbers=False):
    """A ``prepare`` step for the operation ``name`` on dtypes of certain ``kinds`` (NumPy's letters).

    ``numbers``: whether it takes Python numbers, "other" for all inputs but the first.
    """

    def step(arrays):
        for a in arrays:
            if type(a) is not numpy.ndarray or a.dtype.kind not in kinds:
                break
        else:
            return prepare(arrays)
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

    step.keeps_floats = "f" in kinds and getattr(prepare, "keeps_floats", False)
    return step
