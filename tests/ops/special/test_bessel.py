"""Bessel functions of the smallest numbers, against PyTorch."""

import numpy as np
import pytest

from tests.referee import agree


@pytest.mark.parametrize("name", ["i0", "i1", "i0e", "i1e"])
def test_bessel_functions_of_the_smallest_numbers(name):
    for dtype in ("float32", "float64"):
        tiny = np.finfo(dtype).smallest_subnormal
        x = np.array([tiny, -tiny, 5 * tiny, np.finfo(dtype).tiny, -1e-30, -1e-9, 0], dtype)
        agree(lambda m, x: getattr(m.special, name)(x), [x])
