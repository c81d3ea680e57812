"""The largest singular values of matrices by random projections: Halko, Martinsson and Tropp, Finding
Structure with Randomness (2009), algorithm 5.1.
"""

from __future__ import annotations

from ..ops.linalg.decompositions import old_svd_result, qr, svd
from ..tensors.random_creation import randn


def _range(A, q, niter):
    """An orthonormal basis (…, m, q) of nearly all of the range of A, by ``niter`` steps of subspace
    iteration.
    """
    Q = qr(A @ randn(*A.shape[:-2], A.shape[-1], q, dtype=A.dtype, device=A.device)).Q
    for _ in range(niter):
        Q = qr(A @ qr(A.mT @ Q).Q).Q
    return Q


def svd_lowrank(A, q=6, niter=2, M=None):
    """(U, S, V) with U diag(S) Vᵀ near A - M, (…, m, n), in ``q`` singular values, after ``niter`` steps of
    subspace iteration.

    ``q`` a little above the wanted rank makes those exact. Differentiable; random projections are drawn anew
    in each call.
    """
    if M is not None:
        A = A - M
    wide = A.shape[-2] < A.shape[-1]
    A = A.mT if wide else A
    Q = _range(A, q, niter)
    U, S, Vh = svd(Q.mT @ A, full_matrices=False)
    U, V = Q @ U, Vh.mT
    return old_svd_result(V, S, U) if wide else old_svd_result(U, S, V)


def pca_lowrank(A, q=None, center=True, niter=2):
    """The principal components of the rows of A (…, m, n), as of :func:`svd_lowrank` of A less the mean of
    its rows (if ``center``): (U, S, V).

    The columns of V are the principal directions. ValueError for ``q`` or ``niter`` that make no sense.
    """
    m, n = A.shape[-2:]
    q = min(6, m, n) if q is None else q
    if not 0 <= q <= min(m, n):
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={min(m, n)}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(-2, keepdim=True) if center else A, q, niter)
