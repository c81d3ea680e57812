"""Sums of rows and columns as products with ones, against NumPy's sums."""

import math

import numpy as np
import pytest

from mytorch.kernels import sums


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "complex64"])
@pytest.mark.parametrize("shape", [(0, 5), (3, 0), (4, 7), (2, 512), (2, 3, 513), (5, 4000)], ids=str)
def test_sums_by_products(dtype, shape):
    x = (np.random.default_rng(0).standard_normal(shape) * 9).astype(dtype)
    rows, columns = sums.row_sums(x), sums.column_sums(x.reshape(len(x), math.prod(shape[1:])))
    assert rows.dtype == columns.dtype == x.dtype
    tolerance = {"float16": 2e-2, "float32": 2e-6, "complex64": 2e-6}.get(dtype, 1e-13)
    np.testing.assert_allclose(rows, x.sum(-1), rtol=tolerance, atol=tolerance * 50)
    np.testing.assert_allclose(columns, x.sum(0).reshape(-1), rtol=tolerance, atol=tolerance * 50)


def test_a_sum_of_long_rows_loses_no_digit():
    x = np.random.default_rng(0).standard_normal((8, 100_000)).astype("float32") + 100
    exact = x.sum(1, dtype="float64")
    assert np.abs(sums.row_sums(x) / exact - 1).max() < 4e-7
