"""Decompositions of matrices with equal values, and the gradient of a Cholesky factor, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import arrays
from tests.referee import agree, torch

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

EQUAL = {
    "identity": np.eye(3),
    "zeros": np.zeros((2, 2)),
    "exchange": np.eye(2)[[1, 0]],
    "tall": np.eye(3)[:, :2],
    "a batch": np.stack([np.eye(2)] * 2),
}


@pytest.mark.parametrize("name", EQUAL)
def test_values_that_are_equal_have_gradients_unless_their_vectors_are_read(name):
    A = EQUAL[name]
    agree(lambda m, x: m.linalg.svd(x, full_matrices=False).S, [A])
    agree(lambda m, x: m.linalg.svd(x).S * 2, [A])
    if A.shape[-1] == A.shape[-2]:
        agree(lambda m, x: m.linalg.eigh(x).eigenvalues, [A])
    if name == "identity":
        agree(lambda m, x: m.linalg.eigh(x).eigenvectors.abs(), [A])


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(
    "b, factor", [((3, 2), (3, 3)), ((2, 3, 2), (3, 3)), ((3, 2), (2, 3, 3)), ((0, 0), (0, 0))], ids=str
)
def test_the_gradient_of_a_cholesky_factor_fills_the_matrix(upper, b, factor):
    """As in PyTorch, also where the triangle that is not read holds other numbers; of second order too."""
    B, L = arrays(b, factor, dtype="float64")
    L = L + 3 * np.eye(factor[-1])
    for call, inputs in (
        (lambda m, x, y: m.cholesky_solve(x, y, upper=upper), [B, L]),
        (lambda m, y: m.cholesky_inverse(y, upper=upper), [L]),
    ):
        agree(call, inputs, tolerance=1e-9)
        found = []
        for m in (mytorch, torch):
            tensors = [m.tensor(x, requires_grad=True) for x in inputs]
            slopes = m.autograd.grad((call(m, *tensors) ** 2).sum(), tensors, create_graph=True)
            found.append(m.autograd.grad(sum((s**3).sum() for s in slopes), tensors))
        for mine, theirs in zip(*found):
            np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-8, atol=1e-9)
