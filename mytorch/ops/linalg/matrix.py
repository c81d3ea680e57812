"""Determinants, pseudo-inverses, powers and least squares."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy

from ...core.arrays import array_of, xp
from ...core.graph import wrap
from ...core.primitive import primitive
from ...core.sums import summed
from ...kernels.elementwise import largest
from ...kernels.lapack import lapack
from ..cast import is_floating, to_dtype
from ..composite import composite
from ..diagonal import diag_embed
from ..elementwise import select
from ..join import stack
from ..layout import owned
from ..matmul import matmul
from ..permute import adjoint, flip, mT
from ..power import pow
from ..shape import reshape
from ..transcendental import log
from .decompositions import eigh, eigvalsh, lapack_svd, singular, svdvals
from .lu import inverse_or_infinite
from .solve import LinAlgError, check_matrices, eye_like, inv, solve_triangular

# ---- determinants --------------------------------------------------------------------------------


def _det_derivative(x, out):
    """d det / d x: det · x⁻ᵀ, or through the singular values where the matrix is singular."""
    raw = array_of(out)
    if not (raw == 0).any():
        return out[..., None, None] * mT(inv(x))
    u, s, vh = singular(x, full_matrices=False)
    n = s.shape[-1]
    others = [_product_without(s, i) for i in range(n)]
    sign = _det(u) * _det(vh)
    spread = sum(diag_embed(_at(o, i, n)) for i, o in enumerate(others))
    return sign[..., None, None] * (u.conj() @ spread @ vh.conj())


def _product_without(s, i):
    """The product over the last dimension of all but element i."""
    out = 1 + s[..., 0] * 0
    for j in range(s.shape[-1]):
        out = out * s[..., j] if j != i else out
    return out


def _at(values, i, n):
    """``values`` at place i of n along a new last dimension, zeros elsewhere."""
    place = numpy.zeros(n)
    place[i] = 1
    raw = array_of(values)
    return values[..., None] * xp(raw).asarray(place, dtype=raw.dtype)


@primitive(
    complex="holomorphic", name="det", x=lambda g, x, out: g[..., None, None] * _det_derivative(x, out)
)
def _det(x):
    check_matrices(x, "det")
    return xp(x).asarray(lapack(xp(x).linalg.det, x))


@composite(out=True)
def det(A):
    """The determinants of square matrices, (…, n, n) -> (…)."""
    return _det(A)


class slogdet_result(NamedTuple):
    """The sign of a determinant and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


def _inverse(x):
    try:
        return inv(x)
    except LinAlgError:  # the derivative of the logarithm is infinite at 0
        return inverse_or_infinite(x)


def _slogdet_vjp(g, x, sign):
    """d log det x = tr(x⁻¹ dx): the real part is d logabsdet, the imaginary part that of the sign's angle."""
    of_sign, of_log = g
    if array_of(sign).dtype.kind == "c":
        of_log = of_log - 1j * (of_sign.conj() * sign).imag
    return of_log[..., None, None] * adjoint(_inverse(x))


@primitive(complex=True, outputs=("sign", "logabsdet"), x=_slogdet_vjp)
def _slogdet(x):
    check_matrices(x, "slogdet")
    sign, logabsdet = lapack(xp(x).linalg.slogdet, x)
    return xp(x).asarray(sign, dtype=x.dtype), xp(x).asarray(logabsdet, dtype=x.real.dtype)


@composite(out=True)
def slogdet(A):
    """The signs and the logarithms of the absolute values of determinants, as a pair (sign, logabsdet).

    Shapes: (…, n, n) -> twice (…).
    """
    return slogdet_result(*_slogdet(A))


def logdet(input):
    """The logarithm of the determinant, (…, n, n) -> (…).

    It is nan where the determinant is negative, and complex for complex matrices.
    """
    sign, logabsdet = slogdet(input)
    if array_of(sign).dtype.kind == "c":
        return log(sign) + logabsdet
    return select(sign < 0, float("nan"), logabsdet)


# ---- powers and least squares --------------------------------------------------------------------


def _pinv_vjp(g, x, out):
    gT, outT = adjoint(g), adjoint(out)
    return (gT - x @ (out @ gT)) @ (out @ outT) + outT @ (out @ (gT - (gT @ out) @ x)) - outT @ g @ outT


def _bound(values, shape, atol, rtol):
    """The bound up to which singular values (…, k) count as 0: max(atol, rtol · largest), as (…, 1).

    ``shape`` is that of the matrices.
    """
    raw, atol, rtol = (array_of(v) for v in (values, atol, rtol))
    if rtol is None:
        given = atol is not None and xp(raw).any(atol > 0)
        rtol = 0 if given else max(shape[-2:]) * xp(raw).finfo(raw.dtype).eps
    atol, rtol = (v[..., None] if getattr(v, "ndim", 0) else v for v in (0 if atol is None else atol, rtol))
    return xp(raw).maximum(atol, rtol * largest(raw, -1, True, 0))


@primitive(complex=True, x=_pinv_vjp)
def _pinv(x, *, rtol=None, atol=None, hermitian=False):
    check_matrices(x, "pinv", square=hermitian)
    if hermitian:
        values, u = eigh(x)
        s, vh = abs(values), adjoint(u * xp(x).sign(values)[..., None, :])
    else:
        u, s, vh = lapack_svd(x, False, "pinv")
    s = xp(x).where(s > _bound(s, x.shape, atol, rtol), 1 / s, 0)
    return adjoint(vh) @ (s[..., None] * adjoint(u))


@composite(out=True)
def pinv(A, rtol=None, *, atol=None, hermitian=False, rcond=None):
    """The Moore-Penrose inverses of matrices, (…, m, n) -> (…, n, m).

    Singular values up to max(atol, rtol · largest) count as 0.

    Gradient: Golub and Pereyra (1973), "The differentiation of pseudo-inverses".
    """
    return _pinv(A, rtol=rcond if rtol is None else rtol, atol=atol, hermitian=hermitian)


@composite(out=True)
def matrix_power(A, n):
    """Square matrices to the integer power ``n``; negative powers are those of the inverse.

    RuntimeError for matrices that are not square, TypeError unless ``n`` is an int.
    """
    if not isinstance(n, int) or n is True or n is False:
        raise TypeError(
            f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}"
        )
    if len(A.shape) < 2:
        raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"linalg.matrix_power: A must be batches of square matrices, but they are {A.shape[-2]} by "
            f"{A.shape[-1]} matrices"
        )
    if n == 0:
        raw = array_of(A)
        return A * 0 + eye_like(raw)
    return owned(_power(inv(A), -n) if n < 0 else _power(A, n), A)


def _power(A, n):
    """Aⁿ for n >= 1, by repeated squaring."""
    out = None
    while n:
        if n % 2:
            out = A if out is None else matmul(out, A)
        n //= 2
        A = matmul(A, A) if n else A
    return out


@composite
def matrix_exp(A):
    """Σ Aᵏ / k! of square matrices (…, n, n). Higham (2005).

    It is the Taylor series of A / 2ˢ, whose norm is below 1/2, squared s times.
    """
    raw = array_of(A)
    if raw.dtype.kind in "fV" and raw.dtype.itemsize == 2:  # 16-bit numbers are summed in float32
        return to_dtype(matrix_exp(to_dtype(A, dtype=numpy.dtype("float32"))), dtype=raw.dtype)
    check_matrices(raw, "matrix_exp")
    if not raw.size:
        return A * 1
    norm = largest_norm.get(type(raw), _largest_norm)(raw) or 1
    squarings = max(0, math.ceil(math.log2(norm)) + 1) if math.isfinite(norm) else 0
    scaled, out = A * 0.5**squarings, eye_like(raw)
    for k in range(16, 0, -1):  # Horner's scheme
        out = matmul(scaled, out) * (1 / k) + eye_like(raw)
    for _ in range(squarings):
        out = matmul(out, out)
    return out


def _largest_norm(matrices):
    """The largest sum of a column's absolute values."""
    return float(summed(xp(matrices).abs(matrices), -2).max())


# by the type of array: ``func/operation_rules.py`` adds batched ones
largest_norm: dict = {numpy.ndarray: _largest_norm}


@composite(out=True)
def cholesky_solve(B, L, upper=False):
    """X with A X = B, where ``L`` is the Cholesky factor of A: L Lᴴ = A (or Lᴴ L with ``upper``).

    Only one triangle of ``L`` is read. Its gradient, as in PyTorch, fills the whole matrix.
    """
    return _cholesky_solved(B, L, upper=upper)


def _cholesky_solve_vjp(g, L, out, upper):
    gB = _cholesky_solved(g, L, upper=upper)
    gA = gB @ adjoint(out)
    gA = gA + adjoint(gA)
    return gB, -(L @ gA) if upper else -(gA @ L)


@primitive(complex=True, name="cholesky_solve", joint=_cholesky_solve_vjp, broadcasts=True)
def _cholesky_solved(B, L, *, upper):
    first = solve_triangular(adjoint(L) if upper else L, B, upper=False)
    return solve_triangular(L if upper else adjoint(L), first, upper=True)


@composite(out=True)
def cholesky_inverse(L, upper=False):
    """The inverse of the matrix with the Cholesky factor ``L``."""
    raw = array_of(L)
    check_matrices(raw, "cholesky_inverse")
    return cholesky_solve(xp(raw).broadcast_to(eye_like(raw), raw.shape), L, upper)


@composite
def vander(x, *, N: int | None = None):
    """The Vandermonde matrices of vectors, (…, n) -> (…, n, N): the powers 0 to N - 1 of each element.

    RuntimeError unless N > 1.
    """
    if x.dtype == "bool":
        raise RuntimeError(
            "linalg.vander supports floating point, complex, and integer tensors, but got bool"
        )
    x = x if x.shape else reshape(x, shape=(1,))
    n = x.shape[-1] if N is None else N
    if n <= 1:
        raise RuntimeError(f"N must be greater than 1, got {n}")
    x = x if is_floating(x) else to_dtype(x, "int64")
    return stack(_powers(x, n), -1)


@composite(name="vander")
def decreasing_vander(x, N: int | None = None, increasing=False):
    """``torch.vander``: the powers N - 1 to 0 of a vector's elements, (n,) -> (n, N).

    N is n by default. The powers are 0 to N - 1 if ``increasing``. RuntimeError for other shapes or a
    negative N.
    """
    if len(x.shape) != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    if N is not None and N < 0:
        raise RuntimeError("N must be non-negative.")
    x = x if is_floating(x) else to_dtype(x, "int64")
    n = x.shape[0] if N is None else N
    powers = stack(_powers(x, max(n, 1)), -1)[:, :n]
    return powers if increasing else flip(powers, dims=(1,))


def _powers(x, n):
    """x⁰ … xⁿ⁻¹, one of them at least."""
    powers = [pow(x, 0)]
    while len(powers) < n:
        powers.append(powers[-1] * x)
    return powers[: max(n, 1)]


@composite(out=True)
def matrix_rank(A, tol=None, hermitian=False, *, atol=None, rtol=None):
    """How many singular values are larger than max(atol, rtol · largest), (…, m, n) -> (…) in int64."""
    values = abs(eigvalsh(A)) if hermitian else svdvals(A)
    return summed(values > _bound(values, A.shape, tol if atol is None else atol, rtol), -1)


class lstsq_result(NamedTuple):
    """A least-squares solution, its squared residuals, the ranks, the singular values."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


@composite(out=True)
def lstsq(A, B, rcond: float | None = None, *, driver=None):
    """X that minimizes ‖A X - B‖ (and, of many, ‖X‖), for A (…, m, n) and B (…, m, k) or (…, m).

    RuntimeError for other shapes or another ``driver``, TypeError for a ``driver`` that is no string.
    """
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        kind = RuntimeError if isinstance(driver, str) else TypeError
        raise kind(
            "torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), got "
            f"{driver!r}"
        )
    if len(A.shape) < 2:
        raise RuntimeError("torch.linalg.lstsq: input must have at least 2 dimensions")
    vector = len(B.shape) == len(A.shape) - 1
    if not vector and len(B.shape) < 2:
        raise RuntimeError("torch.linalg.lstsq: other must have at least 1 dimension")
    columns = B[..., None] if vector else B
    if columns.shape[-2] != A.shape[-2]:
        raise RuntimeError(
            f"torch.linalg.lstsq: input.size(-2) should match other.size(-2), got {list(A.shape)} and "
            f"{list(B.shape)}"
        )
    solution, rank = matmul(pinv(A, rcond), columns), matrix_rank(A, rtol=rcond)
    m, n = A.shape[-2:]
    residuals = reshape(columns.real, shape=(-1,))[:0]
    if driver not in (None, "gelsy") and m > n and (array_of(rank) == n).all():
        left = matmul(A, solution) - columns
        residuals = summed((left * left.conj()).real, -2)
    return lstsq_result(
        solution[..., 0] if vector else solution,
        residuals,
        rank.reshape(-1)[:0] if driver == "gels" else rank,  # gels assumes that A has full rank
        wrap(array_of(svdvals(A) if driver in ("gelsd", "gelss") else residuals.reshape(-1)[:0])),
    )
