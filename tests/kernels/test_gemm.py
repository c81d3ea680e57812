"""Matrix products, shared out and cut up in all ways: always the same numbers."""

import numpy as np
import pytest

from mytorch.kernels import gemm as products


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize(
    ("x", "y"),
    [
        ((40, 30), (30, 50)),
        ((50, 30), (30, 4)),
        ((1, 30), (30, 2)),
        ((6, 40, 30), (6, 30, 20)),
        ((6, 1, 5, 4), (3, 4, 5)),
        ((4, 5), (7, 5, 3)),
        ((5,), (5, 3)),
        ((2, 5), (5,)),
    ],
    ids=str,
)
def test_products_in_parts(threads, monkeypatch, count, x, y):
    threads(count)
    monkeypatch.setattr(products, "_LARGE", 0)
    monkeypatch.setattr(products, "UNPACKED", 0)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(x), rng.standard_normal(y)
    np.testing.assert_allclose(products.product(x, y), x @ y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        products.product(np.asfortranarray(x), np.asfortranarray(y).astype("float32")),
        x @ y.astype("float32"),
        rtol=1e-12,
        atol=1e-12,
    )


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("shapes", [((9, 30), (30, 20)), ((30, 9), (9, 4))], ids=str)
def test_a_vector_is_added_to_a_shared_product(threads, monkeypatch, count, shapes):
    threads(count)
    monkeypatch.setattr(products, "_LARGE", 0)
    monkeypatch.setattr(products, "UNPACKED", 0)
    rng = np.random.default_rng(0)
    x, y = map(rng.standard_normal, shapes)
    for plus in (rng.standard_normal(shapes[1][1]), None):
        np.testing.assert_allclose(
            products.product(x, y, plus), x @ y + (0 if plus is None else plus), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("rows", [8, 16, 20, 24])
def test_stacks_of_eight_rows(threads, monkeypatch, rows):
    threads(1)
    monkeypatch.setattr(products, "UNPACKED", 0)
    monkeypatch.setattr(products, "unpacked", lambda: 8 * 30 * 50)
    rng = np.random.default_rng(0)
    x, weight, bias = (rng.standard_normal(shape) for shape in ((rows, 30), (50, 30), (50,)))
    assert products._packs_in_vain(x, weight.T) == (rows % 8 == 0)
    assert not products._packs_in_vain(x, np.ascontiguousarray(weight.T))
    assert not products._packs_in_vain(np.asfortranarray(x), weight.T)
    out = products.product(x, weight.T, bias)
    assert out.flags.c_contiguous
    np.testing.assert_allclose(out, x @ weight.T + bias, rtol=1e-12, atol=1e-12)
