"""How often elements occur."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ...core.arrays import array_of, as_array, xp
from ...core.graph import Variable, wrap
from ...core.primitive import primitive
from ..composite import composite
from ..reduce import folded


@primitive
def bincount(x, weights=None, *, minlength=0):
    """How often each integer 0, 1, … occurs in a 1-d tensor, or the sum of their ``weights``.

    The result has at least ``minlength`` entries. RuntimeError for negative integers and other shapes,
    NotImplementedError for other dtypes.
    """
    if x.dtype.kind not in "iu":
        raise NotImplementedError(f'"bincount" not implemented for {x.dtype}: it takes integers')
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError(
            f"bincount only supports 1-d non-negative integral inputs, but got shape {list(x.shape)}"
        )
    if weights is not None and weights.shape != x.shape:
        raise RuntimeError(
            f"weights should be 1-d and have the same length as input, but got shapes {list(weights.shape)} "
            f"and {list(x.shape)}"
        )
    out = xp(x).bincount(x.astype("int64", copy=False), weights, minlength)
    return out.astype("float32") if weights is not None and weights.dtype == "float32" else out


@primitive
def histc(x, *, bins=100, min: float = 0, max: float = 0):
    """How many elements fall into each of ``bins`` equal parts of [min, max].

    If both are equal, it is the range of the elements. RuntimeError unless bins > 0 and min <= max are
    finite, NotImplementedError for integers.
    """
    if x.dtype.kind in "biu":
        raise NotImplementedError(
            f'"histogram" not implemented for {x.dtype}: it takes floating-point numbers'
        )
    if bins <= 0:
        raise RuntimeError(f"histc(): bins must be > 0, but got {bins}")
    x = x.reshape(-1)
    low, high = x.dtype.type(min), x.dtype.type(max)
    if low == high and x.size:
        low, high = x.min(), x.max()
    if low == high:
        low, high = low - 1, high + 1
    if not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"torch.histc: range of [{low:g}, {high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    x = x[(x >= low) & (x <= high)]
    places = ((x - low) * x.dtype.type(bins) / (high - low)).astype("int64")
    return xp(x).bincount(xp(x).minimum(places, bins - 1), minlength=bins).astype(x.dtype)


class histogram_result(NamedTuple):
    """How many elements are in each bin, and the edges of the bins."""

    hist: Any
    bin_edges: Any


@composite(out=True)
def histogram(input, bins: int | Variable = 100, *, range=None, weight=None, density=False):
    """How many elements lie in each bin: a pair (hist, bin_edges), of the dtype of ``input``.

    No gradient. RuntimeError for integers, or for bins and ranges that make no sense.
    """
    x = input.array.reshape(-1)
    if x.dtype.kind != "f":
        raise RuntimeError(f'"histogram_cpu" not implemented for {input.dtype}')
    edges = _edges(x, bins, range)
    weights = None if weight is None else weight.array.reshape(-1)
    counts = xp(x).histogram(x, edges, weights=weights, density=density)[0]
    return histogram_result(wrap(counts.astype(x.dtype)), wrap(edges.copy()))


def _edges(x, bins, range):
    """The edges of the bins of a histogram of an array, whose dtype they have."""
    if isinstance(bins, Variable):
        edges = bins.array
        if edges.dtype != x.dtype:
            raise RuntimeError(
                "torch.histogram: input tensor and bins tensors should have the same dtype, but got "
                f"{x.dtype} and {edges.dtype}"
            )
        if edges.ndim != 1:
            raise RuntimeError(
                f"torch.histogram: bins tensor should have one dimension, but got {edges.ndim}"
            )
        return edges
    if bins <= 0:
        raise RuntimeError(f"torch.histogram: bins must be > 0, but got {bins}")
    if range is not None:
        low, high = range
    else:
        low, high = (float(x.min()), float(x.max())) if x.size else (0.0, 1.0)
    if not (math.isfinite(low) and math.isfinite(high) and low <= high):
        raise RuntimeError(f"torch.histogram: range of [{low}, {high}] is not finite, or min exceeds max")
    low, high = (low - 0.5, high + 0.5) if low == high else (low, high)
    return xp(x).linspace(low, high, bins + 1, dtype=x.dtype)


@composite(out=True)
def isin(elements, test_elements, *, assume_unique=False, invert=False):
    """Whether each of ``elements`` is among ``test_elements`` (one of both may be a number), as booleans.

    RuntimeError for booleans and complex numbers.
    """
    x, y = array_of(elements), array_of(test_elements)
    for array in (x, y):
        if hasattr(array, "dtype") and array.dtype.kind in "bc":
            raise RuntimeError(f"Unsupported input type encountered for isin(): {array.dtype}")
    module = xp(x if hasattr(x, "dtype") else y)
    return wrap(as_array(module.isin(x, y, assume_unique=assume_unique, invert=invert)))


@composite(out=True)
def hash_tensor(input, dim=(), *, keepdim=False, mode: int = 0):
    """The exclusive or of the bits of all elements over ``dim`` (an int or a tuple, () for all), as uint64.

    Elements count as 64-bit integers or floating-point numbers. RuntimeError for another ``mode`` than 0,
    RuntimeError or IndexError where there are no elements, NotImplementedError for complex numbers.
    """
    x = array_of(input)
    if mode != 0:
        raise RuntimeError(f"Unknown hash_tensor mode: {mode}")
    if x.dtype.kind == "c":
        raise NotImplementedError(f"hash_tensor: not implemented for {x.dtype}")
    dims = folded(dim, x.ndim)
    if empty := [d for d in dims if x.shape[d] == 0]:
        if dim is None or dim == ():
            raise RuntimeError("hash_tensor: Expected reduction dim to be specified for input.numel() == 0.")
        raise IndexError(f"hash_tensor: Expected reduction dim {empty[0]} to have non-zero size.")
    wide = x.astype("int64" if x.dtype.kind in "biu" else "float64")
    bits = xp(x).ascontiguousarray(wide).view("uint64").reshape(x.shape)
    return wrap(as_array(xp(x).bitwise_xor.reduce(bits, axis=dims, keepdims=keepdim)))
