"""Window functions for signals: 1-d tensors of ``window_length`` numbers, periodic or symmetric."""

from __future__ import annotations

import math

from ..core.dtypes import as_dtype, get_default_dtype
from ..ops.shape_arguments import integer
from ..ops.special.bessel import i0
from .creation import creation_options, ones
from .range_creation import arange


def _window(formula, name, length, periodic, dtype, device, requires_grad, options):
    """``formula`` of t, which runs from 0 to 1 along the window."""
    creation_options(dtype, device, options)  # an error for unknown ones
    dtype = get_default_dtype() if dtype is None else as_dtype(dtype)
    if not dtype.is_floating_point:
        raise RuntimeError(f"{name}(): expected a floating point dtype, but got: {dtype}")
    if (length := integer(length)) < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if length < 2:
        return ones(length, dtype=dtype, device=device, requires_grad=requires_grad)
    n = length + bool(periodic)
    at = arange(n, dtype="float64", device=device) / (n - 1)
    return formula(at)[:length].to(dtype).requires_grad_(requires_grad)


def bartlett_window(window_length, periodic=True, *, dtype=None, device=None, requires_grad=False, **options):
    """The Bartlett (triangular) window, 1 - |2t - 1| for t from 0 to 1: ``window_length`` numbers.

    RuntimeError for a negative length or an integer dtype.
    """

    def formula(t):
        return 1 - (2 * t - 1).abs()

    return _window(formula, "bartlett_window", window_length, periodic, dtype, device, requires_grad, options)


def hann_window(window_length, periodic=True, *, dtype=None, device=None, requires_grad=False, **options):
    """The Hann window, (1 - cos 2πt) / 2 for t from 0 to 1: ``window_length`` numbers.

    RuntimeError for a negative length or an integer dtype.
    """

    def formula(t):
        return 0.5 - 0.5 * (2 * math.pi * t).cos()

    return _window(formula, "hann_window", window_length, periodic, dtype, device, requires_grad, options)


def hamming_window(
    window_length,
    periodic=True,
    alpha=0.54,
    beta=0.46,
    *,
    dtype=None,
    device=None,
    requires_grad=False,
    **options,
):
    """The Hamming window, alpha - beta · cos 2πt for t from 0 to 1: ``window_length`` numbers.

    RuntimeError for a negative length or an integer dtype.
    """

    def formula(t):
        return alpha - beta * (2 * math.pi * t).cos()

    return _window(formula, "hamming_window", window_length, periodic, dtype, device, requires_grad, options)


def blackman_window(window_length, periodic=True, *, dtype=None, device=None, requires_grad=False, **options):
    """The Blackman window, 0.42 - 0.5 cos 2πt + 0.08 cos 4πt for t from 0 to 1: ``window_length`` numbers.

    RuntimeError for a negative length or an integer dtype.
    """

    def formula(t):
        return 0.42 - 0.5 * (2 * math.pi * t).cos() + 0.08 * (4 * math.pi * t).cos()

    return _window(formula, "blackman_window", window_length, periodic, dtype, device, requires_grad, options)


def kaiser_window(
    window_length, periodic=True, beta=12.0, *, dtype=None, device=None, requires_grad=False, **options
):
    """The Kaiser window, I₀(beta √(1 - (2t - 1)²)) / I₀(beta) for t from 0 to 1: ``window_length`` numbers.

    RuntimeError for a negative length or an integer dtype.
    """

    def formula(t):
        return i0(beta * (1 - (2 * t - 1) ** 2).clamp(min=0).sqrt()) / i0(t * 0 + beta)

    return _window(formula, "kaiser_window", window_length, periodic, dtype, device, requires_grad, options)
