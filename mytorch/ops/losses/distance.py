"""Distances and similarities of vectors."""

from __future__ import annotations

from ...core.sums import summed
from ..bounds import clamp_min
from ..composite import composite
from ..dtype_info import promote_types
from ..shape import broadcast_tensors
from ..vector_norm import vector_norm


@composite
def pairwise_distance(x1, x2, p=2.0, eps=1e-6, keepdim=False):
    """The norm of order ``p`` of x1 - x2 + eps over the last dimension: (…, D), (…, D) -> (…)."""
    return vector_norm(x1 - x2 + eps, p, -1, keepdim)


@composite
def cosine_similarity(x1, x2, dim=1, eps=1e-8):
    """The cosine of the angle between x1 and x2 along ``dim``; norms are at least ``eps``.

    Shapes broadcast.

    RuntimeError unless their common dtype is floating-point.
    """
    common = x1.dtype if x1.dtype is x2.dtype else promote_types(x1.dtype, x2.dtype)
    if not common.is_floating_point:
        raise RuntimeError(
            f"expected common dtype to be floating point, yet common dtype is not: got {x1.dtype} and "
            f"{x2.dtype}"
        )
    x1, x2 = (x if x.dtype is common else x.to(common) for x in (x1, x2))
    if x1.shape != x2.shape:
        x1, x2 = broadcast_tensors(x1, x2)
    one, two = (x / clamp_min(vector_norm(x, 2, dim, True), eps) for x in (x1, x2))
    return summed(one * two, dim)


def normalize(input, p=2.0, dim=1, eps=1e-12):
    """``input`` divided by its norm of order ``p`` along ``dim`` (at least ``eps``)."""
    return input / clamp_min(vector_norm(input, p, dim, True), eps)


@composite
def pdist(input, p=2.0):
    """The distances of all pairs i < j of rows of ``input`` (N, D): (N · (N - 1) / 2,).

    RuntimeError for other shapes or p < 0.
    """
    if p < 0:
        raise RuntimeError(f"pdist only supports non-negative p values, got {p}")
    if input.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.ndim}D")
    n = input.shape[0]
    first, second = zip(*((i, j) for i in range(n) for j in range(i + 1, n))) if n > 1 else ((), ())
    return vector_norm(input[list(first)] - input[list(second)], p, -1)
