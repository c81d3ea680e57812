"""The frequencies that Fourier transforms give, in cycles per unit of the sample spacing ``d``."""

from __future__ import annotations

from ..core.dtypes import as_dtype, get_default_dtype
from ..ops.shape_arguments import integer
from .creation import creation_options
from .range_creation import arange


def fftfreq(n, d=1.0, *, dtype=None, device=None, requires_grad=False, **options):
    """The frequencies of :func:`fft` of ``n`` samples: 0, 1, …, -2, -1 over n · d. Shape (n,).

    RuntimeError for an integer dtype.
    """
    dtype, n = _checked("fftfreq", n, dtype, options)
    k = arange(n, device=device)
    k = (k + n // 2) % max(n, 1) - n // 2
    return (k.to("float64") / (n * d)).to(dtype).requires_grad_(requires_grad)


def rfftfreq(n, d=1.0, *, dtype=None, device=None, requires_grad=False, **options):
    """The frequencies of :func:`rfft` of ``n`` samples: 0, 1, …, n // 2 over n · d. Shape (n // 2 + 1,).

    RuntimeError for an integer dtype.
    """
    dtype, n = _checked("rfftfreq", n, dtype, options)
    k = arange(n // 2 + 1, device=device)
    return (k.to("float64") / (n * d)).to(dtype).requires_grad_(requires_grad)


def _checked(name, n, dtype, options):
    creation_options(dtype, None, options)  # TypeError for unknown ones
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if (n := integer(n)) < 0:
        raise RuntimeError(f"{name} requires a non-negative n, got {n}")
    return dtype, n
