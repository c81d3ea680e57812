"""Depthwise convolution and its weight gradient against their definitions in NumPy."""

import numpy as np
import pytest

from mytorch.kernels import depthwise, threads
from mytorch.kernels.windows import window_counts, window_view


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (1, 2), (2, 3)])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 5), (1, 1)])
@pytest.mark.parametrize("block", [300, 1 << 20])
def test_as_a_sum_over_windows(dilation, kernel, block, monkeypatch):
    monkeypatch.setattr(depthwise, "_BLOCK", block)
    monkeypatch.setattr(depthwise, "threads_for", lambda *work: threads.get_num_threads())
    rng = np.random.default_rng(0)
    for height, n in ((14, 1), (15, 3), (17, 2)):
        x = rng.standard_normal((5, height, 16, n))
        counts = window_counts(x.shape[1:-1], kernel, (1, 1), dilation)
        kernels, g = rng.standard_normal((5, *kernel)), rng.standard_normal((5, *counts, n))
        windows = window_view(x, kernel, (1, 1), dilation)
        np.testing.assert_allclose(
            depthwise.correlate(x, kernels, dilation, counts),
            np.einsum("cij,cijhwn->chwn", kernels, windows),
            atol=1e-12,
        )
        np.testing.assert_allclose(
            depthwise.weight_gradient(x, g, kernel, dilation),
            np.einsum("chwn,cijhwn->cij", g, windows),
            atol=1e-12,
        )
