"""Rows of Fourier transforms. Their functions take the library: see ``complex.py``."""

import numpy as np

from . import Complex, Real
from .complex import in_both, named

REAL = Real((2, 6))
WINDOW = np.linspace(0.5, 1, 8)


def _spectra(m, x):
    return m.stft(x, 8, window=m.tensor(WINDOW).to(x.dtype), return_complex=True)


ROWS = [
    in_both("complex_transform", named("fft.fft"), (2, 5)),
    in_both("complex_transform", named("fft.ifft", dim=0), (3, 2), note="inverse"),
    in_both("complex_transform", named("fft.fft", n=7, norm="forward"), (2, 5), note="padded"),
    in_both("complex_transform", named("fft.ifft", n=3, norm="ortho"), (2, 5), note="cut"),
    in_both("complex_transform", named("fft.fftn"), (2, 3, 2), note="of three dimensions"),
    in_both("complex_transform", named("fft.fft2", norm="ortho"), REAL, note="of real numbers"),
    in_both("half_transform", named("fft.rfft"), REAL),
    in_both("half_transform", named("fft.rfft", n=5, norm="ortho"), REAL, note="odd"),
    in_both("half_transform", named("fft.rfftn", norm="forward"), Real((3, 4)), note="of two dimensions"),
    in_both("half_transform", named("fft.ihfft"), REAL, note="Hermitian"),
    in_both("real_transform", named("fft.irfft"), (2, 4)),
    in_both("real_transform", named("fft.irfft", n=7, norm="forward"), (2, 4), note="odd"),
    in_both("real_transform", named("fft.irfftn", s=(3, 4)), (3, 3), note="of two dimensions"),
    in_both("real_transform", named("fft.hfft", norm="ortho"), (2, 4), note="Hermitian"),
    in_both("half_transform", _spectra, Real((2, 20)), note="of frames"),
    in_both(
        "real_transform",
        lambda m, z: m.istft(z, 8, window=m.tensor(WINDOW).to(z.real.dtype), length=19),
        Complex((5, 11)),
        note="of frames",
    ),
]
