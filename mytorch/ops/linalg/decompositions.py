"""Factorizations of matrices. Each gradient names the paper that its formula is from."""

from __future__ import annotations

from typing import Any, NamedTuple

from ...core.arrays import array_of, is_array, xp
from ...core.graph import Variable, wrap
from ...core.primitive import primitive
from ...kernels.lapack import lapack
from ..composite import composite
from ..diagonal import diag_embed, diagonal, tril
from ..join import cat
from ..permute import adjoint
from ..shape import reshape
from .solve import LinAlgError, check_matrices, computed, eye_like, inv, substituted


def _half(x):
    """The lower triangle with half the diagonal."""
    return tril(x) - diag_embed(diagonal(x, dim1=-2, dim2=-1)) * 0.5


def _cholesky_vjp(g, out):
    """Murray (2016), "Differentiation of the Cholesky decomposition"; made symmetric as the input is."""
    inverse = inv(out)
    s = adjoint(inverse) @ _half(adjoint(out) @ g) @ inverse
    return (s + adjoint(s)) * 0.5


@primitive(complex=True, x=_cholesky_vjp)
def _cholesky(x):
    check_matrices(x, "cholesky")
    text = (
        "linalg.cholesky: The factorization could not be completed because the input is not "
        "positive-definite."
    )
    out = computed(xp(x).linalg.cholesky, text, x)
    if not bool(xp(x).isfinite(out).all()):  # CuPy never raises, NumPy not for these
        raise LinAlgError(text)
    return out


@composite(out=True)
def cholesky(A, upper=False):
    """L with L Lᴴ = A, lower triangular (or its adjoint with ``upper``), for positive-definite A (…, n, n).

    LinAlgError for a matrix that is not.
    """
    return adjoint(_cholesky(adjoint(A))) if upper else _cholesky(A)


# ---- orthogonal and triangular -------------------------------------------------------------------


class qr_result(NamedTuple):
    """An orthogonal and an upper triangular factor."""

    Q: Any
    R: Any


def _qr_vjp(g, Q, R, x):
    """Walter and Lehmann (2018), "Algorithmic differentiation of linear algebra functions".

    For wide matrices Roberts and Roberts (2020).
    """
    gQ, gR = g
    m, n = x.shape[-2:]
    if Q.shape[-1] > n:
        raise NotImplementedError(
            "linalg.qr: mode='complete' has a derivative only where the number of rows is at most that of "
            "columns"
        )
    if m >= n:
        return _qr_tall_vjp(gQ, gR, Q, R)
    right = x[..., m:]
    left = _qr_tall_vjp(gQ + right @ adjoint(gR[..., m:]), gR[..., :m], Q, R[..., :m])
    return cat([left, Q @ gR[..., m:]], -1)


def _qr_tall_vjp(gQ, gR, Q, R):
    M = R @ adjoint(gR) - adjoint(gQ) @ Q
    below = tril(M, diagonal=-1)
    M = below + adjoint(below) + diag_embed(diagonal(M, dim1=-2, dim2=-1).real)  # R's diagonal is real
    return adjoint(substituted(R, adjoint(gQ + Q @ M), upper=True))


@primitive(complex=True, outputs=("Q", "R"), x=_qr_vjp)
def _qr(x, *, mode):
    check_matrices(x, "qr", square=False)
    return tuple(lapack(xp(x).linalg.qr, x, mode))


@composite(out=True)
def qr(A, mode="reduced"):
    """Q R = A for matrices (…, m, n): Q (…, m, k) has orthonormal columns, R (…, k, n) is upper triangular.

    k is min(m, n), or m with mode "complete". Mode "r" gives R alone, beside an empty Q. RuntimeError for
    another mode.
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or "
            "'complete'"
        )
    if mode == "r":
        Q, R = _qr(A if is_array(A) else wrap(A.array), mode="reduced")
        return qr_result(reshape(Q, shape=(-1,))[:0], R)
    return qr_result(*_qr(A, mode=mode))


# ---- singular values -----------------------------------------------------------------------------


class svd_result(NamedTuple):
    """Left singular vectors, singular values, right singular vectors (as rows)."""

    U: Any
    S: Any
    Vh: Any


def lapack_svd(x, full, name="svd"):
    text = (
        f"linalg.{name}: The algorithm failed to converge because the input matrix contained non-finite "
        "values."
    )
    if not bool(xp(x).isfinite(x).all()):
        raise LinAlgError(text)
    if x.size == 0:
        batch, k = x.shape[:-2], min(x.shape[-2:])
        shapes = [(*batch, n, n if full else k) for n in x.shape[-2:]]
        u, v = (xp(x).broadcast_to(xp(x).eye(*shape[-2:], dtype=x.dtype), shape).copy() for shape in shapes)
        return u, xp(x).zeros((*batch, k), x.real.dtype), v.swapaxes(-1, -2)
    return computed(xp(x).linalg.svd, text, x, full_matrices=full)


def gaps(values):
    """values_j - values_i off the diagonal, 1 on it."""
    between = values[..., None, :] - values[..., :, None]
    raw = array_of(between)
    return between + eye_like(raw)


def _any(g):
    """Whether a loss reads this output. If it reads only the values, equal ones do no harm.

    Where the gradient has a graph itself it counts even if it is 0, since its own derivative may not be.
    """
    if not isinstance(g, Variable):
        return bool((g != 0).any())
    try:
        return g._node is not None or bool((g.array != 0).any())
    except TypeError:  # a batched one, read by some entries
        return True


def _svd_vjp(g, U, S, Vh):
    """Townsend (2016), "Differentiating the singular value decomposition"."""
    gU, gS, gVh = g
    k = S.shape[-1]
    U, Vh, gU, gVh = U[..., :k], Vh[..., :k, :], gU[..., :k], gVh[..., :k, :]
    if not (_any(gU) or _any(gVh)):
        return (U * gS[..., None, :]) @ Vh
    V, gV = adjoint(Vh), adjoint(gVh)
    between = gaps(S * S)
    of_u, of_v = adjoint(U) @ gU, Vh @ gV
    of_u, of_v = (of_u - adjoint(of_u)) / between, (of_v - adjoint(of_v)) / between
    middle = of_u * S[..., None, :] + S[..., :, None] * of_v + diag_embed(gS)
    if array_of(U).dtype.kind == "c":  # a phase that both vectors share
        middle = middle + diag_embed(diagonal(of_u, dim1=-2, dim2=-1) / (2 * S))
    out = U @ middle @ Vh
    if U.shape[-2] > k:
        out = out + ((gU - U @ (adjoint(U) @ gU)) / S[..., None, :]) @ Vh
    if V.shape[-2] > k:
        out = out + (U / S[..., None, :]) @ adjoint(gV - V @ (Vh @ gV))
    return out


@primitive(complex=True, name="svd", outputs=("U", "S", "Vh"), x=_svd_vjp)
def singular(x, *, full_matrices):
    check_matrices(x, "svd", square=False)
    return tuple(lapack_svd(x, full_matrices))


@composite(out=True)
def svd(A, full_matrices=True, *, driver=None):
    """U diag(S) Vh = A for matrices (…, m, n), with S in descending order.

    Shapes: U (…, m, m), S (…, min(m, n)), Vh (…, n, n). Without ``full_matrices`` only the first min(m, n)
    columns of U and rows of Vh. The gradient is that of a loss which does not depend on the signs of the
    vectors; it is infinite where two singular values are equal.
    """
    return svd_result(*singular(A, full_matrices=full_matrices))


def _svdvals_vjp(g, x):
    U, _, Vh = singular(x, full_matrices=False)
    return (U * g[..., None, :]) @ Vh


@primitive(complex=True, x=_svdvals_vjp)
def _svdvals(x):
    check_matrices(x, "svdvals", square=False)
    return lapack_svd(x, False, "svdvals")[1]


@composite(out=True)
def svdvals(A, *, driver=None):
    """The singular values of matrices (…, m, n), in descending order."""
    return _svdvals(A)


class old_svd_result(NamedTuple):
    """Left singular vectors, singular values, right singular vectors (as columns)."""

    U: Any
    S: Any
    V: Any


@composite(out=True, name="svd")
def old_svd(input, some=True, compute_uv=True):
    """torch.svd: U diag(S) Vᴴ = input, by default with min(m, n) columns in U and V.

    Without ``compute_uv`` both are zeros.
    """
    U, S, Vh = svd(input, full_matrices=not some)
    return old_svd_result(U, S, adjoint(Vh)) if compute_uv else old_svd_result(U * 0, S, adjoint(Vh) * 0)


# ---- eigenvalues ---------------------------------------------------------------------------------


class eigh_result(NamedTuple):
    """Eigenvalues in ascending order and eigenvectors (as columns)."""

    eigenvalues: Any
    eigenvectors: Any


def _eigh_vjp(g, values, vectors):
    """Giles (2008), section 3.1."""
    of_values, of_vectors = g
    if not _any(of_vectors):
        return (vectors * of_values[..., None, :]) @ adjoint(vectors)
    turned = adjoint(vectors) @ of_vectors
    turned = turned - diag_embed(diagonal(turned, dim1=-2, dim2=-1))  # eigenvectors keep their length
    middle = turned / gaps(values) + diag_embed(of_values)
    return vectors @ middle @ adjoint(vectors)


@primitive(
    complex=True,
    outputs=("values", "vectors"),
    x=_eigh_vjp,
)
def _eigh(x, *, UPLO):
    check_matrices(x, "eigh")
    text = (
        "linalg.eigh: The algorithm failed to converge because the input matrix is ill-conditioned or has "
        "too many repeated eigenvalues."
    )
    return tuple(computed(xp(x).linalg.eigh, text, x, UPLO))


def _triangle(UPLO):
    if not isinstance(UPLO, str):
        raise TypeError(f"linalg_eigh(): argument 'UPLO' (position 2) must be str, not {type(UPLO).__name__}")
    if UPLO not in ("L", "U", "l", "u"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return UPLO.upper()


@composite(out=True)
def eigh(A, UPLO="L"):
    """Eigenvalues (…, n), ascending, and eigenvectors (…, n, n) of symmetric or Hermitian matrices.

    Only the lower ("L") or upper ("U") triangle is read. The gradient is that of a loss which does not depend
    on the signs of the vectors; it is infinite where two eigenvalues are equal. RuntimeError for another
    ``UPLO``.
    """
    return eigh_result(*_eigh(A, UPLO=_triangle(UPLO)))


@primitive(
    complex=True,
    aux=("vectors",),
    composed=lambda x, UPLO: _eigh(x, UPLO=UPLO)[0],
    # no gaps: equal eigenvalues do no harm
    x=lambda g, vectors: (vectors * g[..., None, :]) @ vectors.conj().swapaxes(-1, -2),
)
def _eigvalsh(x, *, UPLO):
    return _eigh(x, UPLO=UPLO)


@composite(out=True)
def eigvalsh(A, UPLO="L"):
    """The eigenvalues of symmetric matrices, ascending."""
    return _eigvalsh(A, UPLO=_triangle(UPLO))
