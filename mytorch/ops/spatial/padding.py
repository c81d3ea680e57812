"""Padding: constants, reflections, repeated edges, wrapping round."""

from __future__ import annotations

import functools

import numpy

from ...core.arrays import array_of, xp
from ...core.primitive import primitive
from ..layout import owned
from ..shape_arguments import sizes
from .resample import Table, resample


@primitive(
    complex=True, x=lambda g, widths: pad_constant(g, widths=tuple((-a, -b) for a, b in widths), value=0)
)
def pad_constant(x, *, widths, value: float):
    """``value`` (before, after) each dimension; negative widths cut off instead."""
    sizes, inside, kept = _padded(x.shape, widths)
    is_zero = type(value) is int and not value  # and not -0.0
    out = xp(x).zeros(sizes, x.dtype) if is_zero else xp(x).full(sizes, value, x.dtype)
    out[inside] = x[kept]
    return out


@functools.lru_cache(maxsize=256)  # every training step has the same shapes
def _padded(shape, widths):
    """The padded sizes, where the input goes there, and which part of the input that is."""
    sizes = [n + a + b for n, (a, b) in zip(shape, widths)]
    if any(size < 0 or n + min(a, 0) + min(b, 0) < 0 for size, n, (a, b) in zip(sizes, shape, widths)):
        raise RuntimeError(
            f"The input size {list(shape)}, plus negative padding {list(widths)}, resulted in a "
            "negative output size"
        )
    inside = tuple(slice(max(a, 0), size - max(b, 0)) for size, (a, b) in zip(sizes, widths))
    return sizes, inside, tuple(slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(shape, widths))


def pad(input, pad, mode="constant", value=None):
    """Pad the last dimensions by ``pad``: (before, after) of the last one, then of the one before it, ….

    RuntimeError for widths that do not fit. NotImplementedError for other modes, and for numbers of
    dimensions that a mode does not know.
    """
    pad, ndim = sizes((tuple(pad),)), array_of(input).ndim
    widths, known = _widths(pad, ndim), len(pad) // 2
    if mode == "constant":
        return pad_constant(input, widths=widths, value=0 if value is None else value)
    if mode not in _PLACES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if known not in (1, 2, 3) or ndim not in (known + 1, known + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {ndim}D input tensor.\nSupported "
            "combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n  - 3D or 4D input: padding "
            "size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    if 0 in input.shape[ndim - known - 1 :]:
        raise RuntimeError(
            f"Expected {known + 1}D or {known + 2}D (batch mode) tensor with possibly 0 batch size and "
            f"other non-zero dimensions for input, but got: {list(input.shape)}"
        )
    out = input
    if min(n + sum(w) for n, w in zip(input.shape[ndim - known :], widths[ndim - known :])) < 1:
        raise RuntimeError(
            f"input of shape {list(input.shape)} is too small for padding by {list(pad)}: nothing is left"
        )
    for dim in range(ndim - known, ndim):
        before, after = widths[dim]
        if before or after:
            out = resample(out, dim=dim, table=_table(mode, before, after, dim, tuple(input.shape)))
    return owned(out, input)


@functools.lru_cache(maxsize=256)
def _widths(pad, ndim):
    """The (before, after) of each dimension. RuntimeError for a length of ``pad`` that does not fit."""
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding "
            f"length {len(pad)} and input of dimension {ndim}"
        )
    pairs = [pad[i : i + 2] for i in range(0, len(pad), 2)]
    return ((0, 0),) * (ndim - len(pairs)) + tuple(pairs[::-1])


@functools.lru_cache(maxsize=256)
def _table(mode, before, after, dim, shape):
    return Table.of(shape[dim], [_PLACES[mode](shape[dim], before, after, dim, list(shape))])


def _reflected(n, before, after, dim, shape):
    if max(before, after) >= n:
        raise RuntimeError(
            "Argument #4: Padding size should be less than the corresponding input dimension, but got: "
            f"padding ({before}, {after}) at dimension {dim} of input {shape}"
        )
    places = numpy.abs(numpy.arange(-before, n + after))
    return numpy.where(places >= n, 2 * (n - 1) - places, places)


def _replicated(n, before, after, dim, shape):
    return numpy.clip(numpy.arange(-before, n + after), 0, n - 1)


def _wrapped(n, before, after, dim, shape):
    if max(before, after) > n:
        raise RuntimeError("Padding value causes wrapping around more than once.")
    first, stop = max(-before, 0), n - max(-after, 0)  # negative widths cut off first
    return first + (numpy.arange(-before, n + after) - first) % (stop - first)


_PLACES = {"reflect": _reflected, "replicate": _replicated, "circular": _wrapped}
