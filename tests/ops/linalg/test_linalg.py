"""Functions of matrices, one table for all of them, against PyTorch: values, gradients, matrices without
elements, and what has to be refused.
"""

import numpy as np
import pytest

import mytorch
from tests.draws import arrays
from tests.referee import agree, torch

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

EMPTY = [(0, 0), (0, 3, 3), (2, 0, 0), (0, 3), (3, 0), (2, 0, 3), (2, 3, 0), (0, 2, 3)]

NAMES = """
    lu lu_factor lu_factor_ex inv_ex inv cholesky cholesky_ex qr svd svdvals eigh eigvalsh eig eigvals
    det slogdet pinv matrix_rank matrix_exp cond matrix_norm tensorinv
""".split()
OF_EMPTY = {name: lambda m, x, name=name: getattr(m.linalg, name)(x) for name in NAMES} | {
    "without pivots": lambda m, x: m.linalg.lu(x, pivot=False),
    "geqrf": lambda m, x: m.geqrf(x.detach()),
    "unpacked": lambda m, x: m.lu_unpack(*m.linalg.lu_factor(x)),
    "solve_ex": lambda m, x: m.linalg.solve_ex(x, x.sum(-1, keepdim=True)),
    "lu_solve": lambda m, x: m.linalg.lu_solve(*m.linalg.lu_factor(x), x.sum(-1, keepdim=True)),
    "norm of order 2": lambda m, x: m.linalg.matrix_norm(x, 2),
    "norm of order 1": lambda m, x: m.linalg.matrix_norm(x, 1),
    "norm of order -1": lambda m, x: m.linalg.matrix_norm(x, -1),
    "cond": lambda m, x: m.linalg.cond(x, "fro"),
    "cholesky_inverse": lambda m, x: m.cholesky_inverse(x),
    "householder_product": lambda m, x: m.linalg.householder_product(x, x.sum(-2)),
}


@pytest.mark.parametrize("shape", EMPTY, ids=str)
@pytest.mark.parametrize("name", OF_EMPTY)
def test_matrices_without_elements(name, shape):
    agree(OF_EMPTY[name], [np.zeros(shape)], gradient=not name.startswith("eig"))


def plus_eye(m, x):
    return x + 2.5 * m.eye(x.shape[-1], dtype=x.dtype)


def definite(m, x):
    return x @ x.mT + m.eye(x.shape[-2], dtype=x.dtype)


def functions_of_svd(m, x, full):
    U, S, Vh = m.linalg.svd(x, full)
    k = S.shape[-1]
    return U[..., :k] * S[..., None, :] @ Vh[..., :k, :], S, (U[..., :k] * U[..., :k]).detach()


FUNCTIONS = {
    "inv": (lambda m, x: m.linalg.inv(plus_eye(m, x)), "square"),
    "Tensor.inverse": (lambda m, x: plus_eye(m, x).inverse(), "square"),
    "det": (lambda m, x: m.linalg.det(plus_eye(m, x)), "square"),
    "slogdet": (lambda m, x: m.linalg.slogdet(plus_eye(m, x)), "square"),
    "torch.slogdet": (lambda m, x: m.slogdet(plus_eye(m, x)).logabsdet, "square"),
    "logdet": (lambda m, x: m.logdet(plus_eye(m, x)), "square"),
    "cholesky": (lambda m, x: m.linalg.cholesky(definite(m, x)), "square"),
    "cholesky upper": (lambda m, x: m.linalg.cholesky(definite(m, x), upper=True), "square"),
    "qr": (lambda m, x: m.linalg.qr(x), "any"),
    "qr names": (lambda m, x: (m.linalg.qr(x).Q, m.linalg.qr(x).R), "any"),
    "qr complete": (lambda m, x: tuple(r.detach() for r in m.linalg.qr(x, "complete")), "any"),
    "qr r": (lambda m, x: tuple(r.detach() for r in m.linalg.qr(x.detach(), mode="r")), "any"),
    "svd": (lambda m, x: functions_of_svd(m, x, False), "any"),
    "svd full": (lambda m, x: tuple(r.shape for r in m.linalg.svd(x)), "any"),
    "svdvals": (lambda m, x: m.linalg.svdvals(x), "any"),
    "torch.svd": (lambda m, x: m.svd(x).S, "any"),
    "eigvalsh": (lambda m, x: m.linalg.eigvalsh(definite(m, x)), "square"),
    "eigh": (lambda m, x: m.linalg.eigh(definite(m, x)).eigenvectors ** 2, "square"),
    "eigh upper": (lambda m, x: m.linalg.eigh(x.detach(), UPLO="U").eigenvalues, "square"),
    "eigh lower": (lambda m, x: m.linalg.eigh(x.detach())[0], "square"),
    "pinv": (lambda m, x: m.linalg.pinv(x), "any"),
    "pinv rtol": (lambda m, x: m.linalg.pinv(x.detach(), rtol=0.5), "any"),
    "pinverse": (lambda m, x: m.pinverse(x), "any"),
    "matrix_rank": (lambda m, x: m.linalg.matrix_rank(x.detach()), "any"),
    "matrix_power": (lambda m, x: m.linalg.matrix_power(plus_eye(m, x), 3), "square"),
    "cond": (lambda m, x: m.linalg.cond(plus_eye(m, x)), "square"),
    "cond 1": (lambda m, x: m.linalg.cond(plus_eye(m, x.detach()), 1), "square"),
    "lstsq": (lambda m, x: m.linalg.lstsq(x, x.detach()[..., :1] * 2 + 1).solution, "any"),
    "diagonal": (lambda m, x: m.linalg.diagonal(x), "any"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_of_a_matrix(name):
    call, kind = FUNCTIONS[name]
    shapes = [(3, 3), (2, 3, 3), (1, 1), (2, 2, 4, 4), (0, 3, 3)] + (
        [(4, 3), (2, 3, 4), (1, 3)] if kind == "any" else [(0, 0)]
    )
    for shape in shapes:
        if name in ("cond", "cond 1", "lstsq") and 0 in shape:
            continue
        for dtype in ("float32", "float64"):
            agree(
                call,
                arrays(shape, dtype=dtype, seed=3),
                f"{name} {shape}",
                tolerance=2e-3 if dtype == "float32" else 1e-9,
            )


BARE = {
    name: lambda m, x, f=name: getattr(m.linalg, f)(x)
    for name in ("inv", "det", "slogdet", "cholesky", "qr", "svd", "svdvals", "eigh", "eigvalsh", "pinv")
}


@pytest.mark.parametrize("name", BARE)
def test_refused(name):
    for x in (
        np.ones(3, "float32"),
        np.ones((3, 4), "float32"),
        np.ones((3, 3), "int64"),
        np.ones((3, 3), "float16"),
        np.float32(1),
    ):
        if name in ("qr", "svd", "svdvals", "pinv") and x.shape == (3, 4):
            continue
        agree(BARE[name], [x], f"{name} {x.dtype}{x.shape}")


def test_singular_matrices_are_refused():
    for call in (
        lambda m, x: m.linalg.inv(x),
        lambda m, x: m.linalg.solve(x, x),
        lambda m, x: m.linalg.cholesky(-x),
        lambda m, x: m.linalg.svd(x * float("nan")),
    ):
        with pytest.raises(RuntimeError):
            call(torch, torch.ones(3, 3))
        with pytest.raises(mytorch.linalg.LinAlgError):
            call(mytorch, mytorch.ones(3, 3))


# Matrices that no kernel of any BLAS has to round.
SINGULAR = {
    "a row": np.diag([2.0, 0]),
    "zeros": np.zeros((2, 2)),
    "a batch": np.stack([np.diag([2.0, 0]), np.eye(2), np.zeros((2, 2))]),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_gradients_of_singular_matrices_are_infinite(name):
    A = SINGULAR[name]
    for call in (
        lambda m, x: m.linalg.lu(x)[2],
        lambda m, x: m.linalg.inv_ex(x).inverse,
        lambda m, x: m.linalg.qr(x).R,
        lambda m, x: m.linalg.solve_triangular(x, m.ones(2, 1, dtype=x.dtype), upper=True),
    ):
        agree(call, [A])
    agree(lambda m, x: m.linalg.slogdet(x), [A], gradient=False)
    x = mytorch.tensor(A, requires_grad=True)
    mytorch.linalg.slogdet(x).logabsdet.sum().backward()
    assert not np.isfinite(x.grad.array).all()
    if A.ndim > 2:
        np.testing.assert_allclose(x.grad.array[1], np.eye(2))


def test_matrices_of_no_numbers():
    for value in (np.nan, np.inf):
        with pytest.raises(mytorch.linalg.LinAlgError):
            mytorch.linalg.cholesky(mytorch.full((2, 2), value))
        agree(lambda m, x: m.linalg.matrix_exp(x), [np.full((2, 2), value)])
        agree(lambda m, x: m.linalg.inv_ex(x).info, [np.full((2, 2), value)], gradient=False)
    agree(lambda m, x: m.linalg.lu_factor(x), [np.ones((2, 2))])
