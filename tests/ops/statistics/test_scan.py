"""Sums so far, of many numbers."""

import numpy as np
import pytest

import mytorch

pytestmark = pytest.mark.filterwarnings("ignore")


def test_cumsum_of_float32_keeps_its_digits():
    x = np.full(200_000, 0.1, "float32")
    np.testing.assert_allclose(mytorch.tensor(x).cumsum(0).numpy()[-1], x.astype("float64").sum(), rtol=1e-6)
