"""The windows of ``torch.signal.windows``."""

import pytest

from tests.referee import agree, same_error

NAMES = "bartlett blackman cosine exponential gaussian general_hamming hamming hann kaiser nuttall".split()


@pytest.mark.parametrize("name", NAMES)
def test_windows(name):
    for M in (0, 1, 2, 7, 12):
        for sym in (True, False):
            agree(
                lambda lib, M=M, sym=sym: getattr(lib.signal.windows, name)(M, sym=sym, dtype=lib.float64),
                [],
                f"{name} {M} {sym}",
                gradient=False,
                tolerance=1e-6 if name == "kaiser" else 1e-12,  # torch rounds beta to float32
            )


def test_their_settings():
    agree(lambda lib: lib.signal.windows.general_cosine(9, a=[0.4, 0.3, 0.2, 0.1]), [], gradient=False)
    agree(lambda lib: lib.signal.windows.gaussian(9, std=0.7), [], gradient=False)
    agree(lambda lib: lib.signal.windows.exponential(9, center=2, tau=0.7, sym=False), [], gradient=False)


def test_refusals():
    for name in NAMES:
        same_error(lambda lib, name=name: getattr(lib.signal.windows, name)(-1))
        same_error(lambda lib, name=name: getattr(lib.signal.windows, name)(3, dtype=lib.int64))
    same_error(lambda lib: lib.signal.windows.gaussian(3, std=0), match="must be positive")
    same_error(lambda lib: lib.signal.windows.general_cosine(3, a=1), match="must be a list")
