"""im2col against its definition: the columns are a window view of the padded array."""

import numpy as np
import pytest

from mytorch.kernels import im2col, windows


def collect(columns, threads):
    """All blocks of the columns side by side: (groups, rows, depth, places)."""
    out = None
    for share in columns.layout.shares(threads):
        for rows, places, _, block in columns.of(share):
            if out is None:
                shape = (block.shape[0], columns.layout.rows, block.shape[2], columns.layout.places)
                out = np.full(shape, np.nan)
            out[:, rows, :, places] = block
    return out


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("kernel", [(1, 1), (3, 2), (1, 3)])
@pytest.mark.parametrize(("stride", "dilation"), [((1, 1), (1, 1)), ((2, 1), (1, 2)), ((1, 2), (2, 1))])
@pytest.mark.parametrize("cache", [1, 10**6])
@pytest.mark.parametrize("ones", [False, True])
def test_columns_are_the_elements_of_each_window(monkeypatch, groups, kernel, stride, dilation, cache, ones):
    monkeypatch.setattr(im2col, "CACHE", cache)
    monkeypatch.setattr(im2col, "BAND", cache)
    x = np.random.default_rng(0).standard_normal((4, 9, 8, 300))  # (C, H, W, N)
    counts = windows.window_counts(x.shape[1:-1], kernel, stride, dilation)
    view = windows.window_view(x, kernel, stride, dilation)  # (C, kH, kW, h, w, N)
    view = view.reshape(groups, 4 // groups, *view.shape[1:])
    for threads in (1, 3):
        columns = im2col.Columns(x, groups, kernel, stride, dilation, counts, ones=ones)
        found = collect(columns, threads)
        if columns.layout.ones:
            found = found.reshape(*found.shape[:2], columns.layout.high, columns.layout.depth, -1)
            assert (found[:, :, :, -1] == 1).all()
            found = found[:, :, :, :-1]
        found = found.reshape(groups, -1, *kernel, 4 // groups, columns.layout.places)
        # (groups, rows, kH, kW, C/groups, places), with all of h, w and N in places if there is one row
        expected = view.transpose(0, 4, 2, 3, 1, 5, 6)
        if not columns.layout.keeps_rows:
            expected = view.transpose(0, 2, 3, 1, 4, 5, 6)[:, None]
        np.testing.assert_array_equal(found, expected.reshape(found.shape))


def test_a_margin_is_rows_of_zeros():
    x = np.random.default_rng(0).standard_normal((2, 5, 6, 200))
    padded = np.pad(x, [(0, 0), (2, 1), (0, 0), (0, 0)])
    plain = im2col.Columns(padded, 1, (3, 1), (1, 1), (1, 1), (6, 6))
    columns = im2col.Columns(x, 1, (3, 1), (1, 1), (1, 1), (6, 6), margin=(2, 1))
    np.testing.assert_array_equal(collect(columns, 1), collect(plain, 1))


@pytest.mark.parametrize("unpacked", [0, 6 * 100, 10**6])
def test_products_of_blocks(monkeypatch, unpacked):
    monkeypatch.setattr(im2col, "unpacked", lambda: unpacked)
    rng = np.random.default_rng(0)
    matrix, block = rng.standard_normal((2, 2, 3)), rng.standard_normal((2, 4, 3, 500))
    out = np.empty((2, 4, 2, 500))
    im2col.multiply(matrix, block, out)
    np.testing.assert_allclose(out, matrix[:, None] @ block, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("some", [1, 10**6])
def test_contractions_of_blocks(monkeypatch, some):
    monkeypatch.setattr(im2col, "SUMMED", some)
    rng = np.random.default_rng(0)
    block, other = rng.standard_normal((2, 4, 3, 50)), rng.standard_normal((2, 4, 5, 50))
    total = np.ones((2, 3, 5))
    im2col.contract(block, other, total)
    np.testing.assert_allclose(total, 1 + (block @ other.swapaxes(2, 3)).sum(1), rtol=1e-12, atol=1e-12)
