"""Norms of vectors and matrices, and what else ``mytorch.linalg`` has beside products and factorizations."""

from __future__ import annotations

import math

from .decompositions import inv, svdvals
from .join import stack
from .matmul import matmul
from .reduce import vector_norm
from .shape import check_dim, movedim

__all__ = ["cond", "linalg_norm", "matmul", "matrix_norm", "vander", "vector_norm"]


def matrix_norm(A, ord="fro", dim=(-2, -1), keepdim=False, *, dtype=None):
    """The norms of the matrices in two dimensions: "fro" (root of the sum of squares), "nuc" (sum of singular values), ±2 (largest or smallest
    singular value), ±1 (sums of columns), ±inf (sums of rows)."""
    if dtype is not None:
        A = A.to(dtype)
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
        out = values.sum(-1) if ord == "nuc" else values.amax(-1) if ord == 2 else values.amin(-1)
        for d in sorted((row, column)) if keepdim else ():
            out = out.unsqueeze(d)
        return out
    if isinstance(ord, str) or math.fabs(ord) not in (1, math.inf):
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    first, second = (row, column) if math.fabs(ord) == 1 else (column, row)
    sums = vector_norm(A, 1, first, True)
    out = sums.amax(second, True) if ord > 0 else sums.amin(second, True)
    return out if keepdim else out.squeeze((row, column))


def linalg_norm(A, ord=None, dim=None, keepdim=False, *, dtype=None):
    """The norm of a vector or a matrix: of all elements without ``ord`` and ``dim``; of vectors for one ``dim``, of matrices for two."""
    if dtype is not None:
        A = A.to(dtype)
    if ord is None and dim is None:
        return vector_norm(A, 2, None, keepdim)
    if dim is None and len(A.shape) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {len(A.shape)}D.")
    dims = tuple(range(len(A.shape))) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
    if len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if ord is None:
        return vector_norm(A, 2, dims, keepdim)
    if isinstance(ord, str):
        return matrix_norm(A, ord, (-2, -1) if dim is None else dims, keepdim)
    return matrix_norm(A, ord, dims, keepdim) if len(dims) == 2 else vector_norm(A, ord, dims, keepdim)


def cond(A, p=None):
    """The condition numbers of matrices: norm(A) · norm(A⁻¹), by default in the 2-norm (any shape)."""
    if p is None or p in (2, -2):
        values = svdvals(A)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    return matrix_norm(A, p) * matrix_norm(inv(A), p)


def vander(x, *, N=None):
    """The Vandermonde matrices of vectors, (…, n) -> (…, n, N): the powers 0 to N - 1 of each element."""
    n = x.shape[-1] if N is None else N
    if N is not None and N <= 1:
        raise RuntimeError(f"N must be greater than 1, got {N}")
    powers = [x * 0 + 1]
    while len(powers) < n:
        powers.append(powers[-1] * x)
    return stack(powers[:n], -1)
