"""``assert_close``: compares tensors within tolerances that depend on their dtype."""

from __future__ import annotations

import numpy

from ..core.arrays import device_of, move
from ..core.dtypes import promote_numpy
from ..core.graph import Variable

_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
}


def assert_close(
    actual,
    expected,
    *,
    allow_subclasses=True,
    rtol=None,
    atol=None,
    equal_nan=False,
    check_device=True,
    check_dtype=True,
    check_layout=True,
    check_stride=False,
    msg=None,
):
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol · |expected|`` for every element.

    The default tolerances are torch's for the dtype: 1.3e-6 and 1e-5 in float32, 1e-7 and 1e-7 in float64,
    0 for integers. ValueError for only one of them.

    TypeError for what cannot be compared.
    """
    if (rtol is None) != (atol is None):
        raise ValueError("rtol and atol must both be specified or both be unspecified")
    try:
        _compare(actual, expected, (rtol, atol), equal_nan, check_device, check_dtype, check_stride, "")
    except AssertionError as error:
        if msg is None:
            raise
        raise AssertionError(msg(str(error)) if callable(msg) else msg) from None


def _compare(actual, expected, tolerances, equal_nan, check_device, check_dtype, check_stride, where):
    options = (tolerances, equal_nan, check_device, check_dtype, check_stride)
    if isinstance(actual, dict) and isinstance(expected, dict):
        if actual.keys() != expected.keys():
            raise AssertionError(
                f"The keys of the mappings do not match{where}: {sorted(actual)} != {sorted(expected)}"
            )
        for key in actual:
            _compare(actual[key], expected[key], *options, f"{where}[{key!r}]")
        return
    if isinstance(actual, (list, tuple)) and isinstance(expected, (list, tuple)):
        if len(actual) != len(expected):
            raise AssertionError(
                f"The length of the sequences mismatch{where}: {len(actual)} != {len(expected)}"
            )
        for i, (a, e) in enumerate(zip(actual, expected)):
            _compare(a, e, *options, f"{where}[{i}]")
        return
    a, e = _array(actual), _array(expected)
    if a is None or e is None:
        raise TypeError(
            f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}{where}"
        )
    tensors = isinstance(actual, Variable) and isinstance(expected, Variable)
    if a.shape != e.shape:
        raise AssertionError(
            f"The values for attribute 'shape' do not match{where}: {list(a.shape)} != {list(e.shape)}."
        )
    if tensors and check_device and device_of(a) != device_of(e):
        raise AssertionError(
            f"The values for attribute 'device' do not match{where}: {device_of(a)} != {device_of(e)}."
        )
    if tensors and check_dtype and a.dtype != e.dtype:
        raise AssertionError(
            f"The values for attribute 'dtype' do not match{where}: mytorch.{a.dtype} != mytorch.{e.dtype}."
        )
    if tensors and check_stride and a.strides != e.strides:
        raise AssertionError(
            f"The values for attribute 'stride()' do not match{where}: {a.strides} != {e.strides}."
        )
    _close(move(a, "cpu"), move(e, "cpu"), tolerances, equal_nan, where)


def _array(value):
    if isinstance(value, Variable):
        return value.array
    if isinstance(value, (bool, int, float, complex, numpy.ndarray, numpy.generic)):
        return numpy.asarray(value)
    return None


def _close(a, e, tolerances, equal_nan, where):
    rtol, atol = tolerances
    if rtol is None:
        found = [_TOLERANCES.get(x.dtype.name, (0.0, 0.0)) for x in (a, e)]
        rtol, atol = max(found[0][0], found[1][0]), max(found[0][1], found[1][1])
    common = promote_numpy(a.dtype, e.dtype)
    wide = "complex128" if common.kind == "c" else "float64" if common.kind in "fV" else common
    a, e = a.astype(wide), e.astype(wide)
    with numpy.errstate(all="ignore"):
        away = abs(a - e) if wide not in ("bool", numpy.dtype(bool)) else (a != e).astype(int)
        good = (a == e) | (numpy.isfinite(away) & (away <= atol + rtol * abs(e)) if rtol or atol else a == e)
    if equal_nan:
        good |= (a != a) & (e != e)
    if good.all():
        return
    bad = ~good
    with numpy.errstate(all="ignore"):
        distance = numpy.where(bad, numpy.nan_to_num(away, nan=numpy.inf), -1)
        worst = numpy.unravel_index(distance.argmax(), bad.shape)
    kind = "Tensor-likes" if bad.ndim else "Scalars"
    raise AssertionError(
        f"{kind} are not close{where}!\n\n"
        f"Mismatched elements: {int(bad.sum())} / {bad.size} ({bad.mean():.1%})\n"
        f"Greatest difference: {away[worst]} at index {tuple(map(int, worst))}: "
        f"{a[worst]} instead of {e[worst]} (up to {atol} + {rtol} * |expected| allowed)"
    )
