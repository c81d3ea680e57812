"""Depthwise convolution and its gradients against their definitions in NumPy."""

import math

import numpy as np
import pytest

from mytorch.kernels import depthwise
from mytorch.kernels.threads import get_num_threads
from mytorch.kernels.windows import batch_last, window_counts, window_view

GEOMETRIES = {  # S, kernel, stride, padding, dilation
    "plain": ((14, 16), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1)),
    "dilated": ((15, 16), (2, 5), (1, 1), ((0, 0), (0, 0)), (2, 3)),
    "a prime number of rows": ((17, 5), (3, 3), (1, 1), ((1, 0), (0, 2)), (1, 1)),
    "stride 2": ((9, 8), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    "stride beyond the kernel": ((11, 9), (2, 1), (3, 2), ((1, 0), (0, 0)), (1, 1)),
    "stride 1 along rows": ((8, 7), (4, 2), (2, 1), ((2, 3), (1, 1)), (1, 1)),
    "padding beyond the kernel": ((3, 4), (2, 2), (2, 3), ((4, 3), (2, 5)), (1, 1)),
    "one row": ((1, 40), (1, 5), (1, 2), ((0, 0), (2, 2)), (1, 1)),
    "line": ((30,), (3,), (2,), ((1, 1),), (1,)),
    "dilated line": ((30,), (3,), (1,), ((4, 4),), (4,)),
    "dilated and strided line": ((30,), (3,), (2,), ((1, 0),), (3,)),
    "volume": ((4, 5, 6), (2, 3, 2), (2, 1, 2), ((1, 0), (1, 1), (0, 1)), (1, 1, 1)),
}


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("dtype, digits", [("float64", 1e-12), ("float32", 1e-4)])
@pytest.mark.parametrize("block, strip", [(300, 64), (1 << 20, 1 << 20)])
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_as_a_sum_over_windows(geometry, block, strip, dtype, digits, samples, monkeypatch):
    monkeypatch.setattr(depthwise, "_BLOCK", block)
    monkeypatch.setattr(depthwise, "_STRIP", strip)
    monkeypatch.setattr(depthwise, "threads_for", lambda *work: get_num_threads())
    sizes, kernel, stride, padding, dilation = GEOMETRIES[geometry]
    settings = {"stride": stride, "padding": padding, "dilation": dilation}
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    def close(found, expected):
        np.testing.assert_allclose(found, expected, rtol=digits, atol=digits)
        assert found.dtype == dtype

    counts = window_counts([n + sum(p) for n, p in zip(sizes, padding)], kernel, stride, dilation)
    x, v = draw(samples, 5, *sizes), draw(samples, 5, *sizes)
    windows, of_v = (
        window_view(batch_last(a, padding), kernel, stride, dilation).reshape(5, math.prod(kernel), -1)
        for a in (x, v)
    )
    for many in (1, 2):
        kernels, bias, g = draw(5, many, *kernel), draw(5, many), draw(samples, 5 * many, *counts)
        flat, last = kernels.reshape(5, many, -1), batch_last(g).reshape(5, many, -1)
        expected = np.einsum("cmk,cki->cmi", flat, windows) + bias[..., None]
        found = depthwise.correlate(x, kernels, bias, counts=counts, **settings)
        assert found.shape == (5, many, *counts, samples)
        close(found.reshape(expected.shape), expected)
        found = depthwise.weight_gradient(x, g, kernel=kernel, **settings)
        close(found.reshape(flat.shape), np.einsum("cmi,cki->cmk", last, windows))
        if many == 1:  # the transpose of a linear map
            found = depthwise.input_gradient(g, kernels, sizes=sizes, **settings)
            assert found.shape == (5, 1, *sizes, samples)
            expected = np.einsum("cmk,cki,cmi->c", flat, of_v, last)
            close(np.einsum("ci,ci->c", found.reshape(5, -1), batch_last(v).reshape(5, -1)), expected)
            plus = depthwise.input_gradient(g, kernels, bias, sizes=sizes, **settings)
            close(plus, found + bias.reshape(5, 1, *[1] * (len(sizes) + 1)))


def test_threads_change_no_result(threads, monkeypatch):
    monkeypatch.setattr(depthwise, "threads_for", lambda *work: get_num_threads())
    x, kernels = np.random.default_rng(0).standard_normal((2, 7, 9, 8)), np.ones((7, 1, 3, 3))
    settings = {"stride": (2, 1), "padding": ((1, 1), (0, 0)), "dilation": (1, 1)}
    results = []
    for count in (1, 3):
        threads(count)
        out = depthwise.correlate(x, kernels, counts=(5, 6), **settings)
        g = out[:, 0].transpose(3, 0, 1, 2)
        weight = depthwise.weight_gradient(x, g, kernel=(3, 3), **settings)
        results.append((out, weight, depthwise.input_gradient(g, kernels, sizes=(9, 8), **settings)))
    for one, other in zip(*results):
        np.testing.assert_array_equal(one, other)
