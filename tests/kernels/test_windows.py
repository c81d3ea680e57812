"""The window kernels against their definitions in NumPy."""

import itertools

import numpy as np
import pytest

from mytorch.kernels import windows


@pytest.mark.parametrize(
    "shape", [(2, 3, 5), (2, 3, 4, 5), (0, 3, 4), (1, 3, 4, 4), (4, 3, 6, 5), (40, 2, 16, 16), (64, 4, 256)]
)
@pytest.mark.parametrize("width", [0, 1, 2])
def test_batch_last_is_a_padded_transpose(shape, width):
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    padding = [(width, 0), (0, width)][: len(shape) - 2] + [(width, width)] * (len(shape) - 4)
    for array in (x, np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0)):
        found = windows.batch_last(array, padding, -7)
        expected = np.moveaxis(np.pad(x, [(0, 0), (0, 0), *padding], constant_values=-7), 0, -1)
        np.testing.assert_array_equal(found, expected)
        assert found.flags.c_contiguous
        np.testing.assert_array_equal(windows.batch_first(found), np.moveaxis(expected, -1, 0))


@pytest.mark.parametrize("shape", [(3, 5), (2, 3, 64, 256), (2, 0, 4), (1, 3, 4, 0)], ids=str)
def test_transposed_is_a_copy(shape):
    x = np.random.default_rng(0).standard_normal(shape)
    found = windows.transposed(x)
    np.testing.assert_array_equal(found, x.swapaxes(-1, -2))
    assert found.flags.c_contiguous and not np.shares_memory(found, x)


@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
@pytest.mark.parametrize("dilation", [(1, 1), (2, 1)])
def test_window_view_holds_each_element_of_each_window(stride, dilation):
    x, kernel = np.arange(2 * 7 * 6 * 3).reshape(2, 7, 6, 3), (3, 2)
    counts = windows.window_counts((7, 6), kernel, stride, dilation)
    view = windows.window_view(x, kernel, stride, dilation)
    assert view.shape == (2, *kernel, *counts, 3)
    assert np.shares_memory(view, x)
    for k, m, i, j in itertools.product(*map(range, (*kernel, *counts))):
        place = i * stride[0] + k * dilation[0], j * stride[1] + m * dilation[1]
        np.testing.assert_array_equal(view[:, k, m, i, j], x[(slice(None), *place)])


@pytest.mark.parametrize("sizes", [(5,), (4, 6), (3, 4, 5), (0, 3)])
@pytest.mark.parametrize("limit", [1, 4, 7, 1000])
@pytest.mark.parametrize("part", [(0, None), (1, 3)])
def test_boxes_are_all_places_once_and_in_order(sizes, limit, part):
    places = np.arange(np.prod(sizes)).reshape(sizes)
    first, last = part if sizes[0] else (0, None)
    found = [(a, b, places[box].ravel()) for a, b, box in windows.boxes(sizes, limit, first, last)]
    assert all(list(inside) == list(range(a, b)) and b - a <= limit for a, b, inside in found)
    assert [p for *_, inside in found for p in inside] == list(places[first:last].ravel())


@pytest.mark.parametrize("count", [1, 3])
def test_blocks_cover_a_range_once(threads, monkeypatch, count):
    threads(count)
    monkeypatch.setattr(windows, "BLOCK", 8)
    seen = np.zeros(50, int)

    def work(a, b):
        seen[a:b] += 1

    windows.over_blocks(work, 50, 500, 1e6, seen)
    assert (seen == 1).all()


@pytest.mark.parametrize("kind", ["float32", "float64", "complex64"])
@pytest.mark.parametrize("batch", [1, 2, 3, 4, 16, 100])
def test_pixels_are_copied_as_by_assignment(kind, batch):
    source = np.arange(3 * 7 * batch).reshape(3, 7, batch).astype(kind)
    for one in (source[:, ::2], source[:, 1:5], source.transpose(1, 0, 2)[::2], source[..., ::2]):
        target = np.zeros((2 * one.shape[0], *one.shape[1:]), kind)
        windows.copy_pixels(target[::2], one)
        np.testing.assert_array_equal(target[::2], one)
        assert not target[1::2].any()


@pytest.mark.parametrize("array", [np.arange(24.0), np.arange(48.0)[::2], np.zeros(0)])
def test_strided_is_a_view(array):
    shape, strides = (3, 4) if array.size else (0, 4), (array.strides[0], 2 * array.strides[0])
    found = windows.strided(array, shape, strides)
    np.testing.assert_array_equal(found, np.lib.stride_tricks.as_strided(array, shape, strides))
    assert not array.size or np.shares_memory(found, array)
