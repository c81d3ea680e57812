"""Correlation matrices by their Cholesky factors."""

import numpy as np
import pytest

import mytorch
from mytorch import distributions as mine
from tests.draws import draws
from tests.referee import agree, agree_on, same_error


def factors(dim):
    rows = np.tril(draws(dim).standard_normal((3, dim, dim)))
    rows[:, range(dim), range(dim)] = np.abs(rows[:, range(dim), range(dim)]) + 0.3
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


@pytest.mark.parametrize("dim", [2, 3, 5])
def test_density(dim):
    def score(lib, value, concentration):
        return lib.distributions.LKJCholesky(dim, concentration).log_prob(value)

    agree(score, [factors(dim), np.array([0.5, 1.0, 3.0])], tolerance=1e-12)


def test_refusals():
    same_error(lambda lib: lib.distributions.LKJCholesky(1))
    agree_on(lambda lib: lib.distributions.LKJCholesky(3).log_prob(lib.ones(3, 3)))


def test_samples_are_correlation_matrices():
    mytorch.manual_seed(0)
    for concentration in (0.7, 4.0):
        drawn = mine.LKJCholesky(3, concentration).sample((4000,)).double()
        matrices = (drawn @ drawn.mT).numpy()
        assert np.allclose(matrices[:, range(3), range(3)], 1)
        assert np.abs(matrices.mean(0) - np.eye(3)).max() < 0.05
        # each correlation is 2 Beta(b, b) - 1 with b = concentration + (dim - 2) / 2
        assert np.allclose(matrices.var(0)[0, 1:], 1 / (2 * concentration + 2), rtol=0.1)
