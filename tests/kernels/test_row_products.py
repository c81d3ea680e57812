"""Convolution by products of rows against its definition in NumPy."""

import numpy as np
import pytest

from mytorch.kernels import row_products
from mytorch.kernels.windows import batch_last, window_counts, window_view

GEOMETRIES = {  # (H, W), kernel, stride of rows, padding, dilation of columns
    "3x3": ((9, 8), (3, 3), 1, ((1, 1), (1, 1)), 1),
    "wide": ((7, 12), (2, 5), 1, ((0, 1), (2, 0)), 1),
    "dilated columns": ((6, 11), (3, 3), 1, ((1, 1), (2, 2)), 2),
    "strided rows": ((9, 7), (3, 2), 2, ((1, 0), (1, 1)), 1),
}


@pytest.mark.parametrize("dtype, digits", [("float64", 1e-12), ("float32", 1e-4), ("complex128", 1e-12)])
@pytest.mark.parametrize("block", [1, 1 << 20])
@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("count", [1, 3])
def test_as_a_sum_over_windows(geometry, samples, block, dtype, digits, count, threads, monkeypatch):
    threads(count)
    monkeypatch.setattr(row_products, "_BLOCK", block)
    monkeypatch.setattr(row_products, "threads_for_product", lambda *work: count)
    sizes, kernel, stride, padding, dilation = GEOMETRIES[geometry]
    settings = {"stride": (stride, 1), "dilation": (1, dilation)}
    counts = window_counts([n + sum(p) for n, p in zip(sizes, padding)], kernel, **settings)
    rng = np.random.default_rng(0)
    x, weight, bias = (
        rng.standard_normal(shape).astype(dtype) for shape in ((samples, 4, *sizes), (5, 4, *kernel), (5,))
    )
    windows = window_view(batch_last(x, padding), kernel, **settings)
    expected = np.tensordot(weight, windows, 3)
    for b in (None, bias):
        found = row_products.correlate(x, weight, b, padding=padding, counts=counts, **settings)
        plus = 0 if b is None else b[:, None, None, None]
        np.testing.assert_allclose(found, expected + plus, rtol=digits, atol=digits)
        assert found.dtype == dtype and found.flags.c_contiguous
        g = rng.standard_normal((samples, 5, *counts)).astype(dtype)
        found = row_products.weight_gradient(x, g, kernel=kernel, padding=padding, **settings)
        expected_gradient = np.tensordot(batch_last(g), windows, [(1, 2, 3), (3, 4, 5)])
        np.testing.assert_allclose(found, expected_gradient, rtol=digits, atol=digits)
        assert found.dtype == dtype and found.shape == weight.shape
