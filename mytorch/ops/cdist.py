"""Distances between all pairs of rows."""

from __future__ import annotations

import math

from ..core.arrays import array_of, xp
from ..core.dtypes import category
from ..core.primitive import primitive
from ..core.sums import summed
from .composite import composite
from .elementwise import widened
from .masks import masked_fill_with
from .matmul import array_product, matmul
from .vector_norm import vector_norm


def _euclidean_vjp(g, out, x, y):
    """Σ g (x - y) / distance; 0 where two points are the same, the derivative that torch takes there."""
    weight = g / masked_fill_with(out, out == 0, math.inf)
    return x * summed(weight, -1)[..., None] - matmul(weight, y)


@primitive(
    broadcasts=True,
    x=lambda g, out, x, y: _euclidean_vjp(g, out, x, y),
    y=lambda g, out, x, y: _euclidean_vjp(g.swapaxes(-1, -2), out.swapaxes(-1, -2), y, x),
)
@widened
def _euclidean(x, y, *, by_product):
    """Distances of order 2; ``by_product`` takes |x|² + |y|² - 2 x·y, which is faster and less exact."""
    if not by_product:
        between = x[..., :, None, :] - y[..., None, :, :]
        return xp(x).sqrt(summed(between * between, -1))
    lengths = summed(x * x, -1)[..., :, None] + summed(y * y, -1)[..., None, :]
    squares = lengths - 2 * array_product(x, y.swapaxes(-1, -2))
    return xp(x).sqrt(xp(x).maximum(squares, 0))


@composite
def cdist(x1, x2, p=2.0, compute_mode="use_mm_for_euclid_dist_if_necessary"):
    """The distances of order ``p`` between all pairs of rows, (…, n, d) and (…, m, d) -> (…, n, m).

    ``compute_mode``: whether distances of order 2 go through a matrix product, faster and less exact:
    "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist", or by default where there are more than 25 rows.
    RuntimeError for vectors, unequal d, or a negative ``p``; ValueError for another ``compute_mode``.
    """
    if compute_mode not in (
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    ):
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, x in (("X1", x1), ("X2", x2)):
        if category(array_of(x).dtype) != 2:
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {x.dtype}")
        if len(x.shape) < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {len(x.shape)}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    if p == 2:
        large = max(x1.shape[-2], x2.shape[-2]) > 25 and compute_mode != "donot_use_mm_for_euclid_dist"
        return _euclidean(x1, x2, by_product=large or compute_mode == "use_mm_for_euclid_dist")
    return vector_norm(x1[..., :, None, :] - x2[..., None, :, :], p, -1)
