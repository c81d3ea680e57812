"""Histograms of points of several dimensions."""

from __future__ import annotations

import builtins
import math
from typing import Any, NamedTuple

from ...core.arrays import xp
from ...core.graph import Variable, wrap


class histogramdd_result(NamedTuple):
    """How many elements lie in each cell; the edges of the cells along each dimension."""

    hist: Any
    bin_edges: Any


def histogramdd(input, bins, range=None, weight=None, density=False):
    """How many rows of (…, d) lie in each cell: (hist, bin_edges), of the dtype of ``input``.

    No gradient. NotImplementedError for integers, TypeError or RuntimeError for bins, a range or weights that
    do not fit.
    """
    if input.array.dtype.kind != "f":
        raise NotImplementedError(f'"histogramdd" not implemented for {input.dtype}')
    if input.array.ndim < 2:
        raise RuntimeError("histogramdd: input tensor should have at least 2 dimensions")
    x = input.array.reshape(-1, input.shape[-1])
    edges = _checked_bins(bins, input)
    ends = None if range is None else _checked_range(range, x.shape[1])
    weights = None if weight is None else _checked_weight(weight, input)
    if ends is None and isinstance(edges[0], int):
        _check_finite(x)
    counts, edges = xp(x).histogramdd(x, edges, ends, density, weights)
    return histogramdd_result(
        wrap(counts.astype(x.dtype)), tuple(wrap(edge.astype(x.dtype)) for edge in edges)
    )


def _checked_bins(bins, input):
    """The number of cells, or the edges, along each dimension."""
    count = input.shape[-1]
    bins = [bins] * count if isinstance(bins, int) else bins
    if not isinstance(bins, (tuple, list)) or not all(isinstance(b, (int, Variable)) for b in bins):
        raise TypeError(f"histogramdd(): argument 'bins' must be int, ints or Tensors, not {bins!r}")
    if len(bins) != count:
        raise RuntimeError(
            "histogramdd: The size of bins must be equal to the innermost dimension of the input."
        )
    for dim, b in enumerate(bins):
        if isinstance(b, int) and b <= 0:
            raise RuntimeError(f"histogramdd(): bins must be > 0, but got {b} for dimension {dim}")
        if isinstance(b, Variable) and b.array.dtype != input.array.dtype:
            raise RuntimeError(
                "histogramdd: input tensor and bins tensors should have the same dtype, but got input with "
                f"dtype {input.dtype} and bins for dimension {dim} with dtype {b.dtype}"
            )
    return [b.array if isinstance(b, Variable) else b for b in bins]


def _checked_range(range, count):
    """The lower and the upper end of each dimension."""
    if len(range) != 2 * count:
        raise RuntimeError(
            f"histogramdd: for a {count}-dimensional histogram range should have {2 * count} elements, but "
            f"got {len(range)}"
        )
    ends = [tuple(range[i : i + 2]) for i in builtins.range(0, len(range), 2)]
    for dim, (low, high) in enumerate(ends):
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RuntimeError(f"histogramdd: dimension {dim}'s range [{low}, {high}] is not finite")
        if low > high:
            raise RuntimeError(
                f"histogramdd: min should not exceed max, but got min {low} max {high} for dimension {dim}"
            )
    return ends


def _checked_weight(weight, input):
    if weight.shape != input.shape[:-1]:
        raise RuntimeError(
            "histogramdd: if weight tensor is provided it should have the same shape as the input tensor "
            f"excluding its innermost dimension, but got input with shape {list(input.shape)} and weight "
            f"with shape {list(weight.shape)}"
        )
    if weight.array.dtype != input.array.dtype:
        raise RuntimeError(
            "histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same "
            f"dtype, but got input({input.dtype}), and weight({weight.dtype})"
        )
    return weight.array.reshape(-1)


def _check_finite(x):
    """RuntimeError for points that no range of numbers holds."""
    for dim, column in enumerate(x.T):
        if column.size and not math.isfinite(float(column.max() - column.min())):
            raise RuntimeError(
                f"histogramdd: dimension {dim}'s range [{column.min()}, {column.max()}] is not finite"
            )
