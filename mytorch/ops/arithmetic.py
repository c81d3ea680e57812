"""Sums, products, quotients and interpolation, elementwise with broadcasting."""

from __future__ import annotations

import numpy

from ..core.arrays import array_of, is_array, xp
from ..core.dtypes import category
from ..core.graph import Variable
from ..core.primitive import primitive
from ..core.scalar_arguments import as_number
from .cast import to_dtype
from .composite import composite
from .elementwise import flat, pointwise, smooth, widened
from .promotion import check_fits, only, promoted, result_numpy

# ---- sums and products ---------------------------------------------------------------------------

_BOOL = numpy.dtype(bool)


@pointwise(complex=True, x=lambda g: g, y=lambda g: g)
def _add(x, y):
    return x + y


def _without_booleans(arrays):
    refuse_booleans(arrays)
    return promoted(arrays)


def refuse_booleans(values):
    for v in values:
        if v is True or v is False or getattr(v, "dtype", None) == _BOOL:
            raise RuntimeError(
                "Subtraction, the `-` operator, with a bool tensor is not supported. Use the `^` or "
                "`logical_xor()` operator instead."
            )


@primitive(complex=True, broadcasts=True, prepare=_without_booleans, x=lambda g: g, y=lambda g: -g)
def _sub(x, y):
    return x - y


@pointwise(complex="holomorphic", x=lambda g, y: g * y, y=lambda g, x: g * x)
def mul(x, y):
    """x · y, elementwise; shapes broadcast."""
    return x * y


@smooth(complex="holomorphic", copy_on_write="out", x=lambda g, y: g / y, y=lambda g, out, y: -g * (out / y))
def true_divide(x, y):
    """x / y, elementwise; integers give the default floating-point dtype."""
    return x / y


multiply = mul


def _scaled(other, alpha, mixed):
    """``other`` times ``alpha``, the factor that add and sub take."""
    alpha = as_number(alpha, "add", "alpha")
    if isinstance(alpha, bool) and mixed.kind != "b":
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, complex) and mixed.kind != "c":
        raise RuntimeError("For non-complex input tensors, argument alpha must not be a complex number.")
    if isinstance(alpha, float) and category(mixed) < 2:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    if isinstance(other, Variable):
        return to_dtype(mul(to_dtype(other, mixed), alpha), mixed)
    return bool(other * alpha) if mixed.kind == "b" else other * alpha


@composite(out=True)
def add(input, other, *older, alpha: complex = 1):
    """input + alpha · other, elementwise; shapes broadcast.

    torch's older order is accepted: add(input, alpha, other).
    """
    if older:
        alpha, (other,) = other, older
    return _add(input, other) if alpha is _ONE else _add(input, _scaled(other, alpha, _mixed(input, other)))


@composite(out=True)
def sub(input, other, *older, alpha: complex = 1):
    """input - alpha · other, elementwise; shapes broadcast.

    torch's older order is accepted: sub(input, alpha, other).
    """
    if older:
        alpha, (other,) = other, older
    if alpha is _ONE:
        return _sub(input, other)
    refuse_booleans((input, other))
    return _sub(input, _scaled(other, alpha, _mixed(input, other)))


def rsub(input, other, *, alpha: complex = 1):
    """other - alpha · input, elementwise. TypeError if ``input`` is not a tensor."""
    if not hasattr(input, "dtype"):
        raise TypeError(f"rsub(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return sub(other, input, alpha=alpha)


_ONE = 1  # CPython has one object for 1: ``is`` tells it from 1.0 and True
subtract = sub


def _mixed(*values):
    return result_numpy(list(map(array_of, values)))


# ---- quotients -----------------------------------------------------------------------------------


@composite(out=True)
def div(input, other, *, rounding_mode=None):
    """input / other, elementwise.

    ``rounding_mode`` "trunc" rounds towards 0, "floor" rounds down; both keep integers. RuntimeError for
    another one.
    """
    if rounding_mode is None:
        return true_divide(input, other)
    if rounding_mode == "trunc":
        return trunc_divide(input, other)
    if rounding_mode == "floor":
        return floor_divide(input, other)
    raise RuntimeError(
        f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
    )


divide = div


def _nonzero(y):
    """RuntimeError for a zero among integers ``y``: they have no infinity for the quotient."""
    if (y.dtype.kind in "iu" and not y.all()) if is_array(y) else (y == 0):
        raise RuntimeError("ZeroDivisionError")


@primitive(broadcasts=True, prepare=only("iufV", "floor_divide", numbers=True), x=flat, y=flat)
def floor_divide(x, y):
    """x / y rounded down, elementwise. RuntimeError for integers and 0."""
    if x.dtype.kind in "iu" if is_array(x) else y.dtype.kind in "iu":
        _nonzero(y)
    return x // y


@primitive(broadcasts=True, prepare=only("iufV", "trunc_divide", numbers=True), x=flat, y=flat)
def trunc_divide(x, y):
    """x / y rounded towards 0, elementwise. RuntimeError for integers and 0."""
    if (x.dtype if is_array(x) else y.dtype).kind not in "iu":
        return xp(x).trunc(x / y)
    _nonzero(y)
    down = x // y
    return down + ((x - down * y != 0) & ((x < 0) != (y < 0)))


@primitive(
    broadcasts=True,
    prepare=only("iufV", "remainder", numbers=True),
    x=lambda g: g,
    y=lambda g, x, y: -g * floor_divide(x, y),
)
def remainder(x, y):
    """x - y · floor(x / y): it has the sign of y, elementwise. RuntimeError for integers and 0."""
    if (x.dtype if is_array(x) else y.dtype).kind in "iu":
        _nonzero(y)
    return x % y


@primitive(
    broadcasts=True,
    prepare=only("iufV", "fmod", numbers="other"),
    x=lambda g: g,
    y=lambda g, x, y: -g * trunc_divide(x, y),
)
def fmod(x, y):
    """x - y · trunc(x / y): it has the sign of x, elementwise. RuntimeError for integers and 0."""
    if (x.dtype if is_array(x) else y.dtype).kind in "iu":
        _nonzero(y)
    return xp(x).fmod(x, y)


def _alike(arrays):
    """Check the inputs of lerp: floating-point tensors of one dtype; the weight may be a number."""
    x, end, weight = arrays
    alike = type(x) is type(end) is numpy.ndarray and x.dtype is end.dtype and x.dtype.kind == "f"
    if alike and type(weight) is float and -65504 <= weight <= 65504:  # the common case, nothing to do
        return arrays
    if isinstance(weight, numpy.generic):
        arrays = [*arrays[:2], weight := weight.item()]
    if isinstance(weight, float):
        check_fits(
            weight, numpy.dtype("float64" if arrays[0].dtype.itemsize == 8 else "float32"), finite=True
        )
    for a, name in zip(arrays, ("input", "end", "weight")):
        number = (int, float, complex) if arrays[0].dtype.kind == "c" else (int, float)
        if not hasattr(a, "dtype") and not (name == "weight" and isinstance(a, number)):
            raise TypeError(f"lerp(): argument '{name}' must be a tensor, not {type(a).__name__}")
        if hasattr(a, "dtype") and a.dtype != arrays[0].dtype:
            raise RuntimeError(
                f"lerp(): expected dtype {arrays[0].dtype} for '{name}' but got dtype {a.dtype}"
            )
    if arrays[0].dtype.kind in "biu":
        raise NotImplementedError(f"lerp() is not implemented for {arrays[0].dtype}")
    return arrays


@primitive(
    complex="holomorphic",
    broadcasts=True,
    prepare=_alike,
    x=lambda g, weight: g * (1 - weight),
    end=lambda g, weight: g * weight,
    weight=lambda g, x, end: g * (end - x),
)
@widened
def lerp(x, end, weight):
    """x + weight · (end - x), elementwise; ``weight`` is a number or a tensor."""
    span = end - x
    if is_array(weight):
        return xp(span).where(xp(span).abs(weight) < 0.5, x + weight * span, end - span * (1 - weight))
    return x + weight * span if abs(weight) < 0.5 else end - span * (1 - weight)


@primitive(
    complex="holomorphic",
    broadcasts=True,
    prepare=only("iufcV", "addcmul"),
    x=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (tensor2 * value),
    tensor2=lambda g, tensor1, value: g * (tensor1 * value),
)
@widened
def _addcmul(x, tensor1, tensor2, *, value: float = 1):
    return x + (tensor1 * tensor2 if value == 1 else tensor1 * value * tensor2)


@composite(out=True)
def addcmul(input, tensor1, tensor2, *older, value: complex = 1):
    """input + value · tensor1 · tensor2, elementwise.

    torch's older order is accepted: addcmul(input, value, tensor1, tensor2).
    """
    if older:
        value, tensor1, (tensor2,) = tensor1, tensor2, older
    if value is _ONE:
        return _addcmul(input, tensor1, tensor2)
    value, kind = as_number(value, "addcmul", "value"), _mixed(input, tensor1, tensor2)
    if category(kind) == 1:  # the factor of integers is an integer; -1 wraps in unsigned ones
        check_fits(value, kind)
        value = numpy.asarray(int(value.real)).astype(kind).item()
    return _addcmul(input, tensor1, tensor2, value=value)


def _no_integers(arrays):
    if all(hasattr(a, "dtype") and a.dtype.kind in "biu" for a in arrays[1:]):
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported; make the tensors floating point first"
        )
    return only("fcV", "addcdiv")(arrays)


@primitive(
    complex="holomorphic",
    broadcasts=True,
    prepare=_no_integers,
    x=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (value / tensor2),
    tensor2=lambda g, tensor1, tensor2, value: g * (-value * tensor1 / (tensor2 * tensor2)),
)
@widened
def _addcdiv(x, tensor1, tensor2, *, value: float = 1):
    return x + value * tensor1 / tensor2


@composite(out=True)
def addcdiv(input, tensor1, tensor2, *older, value: complex = 1):
    """input + value · tensor1 / tensor2, elementwise. RuntimeError for integers.

    torch's older order is accepted: addcdiv(input, value, tensor1, tensor2).
    """
    if older:
        value, tensor1, (tensor2,) = tensor1, tensor2, older
    return _addcdiv(input, tensor1, tensor2, value=value)
