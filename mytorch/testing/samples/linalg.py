"""Rows of ops/matmul.py and ops/linalg/."""

import numpy as np

import mytorch

from . import Real, Sample

L = mytorch.linalg
SQUARE = Real((2, 3, 3), -0.3, 0.3)


def apart(x):
    """Well-conditioned square matrices of any."""
    return x + 2 * mytorch.eye(3, dtype=x.dtype)


def np_apart(x):
    return x + 2 * np.eye(3)


def definite(x):
    return x @ x.mT + mytorch.eye(3, dtype=x.dtype) + mytorch.diag(mytorch.tensor([0.0, 1, 2])).to(x.dtype)


def np_definite(x):
    return x @ x.swapaxes(-1, -2) + np.eye(3) + np.diag([0.0, 1, 2])


def lu_by_rows(x):
    """Gaussian elimination of one matrix after the other."""
    if x.ndim > 2:
        return tuple(map(np.stack, zip(*map(lu_by_rows, x))))
    a, (m, n) = x.astype("float64"), x.shape
    order = list(range(m))
    for j in range(min(m, n)):
        best = j + np.abs(a[j:, j]).argmax()
        a[[j, best]], order[j], order[best] = a[[best, j]], order[best], order[j]
        for i in range(j + 1, m):
            a[i, j] /= a[j, j]
            a[i, j + 1 :] -= a[i, j] * a[j, j + 1 :]
    k = min(m, n)
    return np.eye(m)[:, order], np.tril(a[:, :k], -1) + np.eye(m, k), np.triu(a[:k])


def unsigned(svd):
    """What of a factorization does not depend on the signs of its vectors."""
    u, s, vh = svd
    return u * u, s, vh * vh


MATMUL = [
    (((3, 4), (4, 2)), "", ((0, 4), (4, 2))),
    (((4,), (4,)), "", None),
    (((3, 4), (4,)), "", ((3, 0), (0,))),
    (((4,), (4, 2)), "", None),
    (((2, 3, 4), (4, 5)), "", ((0, 3, 4), (4, 5))),
    (((2, 3, 4), (4,)), "", None),
    (((4,), (2, 4, 3)), "", None),
    (((2, 3, 4), (2, 4, 5)), "", ((2, 3, 0), (2, 0, 5))),
    (((2, 1, 3, 4), (3, 4, 2)), " broadcasting", None),
    (((3, 4), (2, 4, 2)), "", None),
]

ROWS = [
    Sample(
        "matmul",
        lambda x, y: x @ y,
        shapes,
        np.matmul,
        note=f"{len(shapes[0])}d by {len(shapes[1])}d{note}",
        empty=empty,
    )
    for shapes, note, empty in MATMUL
] + [
    Sample(
        "matmul",
        lambda x, y, z: mytorch.einsum("bij,kj,...i->b...k", x, y, z),
        ((2, 3, 4), (5, 4), (2, 3)),
        lambda x, y, z: np.einsum("bij,kj,ci->bck", x, y, z),
        note="einsum",
    ),
    Sample(
        "matmul",
        lambda x, y: mytorch.tensordot(x, y, ([0, 2], [1, 0])),
        ((2, 3, 4), (4, 2, 5)),
        lambda x, y: np.tensordot(x, y, ([0, 2], [1, 0])),
        note="tensordot",
    ),
    Sample(
        "matmul",
        lambda b, x, y: mytorch.baddbmm(b, x, y, beta=0.5, alpha=2),
        ((3, 1), (2, 3, 4), (2, 4, 5)),
        lambda b, x, y: 0.5 * b + 2 * x @ y,
        note="baddbmm",
    ),
    Sample("mul", mytorch.kron, ((2, 3), (4, 1)), np.kron, note="kron"),
    Sample("mul", lambda x, y: L.cross(x, y), ((4, 3), (1, 3)), np.cross, note="cross"),
    Sample(
        "euclidean",
        lambda x, y: mytorch.cdist(x, y),
        ((4, 3), (2, 5, 3)),
        lambda x, y: np.linalg.norm(x[None, :, None] - y[:, None], axis=-1),
    ),
    Sample(
        "euclidean",
        lambda x, y: mytorch.cdist(x, y, compute_mode="use_mm_for_euclid_dist"),
        ((4, 3), (5, 3)),
        lambda x, y: np.linalg.norm(x[:, None] - y[None], axis=-1),
        note="by a product",
    ),
    Sample("inv", lambda x: L.inv(apart(x)), (SQUARE,), lambda x: np.linalg.inv(np_apart(x))),
    Sample(
        "solve",
        lambda x, y: L.solve(apart(x), y),
        (SQUARE, (2, 3, 2)),
        lambda x, y: np.linalg.solve(np_apart(x), y),
    ),
    Sample(
        "solve",
        lambda x, y: L.solve(apart(x), y),
        (SQUARE, (3,)),
        lambda x, y: np.linalg.solve(np_apart(x), y[:, None])[..., 0],
        note="a vector for all",
    ),
    Sample(
        "solve",
        lambda x, y: L.solve(apart(x), y, left=False),
        (SQUARE, (4, 3)),
        lambda x, y: y @ np.linalg.inv(np_apart(x)),
        note="from the right",
    ),
    Sample(
        "solve_triangular",
        lambda x, y: L.solve_triangular(apart(x), y, upper=True),
        (SQUARE, (2, 3, 2)),
        lambda x, y: np.linalg.solve(np.triu(np_apart(x)), y),
        note="triangular",
    ),
    Sample(
        "cholesky_solve",
        lambda x, y: mytorch.cholesky_solve(y, L.cholesky(definite(x))),
        (SQUARE, (2, 3, 2)),
        lambda x, y: np.linalg.solve(np_definite(x), y),
    ),
    Sample(
        "cholesky_solve",
        lambda x: mytorch.cholesky_inverse(L.cholesky(definite(x), upper=True), upper=True),
        (SQUARE,),
        lambda x: np.linalg.inv(np_definite(x)),
        note="inverse",
    ),
    Sample("pinv", lambda x: L.pinv(x), ((2, 3, 4),), np.linalg.pinv, note="wide"),
    Sample("pinv", lambda x: L.pinv(x), ((4, 3),), np.linalg.pinv, note="tall"),
    Sample("det", lambda x: L.det(apart(x)), (SQUARE,), lambda x: np.linalg.det(np_apart(x))),
    Sample(
        "slogdet", lambda x: L.slogdet(apart(x)), (SQUARE,), lambda x: tuple(np.linalg.slogdet(np_apart(x)))
    ),
    Sample(
        "cholesky",
        lambda x: L.cholesky(definite(x)),
        ((2, 3, 3),),
        lambda x: np.linalg.cholesky(np_definite(x)),
    ),
    Sample(
        "cholesky",
        lambda x: L.cholesky(definite(x), upper=True),
        ((3, 3),),
        lambda x: np.linalg.cholesky(np_definite(x)).T,
        note="upper",
    ),
    Sample("qr", lambda x: L.qr(x), ((2, 4, 3),), lambda x: tuple(np.linalg.qr(x)), note="tall"),
    Sample("qr", lambda x: L.qr(x), ((3, 5),), lambda x: tuple(np.linalg.qr(x)), note="wide"),
    Sample(
        "svd",
        lambda x: unsigned(L.svd(x, False)),
        ((4, 3),),
        lambda x: unsigned(np.linalg.svd(x, False)),
        note="tall",
    ),
    Sample(
        "svd",
        lambda x: unsigned(L.svd(x, False)),
        ((2, 3, 4),),
        lambda x: unsigned(np.linalg.svd(x, False)),
        note="wide",
    ),
    Sample("svdvals", lambda x: L.svdvals(x), ((2, 3, 4),), lambda x: np.linalg.svd(x, compute_uv=False)),
    Sample(
        "svdvals",
        lambda x: L.matrix_norm(x, "nuc"),
        ((3, 4),),
        lambda x: np.linalg.norm(x, "nuc"),
        note="nuclear norm",
    ),
    Sample(
        "eigh",
        lambda x: L.eigh(definite(x)).eigenvalues,
        ((3, 3),),
        lambda x: np.linalg.eigh(np_definite(x))[0],
    ),
    Sample(
        "eigvalsh",
        lambda x: L.eigvalsh(definite(x)),
        ((2, 3, 3),),
        lambda x: np.linalg.eigvalsh(np_definite(x)),
    ),
    Sample(
        "eigh",
        lambda x: L.eigh(definite(x)).eigenvectors ** 2,
        ((2, 3, 3),),
        lambda x: np.linalg.eigh(np_definite(x))[1] ** 2,
        note="vectors",
    ),
    Sample("lu", lambda x: L.lu(x), ((2, 4, 4),), lu_by_rows, note="square"),
    Sample("lu", lambda x: L.lu(x), ((5, 3),), lu_by_rows, note="tall"),
    Sample("lu", lambda x: L.lu(x), ((2, 3, 5),), lu_by_rows, note="wide"),
    Sample(
        "lu",
        lambda x, y: L.lu_solve(*L.lu_factor(apart(x)), y, adjoint=True),
        (SQUARE, (2, 3, 2)),
        lambda x, y: np.linalg.solve(np_apart(x).swapaxes(-1, -2), y),
        note="solve",
    ),
    Sample(
        "mul",
        L.householder_product,
        ((4, 3), (3,)),
        lambda x, t: np.linalg.multi_dot(
            [np.eye(4) - c * np.outer(v, v) for c, v in zip(t, (np.tril(x, -1) + np.eye(4, 3)).T)]
        )[:, :3],
        note="householder_product",
    ),
    Sample(
        "geqrf",
        mytorch.geqrf,
        ((4, 3),),
        lambda x: tuple(p.T if p.ndim > 1 else p for p in np.linalg.qr(x, "raw")),
        smooth=False,
    ),
    Sample("eig", L.eig, (SQUARE,), smooth=False, reference=lambda x: tuple(np.linalg.eig(x))),
    Sample("eigvals", L.eigvals, (SQUARE,), smooth=False, reference=np.linalg.eigvals),
]
