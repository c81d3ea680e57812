"""Randomized singular values and principal components against the exact ones and against PyTorch's
refusals."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree

RNG = draws(0)


@pytest.mark.parametrize("shape", [(40, 12), (2, 12, 40), (30, 30)], ids=str)
def test_the_largest_singular_values(shape):
    A = RNG.standard_normal((*shape[:-1], 4)) @ RNG.standard_normal((*shape[:-2], 4, shape[-1]))  # of rank 4
    U, S, V = mytorch.svd_lowrank(mytorch.tensor(A), q=6)
    np.testing.assert_allclose((U * S[..., None, :] @ V.mT).array, A, atol=1e-10)
    np.testing.assert_allclose(S.array[..., :4], np.linalg.svd(A, compute_uv=False)[..., :4], rtol=1e-10)
    np.testing.assert_allclose(
        (U.mT @ U)[..., :4, :4].array, np.broadcast_to(np.eye(4), (*shape[:-2], 4, 4)), atol=1e-10
    )
    M = A.mean(-2, keepdims=True)
    np.testing.assert_allclose(
        mytorch.svd_lowrank(mytorch.tensor(A), 6, M=mytorch.tensor(M)).S.array[..., :4],
        np.linalg.svd(A - M, compute_uv=False)[..., :4],
    )


def test_principal_components():
    A = RNG.standard_normal((60, 5)) * [9.0, 4, 1, 0.5, 0.1] + 3
    U, S, V = mytorch.pca_lowrank(mytorch.tensor(A), q=5)
    u, s, vh = np.linalg.svd(A - A.mean(0), full_matrices=False)
    np.testing.assert_allclose(S.array, s, rtol=1e-10)
    np.testing.assert_allclose(np.abs(V.array), np.abs(vh.T), atol=1e-10)
    np.testing.assert_allclose(np.abs(U.array), np.abs(u), atol=1e-10)
    # with all of them its gradient is that of the exact ones
    agree(lambda m, x: m.pca_lowrank(x, q=5, center=False)[1], [A], tolerance=1e-9)
    for settings in ({"q": 6}, {"q": -1}, {"niter": -1}):
        agree(lambda m, x, settings=settings: m.pca_lowrank(x, **settings), [A])
