"""Norms and condition numbers of matrices."""

from __future__ import annotations

import math

from ...core.graph import wrap
from ...core.sums import summed
from ..cast import to_dtype
from ..composite import composite
from ..permute import movedim
from ..reduce import amax, amin
from ..shape import unsqueeze
from ..shape_arguments import check_dim
from ..vector_norm import vector_norm
from .decompositions import svdvals
from .solve import inv


@composite(out=True)
def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """The norms of the matrices in two dimensions.

    ``ord``: "fro" (root of the sum of squares), "nuc" (sum of singular values), ±2 (largest or smallest
    singular value), ±1 (sums of columns), ±inf (sums of rows). RuntimeError for another ``ord``, for vectors,
    or for anything but two different dimensions.
    """
    if dtype is not None:
        A = to_dtype(A, dtype)
    if len(A.shape) < 2:
        raise RuntimeError("linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    row, column = (check_dim(d, len(A.shape)) for d in dim)
    if row == column:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return vector_norm(A, 2, (row, column), keepdim)
    if ord in ("nuc", 2, -2):
        values = svdvals(movedim(A, (row, column), (-2, -1)))
        if ord == "nuc":
            out = summed(values, -1)
        else:
            out = _most(values, -1) if ord == 2 else amin(values, dim=-1)
        for d in sorted((row, column)) if keepdim else ():
            out = unsqueeze(out, dim=d)
        return out
    if isinstance(ord, str) or math.fabs(ord) not in (1, math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    first, second = (row, column) if math.fabs(ord) == 1 else (column, row)
    sums = vector_norm(A, 1, first, True)
    out = _most(sums, second, True) if ord > 0 else amin(sums, dim=second, keepdim=True)
    return out if keepdim else out.squeeze((row, column))


@composite(out=True)
def norm(input, p="fro", dim=None, keepdim=False, dtype=None):
    """The vector norm of order ``p`` over ``dim``, or of all elements.

    "fro" is the norm of order 2, "nuc" the nuclear norm of matrices in two dimensions. RuntimeError for
    integers and other names.
    """
    if p == "nuc":
        dims = tuple(range(len(input.shape))) if dim is None else dim
        return matrix_norm(input, "nuc", dims, keepdim, dtype=dtype)
    if isinstance(p, str) and p != "fro":
        raise RuntimeError(f"norm(): the named norms are 'fro' and 'nuc', got {p!r}")
    return vector_norm(input, 2 if p is None or p == "fro" else p, dim, keepdim, dtype=dtype)


def _most(values, dim, keepdim=False):
    """The largest of numbers that are not negative, 0 if there is none."""
    if values.shape[dim]:
        return amax(values, dim=dim, keepdim=keepdim)
    return summed(wrap(values.array), dim, keepdims=keepdim)


@composite(out=True)
def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """The norm of vectors for one ``dim``, of matrices for two.

    Without ``ord`` and ``dim`` that of all elements. RuntimeError for more dimensions.
    """
    if dtype is not None:
        A = to_dtype(A, dtype)
    if ord is None and dim is None:
        return vector_norm(A, 2, None, keepdim)
    if dim is None and len(A.shape) not in (1, 2):
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got "
            f"{len(A.shape)}D."
        )
    if dim is None:
        dims = tuple(range(len(A.shape)))
    else:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if ord is None:
        return vector_norm(A, 2, dims, keepdim)
    if isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dims, keepdim)
    return matrix_norm(A, ord, dims, keepdim) if len(dims) == 2 else vector_norm(A, ord, dims, keepdim)


@composite(out=True)
def cond(A, p=None):
    """The condition numbers of matrices: norm(A) · norm(A⁻¹), by default in the 2-norm (any shape).

    Matrices without elements have 0.
    """
    if 0 in A.shape and (A.shape[-1] == A.shape[-2] or p not in ("fro", "nuc")):
        return summed(wrap(A.array), (-2, -1))
    if p is None or p in (2, -2):
        values = svdvals(A)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    return matrix_norm(A, p) * matrix_norm(inv(A), p)
