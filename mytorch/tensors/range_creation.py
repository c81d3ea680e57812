"""Functions that make ranges of numbers: ``arange``, ``linspace`` and ``logspace``."""

from __future__ import annotations

import math
import warnings

import numpy

from ..core.arrays import move
from ..core.dtypes import category, int64
from ..core.graph import Variable
from ..ops.composite import composite
from .creation import creation_options, finish
from .from_data import as_type, number


def arange(start=None, end=None, step=1, *, dtype=None, device=None, requires_grad=False, **options):
    """The numbers start, start + step, … before ``end``, as ``arange(end)`` or ``arange(start, end, step)``.

    A 1-d tensor: int64 if all arguments are integers, else of the default dtype. RuntimeError if ``step`` is
    0 or leads away from ``end``, TypeError without arguments, NotImplementedError for booleans and
    complex numbers.
    """
    if start is None and end is None:
        raise TypeError("arange() missing 1 required positional argument: 'end'")
    start, end = (0, start) if end is None else (0 if start is None else start, end)
    numbers = [v if type(v) is int else number(v)[0] for v in (start, end, step)]
    whole = set(map(type, numbers)) <= {int, bool}
    if whole and dtype is None and options.get("out") is None:
        dtype = int64
    kind, place, out = creation_options(dtype, device, options)
    if kind.kind in "bc":
        raise NotImplementedError(f"arange is not implemented for {kind}")
    start, end, step = map(int, numbers) if kind == "int64" and (whole or _finite(numbers)) else numbers
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (whole or _finite((start, end))):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"upper bound and lower bound inconsistent with step sign: arange({start}, {end}, {step})"
        )
    if isinstance(start, int) and isinstance(end, int) and isinstance(step, int):
        count = -((start - end) // step)
    else:
        count = math.ceil((end - start) / step)
    if kind.kind in "iu":  # torch computes the length in float64, then steps in integers
        start, step = int(start), int(step)
    values = numpy.arange(count)
    values = values if step == 1 else values * step
    values = values if start == 0 else values + start
    return finish(move(as_type(values, kind), place), out, requires_grad)


def _finite(numbers):
    return all(v == v and abs(v) != math.inf for v in numbers)


def range(start=0, end=None, step=1, *, dtype=None, device=None, requires_grad=False, **options):
    """The numbers start, start + step, … up to and including ``end``.

    A 1-d tensor. Deprecated, as in torch: use :func:`arange`.
    """
    warnings.warn(
        "range is deprecated: its end is included. Use arange, which produces values in [start, end).",
        stacklevel=2,
    )
    start, end, step = (number(v)[0] for v in ((0, start, step) if end is None else (start, end, step)))
    count = math.floor((end - start) / step) + 1
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(as_type(start + numpy.arange(count) * step, kind), place), out, requires_grad)


@numpy.errstate(all="ignore")  # overflow gives inf, without a warning
def _steps(start, end, steps, kind):
    """``steps`` numbers from ``start`` to ``end``, computed from both ends so that both are exact.

    As in torch the step is rounded to the precision of the dtype and each number only once, as by a fused
    multiply-add.
    """
    for name, value in (("start", start), ("end", end)):
        if isinstance(value, Variable) and value.array.ndim:
            raise RuntimeError(
                f"linspace only supports 0-dimensional start and end tensors, but got {name} with "
                f"{value.array.ndim} dimension(s)."
            )
    if not hasattr(steps, "__index__"):
        raise TypeError(f"steps should be an integer, got {type(steps).__name__}")
    steps = steps.__index__()
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    narrow, wide = "float64", "longdouble"
    if category(kind) == 2 and kind.itemsize < 8:
        narrow, wide = "float32", "float64"
    start, end = (number(v.detach() if isinstance(v, Variable) else v)[0] for v in (start, end))
    if category(kind) < 2:
        start, end = int(start), int(end)
    start, end = numpy.asarray(start, narrow), numpy.asarray(end, narrow)
    if steps < 2:
        return numpy.full(steps, start)
    step = numpy.asarray((end - start) / (steps - 1), narrow).astype(wide)
    index = numpy.arange(steps)
    values = numpy.where(index < steps // 2, start + step * index, end - step * (steps - 1 - index))
    return values.astype(narrow)


@composite
def linspace(start, end, steps: int, *, dtype=None, device=None, requires_grad=False, **options):
    """``steps`` equally spaced numbers from ``start`` to ``end``, both included.

    RuntimeError for negative ``steps``.
    """
    kind, place, out = creation_options(dtype, device, options)
    return finish(move(as_type(_steps(start, end, steps, kind), kind), place), out, requires_grad)


@composite
def logspace(start, end, steps: int, base=10.0, *, dtype=None, device=None, requires_grad=False, **options):
    """``base`` to the power of each number of :func:`linspace`."""
    kind, place, out = creation_options(dtype, device, options)
    with numpy.errstate(all="ignore"):
        powers = numpy.power(float(base), _steps(start, end, steps, kind))
    return finish(move(as_type(powers, kind), place), out, requires_grad)
