"""Norms, determinants, exponentials and least squares, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import arrays
from tests.referee import agree

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def definite(m, x):
    return x @ x.mT + m.eye(x.shape[-2], dtype=x.dtype)


def test_the_gradient_of_a_singular_determinant_is_its_cofactors():
    for x in (
        np.zeros((1, 1)),
        np.ones((2, 2)),
        np.ones((3, 3)),
        np.diag([1.0, 2, 0]),
        np.arange(9.0).reshape(3, 3),
        np.zeros((3, 3)),
    ):
        n = len(x)
        minors = [
            [np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) * (-1) ** (i + j) for j in range(n)]
            for i in range(n)
        ]
        t = mytorch.tensor(x, requires_grad=True)
        mytorch.linalg.det(t).backward()
        np.testing.assert_allclose(t.grad.numpy(), minors, atol=1e-12)


def test_exponentials_and_what_follows_from_a_cholesky_factor():
    for scale in (0.01, 1, 10):
        for shape in [(3, 3), (2, 4, 4), (1, 1), (0, 0)]:
            agree(
                lambda m, x: m.linalg.matrix_exp(x * scale),
                arrays(shape, dtype="float64"),
                f"{scale} {shape}",
                tolerance=1e-8 * 10**scale,
            )
    for upper in (False, True):
        agree(
            lambda m, x, y: m.cholesky_solve(y, m.linalg.cholesky(definite(m, x), upper=upper), upper),
            arrays((3, 3), (3, 2), dtype="float64"),
            tolerance=1e-8,
        )
        agree(
            lambda m, x: m.cholesky_inverse(m.linalg.cholesky(definite(m, x), upper=upper), upper),
            arrays((3, 3), dtype="float64"),
            tolerance=1e-8,
        )
    agree(lambda m, x: m.linalg.matrix_exp(x), arrays((3, 4)))


def test_lstsq():
    for a, b in [
        ((5, 3), (5, 2)),
        ((5, 3), (5,)),
        ((3, 5), (3, 2)),
        ((2, 5, 3), (2, 5, 2)),
        ((5, 3), (4, 2)),
        ((3,), (3,)),
    ]:
        agree(
            lambda m, x, y: tuple(r.detach() for r in m.linalg.lstsq(x, y)),
            arrays(a, b, dtype="float64"),
            f"{a} {b}",
            tolerance=1e-8,
        )
        agree(
            lambda m, x, y: m.linalg.lstsq(x, y).solution,
            arrays(a, b, dtype="float64"),
            f"{a} {b}",
            tolerance=1e-8,
        )


NORMS = [None, 2, 1, 0, 3, 0.5, -1, -2, float("inf"), -float("inf"), "fro", "nuc", "other"]


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("ord", NORMS, ids=str)
def test_norms(ord, keepdim):
    for shape, dims in [
        ((4,), [None, 0]),
        ((3, 4), [None, 0, -1, (0, 1), (1, 0)]),
        ((2, 3, 4), [None, 1, (0, 2), (2, 1), (0, 0), (0, 1, 2)]),
        ((), [None]),
    ]:
        for dim in dims:
            where = f"norm {shape} {ord} {dim}"
            agree(
                lambda m, x: m.linalg.norm(x, ord, dim, keepdim),
                arrays(shape, dtype="float64"),
                where,
                ord != 0,
                tolerance=1e-8,
            )
            if dim is not None and not isinstance(dim, int) and ord is not None:
                agree(
                    lambda m, x: m.linalg.matrix_norm(x, ord, dim, keepdim),
                    arrays(shape, dtype="float64"),
                    "matrix_" + where,
                    tolerance=1e-8,
                )
            if not isinstance(ord, str) and ord is not None:
                agree(
                    lambda m, x: m.linalg.vector_norm(x, ord, dim, keepdim),
                    arrays(shape, dtype="float64"),
                    "vector_" + where,
                    ord != 0,
                    tolerance=1e-8,
                )
    agree(lambda m, x: m.linalg.matrix_norm(x), arrays((2, 3, 4), dtype="float64"), tolerance=1e-9)


@pytest.mark.parametrize(
    "shape, dim", [((3, 2), None), ((2, 3, 4), (0, 2)), ((2, 3, 4), None), ((3,), None), ((2, 3), 1)]
)
@pytest.mark.parametrize("keepdim", [False, True])
def test_the_nuclear_norm_by_name(shape, dim, keepdim):
    x = arrays(shape, dtype="float64")
    agree(lambda m, x: x.norm("nuc", dim=dim, keepdim=keepdim), x, tolerance=1e-8)
    agree(lambda m, x: m.norm(x, "nuc", dim=dim, keepdim=keepdim), x, tolerance=1e-8)


def test_the_second_derivative_of_a_norm_at_zero_is_zero():
    for norm in (
        lambda x: mytorch.linalg.norm(x, dim=1),
        lambda x: x.norm(dim=1),
        lambda x: mytorch.linalg.matrix_norm(x),
    ):
        x = mytorch.zeros(2, 3, dtype=mytorch.float64, requires_grad=True)
        (slope,) = mytorch.autograd.grad(norm(x).sum(), x, create_graph=True)
        slope.sum().backward()
        assert not slope.array.any() and not x.grad.array.any()


@pytest.mark.parametrize("driver", [None, "gels", "gelsy", "gelsd", "gelss"])
@pytest.mark.parametrize(
    "a, b", [((5, 3), (5, 2)), ((3, 3), (3, 1)), ((3, 5), (3, 2)), ((2, 5, 3), (2, 5, 1))]
)
def test_what_lstsq_gives_besides_the_solution(driver, a, b):
    A, B = arrays(a, b, dtype="float64")
    for inputs in ([A, B], [A * (1 + 2j) + 1j, B * 1j]):
        agree(
            lambda m, a, b: list(m.linalg.lstsq(a, b, driver=driver))[1:],
            inputs,
            tolerance=1e-8,
            gradient=False,
        )
