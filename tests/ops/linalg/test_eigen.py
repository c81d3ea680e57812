"""Eigenvalues, reflections and equations of tensors, as in PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, torch

RNG = draws(0)


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


@pytest.mark.parametrize(
    "dims", [None, (0,), (0, 2), (2, 0), (1, 3), (3, 0), (-1,), (), (7,), (0, 0), 1], ids=str
)
def test_tensorsolve_with_dimensions_moved(dims):
    agree(
        lambda m, x, b: m.linalg.tensorsolve(x, b, dims=dims),
        [RNG.standard_normal((2, 3, 2, 3)), RNG.standard_normal((2, 3))],
        tolerance=1e-8,
    )
