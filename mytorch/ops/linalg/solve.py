"""Inverses of matrices and solutions of linear equations."""

from __future__ import annotations

import numpy

from ...core.arrays import array_of, broadcast_shape, xp
from ...core.primitive import primitive
from ...kernels.elementwise import broadcast_view
from ...kernels.lapack import lapack
from ..composite import composite
from ..diagonal import tril, triu
from ..permute import mT


class LinAlgError(RuntimeError):
    """A matrix that has no such inverse, factor or solution."""


def check_matrices(x, name, square=True):
    """RuntimeError unless ``x`` holds (square) matrices of float32 or float64."""
    if x.ndim < 2:
        raise RuntimeError(f"linalg.{name}: The input tensor A must have at least 2 dimensions.")
    if x.dtype.kind not in "fcV":
        raise RuntimeError(
            f"linalg.{name}: Expected a floating point or complex tensor as input. Got {x.dtype}"
        )
    if x.dtype.itemsize == 2:
        raise RuntimeError(f"linalg.{name}: Low precision dtypes not supported. Got {x.dtype}")
    if square and x.shape[-1] != x.shape[-2]:
        raise RuntimeError(
            f"linalg.{name}: A must be batches of square matrices, but they are {x.shape[-2]} by "
            f"{x.shape[-1]} matrices"
        )


def computed(function, message, *args, **settings):
    """What LAPACK computes. LinAlgError with torch's words where it fails."""
    try:
        return lapack(function, *args, **settings)
    except numpy.linalg.LinAlgError as error:
        raise LinAlgError(message) from error


def eye_like(x):
    return xp(x).eye(x.shape[-1], dtype=x.dtype)


# ---- inverses and solutions ----------------------------------------------------------------------


@primitive(complex="holomorphic", A=lambda g, out: -(mT(out) @ (g @ mT(out))))
def inv(A):
    """The inverses of square matrices (…, n, n). LinAlgError where one is singular."""
    check_matrices(A, "inv")
    return computed(
        xp(A).linalg.inv,
        "linalg.inv: The inversion could not be completed because the input matrix is singular.",
        A,
    )


@primitive(
    complex="holomorphic", name="solve", joint=lambda g, A, out: _solve_vjp(g, A, out), broadcasts=True
)
def solved(A, B):
    check_matrices(A, "solve")
    if A.dtype != B.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {A.dtype} and B of "
            f"type {B.dtype} instead"
        )
    return computed(
        xp(A).linalg.solve,
        "torch.linalg.solve: The solver failed because the input matrix is singular.",
        A,
        B,
    )


def _solve_vjp(g, A, out):
    gB = solved(mT(A), g)
    return -(gB @ mT(out)), gB


@primitive(
    name="solve_triangular",
    complex="holomorphic",
    joint=lambda g, A, out, upper: _substituted_vjp(g, A, out, upper),
    broadcasts=True,
)
def substituted(A, B, *, upper):
    """X with A X = B for triangular A.

    Where the diagonal has a zero, or B infinities or nan, the result is that of substitution.
    """
    module, n = xp(A), A.shape[-1]
    if not A.size or ((module.diagonal(A, 0, -2, -1) != 0).all() and module.isfinite(B).all()):
        return solved(A, B)
    batch = broadcast_shape(A.shape[:-2], B.shape[:-2])
    A, B = broadcast_view(A, (*batch, n, n)), broadcast_view(B, (*batch, *B.shape[-2:]))
    out = B.copy()
    for i in reversed(range(n)) if upper else range(n):
        known = slice(i + 1, n) if upper else slice(0, i)
        out[..., i : i + 1, :] -= A[..., i : i + 1, known] @ out[..., known, :]
        out[..., i, :] /= A[..., i, i, None]
    return out


def _substituted_vjp(g, A, out, upper):
    gB = substituted(mT(A), g, upper=not upper)
    return -(gB @ mT(out)), gB


@composite(out=True)
def solve(A, B, *, left=True):
    """X with A X = B, or X A = B without ``left``. LinAlgError where A is singular.

    Shapes: A (…, n, n), B (…, n, k) or a batch of vectors (…, n). RuntimeError for other shapes.
    """
    if len(A.shape) < 2:
        raise RuntimeError("linalg.solve: The input tensor A must have at least 2 dimensions.")
    vector = len(B.shape) == 1 or (len(B.shape) == len(A.shape) - 1 and tuple(B.shape) == tuple(A.shape[:-1]))
    if not left and vector:
        raise RuntimeError(
            "linalg.solve: Vector broadcasting of the right hand side is not supported for left=False, got "
            f"B of shape {list(B.shape)}"
        )
    if vector:
        B = B[..., None]
        return solved(A, B)[..., 0] if A.shape[-1] == B.shape[-2] else _mismatched(A, B, left)
    if len(B.shape) < 2 or B.shape[-2 if left else -1] != A.shape[-1]:
        return _mismatched(A, B, left)
    return solved(A, B) if left else mT(solved(mT(A), mT(B)))


def _mismatched(A, B, left):
    """RuntimeError for shapes that do not fit."""
    a, b = "x".join(map(str, A.shape[-2:])), "x".join(map(str, B.shape[-2:]))
    raise RuntimeError(
        f"linalg.solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
        f"({a} and {b})"
    )


@composite(out=True)
def solve_triangular(A, B, *, upper, left=True, unitriangular=False):
    """X with A X = B, or X A = B without ``left``, reading only one triangle of A.

    With ``unitriangular`` its diagonal counts as ones. Where a diagonal has a zero, infinities and nan come
    out. Shapes: A (…, n, n), B (…, n, k). RuntimeError for vectors.
    """
    for name, x in (("A", A), ("B", B)):
        if len(x.shape) < 2:
            raise RuntimeError(
                f"linalg.solve_triangular: The input tensor {name} must have at least 2 dimensions."
            )
    if A.shape[-1] != A.shape[-2]:
        raise RuntimeError(
            f"linalg.solve_triangular: A must be batches of square matrices, but they are {A.shape[-2]} by "
            f"{A.shape[-1]} matrices"
        )
    if B.shape[-2 if left else -1] != A.shape[-1]:
        _mismatched(A, B, left)
    A = (triu if upper else tril)(A, diagonal=int(unitriangular) * (1 if upper else -1))
    if unitriangular:
        A = A + eye_like(array_of(A))
    return substituted(A, B, upper=upper) if left else mT(substituted(mT(A), mT(B), upper=not upper))
