"""Winograd's convolution against the definition: a sum over a view of all windows."""

import numpy as np
import pytest

from mytorch.kernels import winograd
from mytorch.kernels.threads import get_num_threads, set_num_threads
from mytorch.kernels.windows import batch_first, batch_last, window_view


@pytest.fixture
def two_threads():
    before = get_num_threads()
    set_num_threads(2)
    yield
    set_num_threads(before)


@pytest.mark.parametrize("cache", [1, 10**6])
@pytest.mark.parametrize("sizes", [(8, 8), (7, 6), (3, 4), (1, 9)])
@pytest.mark.parametrize("padding", [((1, 1), (1, 1)), ((0, 2), (2, 1)), ((3, 2), (0, 0))])
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_it_is_the_sum_over_windows(monkeypatch, cache, sizes, padding, batch):
    monkeypatch.setattr(winograd, "CACHE", cache)
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((batch, 3, *sizes)), rng.standard_normal((4, 3, 3, 3))
    fit = [n + sum(p) - 2 for n, p in zip(sizes, padding)]
    if min(fit) < 1:
        pytest.skip("no window fits")
    view = window_view(batch_last(x, padding), (3, 3), (1, 1), (1, 1))
    expected = batch_first(np.tensordot(weight, view, 3))
    np.testing.assert_allclose(winograd.correlate(x, weight, None, padding, fit), expected, atol=1e-12)
    fewer, bias = [max(n - 1, 1) for n in fit], rng.standard_normal(4)
    found = winograd.correlate(x, weight, bias, padding, fewer)
    expected = expected[:, :, : fewer[0], : fewer[1]] + bias[:, None, None]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_threads_share_the_rows(monkeypatch, two_threads):
    monkeypatch.setattr(winograd, "threads_for", lambda *work: 2)
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 5, 8)), rng.standard_normal((4, 3, 3, 3))
    view = window_view(batch_last(x, ((1, 1), (1, 1))), (3, 3), (1, 1), (1, 1))
    found = winograd.correlate(x, weight, None, ((1, 1), (1, 1)), (5, 8))
    np.testing.assert_allclose(found, batch_first(np.tensordot(weight, view, 3)), atol=1e-12)


def test_float32_loses_no_digit_more():
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 64, 9, 9)), rng.standard_normal((64, 64, 3, 3))
    exact = winograd.correlate(x, weight, None, ((1, 1), (1, 1)), (9, 9))
    found = winograd.correlate(*(a.astype("float32") for a in (x, weight)), None, ((1, 1), (1, 1)), (9, 9))
    assert found.dtype == "float32"
    assert np.abs(found - exact).max() < 5e-6 * exact.std()
