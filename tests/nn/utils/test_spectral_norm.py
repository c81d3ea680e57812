"""Spectral normalization, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.nn.utils.normalized import copied, run
from tests.referee import compare

rng = draws(6)

LINEAR, CONV = rng.standard_normal((2, 3)), rng.standard_normal((2, 3, 5))


@pytest.mark.parametrize("new", [True, False])
def test_spectral_norm(new):
    def make(layer):
        return lambda lib: (lib.nn.utils.parametrizations if new else lib.nn.utils).spectral_norm(
            layer(lib), n_power_iterations=2
        )

    compare(copied(make(lambda lib: lib.nn.Linear(3, 4).double()), run), [LINEAR], backward=False)
    compare(copied(make(lambda lib: lib.nn.ConvTranspose1d(3, 4, 3).double()), run), [CONV], backward=False)
    layer = make(lambda lib: lib.nn.Linear(30, 40))(mytorch)
    for _ in range(100):
        layer(mytorch.zeros(1, 30))
    assert abs(np.linalg.norm(layer.weight.detach().numpy(), 2) - 1) < 1e-2
