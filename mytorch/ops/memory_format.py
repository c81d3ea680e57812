"""The orders in which the elements of a tensor may lie in memory."""

from __future__ import annotations

from ..core.arrays import array_of, xp
from ..core.primitive import primitive


class layout:
    """The storage layout of a tensor; ``strided`` is the only one here."""

    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return f"mytorch.{self.name}"


class memory_format(layout):
    """The order of a tensor's elements in memory. No value depends on it."""


strided = layout("strided")
contiguous_format, preserve_format = memory_format("contiguous_format"), memory_format("preserve_format")
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")
_RANKS = {channels_last: 4, channels_last_3d: 5}


def _channels_last(array):
    """A view of ``array`` with the channels, its second dimension, as the last one."""
    return array.transpose(0, *range(2, array.ndim), 1)


def lies_in(array, form):
    """Whether ``array`` lies in memory in the order ``form``."""
    if form in _RANKS:
        return array.ndim == _RANKS[form] and bool(_channels_last(array).flags.c_contiguous)
    return bool(array.flags.c_contiguous)


@primitive(complex=True, x=lambda g: g)
def in_channels_last(x):
    """A copy of ``x`` whose channels lie next to each other in memory."""
    return xp(x).moveaxis(_channels_last(x).copy(order="C"), -1, 1)


def formatted(x, form, name, contiguous):
    """``x`` in the order ``form``, itself if it lies so; ``contiguous`` makes a copy in the order of indices.

    TypeError, naming the function ``name``, for what is no memory format; RuntimeError for a wrong rank.
    """
    if not isinstance(form, memory_format):
        raise TypeError(
            f"{name}(): argument 'memory_format' must be torch.memory_format, not {type(form).__name__}"
        )
    array = array_of(x)
    if form is preserve_format or lies_in(array, form):
        return x
    if form is contiguous_format:
        return contiguous(x)
    if array.ndim != _RANKS[form]:
        raise RuntimeError(f"required rank {_RANKS[form]} tensor to use {form.name} format")
    return in_channels_last(x)
