"""Inverses, determinants and factorizations of matrices, with the gradients of Giles (2008), "Collected matrix derivative results", and of the papers named below."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from ..autograd.engine import primitive
from ..backend import largest, xp
from .diagonal import diag_embed, diagonal, tril, triu
from .elementwise import select
from .join import cat
from .matmul import matmul
from .shape import expand, mT, reshape


class LinAlgError(RuntimeError):
    """A matrix that has no such inverse, factor or solution."""


def _checked(x, name, square=True):
    """RuntimeError unless ``x`` holds (square) matrices of float32 or float64."""
    if x.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if x.dtype.kind not in "fcV":
        raise RuntimeError(f"linalg.{name}: Expected a floating point or complex tensor as input. Got {x.dtype}")
    if x.dtype.itemsize == 2:
        raise RuntimeError(f"linalg.{name}: Low precision dtypes not supported. Got {x.dtype}")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(f"linalg.{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices")


def _computed(function, message, *args, **settings):
    """What LAPACK gives. LinAlgError with torch's words where it fails."""
    try:
        return function(*args, **settings)
    except numpy.linalg.LinAlgError as error:
        raise LinAlgError(message) from error


def _eye_like(x):
    return xp(x).eye(x.shape[-1], dtype=x.dtype)


# ---- inverses and solutions --------------------------------------------------------------------------------------------


@primitive(x=lambda g, out: -(mT(out) @ (g @ mT(out))))
def inv(x):
    """The inverses of square matrices (…, n, n). LinAlgError where one is singular."""
    _checked(x, "inv")
    return _computed(xp(x).linalg.inv, "linalg.inv: The inversion could not be completed because the input matrix is singular.", x)


@primitive(joint=lambda g, A, out: _solve_slopes(g, A, out), broadcasts=True)
def _solve(A, B):
    _checked(A, "solve")
    if A.dtype != B.dtype:
        raise RuntimeError(f"linalg.solve: Expected A and B to have the same dtype, but found A of type {A.dtype} and B of type {B.dtype} instead")
    return _computed(xp(A).linalg.solve, "torch.linalg.solve: The solver failed because the input matrix is singular.", A, B)


def _solve_slopes(g, A, out):
    gB = _solve(mT(A), g)
    return -(gB @ mT(out)), gB


def solve(A, B, *, left=True):
    """X with A X = B, or X A = B without ``left``, for A (…, n, n) and B (…, n, k) or a batch of vectors (…, n). LinAlgError where A is singular."""
    if len(A.shape) < 2:
        raise RuntimeError("linalg.solve: The input tensor A must have at least 2 dimensions.")
    vector = len(B.shape) == 1 or (len(B.shape) == len(A.shape) - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
    if not left and vector:
        raise RuntimeError(f"linalg.solve: Vector broadcasting of the right hand side is not supported for left=False, got B of shape {list(B.shape)}")
    if vector:
        return _solve(A, B[..., None])[..., 0] if A.shape[-1] == B.shape[-1] else _mismatched(A, B[..., None], left)
    if len(B.shape) < 2 or B.shape[-2 if left else -1] != A.shape[-1]:
        return _mismatched(A, B, left)
    return _solve(A, B) if left else mT(_solve(mT(A), mT(B)))


def _mismatched(A, B, left):
    a, b = "x".join(map(str, A.shape[-2:])), "x".join(map(str, B.shape[-2:]))
    raise RuntimeError(f"linalg.solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} ({a} and {b})")


def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with A X = B, or X A = B without ``left``, reading only one triangle of A (its diagonal as ones with ``unitriangular``)."""
    for name, x in (("A", A), ("B", B)):
        if len(x.shape) < 2:
            raise RuntimeError(f"linalg.solve_triangular: The input tensor {name} must have at least 2 dimensions.")
    A = (triu if upper else tril)(A, diagonal=int(unitriangular) * (1 if upper else -1))
    if unitriangular:
        A = A + _eye_like(getattr(A, "array", A))
    return solve(expand(A, shape=(*_batch(A, B), *A.shape[-2:])), B, left=left) if len(B.shape) == len(A.shape) - 1 else solve(A, B, left=left)


def _batch(A, B):
    return A.shape[:-2] if len(A.shape) >= len(B.shape) else B.shape[:-2]


def pinv(A, rtol=None, *, atol=None, hermitian=False, rcond=None):
    """The Moore-Penrose inverses of matrices, (…, m, n) -> (…, n, m): singular values up to max(atol, rtol · largest) count as 0.

    Gradient: Golub and Pereyra (1973), "The differentiation of pseudo-inverses".
    """
    return _pinv(A, rtol=rcond if rtol is None else rtol, atol=atol)


def _pinv_slope(g, x, out):
    gT, outT = mT(g), mT(out)
    return (gT - x @ (out @ gT)) @ (out @ outT) + outT @ (out @ (gT - (gT @ out) @ x)) - outT @ g @ outT


@primitive(x=_pinv_slope)
def _pinv(x, *, rtol=None, atol=None):
    _checked(x, "pinv", square=False)
    u, s, vh = _svd_of(x, False, "pinv")
    if rtol is None:
        rtol = max(x.shape[-2:]) * xp(x).finfo(x.dtype).eps if not atol else 0
    bound = xp(x).maximum(atol or 0, rtol * largest(s, -1, True, 0))
    s = xp(x).where(s > bound, 1 / s, 0)
    return vh.swapaxes(-1, -2) @ (s[..., None] * u.swapaxes(-1, -2))


# ---- determinants ------------------------------------------------------------------------------------------------------


def _cofactors(x, out):
    """d det / d x: det · x⁻ᵀ, or through the singular values where the matrix is singular."""
    raw = getattr(out, "array", out)
    if not (raw == 0).any():
        return out[..., None, None] * mT(inv(x))
    u, s, vh = _svd(x, full_matrices=False)
    n = s.shape[-1]
    others = [_product_without(s, i) for i in range(n)]
    sign = _det(u) * _det(vh)
    spread = sum(diag_embed(_at(o, i, n)) for i, o in enumerate(others))
    return sign[..., None, None] * (u @ spread @ vh)


def _product_without(s, i):
    out = 1 + s[..., 0] * 0
    for j in range(s.shape[-1]):
        out = out * s[..., j] if j != i else out
    return out


def _at(values, i, n):
    """``values`` at place i of n along a new last dimension, zeros elsewhere."""
    place = numpy.zeros(n)
    place[i] = 1
    raw = getattr(values, "array", values)
    return values[..., None] * xp(raw).asarray(place, dtype=raw.dtype)


@primitive(name="det", x=lambda g, x, out: g[..., None, None] * _cofactors(x, out))
def _det(x):
    _checked(x, "det")
    return xp(x).asarray(xp(x).linalg.det(x))


def det(A):
    """The determinants of square matrices, (…, n, n) -> (…)."""
    return _det(A)


class slogdet_result(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


@primitive(outputs=("sign", "logabsdet"), x=lambda g, x: g[1][..., None, None] * mT(inv(x)))
def _slogdet(x):
    _checked(x, "slogdet")
    return tuple(xp(x).asarray(part, dtype=x.dtype) for part in xp(x).linalg.slogdet(x))


def slogdet(A):
    """The signs and the logarithms of the absolute values of determinants, as a pair (sign, logabsdet)."""
    return slogdet_result(*_slogdet(A))


def logdet(input):
    """The logarithm of the determinant; NaN where it is negative."""
    sign, logabsdet = slogdet(input)
    return select(sign < 0, float("nan"), logabsdet)


# ---- factorizations ----------------------------------------------------------------------------------------------------


def _half(x):
    """The lower triangle with half the diagonal."""
    return tril(x) - diag_embed(diagonal(x, dim1=-2, dim2=-1)) * 0.5


def _cholesky_slope(g, out):
    """Murray (2016), "Differentiation of the Cholesky decomposition"; made symmetric as the input is."""
    inverse = inv(out)
    s = mT(inverse) @ _half(mT(out) @ g) @ inverse
    return (s + mT(s)) * 0.5


@primitive(x=_cholesky_slope)
def _cholesky(x):
    _checked(x, "cholesky")
    text = "linalg.cholesky: The factorization could not be completed because the input is not positive-definite."
    out = _computed(xp(x).linalg.cholesky, text, x)
    if xp(x) is not numpy and bool(xp(x).isnan(out).any()):
        raise LinAlgError(text)
    return out


def cholesky(A, *, upper=False):
    """L with L Lᵀ = A, lower triangular (or its transpose with ``upper``), for positive-definite A (…, n, n). LinAlgError for others."""
    return mT(_cholesky(mT(A))) if upper else _cholesky(A)


class qr_result(NamedTuple):
    """An orthogonal and an upper triangular factor."""

    Q: Any
    R: Any


def _qr_slope(g, Q, R, x):
    """Walter and Lehmann (2018), "Algorithmic differentiation of linear algebra functions"; Roberts and Roberts (2020) for wide matrices."""
    gQ, gR = g
    m, n = x.shape[-2:]
    if Q.shape[-1] > n:
        raise NotImplementedError("linalg.qr: mode='complete' has a derivative only where the number of rows is at most that of columns")
    if m >= n:
        return _qr_tall(gQ, gR, Q, R)
    right = x[..., m:]
    left = _qr_tall(gQ + right @ mT(gR[..., m:]), gR[..., :m], Q, R[..., :m])
    return cat([left, Q @ gR[..., m:]], -1)


def _qr_tall(gQ, gR, Q, R):
    M = R @ mT(gR) - mT(gQ) @ Q
    M = tril(M) + mT(tril(M, diagonal=-1))
    return mT(_solve(R, mT(gQ + Q @ M)))


@primitive(outputs=("Q", "R"), x=lambda g, Q, R, x: _qr_slope(g, Q, R, x))
def _qr(x, *, mode):
    _checked(x, "qr", square=False)
    return tuple(xp(x).linalg.qr(x, mode))


def qr(A, mode="reduced"):
    """Q R = A for matrices (…, m, n): Q (…, m, k) with orthonormal columns, R (…, k, n) upper triangular; k is min(m, n), or m with mode "complete".

    Mode "r" gives R alone, beside an empty Q.
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'")
    if mode == "r":
        Q, R = _qr(A.detach() if hasattr(A, "detach") else A, mode="reduced")
        return qr_result(reshape(Q, shape=(-1,))[:0], R)
    return qr_result(*_qr(A, mode=mode))


class svd_result(NamedTuple):
    """Left singular vectors, singular values, right singular vectors (as rows)."""

    U: Any
    S: Any
    Vh: Any


def _svd_of(x, full, name="svd"):
    text = f"linalg.{name}: The algorithm failed to converge because the input matrix contained non-finite values."
    if not bool(xp(x).isfinite(x).all()):
        raise LinAlgError(text)
    if x.size == 0:
        batch, k = x.shape[:-2], min(x.shape[-2:])
        shapes = [(*batch, n, n if full else k) for n in x.shape[-2:]]
        u, v = (xp(x).broadcast_to(xp(x).eye(*shape[-2:], dtype=x.dtype), shape).copy() for shape in shapes)
        return u, xp(x).zeros((*batch, k), x.dtype), v.swapaxes(-1, -2)
    return _computed(xp(x).linalg.svd, text, x, full_matrices=full)


def _gaps(values):
    """values_j - values_i off the diagonal, 1 on it."""
    between = values[..., None, :] - values[..., :, None]
    raw = getattr(between, "array", between)
    return between + _eye_like(raw)


def _svd_slope(g, U, S, Vh):
    """Townsend (2016), "Differentiating the singular value decomposition"."""
    gU, gS, gVh = g
    k = S.shape[-1]
    U, Vh, gU, gVh = U[..., :k], Vh[..., :k, :], gU[..., :k], gVh[..., :k, :]
    V, gV = mT(Vh), mT(gVh)
    gaps = _gaps(S * S)
    of_u, of_v = mT(U) @ gU, Vh @ gV
    of_u, of_v = (of_u - mT(of_u)) / gaps, (of_v - mT(of_v)) / gaps
    middle = of_u * S[..., None, :] + S[..., :, None] * of_v + diag_embed(gS)
    out = U @ middle @ Vh
    if U.shape[-2] > k:
        out = out + ((gU - U @ (mT(U) @ gU)) / S[..., None, :]) @ Vh
    if V.shape[-2] > k:
        out = out + (U / S[..., None, :]) @ mT(gV - V @ (Vh @ gV))
    return out


@primitive(outputs=("U", "S", "Vh"), x=lambda g, U, S, Vh: _svd_slope(g, U, S, Vh))
def _svd(x, *, full_matrices):
    _checked(x, "svd", square=False)
    return tuple(_svd_of(x, full_matrices))


def svd(A, full_matrices=True, *, driver=None):
    """U diag(S) Vh = A for matrices (…, m, n): U (…, m, m), S (…, min(m, n)) in descending order, Vh (…, n, n).

    Without ``full_matrices`` only the first min(m, n) columns of U and rows of Vh. The gradient is that of a loss which does not depend on the
    signs of the vectors; it is infinite where two singular values are equal.
    """
    return svd_result(*_svd(A, full_matrices=full_matrices))


def svdvals(A, *, driver=None):
    """The singular values of matrices (…, m, n), in descending order."""
    return _svdvals(A)


def _svdvals_slope(g, x):
    U, _, Vh = _svd(x, full_matrices=False)
    return (U * g[..., None, :]) @ Vh


@primitive(x=_svdvals_slope)
def _svdvals(x):
    _checked(x, "svdvals", square=False)
    return _svd_of(x, False, "svdvals")[1]


class old_svd_result(NamedTuple):
    """Left singular vectors, singular values, right singular vectors (as columns)."""

    U: Any
    S: Any
    V: Any


def old_svd(input, some=True, compute_uv=True):
    """torch.svd: U diag(S) Vᵀ = input, by default with min(m, n) columns in U and V; zeros for both without ``compute_uv``."""
    U, S, Vh = svd(input, full_matrices=not some)
    return old_svd_result(U, S, mT(Vh)) if compute_uv else old_svd_result(U * 0, S, mT(Vh) * 0)


class eigh_result(NamedTuple):
    """Eigenvalues in ascending order and eigenvectors (as columns)."""

    eigenvalues: Any
    eigenvectors: Any


def _eigh_slope(g, values, vectors):
    """Giles (2008), section 3.1."""
    of_values, of_vectors = g
    turned = mT(vectors) @ of_vectors
    turned = turned - diag_embed(diagonal(turned, dim1=-2, dim2=-1))  # eigenvectors keep their length
    middle = turned / _gaps(values) + diag_embed(of_values)
    return vectors @ middle @ mT(vectors)


@primitive(outputs=("values", "vectors"), x=lambda g, values, vectors: _eigh_slope(g, values, vectors))
def _eigh(x, *, UPLO):
    _checked(x, "eigh")
    text = "linalg.eigh: The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues."
    return tuple(_computed(xp(x).linalg.eigh, text, x, UPLO))


def eigh(A, UPLO="L"):
    """Eigenvalues (…, n), ascending, and eigenvectors (…, n, n) of symmetric matrices, of which only the lower ("L") or upper triangle is read.

    The gradient is that of a loss which does not depend on the signs of the vectors; it is infinite where two eigenvalues are equal.
    """
    if UPLO not in ("L", "U", "l", "u"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return eigh_result(*_eigh(A, UPLO=UPLO.upper()))


def eigvalsh(A, UPLO="L"):
    """The eigenvalues of symmetric matrices, ascending."""
    return eigh(A, UPLO).eigenvalues


# ---- what follows from these -------------------------------------------------------------------------------------------


def matrix_power(A, n):
    """Square matrices to the integer power ``n``; negative powers are those of the inverse."""
    if not isinstance(n, int):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    if len(A.shape) < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(f"linalg.matrix_power: A must be batches of square matrices, but they are {A.shape[-2]} by {A.shape[-1]} matrices")
    if n == 0:
        raw = getattr(A, "array", A)
        return A * 0 + _eye_like(raw)
    base, out, n = (inv(A), None, -n) if n < 0 else (A, None, n)
    while n:
        out = base if n % 2 and out is None else matmul(out, base) if n % 2 else out
        n //= 2
        base = matmul(base, base) if n else base
    return out


def matrix_rank(A, *, atol=None, rtol=None, tol=None, hermitian=False):
    """How many singular values are larger than max(atol, rtol · largest), (…, m, n) -> (…) in int64."""
    values = svdvals(A)
    raw = getattr(values, "array", values)
    atol = tol if atol is None else atol
    if rtol is None:
        rtol = max(A.shape[-2:]) * xp(raw).finfo(raw.dtype).eps if not atol else 0
    bound = xp(raw).maximum(atol or 0, rtol * largest(raw, -1, True, 0))
    return (values > bound).sum(-1)


class lstsq_result(NamedTuple):
    """A least-squares solution, its squared residuals, the ranks, the singular values."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


def lstsq(A, B, rcond=None, *, driver=None):
    """X that minimizes ‖A X - B‖ (and, of many, ‖X‖), for A (…, m, n) and B (…, m, k) or (…, m)."""
    if len(A.shape) < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions")
    vector = len(B.shape) == len(A.shape) - 1
    if not vector and len(B.shape) < 2:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension")
    columns = B[..., None] if vector else B
    if columns.shape[-2] != A.shape[-2]:
        raise RuntimeError(f"torch.linalg.lstsq: input.size(-2) should match other.size(-2), got {list(A.shape)} and {list(B.shape)}")
    solution, rank = matmul(pinv(A, rcond), columns), matrix_rank(A, rtol=rcond)
    overdetermined = driver not in (None, "gelsy") and A.shape[-2] > A.shape[-1] and int(rank.min()) == A.shape[-1]
    left = matmul(A, solution) - columns if overdetermined else None
    empty = reshape(columns, shape=(-1,))[:0]
    values = svdvals(A) if driver in ("gelsd", "gelss") else empty
    return lstsq_result(solution[..., 0] if vector else solution, empty if left is None else (left * left).sum(-2), rank, values)
