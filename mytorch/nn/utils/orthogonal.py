"""Weights with orthonormal rows or columns, computed from unconstrained parameters."""

from __future__ import annotations

from ...ops.join import cat
from ...ops.linalg.decompositions import qr
from ...ops.linalg.eigen import geqrf, householder_product
from ...ops.linalg.matrix import matrix_exp
from ...ops.linalg.solve import solve
from ...tensors.creation import eye, zeros_like
from ...tensors.random_creation import randn
from ..module import Module
from .parametrize import register_parametrization


def _nearby(A):
    """An orthonormal basis of the columns of A (…, m, n); A itself if its columns are orthonormal."""
    Q, R = qr(A)
    return Q * R.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """See :func:`orthogonal`."""

    def __init__(self, weight, orthogonal_map, use_trivialization):
        super().__init__()
        self.orthogonal_map, self.shape = orthogonal_map, weight.shape
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X):
        """The orthogonal matrix of the unconstrained X."""
        wide = X.shape[-2] < X.shape[-1]
        X = X.mT if wide else X
        n, k = X.shape[-2:]
        if self.orthogonal_map == "householder":
            A = X.tril(-1)
            Q = householder_product(A, 2.0 / (1.0 + (A * A).sum(-2)))
            Q = Q * X.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)  # of signs
        else:
            A = X.tril()
            if n != k:
                A = cat([A, X.new_zeros(n, n - k).expand(*X.shape[:-2], n, n - k)], -1)
            A, one = A - A.mT, eye(n, dtype=X.dtype, device=X.device)
            Q = matrix_exp(A) if self.orthogonal_map == "matrix_exp" else solve(one - A * 0.5, one + A * 0.5)
            Q = Q[..., :k]
        if getattr(self, "base", None) is not None:
            Q = self.base @ Q
        return Q.mT if wide else Q

    def right_inverse(self, Q):
        """Parameters of Q, or of a matrix near it if Q is not orthogonal. ValueError for another shape."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape "
                f"{Q.shape}."
            )
        wide = Q.shape[-2] < Q.shape[-1]
        Q = Q.mT if wide else Q
        n, k = Q.shape[-2:]
        if not hasattr(self, "base"):
            if self.orthogonal_map != "householder":
                raise NotImplementedError(
                    "It is not possible to assign to the matrix exponential or the Cayley map when "
                    "use_trivialization=False."
                )
            A = geqrf(Q)[0].clone()
            signs = A.diagonal(dim1=-2, dim2=-1).sign()
            A.diagonal(dim1=-2, dim2=-1).copy_(signs + (signs == 0).to(A.dtype))
            return A.mT if wide else A
        # the base needs n columns: those after Q are random
        others = randn(*Q.shape[:-2], n, n - k, dtype=Q.dtype, device=Q.device)
        self.base = _nearby(cat([Q.detach(), others], -1))
        minus = zeros_like(Q)
        # the point at which each map gives the first columns of the identity
        minus.diagonal(dim1=-2, dim2=-1).fill_(-1)
        return minus.mT if wide else minus


def orthogonal(module, name="weight", orthogonal_map=None, *, use_trivialization=True):
    """Parametrize ``name`` (…, m, n) as a matrix with orthonormal rows or columns, whichever are fewer.

    ``orthogonal_map``: "matrix_exp" of a skew-symmetric matrix A (the default for square matrices), its
    "cayley" transform (I + A/2) (I - A/2)⁻¹, or a product of "householder" reflections.
    ``use_trivialization`` multiplies by a fixed basis, at which training starts (Lezcano-Casado, 2019).
    Returns the module. ValueError for an unknown name or map, or a vector.
    """
    weight = getattr(module, name, None)
    if weight is None or not hasattr(weight, "ndim"):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        orthogonal_map = "matrix_exp" if weight.shape[-2] == weight.shape[-1] else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    return register_parametrization(
        module, name, _Orthogonal(weight, orthogonal_map, use_trivialization), unsafe=True
    )
