"""Compiled loops of depthwise convolutions against their definitions in NumPy."""

import itertools

import numpy as np
import pytest

from mytorch.kernels import compiled_depthwise
from mytorch.kernels.windows import window_counts, window_view

pytest.importorskip("numba")
CASES = list(
    itertools.product(
        [(3, 3), (2, 5), (1, 1)],  # kernel
        [(1, 1), (2, 2), (3, 1), (1, 3)],  # stride
        [((0, 0), (0, 0)), ((1, 1), (2, 1)), ((0, 3), (1, 2))],  # padding
        [(1, 1), (2, 3)],  # dilation
    )
)


@pytest.mark.parametrize("n", [1, 3, 8])
def test_as_sums_over_windows(n, threads, monkeypatch):
    monkeypatch.setattr(compiled_depthwise, "SHARED", 0)
    rng = np.random.default_rng(0)
    for kernel, stride, padding, dilation in CASES:
        x = rng.standard_normal((5, 13, 17, n)).astype("float32")
        kernels = rng.standard_normal((5, *kernel)).astype("float32")
        bias = rng.standard_normal(5).astype("float32")
        padded = np.pad(x, ((0, 0), *padding, (0, 0)))
        counts = window_counts(padded.shape[1:-1], kernel, stride, dilation)
        g = rng.standard_normal((5, *counts, n)).astype("float32")
        spread = np.zeros(padded.shape)
        windows = window_view(padded, kernel, stride, dilation)
        for i, j in np.ndindex(*kernel):
            window_view(spread, kernel, stride, dilation)[:, i, j] += kernels[:, i, j, None, None, None] * g
        (top, _), (left, _) = padding
        wanted = [
            np.einsum("cij,cijhwn->chwn", kernels, windows, dtype="float64"),
            spread[:, top : top + 13, left : left + 17],
            np.einsum("chwn,cijhwn->cij", g, windows, dtype="float64"),
        ]
        settings = {"stride": stride, "padding": padding, "dilation": dilation}
        results = []
        for count in (1, 2):
            threads(count)
            results.append(
                [
                    compiled_depthwise.correlate(x, kernels, None, counts=counts, **settings),
                    compiled_depthwise.input_gradient(g, kernels, sizes=(13, 17), **settings),
                    compiled_depthwise.weight_gradient(x, g, kernel=kernel, **settings),
                    compiled_depthwise.correlate(x, kernels, bias, counts=counts, **settings),
                ]
            )
        wanted.append(wanted[0] + bias[:, None, None, None])
        for found, again, exact in zip(*results, wanted):
            np.testing.assert_array_equal(found, again)
            np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-5 * abs(exact).max())
