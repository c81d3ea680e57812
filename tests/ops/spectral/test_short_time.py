"""stft and istft against PyTorch: values, gradients, sizes, and what both refuse."""

import warnings

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree, same_error

rng = draws(6)
X = rng.standard_normal((2, 50))
WINDOW = np.hanning(10)[1:-1]  # 8 numbers

OPTIONS = {
    "by default": {},
    "hops": {"hop_length": 3},
    "a shorter window": {"win_length": 8},
    "not centred": {"center": False},
    "edges repeated": {"pad_mode": "replicate"},
    "zeros around": {"pad_mode": "constant"},
    "normalized": {"normalized": True},
    "two-sided": {"onesided": False},
    "pairs": {"return_complex": False},
}


def transformed(lib, x, window=None, n_fft=8, **options):
    options = {"return_complex": True, **options}
    return lib.stft(x, n_fft, window=window, **options)


@pytest.mark.parametrize("case", OPTIONS)
def test_spectra(case):
    options = {"n_fft": 12 if case == "a shorter window" else 8, **OPTIONS[case]}
    for x in (X, X[0], X.astype("float32")):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "stft with return_complex=False is deprecated")
            agree(lambda lib, x, w: transformed(lib, x, w, **options), [x, WINDOW.astype(x.dtype)], case)


def test_spectra_of_complex_signals_have_both_sides():
    agree(lambda lib, x, w: transformed(lib, x, w), [X + 1j * X[::-1], WINDOW])


def test_without_a_window_it_is_ones():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        agree(lambda lib, x: transformed(lib, x), [X])
    with pytest.warns(UserWarning, match="A window was not provided"):
        mytorch.stft(mytorch.tensor(X), 8, return_complex=True)


BACK = {
    "by default": {},
    "hops": {"hop_length": 3},
    "a length": {"length": 41},
    "a short window": {"n_fft": 12, "win_length": 8},
    "normalized": {"normalized": True},
    "two-sided": {"onesided": False},
}


@pytest.mark.parametrize("case", BACK)
def test_signals_from_spectra(case):
    options = {"n_fft": 8, **BACK[case]}
    forward = {name: value for name, value in options.items() if name != "length"}

    def there_and_back(lib, x, w):
        # squared, so that the spectra are of no signal
        spectra = transformed(lib, x, w, **forward)
        return lib.istft(spectra * spectra, window=w, **options)

    for x in (X, X[0]):
        agree(there_and_back, [x, WINDOW], case, tolerance=1e-9)


def test_what_is_transformed_comes_back():
    w = mytorch.hann_window(16, dtype=mytorch.float64)
    x = mytorch.tensor(rng.standard_normal((3, 200)))
    spectra = x.stft(16, window=w, return_complex=True)
    assert np.allclose(spectra.istft(16, window=w, length=200).numpy(), x.numpy())


def test_a_complex_signal_comes_back():
    def back(lib, x, w):
        spectra = transformed(lib, x, w)
        return lib.istft(spectra, 8, window=w, onesided=False, return_complex=True)

    agree(back, [X + 1j * X[::-1], WINDOW], tolerance=1e-9)


def test_a_length_beyond_the_signal_is_filled_with_zeros():
    def back(lib, x, w):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return lib.istft(transformed(lib, x, w), 8, window=w, length=70)

    agree(back, [X, WINDOW], tolerance=1e-9)


REFUSED = {
    "no answer asked": lambda lib, x, w: lib.stft(x, 8, window=w),
    "no hop": lambda lib, x, w: transformed(lib, x, w, hop_length=0),
    "a frame longer than the signal": lambda lib, x, w: transformed(lib, x, None, n_fft=60, center=False),
    "a window longer than a frame": lambda lib, x, w: transformed(lib, x, w, win_length=9),
    "a window of another length": lambda lib, x, w: transformed(lib, x, w[:3]),
    "three dimensions": lambda lib, x, w: transformed(lib, x[None], w),
    "one side of complex numbers": lambda lib, x, w: transformed(lib, x + 0j, w, onesided=True),
    "aligned to the window": lambda lib, x, w: transformed(lib, x, w, align_to_window=True),
    "real spectra": lambda lib, x, w: lib.istft(x, 8, window=w),
    "other frequencies": lambda lib, x, w: lib.istft(transformed(lib, x, w), 20, window=w, win_length=8),
    "hops beyond the window": lambda lib, x, w: lib.istft(transformed(lib, x, w), 8, window=w, hop_length=9),
    "a window of zeros": lambda lib, x, w: lib.istft(transformed(lib, x, w), 8, window=w * 0),
    "no frames": lambda lib, x, w: lib.istft(transformed(lib, x, w)[..., :0], 8, window=w),
    "complex from one side": lambda lib, x, w: lib.istft(
        transformed(lib, x, w), 8, window=w, return_complex=True
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused(case):
    same_error(REFUSED[case], X, WINDOW)


@pytest.mark.parametrize("options", [{}, {"onesided": False}, {"center": False, "onesided": False}], ids=str)
def test_spectra_of_no_real_signal(options):
    """Of two-sided spectra a real signal takes the frequencies that are not negative."""
    z = rng.standard_normal((2, 8, 5)) + 1j * rng.standard_normal((2, 8, 5))
    w = np.full(8, 0.5)
    agree(lambda lib, z, w: lib.istft(z, 8, window=w, **options), [z, w], tolerance=1e-9)
