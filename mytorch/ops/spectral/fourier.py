"""The discrete Fourier transform as three operations: complex to complex, real to complex, complex to real.

X[k] = Σ x[j] · exp(-2πi · j · k / n); the inverse has +2πi and, by default, the factor 1/n. ``norm`` says
which way the factor goes: "backward" (the default), "forward", or "ortho" for 1/√n both ways. NumPy and CuPy
compute them (pocketfft, cuFFT); float32 stays float32. A transform is linear, so its gradient is its
conjugate transpose: the transform the other way, with the factor on the other side.
"""

from __future__ import annotations

from ...core.arrays import array_of, xp
from ...core.dtypes import cast_back
from ...core.primitive import primitive

OTHER_SIDE = {"backward": "forward", "forward": "backward", "ortho": "ortho"}


def _complex_vjp(g, x_dtype, dims, norm, inverse):
    back = complex_transform(g, dims=dims, norm=OTHER_SIDE[norm], inverse=not inverse)
    return cast_back(back, x_dtype)  # of real numbers the real part


@primitive(complex=True, x=_complex_vjp)
def complex_transform(x, *, dims, norm, inverse):
    """The transform of complex or real numbers over ``dims``, to complex ones of the same shape."""
    fft = xp(x).fft
    return (fft.ifftn if inverse else fft.fftn)(x, axes=dims, norm=norm)


def _twice(n, dim, x):
    """2 for each of the n // 2 + 1 frequencies that stands for its negative one as well, else 1."""
    weights = xp(x).full(n // 2 + 1, 2, x.real.dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return weights.reshape((-1,) + (1,) * (x.ndim - 1 - dim))


def _half_vjp(g, x_shape, dim, norm):
    n = x_shape[dim]
    return real_transform(g / _twice(n, dim, array_of(g)), dim=dim, n=n, norm=OTHER_SIDE[norm])


@primitive(complex=True, x=_half_vjp)
def half_transform(x, *, dim, norm):
    """The transform of n real numbers over ``dim``: the n // 2 + 1 frequencies that are not negative."""
    return xp(x).fft.rfft(x, axis=dim, norm=norm)


def _real_vjp(g, x_dtype, dim, norm):
    frequencies = half_transform(g, dim=dim, norm=OTHER_SIDE[norm])
    return cast_back(frequencies * _twice(g.shape[dim], dim, array_of(g)), x_dtype)


@primitive(complex=True, x=_real_vjp)
def real_transform(x, *, dim, n, norm):
    """The inverse of :func:`half_transform`: ``n`` real numbers from n // 2 + 1 frequencies."""
    return xp(x).fft.irfft(x, n, axis=dim, norm=norm)
