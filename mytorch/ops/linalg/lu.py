"""The LU factorization, solving with it, and forms that report failure instead of raising."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy

from ...core.arrays import array_of, is_array, xp
from ...core.graph import wrap
from ...core.primitive import primitive
from ..cast import to_dtype
from ..composite import composite
from ..diagonal import tril, triu
from ..elementwise import select
from ..join import cat
from ..permute import adjoint as adjoint_of
from ..permute import mT
from .decompositions import cholesky
from .solve import LinAlgError, check_matrices, eye_like, inv, solve, solve_triangular, substituted


class lu_result(NamedTuple):
    """A permutation, a unit lower and an upper triangular matrix."""

    P: Any
    L: Any
    U: Any


class lu_factor_result(NamedTuple):
    """Both triangles in one matrix, and the rows that were swapped, counted from 1."""

    LU: Any
    pivots: Any


class lu_factor_ex_result(NamedTuple):
    """As of ``lu_factor``, and for each matrix the place of the first zero on U's diagonal.

    It counts from 1; 0 stands for none.
    """

    LU: Any
    pivots: Any
    info: Any


class inv_ex_result(NamedTuple):
    """Inverses, and 0 for each matrix that has one."""

    inverse: Any
    info: Any


class solve_ex_result(NamedTuple):
    """Solutions, and 0 for each matrix that is not singular."""

    result: Any
    info: Any


class cholesky_ex_result(NamedTuple):
    """Factors, and 0 for each positive-definite matrix.

    For others the order of the first leading minor that is not.
    """

    L: Any
    info: Any


# ---- factors -------------------------------------------------------------------------------------


def _permutation(order, like):
    """P with P[order[i], i] = 1, as an array."""
    module, raw = xp(order), array_of(like)
    return (module.arange(order.shape[-1])[:, None] == order[..., None, :]).astype(raw.dtype)


def _lu_vjp(g, L, U, order, x):
    """gA = P L⁻ᵀ (tril(Lᵀ gL, -1) + triu(gU Uᵀ)) U⁻ᵀ for square A = P L U.

    Source: de Hoog, Anderssen and Lukas (2011). The columns of a wide matrix beyond the square part, and the
    rows of a tall one, solve linear equations with its factors; their gradients flow into those of the
    factors.
    """
    gL, gU = g[0], g[1]
    k = L.shape[-1]
    right, below, wide = None, None, U.shape[-1] > k
    U1, U2, gU1, gU2 = U[..., :k], U[..., k:], gU[..., :k], gU[..., k:]
    L1, L2, gL1, gL2 = L[..., :k, :], L[..., k:, :], gL[..., :k, :], gL[..., k:, :]
    if wide:
        right = _solve(mT(L1), gU2, True)
        gL1 = gL1 - right @ mT(U2)
    elif L.shape[-2] > k:
        below = mT(_solve(U1, mT(gL2), True))
        gU1 = gU1 - mT(L2) @ below
    middle = tril(mT(L1) @ gL1, diagonal=-1) + triu(gU1 @ mT(U1))
    out = _solve(mT(L1), mT(_solve(U1, mT(middle), True)), True)
    if wide:
        out = cat([out, right], -1)
    elif below is not None:
        out = cat([out, below], -2)
    places = array_of(order)
    P = _permutation(places, x)
    return (P if is_array(out) else wrap(P)) @ out


def _solve(triangle, B, upper):
    return solve_triangular(triangle, B, upper=upper)


@primitive(
    complex="holomorphic",
    outputs=("L", "U", "order", "pivots"),
    x=_lu_vjp,
)
def _lu(x, *, pivot):
    """Gaussian elimination by columns (Golub and Van Loan, algorithm 3.4.1), a whole batch at once."""
    check_matrices(x, "lu_factor", square=False)
    module, (m, n) = xp(x), x.shape[-2:]
    if not pivot and module is numpy and x.size:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")
    a, k = x.reshape(math.prod(x.shape[:-2]), m, n).copy(), min(m, n)
    rows = module.arange(len(a))
    order = module.broadcast_to(module.arange(m), (len(a), m)).copy()
    pivots = module.broadcast_to(module.arange(k), (len(a), k)).copy()
    for j in range(k):
        if pivot:
            column = a[:, j:, j]
            size = module.abs(column.real)
            if x.dtype.kind == "c":  # |re| + |im|, as in LAPACK
                size = size + module.abs(column.imag)
            best = j + size.argmax(1)
            pivots[:, j] = best
            for part in (a, order):
                held = part[rows, best]
                part[rows, best] = part[:, j]
                part[:, j] = held
        head = a[:, j, j]
        a[:, j + 1 :, j] /= module.where(head == 0, 1, head)[:, None]
        a[:, j + 1 :, j + 1 :] -= a[:, j + 1 :, j, None] * a[:, None, j, j + 1 :]
    batch = x.shape[:-2]
    L = module.tril(a[:, :, :k], -1) + module.eye(m, k, dtype=x.dtype)
    U = module.triu(a[:, :k])
    return (
        L.reshape(*batch, m, k),
        U.reshape(*batch, k, n),
        order.reshape(*batch, m),
        (pivots + 1).astype("int32").reshape(*batch, k),
    )


@composite(out=True)
def lu(A, *, pivot=True):
    """P L U = A for matrices (…, m, n): a permutation, unit lower and upper triangular matrices.

    Shapes: P (…, m, m), L (…, m, k), U (…, k, n) with k = min(m, n). Without ``pivot`` no rows are swapped
    and P is empty.
    """
    L, U, order, _ = _lu(A, pivot=pivot)
    raw = array_of(order)
    P = _permutation(raw, L) if pivot else xp(raw).empty(0, array_of(L).dtype)
    return lu_result(wrap(P), L, U)


@composite(out=True)
def lu_factor_ex(A, *, pivot=True, check_errors=False):
    """As :func:`lu_factor`, with ``info``: the place of the first zero on the diagonal of each U.

    It counts from 1; 0 stands for none. With ``check_errors`` LinAlgError instead.
    """
    L, U, _, pivots = _lu(A, pivot=pivot)
    m, n = A.shape[-2:]
    k = min(m, n)
    if m > n:
        packed = tril(L, diagonal=-1) + cat([U, L[..., k:, :] * 0], -2)
    else:
        packed = cat([tril(L, diagonal=-1), U[..., k:] * 0], -1) + U
    info = _first(U.array.diagonal(0, -2, -1) == 0)
    if check_errors and (info.array > 0).any():
        raise LinAlgError(
            "torch.linalg.lu_factor_ex: U has a zero on its diagonal, so a division by it would fail"
        )
    return lu_factor_ex_result(packed, pivots, info)


def _first(failed):
    """The first place along the last dimension where ``failed`` holds, counted from 1, as int32.

    0 where it never does.
    """
    if not failed.shape[-1]:
        return wrap(xp(failed).zeros(failed.shape[:-1], "int32"))
    return wrap(xp(failed).where(failed.any(-1), failed.argmax(-1) + 1, 0).astype("int32"))


@composite(out=True)
def lu_factor(A, *, pivot=True):
    """The factors of :func:`lu` in one matrix (…, m, n), L below the diagonal, and the pivots (…, k).

    Row i was swapped with row pivots[i], counted from 1. LinAlgError for singular matrices.
    """
    return lu_factor_result(*lu_factor_ex(A, pivot=pivot, check_errors=True)[:2])


def _order(pivots, m):
    """The order of the rows after swapping by ``pivots``."""
    module = xp(pivots)
    flat = pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1]).astype("int64") - 1
    order, rows = module.broadcast_to(module.arange(m), (len(flat), m)).copy(), module.arange(len(flat))
    for j in range(flat.shape[-1]):
        held = order[rows, flat[:, j]]
        order[rows, flat[:, j]] = order[:, j]
        order[:, j] = held
    return order.reshape(*pivots.shape[:-1], m)


@composite(out=True)
def lu_unpack(LU_data, LU_pivots, unpack_data=True, unpack_pivots=True):
    """(P, L, U) from what :func:`lu_factor` gives; parts that are not wanted are empty.

    RuntimeError for pivots that are not int32.
    """
    m, n = LU_data.shape[-2:]
    k, raw = min(m, n), LU_data.array
    empty = wrap(xp(raw).empty(0, raw.dtype))
    if unpack_pivots and LU_pivots.array.dtype != "int32":
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a tensor of torch.int32, as from lu_factor"
        )
    P = wrap(_permutation(_order(LU_pivots.array, m), LU_data)) if unpack_pivots else empty
    if not unpack_data:
        return lu_result(P, empty, empty)
    return lu_result(
        P,
        tril(LU_data[..., :k], diagonal=-1) + wrap(xp(raw).eye(m, k, dtype=raw.dtype)),
        triu(LU_data[..., :k, :]),
    )


@composite(out=True)
def lu_solve(LU, pivots, B, *, left=True, adjoint=False):
    """X with A X = B, from what :func:`lu_factor` made of A (…, n, n). Shape of B: (…, n, k).

    X A = B without ``left``; Aᴴ in the place of A with ``adjoint``. RuntimeError for other shapes.
    """
    if LU.shape[-1] != LU.shape[-2]:
        raise RuntimeError(
            f"linalg.lu_solve: LU must be batches of square matrices, but they are {LU.shape[-2]} by "
            f"{LU.shape[-1]} matrices"
        )
    if B.shape[-2 if left else -1] != LU.shape[-1]:
        raise RuntimeError(
            f"linalg.lu_solve: Incompatible shapes of LU and B: {list(LU.shape)} and {list(B.shape)}"
        )
    if not left:
        return adjoint_of(lu_solve(LU, pivots, adjoint_of(B), adjoint=not adjoint))
    P = wrap(_permutation(_order(pivots.array, LU.shape[-1]), LU))
    if adjoint:
        LUH = adjoint_of(LU)
        first = solve_triangular(LUH, B, upper=False)
        return P @ solve_triangular(LUH, first, upper=True, unitriangular=True)
    first = solve_triangular(LU, mT(P) @ B, upper=False, unitriangular=True)
    return solve_triangular(LU, first, upper=True)


@composite(name="lu_solve")
def old_lu_solve(b, LU_data, LU_pivots):
    """torch.lu_solve: the solution of A x = b (…, n, k)."""
    return lu_solve(LU_data, LU_pivots, b)


@composite(name="lu")
def old_lu(A, pivot=True, get_infos=False):
    """torch.lu: what ``linalg.lu_factor`` gives of matrices, and ``info`` if ``get_infos``."""
    return tuple(lu_factor_ex(A, pivot=pivot))[: 3 if get_infos else 2]


# ---- without raising -----------------------------------------------------------------------------


def _singular(A, check_errors, name):
    """``info`` of square matrices, and whether one of them is singular.

    With ``check_errors`` that raises LinAlgError.
    """
    check_matrices(A.array, name)
    info = lu_factor_ex(wrap(A.array)).info
    found = bool((info.array > 0).any())
    if found and check_errors:
        raise LinAlgError(f"linalg.{name}: The diagonal element of U is zero: the input matrix is singular.")
    return info, found


def _replaced(A, bad):
    """``A`` with the identity in place of the ``bad`` matrices, and factors for their results.

    The factors are nan for the bad ones, 1 for the others.
    """
    bad = wrap(bad[..., None, None])
    return select(bad, wrap(eye_like(A.array)), A), to_dtype(select(bad, float("nan"), 1.0), A.array.dtype)


def inverse_or_infinite(x):
    """The inverses of square matrices; infinities and nan for those that have none."""
    L, U, order, _ = _lu(x, pivot=True)
    turned = mT(_permutation(array_of(order), x))
    return substituted(U, substituted(L, turned, upper=False), upper=True)


@composite(out=True)
def inv_ex(A, *, check_errors=False):
    """The inverses of square matrices, and ``info``, which is not 0 for singular ones.

    The inverse of those is infinite or nan.
    """
    info, singular = _singular(A, check_errors, "inv_ex")
    return inv_ex_result((inverse_or_infinite if singular else inv)(A), info)


@composite(out=True)
def solve_ex(A, B, *, left=True, check_errors=False):
    """As :func:`solve`, with ``info``, which is not 0 for singular matrices, whose solution is nan."""
    info, singular = _singular(A, check_errors, "solve_ex")
    if singular:  # their solutions become nan, the others stay
        A, factor = _replaced(A, info.array > 0)
        A = A * factor
    return solve_ex_result(solve(A, B, left=left), info)


@composite(out=True)
def cholesky_ex(A, *, upper=False, check_errors=False):
    """As :func:`cholesky`, with ``info``: 0, or the order of the first minor that is not positive-definite.

    Then the factor is nan.
    """
    check_matrices(A.array, "cholesky")
    info = [0] * math.prod(A.shape[:-2])
    try:
        factor = cholesky(A, upper=upper)
    except LinAlgError:
        if check_errors:
            raise
        flat = A.array.reshape(-1, *A.shape[-2:])
        info = [_order_of_failure(matrix, upper) for matrix in flat]
        A, nan = _replaced(A, (xp(A.array).asarray(info) > 0).reshape(A.shape[:-2]))
        factor = cholesky(A, upper=upper) * nan
    return cholesky_ex_result(factor, wrap(xp(A.array).asarray(info, "int32").reshape(A.shape[:-2])))


def _order_of_failure(matrix, upper):
    """The order of the first leading minor that is not positive-definite."""
    for n in range(1, matrix.shape[-1] + 1):
        try:
            cholesky(matrix[:n, :n], upper=upper)
        except LinAlgError:
            return n
    return 0
