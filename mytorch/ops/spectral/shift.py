"""The order of frequencies: zero in the middle, or first as the transforms have it."""

from __future__ import annotations

from ..permute import roll
from ..shape_arguments import check_dims


def fftshift(input, dim=None):
    """Move the frequency zero from the front of ``dim`` (an int or a tuple; all by default) to the middle."""
    return _shifted(input, dim, lambda n: n // 2)


def ifftshift(input, dim=None):
    """The inverse of :func:`fftshift`."""
    return _shifted(input, dim, lambda n: (n + 1) // 2)


def _shifted(input, dim, by):
    dims = check_dims(dim, len(input.shape))
    return roll(input, shifts=tuple(by(input.shape[d]) for d in dims), dims=dims) if dims else input
