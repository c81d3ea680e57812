"""Bounds, elementwise with broadcasting: the larger and the smaller of two, and clamp."""

from __future__ import annotations

import math

from ..core.arrays import is_array, ndarray, xp
from ..core.primitive import primitive
from .composite import composite
from .elementwise import bounded, select
from .promotion import check_fits, only


def _share(g, mine, other):
    """The gradient of the larger or smaller of two: all of it, or half where they are equal."""
    return select(mine == other, g * 0.5, g)


@primitive(
    broadcasts=True,
    prepare=only("biufV", "maximum"),
    x=lambda g, x, y: select(x < y, 0, _share(g, x, y)),
    y=lambda g, x, y: select(x > y, 0, _share(g, x, y)),
)
def maximum(x, y):
    """The larger of both, elementwise; nan if one is nan. Equal ones share the gradient."""
    return xp(x).maximum(x, y)


@primitive(
    broadcasts=True,
    prepare=only("biufV", "minimum"),
    x=lambda g, x, y: select(x > y, 0, _share(g, x, y)),
    y=lambda g, x, y: select(x < y, 0, _share(g, x, y)),
)
def minimum(x, y):
    """The smaller of both, elementwise; nan if one is nan. Equal ones share the gradient."""
    return xp(x).minimum(x, y)


@primitive(
    broadcasts=True,
    prepare=only("biufV", "fmax"),
    x=lambda g, x, y: select((x >= y) | (y != y), g, 0),
    y=lambda g, x, y: select((x >= y) | (y != y), 0, g),
)
def fmax(x, y):
    """The larger of both, elementwise; the number if the other is nan."""
    return xp(x).fmax(x, y)


@primitive(
    broadcasts=True,
    prepare=only("biufV", "fmin"),
    x=lambda g, x, y: select((x <= y) | (y != y), g, 0),
    y=lambda g, x, y: select((x <= y) | (y != y), 0, g),
)
def fmin(x, y):
    """The smaller of both, elementwise; the number if the other is nan."""
    return xp(x).fmin(x, y)


def _bounds(arrays):
    """The ``prepare`` step of clamp: one dtype for all; two bounds are both numbers or both tensors."""
    x, low, high = arrays
    if type(x) is ndarray and x.dtype.kind == "f" and type(low) in _PLAIN and type(high) in _PLAIN:
        in_range = (low is None or -65504 <= low <= 65504) and (high is None or -65504 <= high <= 65504)
        if in_range and low is not high:  # not None twice: the common case, nothing to do
            return arrays
    if low is None and high is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if not hasattr(x, "dtype"):
        raise TypeError(f"clamp(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    if is_array(low) != is_array(high) and low is not None and high is not None:
        if getattr(low, "ndim", 0) or getattr(high, "ndim", 0):
            raise TypeError(
                "clamp(): 'min' and 'max' must both be numbers (or tensors of one) or both be tensors"
            )
        low, high = (bound.item() if is_array(bound) else bound for bound in (low, high))
        arrays = [x, low, high]
    for bound in (low, high):
        if type(bound) is int or (type(bound) is float and x.dtype.kind in "fV"):
            check_fits(bound, x.dtype, finite=True)
    prepare = _clamp_of_booleans if is_array(low) != is_array(high) else _clamp
    given = iter(prepare([a for a in arrays if a is not None]))
    return [None if a is None else next(given) for a in arrays]


_PLAIN = (type(None), float, int)
_clamp, _clamp_of_booleans = only("iufV", "clamp", numbers=True), only("biufV", "clamp", numbers=True)


def _clamp_vjp(g, x, min, max):
    if max is None:
        return select(x >= min, g, 0)
    if min is None:
        return select(x <= max, g, 0)
    return select((x >= min) & (x <= max), g, 0)


@primitive(
    broadcasts=True,
    prepare=_bounds,
    x=_clamp_vjp,
    min=lambda g, x, min, max: select(x < min if max is None else (x < min) & (min < max), g, 0),
    max=lambda g, x, min, max: select(x > max if min is None else (x > max) | (max < min), g, 0),
)
def clamp(x, min=None, max=None):
    """x limited to [min, max], elementwise; nan stays.

    The bounds are numbers, tensors that broadcast, or None. The gradient of x at a bound is 1.
    """
    if type(min) in _PLAIN and type(max) in _PLAIN and is_array(x) and x.dtype.kind == "f":
        return bounded(x, -math.inf if min is None else min, math.inf if max is None else max)
    out = x if min is None else xp(x).maximum(x, min)
    return out if max is None else xp(x).minimum(out, max)


clip = clamp


@composite(out=True)
def clamp_min(input, min):
    """``clamp(input, min)``."""
    return clamp(input, _bound(min, "clamp_min"))


@composite(out=True)
def clamp_max(input, max):
    """``clamp(input, max=max)``."""
    return clamp(input, None, _bound(max, "clamp_max"))


def _bound(value, name):
    if value is None:
        raise TypeError(f"{name}(): expected a tensor or a number, got None")
    return value
