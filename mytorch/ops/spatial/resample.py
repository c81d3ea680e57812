"""Weighted sums of elements along one dimension, the way resizing and padding take them."""

from __future__ import annotations

from ...core.arrays import xp
from ...core.primitive import primitive
from ...kernels.scatter import scatter_add
from ..elementwise import widened


@primitive(
    complex=True,
    x=lambda g, x_shape, dim, places, weights: resample_back(
        g, dim=dim, size=x_shape[dim], places=places, weights=weights
    ),
)
@widened
def resample(x, *, dim, places, weights):
    """Along ``dim``, Σ x[places[k]] · weights[k]; ``weights`` None takes the one place as it is."""
    if weights is None:
        return x.take(xp(x).asarray(places[0]), dim)
    out = 0
    for place, weight in zip(places, weights):
        out = out + x.take(xp(x).asarray(place), dim) * _along(weight, dim, x)
    return out


@primitive(
    complex=True, x=lambda g, dim, places, weights: resample(g, dim=dim, places=places, weights=weights)
)
@widened
def resample_back(x, *, dim, size, places, weights):
    """The transpose of the resampling: elements times weights, added to their places.

    ``size``: how many places there are.
    """
    out = xp(x).zeros((*x.shape[:dim], size, *x.shape[dim + 1 :]), x.dtype)
    for k, place in enumerate(places):
        scatter_add(
            out,
            (*[slice(None)] * dim, xp(x).asarray(place)),
            x if weights is None else x * _along(weights[k], dim, x),
        )
    return out


def _along(weight, dim, x):
    return xp(x).asarray(weight, x.dtype).reshape(-1, *[1] * (x.ndim - dim - 1))
