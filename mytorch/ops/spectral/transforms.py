"""The functions of ``torch.fft``: Fourier transforms over one or several dimensions.

``n`` and ``s`` are the sizes to transform (of the output, where that is real); longer input is cut, shorter
one filled with zeros. ``norm`` puts the factor 1/n at the inverse ("backward", the default), at the forward
transform ("forward"), or 1/√n at both ("ortho"). RuntimeError for 16-bit numbers, for sizes below 1,
dimensions named twice, and complex input where it must be real.
"""

from __future__ import annotations

from ...core.arrays import array_of
from ...core.dtypes import get_default_dtype
from ...core.graph import Variable
from ..cast import to_dtype
from ..complex import conj
from ..composite import composite
from ..shape_arguments import check_dim, integer
from ..spatial.padding import pad_constant
from .fourier import OTHER_SIDE, complex_transform, half_transform, real_transform

# ---- arguments -----------------------------------------------------------------------------------


def _taken(name, input, real=False):
    """The tensor to transform, in floating point."""
    if not isinstance(input, Variable):
        raise TypeError(
            f"fft_{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}"
        )
    kind = input.array.dtype
    if kind.itemsize == 2 and kind.kind in "fV":
        raise RuntimeError(f"Unsupported dtype {'Half' if kind.kind == 'f' else 'BFloat16'}")
    if real and kind.kind == "c":
        raise RuntimeError(f"{name} expects a real input tensor, but got {input.dtype}")
    return to_dtype(input, get_default_dtype()) if kind.kind in "biu" else input


def _norm_of(norm):
    norm = "backward" if norm is None else norm
    if norm not in OTHER_SIDE:
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    return norm


def _one(input, n, dim):
    """The dimension from the front, and the size, as lists of one."""
    if not input.shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return [check_dim(dim, len(input.shape))], [None if n is None else integer(n)]


def _several(input, s, dim):
    """The dimensions (all, or the last ones, if not given) and their sizes (None: as it is)."""
    ndim = len(input.shape)
    sizes = None if s is None else [integer(n) for n in (s if isinstance(s, (tuple, list)) else (s,))]
    if dim is None:
        count = ndim if sizes is None else len(sizes)
        if count > ndim:
            raise RuntimeError(f"Got shape with {count} values but input tensor only has {ndim} dimensions.")
        dims = list(range(ndim - count, ndim))
    else:
        dims = [check_dim(d, ndim) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    if len(set(dims)) != len(dims):
        raise RuntimeError("FFT dims must be unique")
    if sizes is not None and len(sizes) != len(dims):
        raise RuntimeError("When given, dim and shape arguments must have the same length")
    return dims, [None if n == -1 else n for n in sizes or [-1] * len(dims)]


def _resized(x, dims, sizes):
    """``x`` cut, or filled with zeros, to ``sizes``."""
    widths = [(0, 0)] * len(x.shape)
    for dim, n in zip(dims, sizes):
        n = x.shape[dim] if n is None else n
        if n < 1:
            raise RuntimeError(f"Invalid number of data points ({n}) specified")
        widths[dim] = (0, n - x.shape[dim])
    return pad_constant(x, widths=tuple(widths), value=0) if any(map(any, widths)) else x


# ---- the three kinds -----------------------------------------------------------------------------


def _to_complex(x, place, norm, inverse):
    """Complex (or real) numbers to complex ones."""
    dims, sizes = place
    x, norm = _resized(x, dims, sizes), _norm_of(norm)
    if dims:
        return complex_transform(x, dims=tuple(dims), norm=norm, inverse=inverse)
    return to_dtype(x, "complex64" if array_of(x).dtype in ("float32", "complex64") else "complex128")


def _from_real(name, x, place, norm):
    """Real numbers to the frequencies of the last dimension that are not negative."""
    dims, sizes = place
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    x, norm = _resized(x, dims, sizes), _norm_of(norm)
    x = half_transform(x, dim=dims[-1], norm=norm)
    return complex_transform(x, dims=tuple(dims[:-1]), norm=norm, inverse=False) if dims[1:] else x


def _to_real(name, x, place, norm):
    """Frequencies, of the last dimension those that are not negative, to real numbers."""
    dims, sizes = place
    if not dims:
        raise RuntimeError(f"{name} must transform at least one axis")
    last = 2 * (x.shape[dims[-1]] - 1) if sizes[-1] is None else sizes[-1]
    if last < 1:
        raise RuntimeError(f"Invalid number of data points ({last}) specified")
    x, norm = _resized(x, dims, [*sizes[:-1], last // 2 + 1]), _norm_of(norm)
    if dims[1:]:
        x = complex_transform(x, dims=tuple(dims[:-1]), norm=norm, inverse=True)
    return real_transform(x, dim=dims[-1], n=last, norm=norm)


# ---- complex to complex --------------------------------------------------------------------------


@composite(out=True)
def fft(input, n: int | None = None, dim=-1, norm=None):
    """The Fourier transform over ``dim``: X[k] = Σ x[j] · exp(-2πi · j · k / n). Complex, of any input."""
    x = _taken("fft", input)
    return _to_complex(x, _one(x, n, dim), norm, inverse=False)


@composite(out=True)
def ifft(input, n: int | None = None, dim=-1, norm=None):
    """The inverse of :func:`fft`: x[j] = 1/n · Σ X[k] · exp(2πi · j · k / n)."""
    x = _taken("ifft", input)
    return _to_complex(x, _one(x, n, dim), norm, inverse=True)


@composite(out=True)
def fftn(input, s=None, dim=None, norm=None):
    """:func:`fft` over each of several dimensions, all of them by default."""
    x = _taken("fftn", input)
    return _to_complex(x, _several(x, s, dim), norm, inverse=False)


@composite(out=True)
def ifftn(input, s=None, dim=None, norm=None):
    """The inverse of :func:`fftn`."""
    x = _taken("ifftn", input)
    return _to_complex(x, _several(x, s, dim), norm, inverse=True)


@composite(out=True)
def fft2(input, s=None, dim=(-2, -1), norm=None):
    """:func:`fftn` over two dimensions, the last ones by default."""
    return fftn(input, s, dim, norm)


@composite(out=True)
def ifft2(input, s=None, dim=(-2, -1), norm=None):
    """The inverse of :func:`fft2`."""
    return ifftn(input, s, dim, norm)


# ---- real to complex and back --------------------------------------------------------------------


@composite(out=True)
def rfft(input, n: int | None = None, dim=-1, norm=None):
    """:func:`fft` of real numbers: only the n // 2 + 1 frequencies that are not negative.

    The others are their conjugates.
    """
    x = _taken("rfft", input, real=True)
    return _from_real("rfft", x, _one(x, n, dim), norm)


@composite(out=True)
def irfft(input, n: int | None = None, dim=-1, norm=None):
    """The inverse of :func:`rfft`: ``n`` real numbers, 2 · (size - 1) by default."""
    x = _taken("irfft", input)
    return _to_real("irfft", x, _one(x, n, dim), norm)


@composite(out=True)
def rfftn(input, s=None, dim=None, norm=None):
    """:func:`rfft` over the last of ``dim``, then :func:`fft` over the others."""
    x = _taken("rfftn", input, real=True)
    return _from_real("rfftn", x, _several(x, s, dim), norm)


@composite(out=True)
def irfftn(input, s=None, dim=None, norm=None):
    """The inverse of :func:`rfftn`; the last of ``s`` is the size of the real result."""
    x = _taken("irfftn", input)
    return _to_real("irfftn", x, _several(x, s, dim), norm)


@composite(out=True)
def rfft2(input, s=None, dim=(-2, -1), norm=None):
    """:func:`rfftn` over two dimensions, the last ones by default."""
    return rfftn(input, s, dim, norm)


@composite(out=True)
def irfft2(input, s=None, dim=(-2, -1), norm=None):
    """The inverse of :func:`rfft2`."""
    return irfftn(input, s, dim, norm)


# ---- of signals that are real in the other domain ------------------------------------------------


@composite(out=True)
def hfft(input, n: int | None = None, dim=-1, norm=None):
    """The transform of a signal of which ``input`` is one half and whose spectrum is real (Hermitian)."""
    x = _taken("hfft", input)
    return _to_real("hfft", conj(x), _one(x, n, dim), OTHER_SIDE[_norm_of(norm)])


@composite(out=True)
def ihfft(input, n: int | None = None, dim=-1, norm=None):
    """The inverse of :func:`hfft`."""
    x = _taken("ihfft", input, real=True)
    return conj(_from_real("ihfft", x, _one(x, n, dim), OTHER_SIDE[_norm_of(norm)]))


@composite(out=True)
def hfftn(input, s=None, dim=None, norm=None):
    """:func:`hfft` over the last of ``dim``, :func:`fft` over the others."""
    x = _taken("hfftn", input)
    return _to_real("hfftn", conj(x), _several(x, s, dim), OTHER_SIDE[_norm_of(norm)])


@composite(out=True)
def ihfftn(input, s=None, dim=None, norm=None):
    """The inverse of :func:`hfftn`."""
    x = _taken("ihfftn", input, real=True)
    return conj(_from_real("ihfftn", x, _several(x, s, dim), OTHER_SIDE[_norm_of(norm)]))


@composite(out=True)
def hfft2(input, s=None, dim=(-2, -1), norm=None):
    """:func:`hfftn` over two dimensions, the last ones by default."""
    return hfftn(input, s, dim, norm)


@composite(out=True)
def ihfft2(input, s=None, dim=(-2, -1), norm=None):
    """The inverse of :func:`hfft2`."""
    return ihfftn(input, s, dim, norm)
