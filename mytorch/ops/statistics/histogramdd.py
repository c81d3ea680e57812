"""Histograms of points of several dimensions."""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple

from ...core.arrays import xp
from ...core.graph import Variable, wrap


class histogramdd_result(NamedTuple):
    """How many elements lie in each cell; the edges of the cells along each dimension."""

    hist: Any
    bin_edges: Any


def histogramdd(input, bins, range=None, weight=None, density=False):
    """How many rows of (…, d) lie in each cell: (hist, bin_edges), of the dtype of ``input``.

    No gradient. RuntimeError for integers.
    """
    x = input.array.reshape(-1, input.shape[-1])
    if x.dtype.kind != "f":
        raise RuntimeError(f'"histogramdd_cpu" not implemented for {input.dtype}')
    ends = None if range is None else [tuple(range[i : i + 2]) for i in builtins.range(0, len(range), 2)]
    edges = [b.array if isinstance(b, Variable) else b for b in bins] if not isinstance(bins, int) else bins
    weights = None if weight is None else weight.array.reshape(-1)
    counts, edges = xp(x).histogramdd(x, edges, ends, density, weights)
    return histogramdd_result(
        wrap(counts.astype(x.dtype)), tuple(wrap(edge.astype(x.dtype)) for edge in edges)
    )
