"""Kronecker, cross and vector-wise inner products."""

from __future__ import annotations

from ..core.sums import summed
from .cast import is_floating
from .composite import composite
from .matmul import known_dim
from .permute import roll
from .shape import reshape


@composite(out=True)
def kron(input, other):
    """The Kronecker product: every element of ``input`` times the whole of ``other``, sizes multiplied."""
    ndim = max(len(input.shape), len(other.shape))
    a = (1,) * (ndim - len(input.shape)) + tuple(input.shape)
    b = (1,) * (ndim - len(other.shape)) + tuple(other.shape)
    left = reshape(input, shape=tuple(n for size in a for n in (size, 1)))
    right = reshape(other, shape=tuple(n for size in b for n in (1, size)))
    return reshape(left * right, shape=tuple(m * n for m, n in zip(a, b)))


@composite(out=True)
def linalg_cross(input, other, *, dim=-1):
    """The cross product of vectors of three numbers along ``dim``; other dimensions broadcast.

    RuntimeError unless both have size 3 there and the same number of dimensions.
    """
    if input.dtype != other.dtype:
        raise RuntimeError(
            f"linalg.cross: expected both inputs to have the same dtype, got {input.dtype} and {other.dtype}"
        )
    if len(input.shape) != len(other.shape):
        raise RuntimeError(
            f"linalg.cross: inputs must have the same number of dimensions, got {len(input.shape)} and "
            f"{len(other.shape)}."
        )
    known_dim(dim, len(input.shape))
    if (input.shape[dim], other.shape[dim]) != (3, 3):
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[dim]} and "
            f"{other.shape[dim]}"
        )
    return roll(input, -1, dim) * roll(other, -2, dim) - roll(input, -2, dim) * roll(other, -1, dim)


@composite(out=True)
def cross(input, other, dim=None):
    """The cross product of vectors of three numbers along ``dim``, by default the first dimension of size 3.

    RuntimeError if no dimension has size 3, or for different dtypes.
    """
    if dim is None:
        dim = next((d for d, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError(f"no dimension of size 3 in input, of shape {list(input.shape)}")
    return linalg_cross(input, other, dim=dim)


@composite(out=True)
def vecdot(x, y, *, dim=-1):
    """Inner products of vectors along ``dim``, the first conjugated; other dimensions broadcast.

    RuntimeError for integers.
    """
    if not is_floating(x):
        raise RuntimeError(
            f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {x.dtype}"
        )
    if x.dtype != y.dtype:
        raise RuntimeError(
            f"linalg.vecdot: Expected x and y to have the same dtype, but found x of type {x.dtype} and y "
            f"of type {y.dtype}"
        )
    return summed(x.conj() * y, dim)
