"""Eigenvalues of general matrices, Householder reflections, and equations of tensors."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ...core.arrays import xp
from ...core.graph import wrap
from ...core.primitive import primitive
from ...kernels.lapack import lapack
from ..composite import composite
from ..diagonal import diag_embed, diagonal
from ..join import cat
from ..permute import adjoint, movedim
from ..shape import reshape
from .decompositions import gaps
from .solve import check_matrices, computed, inv, solve


class eig_result(NamedTuple):
    """Eigenvalues and eigenvectors (as columns), complex."""

    eigenvalues: Any
    eigenvectors: Any


def _eig_vjp(g, values, vectors):
    """Giles (2008), section 3.1, with eigenvectors of length 1 (Boeddeker et al., 2019)."""
    of_values, of_vectors = g
    turned = adjoint(vectors) @ of_vectors
    along = diagonal(turned, dim1=-2, dim2=-1).real
    turned = (turned - (adjoint(vectors) @ vectors) * along[..., None, :]) / gaps(values).conj()
    turned = turned - diag_embed(diagonal(turned, dim1=-2, dim2=-1))
    return solve(adjoint(vectors), (turned + diag_embed(of_values)) @ adjoint(vectors))


def _finite(x, name):
    check_matrices(x, name)
    if not bool(xp(x).isfinite(x).all()):
        raise RuntimeError(f"torch.linalg.{name}: input tensor should not contain infs or NaNs.")
    return x, "complex64" if x.dtype in ("float32", "complex64") else "complex128"


@primitive(
    complex=True,
    outputs=("values", "vectors"),
    x=_eig_vjp,
)
def _eig(x):
    x, kind = _finite(x, "eig")
    values, vectors = computed(xp(x).linalg.eig, "linalg.eig: The algorithm failed to converge.", x)
    return values.astype(kind), vectors.astype(kind)


def _eigvals_vjp(g, vectors):
    turned = vectors.swapaxes(-1, -2)
    return solve(turned, g[..., None] * turned)


@primitive(complex="holomorphic", aux=("vectors",), composed=lambda x: _eig(x)[0], x=_eigvals_vjp)
def _eigvals(x):
    x, kind = _finite(x, "eigvals")
    values, vectors = computed(xp(x).linalg.eig, "linalg.eigvals: The algorithm failed to converge.", x)
    return values.astype(kind), vectors.astype(kind)


@composite(out=True)
def eig(A):
    """Eigenvalues (…, n) and eigenvectors (…, n, n) of square matrices, complex and in no order.

    The gradient is that of a loss which does not depend on the phases of the vectors; it is infinite where
    two eigenvalues are equal.
    """
    return eig_result(*_eig(A))


@composite(out=True)
def eigvals(A):
    """The eigenvalues of square matrices, complex and in no order."""
    return _eigvals(A)


@composite(out=True)
def householder_product(A, tau):
    """The first n columns of the product of the reflections I - tau_i v_i v_iᴴ.

    Shapes: A (…, m, n) with m >= n, tau (…, k) with k <= n. v_i is column i of A below the diagonal, 1 on it
    and 0 above. RuntimeError for other shapes.
    """
    if len(A.shape) < 2:
        raise RuntimeError("torch.linalg.householder_product: input must have at least 2 dimensions.")
    m, n = A.shape[-2:]
    if m < n:
        raise RuntimeError(
            "torch.linalg.householder_product: input.shape[-2] must be greater than or equal to "
            "input.shape[-1]"
        )
    if n < tau.shape[-1]:
        raise RuntimeError(
            "torch.linalg.householder_product: input.shape[-1] must be greater than or equal to tau.shape[-1]"
        )
    Q = wrap(xp(A.array).eye(m, n, dtype=A.array.dtype)) + A * 0
    for i in reversed(range(tau.shape[-1])):
        column = A[..., i : i + 1]
        v = cat([column[..., :i, :] * 0, column[..., i : i + 1, :] * 0 + 1, column[..., i + 1 :, :]], -2)
        Q = Q - tau[..., i, None, None] * (v @ (adjoint(v) @ Q))
    return Q


class geqrf_result(NamedTuple):
    """R on and above the diagonal, the reflections' vectors below it; their factors."""

    a: Any
    tau: Any


def _geqrf_vjp(g):
    raise NotImplementedError("the derivative for 'geqrf' is not implemented.")


@primitive(complex="values", outputs=("a", "tau"), x=_geqrf_vjp)
def _geqrf(x):
    check_matrices(x, "geqrf", square=False)
    if not x.size:
        return x.copy(), xp(x).zeros((*x.shape[:-2], min(x.shape[-2:])), x.dtype)
    if x.ndim > 2:
        parts = [lapack(xp(x).linalg.qr, part, "raw") for part in x.reshape(-1, *x.shape[-2:])]
        a, tau = (xp(x).stack(group) for group in zip(*parts))
        return a.swapaxes(-1, -2).reshape(x.shape), tau.reshape(*x.shape[:-2], -1)
    a, tau = lapack(xp(x).linalg.qr, x, "raw")
    return a.T, tau


@composite(out=True)
def geqrf(input):
    """R of matrices (…, m, n), and below its diagonal the vectors for :func:`householder_product`.

    As LAPACK's geqrf gives them. No gradient.
    """
    return geqrf_result(*_geqrf(input))


@composite(out=True)
def tensorinv(A, ind=2):
    """The inverse of A as a map from its last dimensions to its first ``ind``.

    Both have the same product of sizes; in the result they are swapped. RuntimeError for others, LinAlgError
    where A is singular.
    """
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    first, rest = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if math.prod(first) != math.prod(rest):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), "
            f"but got {math.prod(rest)} != {math.prod(first)}"
        )
    return reshape(inv(reshape(A, shape=(math.prod(first), math.prod(rest)))), shape=(*rest, *first))


@composite(out=True)
def tensorsolve(A, B, dims=None):
    """X with tensordot(A, X, X.ndim) = B; first the dimensions ``dims`` of A are moved to the end.

    RuntimeError for shapes that do not fit.
    """
    if dims is not None:
        A = movedim(A, tuple(dims), tuple(range(-len(dims), 0)))
    shape = tuple(A.shape[len(B.shape) :])
    n = math.prod(shape)
    if n != math.prod(B.shape):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(other.shape), "
            f"but got {n} != {math.prod(B.shape)}"
        )
    return reshape(solve(reshape(A, shape=(n, n)), reshape(B, shape=(n,))), shape=shape)
