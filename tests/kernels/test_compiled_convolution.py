"""Compiled convolutions of few channels against their definitions in NumPy."""

import itertools

import numpy as np
import pytest

from mytorch.kernels.windows import window_counts, window_view

pytest.importorskip("numba")
CASES = list(
    itertools.product(
        [(3, 3), (2, 5), (1, 4)],  # kernel
        [(1, 1), (2, 2), (3, 1), (1, 3)],  # stride
        [((0, 0), (0, 0)), ((1, 1), (2, 1)), ((0, 3), (1, 2))],  # padding
        [(1, 1), (2, 2)],  # dilation
    )
)


@pytest.mark.parametrize("n, channels, out_channels", [(1, 3, 8), (3, 5, 6), (20, 2, 5), (9, 1, 3)])
def test_as_sums_over_windows(n, channels, out_channels, threads, monkeypatch):
    from mytorch.kernels import compiled_convolution

    monkeypatch.setattr(compiled_convolution, "SHARED", 0)
    rng = np.random.default_rng(0)
    for kernel, stride, padding, dilation in CASES:
        x = rng.standard_normal((n, channels, 13, 40)).astype("float32")
        weight = rng.standard_normal((out_channels, channels, *kernel)).astype("float32")
        bias = rng.standard_normal(out_channels).astype("float32")
        padded = np.pad(x.transpose(1, 2, 3, 0), ((0, 0), *padding, (0, 0)))
        counts = window_counts(padded.shape[1:-1], kernel, stride, dilation)
        if counts[1] * n < 16:
            continue
        g = rng.standard_normal((out_channels, *counts, n)).astype("float32")
        windows = window_view(padded, kernel, stride, dilation)
        plain = np.tensordot(weight, windows.astype("float64"), ((1, 2, 3), (0, 1, 2)))
        wanted = [plain, plain + bias[:, None, None, None]]
        wanted.append(np.tensordot(g, windows.astype("float64"), ((1, 2, 3), (3, 4, 5))))
        settings = {"stride": stride, "padding": padding, "dilation": dilation}
        results = []
        for count in (1, 2):
            threads(count)
            found = [
                compiled_convolution.correlate(x, weight, b, counts=counts, **settings) for b in (None, bias)
            ]
            if out_channels >= 4:
                found.append(compiled_convolution.weight_gradient(x, g, kernel=kernel, **settings))
            results.append(found)
        for found, again, exact in zip(*results, wanted):
            np.testing.assert_array_equal(found, again)
            np.testing.assert_allclose(found, exact, rtol=1e-5, atol=1e-5 * abs(exact).max())


def test_what_is_not_finite_stays_in_its_windows():
    from mytorch.kernels import compiled_convolution

    x = np.ones((4, 2, 9, 9), "float32")
    x[1, 1, 4, 4] = np.inf
    weight = np.ones((4, 2, 3, 3), "float32")
    settings = {"stride": (1, 1), "padding": ((0, 0), (0, 0)), "dilation": (1, 1)}
    out = compiled_convolution.correlate(x, weight, None, counts=(7, 7), **settings)
    wanted = np.full((7, 7, 4), 18.0)
    wanted[2:5, 2:5, 1] = np.inf
    np.testing.assert_array_equal(out, np.broadcast_to(wanted, out.shape))
