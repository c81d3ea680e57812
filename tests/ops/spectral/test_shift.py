"""The order of frequencies, and the frequencies themselves, against PyTorch."""

import numpy as np
import pytest

from tests.referee import agree

X = np.arange(60.0).reshape(3, 4, 5)


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
@pytest.mark.parametrize("dim", [None, 0, -1, (0, 2), (1,)])
def test_shifts(name, dim):
    agree(lambda lib, t: getattr(lib.fft, name)(t, dim), [X], f"{name} {dim}")


@pytest.mark.parametrize("n", [0, 1, 2, 5, 8])
@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
def test_frequencies(name, n):
    agree(lambda lib: getattr(lib.fft, name)(n), [], f"{name} {n}")
    agree(lambda lib: getattr(lib.fft, name)(n, d=0.3, dtype=lib.float64), [], f"{name} {n} in float64")
