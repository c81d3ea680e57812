"""Adaptive pooling: windows that cover the input for a given size of the output."""

from __future__ import annotations

import functools
import math
import operator

import numpy

from ...core.arrays import array_of, xp
from ...core.primitive import primitive
from ..elementwise import check_floating
from ..reduce import mean
from .pooling import batched
from .resample import Table, as_slice, resample
from .unpooling import pick
from .window_pool import avg_pool, max_pool, max_pool_indices


def adaptive_avg_pool1d(input, output_size):
    """(N, C, L) or (C, L) averaged to length ``output_size``.

    Place i is the mean of elements floor(i·L/out) to ceil((i+1)·L/out).
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input, output_size):
    """(N, C, H, W) or (C, H, W) averaged to ``output_size``, an int or two; None keeps a size."""
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input, output_size):
    """(N, C, D, H, W) or (C, D, H, W) averaged to ``output_size``; as :func:`adaptive_avg_pool2d`."""
    return _adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The maxima of the windows of :func:`adaptive_avg_pool1d`.

    ``return_indices`` adds where they lie.
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The maxima of the windows of :func:`adaptive_avg_pool2d`.

    ``return_indices`` adds where they lie.
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The maxima of the windows of :func:`adaptive_avg_pool3d`.

    ``return_indices`` adds where they lie.
    """
    return _adaptive_max_pool("adaptive_max_pool3d", 3, input, output_size, return_indices)


def adaptive_max_pool1d_with_indices(input, output_size, return_indices=False):
    """:func:`adaptive_max_pool1d` and where each maximum lies."""
    return adaptive_max_pool1d(input, output_size, True)


def adaptive_max_pool2d_with_indices(input, output_size, return_indices=False):
    """:func:`adaptive_max_pool2d` and where each maximum lies."""
    return adaptive_max_pool2d(input, output_size, True)


def adaptive_max_pool3d_with_indices(input, output_size, return_indices=False):
    """:func:`adaptive_max_pool3d` and where each maximum lies."""
    return adaptive_max_pool3d(input, output_size, True)


@primitive
def adaptive_max_indices(x, *, sizes):
    """Where each adaptive window of (N, C, *S) has its maximum: (N, C, *sizes) of int64.

    The numbers count the elements within a channel.
    """
    numbers = xp(x).arange(math.prod(x.shape[2:])).reshape(x.shape[2:])
    out = xp(x).zeros((*x.shape[:2], *sizes), "int64")
    every = [_adaptive_spans(n, count) for n, count in zip(x.shape[2:], sizes)]
    for place in numpy.ndindex(*sizes):
        box = tuple(slice(*every[dim][i]) for dim, i in enumerate(place))
        inside = numbers[box].reshape(-1)
        best = x[(slice(None), slice(None), *box)].reshape(*x.shape[:2], inside.size).argmax(-1)
        out[(slice(None), slice(None), *place)] = inside[best]
    return out


def _output_sizes(name, nd, x, output_size):
    values = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * nd
    if len(values) != nd:
        raise RuntimeError(f"{name}: output_size must be {nd} ints, but got {len(values)}")
    values = tuple(n if v is None else operator.index(v) for v, n in zip(values, array_of(x).shape[2:]))
    if min(values) < 0:
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {values}"
        )
    return values


def _equal_windows(x, sizes):
    """The geometry of windows that tile ``x`` exactly into ``sizes``, or None."""
    if 0 in sizes or any(n % s for n, s in zip(x.shape[2:], sizes)):
        return None
    kernel = tuple(n // s for n, s in zip(x.shape[2:], sizes))
    return {"kernel": kernel, "stride": kernel, "padding": ((0, 0),) * len(sizes), "counts": sizes}


def _adaptive_spans(n, count):
    """The (start, stop) of ``count`` windows that cover ``n`` elements; some may overlap."""
    return [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]


@functools.lru_cache(maxsize=256)  # every training step has the same shapes
def _means(n, count):
    """The means of the windows as a table: the k-th step adds the k-th element of each that has as many."""
    starts, stops = numpy.array(_adaptive_spans(n, count), int).reshape(-1, 2).T
    lengths, steps = stops - starts, []
    for k in range(lengths.max(initial=0)):
        chosen = numpy.flatnonzero(lengths > k)
        steps.append((as_slice(chosen), starts[chosen] + k, 1 / lengths[chosen]))
    return Table(n, count, steps)


def _adaptive_avg_pool(name, nd, x, output_size):
    x, added = batched(name, nd, x, optional_channels=True)
    check_floating(x, name)
    sizes = _output_sizes(name, nd, x, output_size)
    if set(sizes) == {1}:
        out = mean(x, dim=tuple(range(2, 2 + nd)), keepdim=True)
    elif geometry := _equal_windows(x, sizes):
        out = avg_pool(x, divisors=math.prod(geometry["kernel"]), **geometry)
    else:
        out = x
        for dim, (n, count) in enumerate(zip(x.shape[2:], sizes), 2):
            out = resample(out, dim=dim, table=_means(n, count))
    return out[0] if added else out


def _adaptive_max_pool(name, nd, x, output_size, return_indices):
    x, added = batched(name, nd, x)
    sizes = _output_sizes(name, nd, x, output_size)
    check_floating(x, name)
    if geometry := _equal_windows(x, sizes):
        geometry["dilation"] = (1,) * nd
        out = max_pool(x, **geometry)
        indices = max_pool_indices(x, out, **geometry) if return_indices else None
    else:
        indices = adaptive_max_indices(x, sizes=sizes)
        out = pick(x, indices)
    if added:
        out, indices = out[0], indices[0] if return_indices else None
    return (out, indices) if return_indices else out
