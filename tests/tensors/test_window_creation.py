"""Windows, against PyTorch."""

import pytest

from tests.referee import agree


@pytest.mark.parametrize("name", ["bartlett", "hann", "hamming", "blackman", "kaiser"])
@pytest.mark.parametrize("periodic", [True, False])
def test_windows(name, periodic):
    for n in (0, 1, 2, 7, 8):
        agree(lambda m, n=n: getattr(m, f"{name}_window")(n, periodic), [], tolerance=1e-6)
        agree(
            lambda m, n=n: getattr(m, f"{name}_window")(n, periodic=periodic, dtype=m.float64),
            [],
            tolerance=1e-12,
        )
    agree(lambda m: getattr(m, f"{name}_window")(-1), [])
    agree(lambda m: getattr(m, f"{name}_window")(4, dtype=m.int64), [])
