"""LU factorizations, forms that report failure, eigenvalues and equations of tensors, as in PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, torch

RNG = draws(0)
SHAPES = [(3, 3), (2, 4, 4), (5, 3), (2, 3, 5), (0, 3, 3), (1, 1)]


@pytest.mark.filterwarnings("ignore:torch.lu")  # deprecated there
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_factors(shape):
    A = RNG.standard_normal(shape)
    agree(lambda m, x: m.linalg.lu(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.linalg.lu_factor(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.linalg.lu_factor_ex(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.lu(x), [A], tolerance=1e-9)
    agree(lambda m, x: m.lu_unpack(*m.linalg.lu_factor(x)), [A], tolerance=1e-9)
    agree(lambda m, x: m.lu_unpack(*m.linalg.lu_factor(x), unpack_data=False)[0], [A])
    agree(lambda m, x: m.linalg.lu(x), [A.astype("float32")], gradient=False, tolerance=1e-5)


@pytest.mark.filterwarnings("ignore:torch.lu")
@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("adjoint", [True, False])
def test_solutions(left, adjoint):
    A, B = RNG.standard_normal((2, 4, 4)), RNG.standard_normal((2, 4, 3) if left else (2, 3, 4))
    agree(
        lambda m, x, b: m.linalg.lu_solve(*m.linalg.lu_factor(x), b, left=left, adjoint=adjoint),
        [A, B],
        tolerance=1e-9,
    )
    agree(
        lambda m, x, b: (
            b.mT.lu_solve(*m.linalg.lu_factor(x)) if not left else m.lu_solve(b, *m.linalg.lu_factor(x))
        ),
        [A, B],
        tolerance=1e-9,
    )
    agree(lambda m, x, b: m.linalg.lu_solve(*m.linalg.lu_factor(x), b[..., :2, :2], left=left), [A, B])


def test_what_cannot_be_done_is_reported():
    A = RNG.standard_normal((2, 4, 4))
    A[1] = 1
    S = A @ A.swapaxes(-1, -2) + np.eye(4)
    S[1] = np.diag([1.0, 2, -1, 3])
    for name, x in (("inv_ex", A), ("cholesky_ex", S), ("lu_factor_ex", A)):
        agree(
            lambda m, x, name=name: [part[0] for part in getattr(m.linalg, name)(x)],
            [x],
            gradient=False,
            tolerance=1e-9,
        )
        agree(lambda m, x, name=name: getattr(m.linalg, name)(x).info, [x], gradient=False)
        with pytest.raises(mytorch.linalg.LinAlgError):
            getattr(mytorch.linalg, name)(mytorch.tensor(x), check_errors=True)
        agree(lambda m, x, name=name: getattr(m.linalg, name)(x), [x[:1]], tolerance=1e-9)
    agree(lambda m, x, b: m.linalg.solve_ex(x, b), [A[:1], A[:1, :, :2]], tolerance=1e-9)
    agree(lambda m, x: m.linalg.solve_ex(x, x).info, [A], gradient=False)
    agree(lambda m, x: m.linalg.cholesky_ex(x, upper=True), [S[:1]], tolerance=1e-9)
    assert np.isnan(mytorch.linalg.inv_ex(mytorch.tensor(A)).inverse[1].array).any()


def test_reflections_and_tensors():
    H, tau = RNG.standard_normal((2, 5, 3)), RNG.standard_normal((2, 3))
    agree(lambda m, x, t: m.linalg.householder_product(x, t), [H, tau], tolerance=1e-9)
    agree(lambda m, x, t: m.orgqr(x, t[..., :2]), [H, tau], tolerance=1e-9)
    agree(lambda m, x, t: m.linalg.householder_product(x.mT, t), [H, tau])
    agree(lambda m, x: m.linalg.tensorinv(x), [RNG.standard_normal((4, 6, 8, 3))], tolerance=1e-8)
    agree(lambda m, x: m.linalg.tensorinv(x, 1), [RNG.standard_normal((6, 2, 3))], tolerance=1e-8)
    agree(lambda m, x: m.linalg.tensorinv(x, 1), [RNG.standard_normal((6, 2, 4))])
    agree(
        lambda m, x, b: m.linalg.tensorsolve(x, b),
        [RNG.standard_normal((2, 3, 6)), RNG.standard_normal((2, 3))],
        tolerance=1e-8,
    )
    agree(
        lambda m, x, b: m.linalg.tensorsolve(x, b, dims=(0,)),
        [RNG.standard_normal((6, 2, 3)), RNG.standard_normal((2, 3))],
        tolerance=1e-8,
    )


def test_eigenvalues():
    A = RNG.standard_normal((2, 4, 4))
    values, vectors = mytorch.linalg.eig(mytorch.tensor(A))
    np.testing.assert_allclose(A @ vectors.array, vectors.array * values.array[:, None], atol=1e-12)
    expected = torch.linalg.eigvals(torch.tensor(A)).numpy()
    np.testing.assert_allclose(
        np.sort_complex(mytorch.linalg.eigvals(mytorch.tensor(A)).array),
        np.sort_complex(expected),
        atol=1e-12,
    )
    assert mytorch.linalg.eigvals(mytorch.eye(2)).dtype == mytorch.complex64
    agree(lambda m, x: m.linalg.eigvals(x * np.nan), [A])
    agree(lambda m, x: (m.linalg.eigvals(x) ** 2).sum().real, [A])


EMPTY = [(0, 0), (0, 3, 3), (2, 0, 0), (0, 3), (3, 0), (2, 0, 3), (2, 3, 0), (0, 2, 3)]
FUNCTIONS = """
lu lu_factor lu_factor_ex inv_ex inv cholesky cholesky_ex qr svd svdvals eigh eigvalsh eig eigvals det slogdet pinv matrix_rank matrix_exp cond
matrix_norm tensorinv""".split()  # noqa: E501
OF_EMPTY = {name: lambda m, x, name=name: getattr(m.linalg, name)(x) for name in FUNCTIONS} | {
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


@pytest.mark.filterwarnings("ignore:torch.lu")
def test_the_cpu_always_swaps_rows():
    for call in (
        lambda m, x: m.linalg.lu(x, pivot=False),
        lambda m, x: m.linalg.lu_factor(x, pivot=False),
        lambda m, x: m.lu(x, pivot=False),
    ):
        agree(call, [RNG.standard_normal((3, 3))])


@pytest.mark.parametrize(
    "dims", [None, (0,), (0, 2), (2, 0), (1, 3), (3, 0), (-1,), (), (7,), (0, 0), 1], ids=str
)
def test_tensorsolve_with_dimensions_moved(dims):
    agree(
        lambda m, x, b: m.linalg.tensorsolve(x, b, dims=dims),
        [RNG.standard_normal((2, 3, 2, 3)), RNG.standard_normal((2, 3))],
        tolerance=1e-8,
    )
