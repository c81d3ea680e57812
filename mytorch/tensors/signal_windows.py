"""The windows of ``torch.signal.windows``: ``M`` numbers, symmetric or (``sym=False``) periodic.

All raise ValueError for a negative ``M`` or a dtype other than float32 and float64.
"""

from __future__ import annotations

import math

from ..core.dtypes import as_dtype, get_default_dtype
from ..ops.memory_format import strided
from ..ops.special.bessel import i0
from .creation import ones, zeros
from .range_creation import arange


def _window(name, M, sym, options, formula, least=2):
    """``formula(k, last)`` of the places k = 0, 1, …, in float64; ``last`` is the place of the other end.

    Shorter than ``least`` it is all ones.
    """
    options = {"dtype": None, "device": None, "requires_grad": False, "layout": None, **options}
    dtype = get_default_dtype() if options["dtype"] is None else as_dtype(options["dtype"])
    device, requires_grad = options["device"], options["requires_grad"]
    if options["layout"] not in (None, strided):
        raise ValueError(f"{name} is implemented for strided tensors only, got: {options['layout']}")
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if dtype not in (as_dtype("float32"), as_dtype("float64")):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    if M == 0:
        return zeros(0, dtype=dtype, device=device, requires_grad=requires_grad)
    if least > M:
        return ones(M, dtype=dtype, device=device, requires_grad=requires_grad)
    k, last = arange(M, dtype="float64", device=device), M - 1 if sym or M == 1 else M
    return formula(k, last).to(dtype).requires_grad_(requires_grad)


def exponential(M, *, center=None, tau=1.0, sym=True, **options):
    """exp(-|k - center| / tau). ValueError for a ``tau`` that is not positive, or a center with ``sym``."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    return _window(
        "exponential",
        M,
        sym,
        options,
        lambda k, last: (-(k - (last / 2 if center is None else center)).abs() / tau).exp(),
        1,
    )


def cosine(M, *, sym=True, **options):
    """sin(π (k + 1/2) / M)."""
    return _window("cosine", M, sym, options, lambda k, last: (math.pi * (k + 0.5) / (last + 1)).sin(), 1)


def gaussian(M, *, std=1.0, sym=True, **options):
    """exp(-(k - center)² / 2 std²). ValueError for a ``std`` that is not positive."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _window("gaussian", M, sym, options, lambda k, last: (-(((k - last / 2) / std) ** 2) / 2).exp(), 1)


def kaiser(M, *, beta=12.0, sym=True, **options):
    """I₀(beta √(1 - t²)) / I₀(beta) for t from -1 to 1. ValueError for a negative ``beta``."""
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")

    def formula(k, last):
        t = 2 * k / last - 1
        return i0(beta * (1 - t * t).clamp(min=0).sqrt()) / i0(k[:1] * 0 + beta)

    return _window("kaiser", M, sym, options, formula)


def bartlett(M, *, sym=True, **options):
    """1 - |t| for t from -1 to 1: a triangle."""
    return _window("bartlett", M, sym, options, lambda k, last: 1 - (2 * k / last - 1).abs())


def general_cosine(M, *, a, sym=True, **options):
    """Σ (-1)ⁱ aᵢ cos(2π i k / last). TypeError unless ``a`` is a list; ValueError for an empty one."""
    if not isinstance(a, (list, tuple)):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")

    def formula(k, last):
        return sum((-1) ** i * share * (2 * math.pi * i / last * k).cos() for i, share in enumerate(a))

    return _window("general_cosine", M, sym, options, formula)


def general_hamming(M, *, alpha=0.54, sym=True, **options):
    """alpha - (1 - alpha) cos(2π k / last)."""
    return general_cosine(M, a=[alpha, 1.0 - alpha], sym=sym, **options)


def hamming(M, *, sym=True, **options):
    """0.54 - 0.46 cos(2π k / last)."""
    return general_hamming(M, sym=sym, **options)


def hann(M, *, sym=True, **options):
    """(1 - cos(2π k / last)) / 2."""
    return general_hamming(M, alpha=0.5, sym=sym, **options)


def blackman(M, *, sym=True, **options):
    """0.42 - 0.5 cos(2π k / last) + 0.08 cos(4π k / last)."""
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, **options)


def nuttall(M, *, sym=True, **options):
    """The minimum four-term Blackman-Harris window of Nuttall (1981)."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], sym=sym, **options)
