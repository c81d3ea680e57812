"""Cut products against whole ones, and what the cuts promise."""

import numpy as np
import pytest

from mytorch.kernels import im2col, pieces

SHAPES = [
    (16, 27, 100),
    (48, 432, 1000),
    (64, 576, 640),
    (7, 30, 500),
    (3, 2000, 300),
    (128, 5, 65),
    (5, 6, 0),
]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("most", [0, 30_000, 10**6])
def test_pieces_cover_the_product(shape, most):
    rows, depth, places = shape
    count, parts = pieces.pieces(rows, depth, places, most)
    assert rows % count == 0 and [part[1] for part in parts[:-1]] == [part[0] for part in parts[1:]]
    assert parts[0][0] == 0 and parts[-1][1] == places
    assert all((last - first) % width == 0 for first, last, width in parts)
    if count > 1 or len(parts) > 1:
        assert all(rows // count * depth * width <= most for _, _, width in parts)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("most", [0, 30_000, 10**6])
def test_summed_pieces_cover_the_product(shape, most):
    columns, rows, depth = shape
    count, parts = pieces.summed_pieces(rows, columns, depth, most)
    assert rows % count == 0 and parts[0][0] == 0 and parts[-1][1] == depth
    assert all((last - first) % width == 0 for first, last, width in parts)
    if count > 1 and columns <= pieces.NARROW:
        assert rows // count * columns <= 1200


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("most", [0, 30_000, 10**6])
def test_products_are_as_the_whole_ones(monkeypatch, shape, most):
    monkeypatch.setattr(im2col, "unpacked", lambda: most)
    outputs, depth, places = shape
    rng = np.random.default_rng(0)
    matrix, block = rng.standard_normal((2, outputs, depth)), rng.standard_normal((2, 3, depth, places))
    out = np.full((2, 3, outputs, places), np.nan)
    im2col.multiply(matrix, block, out)
    np.testing.assert_allclose(out, matrix[:, None] @ block, atol=1e-9)
    total = np.ones((2, depth, outputs))
    im2col.contract(block, out, total)
    np.testing.assert_allclose(total, 1 + (block @ out.swapaxes(2, 3)).sum(1), rtol=1e-9, atol=1e-6)
