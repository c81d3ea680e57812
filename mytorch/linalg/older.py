"""Functions of matrices under torch's older names."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..ops.composite import composite
from ..ops.join import cat
from ..ops.linalg.decompositions import qr as linalg_qr
from ..ops.linalg.eigen import householder_product
from ..ops.linalg.solve import solve_triangular
from ..ops.matmul import matmul
from ..ops.permute import adjoint, mT


class triangular_solve_result(NamedTuple):
    """The solution, and the matrix."""

    solution: Any
    cloned_coefficient: Any


@composite(out=True)
def triangular_solve(input, A, upper=True, transpose=False, unitriangular=False):
    """X with A X = ``input``, or Aᵀ X = ``input`` with ``transpose``, and A; one triangle of A is read.

    Shapes: A (…, n, n), ``input`` (…, n, k). RuntimeError for others.
    """
    matrix = mT(A) if transpose else A
    X = solve_triangular(matrix, input, upper=upper != transpose, unitriangular=unitriangular)
    return triangular_solve_result(X, A.clone())


@composite(out=True)
def qr(input, some=True):
    """Q R = ``input``, as :func:`mytorch.linalg.qr`; without ``some`` Q is square."""
    return linalg_qr(input, "reduced" if some else "complete")


@composite(out=True)
def ormqr(input, tau, other, left=True, transpose=False):
    """Q · ``other``, or ``other`` · Q without ``left``; Qᴴ for Q with ``transpose``.

    Q is the square product of the reflections in ``input`` (…, m, k) and ``tau``; see
    :func:`householder_product`.
    """
    m, k = input.shape[-2], tau.shape[-1]
    more = input.new_zeros((*input.shape[:-1], m - k))
    Q = householder_product(cat([input[..., :k], more], -1), tau)
    Q = adjoint(Q) if transpose else Q
    return matmul(Q, other) if left else matmul(other, Q)
