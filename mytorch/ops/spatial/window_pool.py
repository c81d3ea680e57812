"""Pooling as operations: the maximum or the mean of each window, in any number of dimensions.

They go through a block of channels at a time, so that it stays in the cache while all positions of the window
are visited. PyTorch's functions are in ``pooling.py``.
"""

from __future__ import annotations

import functools
import math

import numpy

from ...core.arrays import xp
from ...core.primitive import primitive
from ...core.sums import summed
from ...kernels.elementwise import keep
from ...kernels.windows import batch_first, batch_last, over_blocks, window_view
from ..elementwise import widened

# one reduction over the positions of a window is faster than a call for each if they are more than _MANY, or
# more than _SOME where all windows together have at most _FEW elements
_MANY, _SOME, _FEW = 128, 9, 2048


def _reduced(ufunc, view, kernel, out):
    """``ufunc`` (maximum or add) over the positions of each window of ``view`` into ``out``."""
    if math.prod(kernel) > (_SOME if view.size <= _FEW else _MANY):
        ufunc.reduce(view, tuple(range(1, 1 + len(kernel))), out=out)
    else:
        _folded(ufunc, _positions(view, kernel), out)


def _folded(ufunc, positions, out=None):
    """``ufunc`` of all ``positions``, views of one shape, in ``out`` or an array of its own."""
    first, *others = positions
    if not others:
        others, ufunc = [first], xp(first).maximum  # itself
    for position in others:
        first = out = ufunc(first, position, out=out)
    return out


# ---- few elements, whose positions are taken from (N, C, *S) as it lies ---------------------------


def _is_small(size, kernel, padding):
    return size <= 2 * _FEW and _has_few_places(kernel, padding)


@functools.lru_cache(maxsize=256)
def _has_few_places(kernel, padding):
    return math.prod(kernel) <= _SOME and not any(map(any, padding))


@functools.lru_cache(maxsize=256)
def _places(kernel, stride, dilation, counts):
    """For each position in the window, the index of an array (N, C, *S) that takes it from every window."""
    return [
        (
            slice(None),
            slice(None),
            *(slice(t * d, t * d + (c - 1) * s + 1, s) for t, s, d, c in zip(tap, stride, dilation, counts)),
        )
        for tap in numpy.ndindex(*kernel)
    ]


@functools.lru_cache(maxsize=256)
def _places_along(kernel, stride, dilation, counts):
    """For each dimension of the window, the last one first: the indices of (N, C, *S) for its places."""
    return [
        [(slice(None),) * (axis + 2) + (slice(t * d, t * d + (c - 1) * s + 1, s), Ellipsis) for t in range(k)]
        for axis, (k, s, d, c) in reversed(list(enumerate(zip(kernel, stride, dilation, counts))))
    ]


def _folded_along(ufunc, x, kernel, stride, dilation, counts):
    """``ufunc`` of all places in each window of (N, C, *S), one dimension after the other."""
    for places in _places_along(kernel, stride, dilation, counts):
        x = _folded(ufunc, [x[at] for at in places])
    return x


@functools.lru_cache(maxsize=256)
def _taps(kernel):
    return [(slice(None), *tap) for tap in numpy.ndindex(*kernel)]


def _positions(view, kernel):
    """A view (C, *counts, N) for each position in the window, of the ``view`` (C, *kernel, *counts, N)."""
    return [view[tap] for tap in _taps(kernel)]


def _spread(block, x_shape, kernel, stride, padding, dilation, counts):
    """(windows, interior, overlap): where to write the gradient of one ``block`` (C, *S, N) of the input.
    ``windows`` is a view of all windows in the block, or with padding in a larger array whose ``interior`` is
    the block's part (else None). It holds zeros unless the windows fill it. ``overlap``: whether they do.
    """
    sizes = [a + n + b for n, (a, b) in zip(x_shape[2:], padding)]
    overlap = any((k - 1) * d + 1 > s for k, s, d in zip(kernel, stride, dilation))
    if any(map(any, padding)):
        array = xp(block).zeros((block.shape[0], *sizes, x_shape[0]), block.dtype)
        interior = array[(slice(None), *(slice(a, a + n) for n, (a, _) in zip(x_shape[2:], padding)))]
    else:
        array, interior = block, None
        tiled = all(c * s == n and k == s for c, s, n, k in zip(counts, stride, sizes, kernel))
        if overlap or not tiled:
            block[...] = 0
    return window_view(array, kernel, stride, dilation, counts), interior, overlap


def _empty_batch_last(x, channels, sizes):
    return xp(x).empty((channels, *sizes, x.shape[0]), x.dtype)


# ---- maximum -------------------------------------------------------------------------------------


@primitive(
    copy_on_write="out",
    x=lambda g, x, out, kernel, stride, padding, dilation, counts: max_pool_scatter(
        g, x, out, kernel=kernel, stride=stride, padding=padding, dilation=dilation, counts=counts
    ),
)
def max_pool(x, *, kernel, stride, padding, dilation, counts):
    """The maximum of each window: (N, C, *S) -> (N, C, *counts). NaN wins, padding never does."""
    if _is_small(x.size, kernel, padding):
        return _folded_along(xp(x).maximum, x, kernel, stride, dilation, counts)
    out = _empty_batch_last(x, x.shape[1], counts)
    lowest = -math.inf if x.dtype.kind in "fV" else numpy.iinfo(x.dtype).min

    def work(a, b):
        padded = batch_last(x[:, a:b], padding, lowest)
        _reduced(xp(x).maximum, window_view(padded, kernel, stride, dilation, counts), kernel, out[a:b])

    over_blocks(work, x.shape[1], x.size, 0.06 * math.prod(kernel), x)
    return batch_first(out)


def _winners(x, y, padding, kernel, *geometry):
    """For each position of the window, where it is the first to have the maximum: booleans (C, *counts, N),
    one array that is used again.
    """
    y, never = batch_last(y), math.nan
    if x.dtype.kind not in "fV":
        never = numpy.iinfo(x.dtype).min
    elif xp(x) is not numpy or math.isnan(_squares(y)):  # a GPU is not asked
        x, y = _nan_as_infinity(x), _nan_as_infinity(y)
    return _first_equal(_positions(window_view(batch_last(x, padding, never), kernel, *geometry), kernel), y)


def _first_equal(positions, y):
    first, *others = positions
    found = first == y
    free = ~found
    yield found
    for position in others:
        xp(y).equal(position, y, out=found)
        found &= free
        free ^= found
        yield found


def _nan_as_infinity(x):
    """NaN is the maximum, and equal to itself here."""
    return xp(x).where(xp(x).isnan(x), math.inf, x).astype(x.dtype)


def _squares(x):
    """The sum of all squares of a contiguous array: NaN if one element is.

    Faster than the sum where the BLAS knows the dtype.
    """
    flat = x.ravel()
    return flat.dot(flat) if x.itemsize > 2 else summed(x)


@primitive(
    g=lambda g, x, y, kernel, stride, padding, dilation, counts: max_pool_gather(
        g, x, y, kernel=kernel, stride=stride, padding=padding, dilation=dilation, counts=counts
    )
)
@widened
def max_pool_scatter(g, x, y, *, kernel, stride, padding, dilation, counts):
    """The gradient of :func:`max_pool`: ``g`` (N, C, *counts) added where ``x`` (N, C, *S) has the maxima
    ``y``, of equal elements at the first.
    """
    if _is_small(x.size, kernel, padding):
        return _small_scatter(g, x, y, _places(kernel, stride, dilation, counts))
    out = _empty_batch_last(x, x.shape[1], x.shape[2:])

    def work(a, b):
        part = batch_last(g[:, a:b])
        view, interior, overlap = _spread(out[a:b], x.shape, kernel, stride, padding, dilation, counts)
        winners = _winners(x[:, a:b], y[:, a:b], padding, kernel, stride, dilation, counts)
        for place, found in zip(_positions(view, kernel), winners):
            if overlap:
                place += keep(part, found)
            else:
                place[...] = keep(part, found)
        if interior is not None:
            out[a:b] = interior

    over_blocks(work, x.shape[1], x.size, 0.25 * math.prod(kernel), x)
    return batch_first(out)


def _small_scatter(g, x, y, places):
    out = xp(x).zeros(x.shape, x.dtype)
    if x.dtype.kind in "fV" and (xp(x) is not numpy or math.isnan(_squares(y))):
        x, y = _nan_as_infinity(x), _nan_as_infinity(y)
    for at, found in zip(places, _first_equal([x[at] for at in places], y)):
        out[at] += keep(g, found)
    return out


@primitive(
    v=lambda g, x, y, kernel, stride, padding, dilation, counts: max_pool_scatter(
        g, x, y, kernel=kernel, stride=stride, padding=padding, dilation=dilation, counts=counts
    )
)
def max_pool_gather(v, x, y, *, kernel, stride, padding, dilation, counts):
    """The transpose of the scatter: the elements of ``v`` (N, C, *S) where ``x`` has the maxima ``y``."""
    out = _empty_batch_last(x, x.shape[1], counts)

    def work(a, b):
        out[a:b] = 0
        view = window_view(batch_last(v[:, a:b], padding), kernel, stride, dilation, counts)
        winners = _winners(x[:, a:b], y[:, a:b], padding, kernel, stride, dilation, counts)
        for position, found in zip(_positions(view, kernel), winners):
            out[a:b] += keep(position, found)

    over_blocks(work, x.shape[1], x.size, 0.25 * math.prod(kernel), x)
    return batch_first(out)


@primitive
def max_pool_indices(x, y, *, kernel, stride, padding, dilation, counts):
    """Where ``x`` (N, C, *S) has the maxima ``y`` (N, C, *counts): int64, the numbers within a channel."""
    starts = [xp(x).arange(c) * s - a for c, s, (a, _) in zip(counts, stride, padding)]
    out = xp(x).zeros((x.shape[1], *counts, x.shape[0]), "int64")
    taps = numpy.ndindex(*kernel)
    for tap, found in zip(taps, _winners(x, y, padding, kernel, stride, dilation, counts)):
        number = 0
        for axis, (start, t, d, n) in enumerate(zip(starts, tap, dilation, x.shape[2:])):
            number = number * n + (start + t * d).reshape((-1, *[1] * (len(counts) - axis - 1)))
        out += xp(x).where(found, number[..., None], 0)
    return batch_first(out)


# ---- mean ----------------------------------------------------------------------------------------


@primitive(
    x=lambda g, x_shape, kernel, stride, padding, counts, divisors: avg_pool_spread(
        g, sizes=x_shape[2:], kernel=kernel, stride=stride, padding=padding, counts=counts, divisors=divisors
    )
)
@widened
def avg_pool(x, *, kernel, stride, padding, counts, divisors):
    """The sum of each window over its divisor: (N, C, *S) -> (N, C, *counts).

    ``divisors``: a number, or a tuple of them per dimension whose products count.
    """
    shape = x.shape
    if _is_tiny(x, shape[2:]):
        weights = _averages(shape[2:], kernel, stride, padding, counts, divisors, x.dtype)
        out = x.reshape(-1, len(weights)).dot(weights)
        flat = out.ravel()
        if math.isfinite(flat.dot(flat)):  # else a nan or an infinity is everywhere
            return out.reshape(shape[:2] + counts)
    return _means(x, kernel, stride, padding, counts, divisors)


def _is_tiny(x, sizes):
    """Whether averages over images of these ``sizes`` are one product with a matrix, :func:`_averages`."""
    return x.size <= 2 * _FEW and type(x) is numpy.ndarray and x.dtype.char in "fd" and math.prod(sizes) <= 64


@functools.lru_cache(maxsize=64)
def _averages(sizes, kernel, stride, padding, counts, divisors, dtype):
    """What each place of an image adds to each mean: (places, windows)."""
    places = math.prod(sizes)
    images = numpy.eye(places, dtype=dtype).reshape(1, places, *sizes)
    return _means(images, kernel, stride, padding, counts, divisors).reshape(places, -1)


def _means(x, kernel, stride, padding, counts, divisors):
    once, divisor = (1,) * len(kernel), _divisor(x, divisors)
    out = _empty_batch_last(x, x.shape[1], counts)

    def work(a, b):
        block = out[a:b]
        view = window_view(batch_last(x[:, a:b], padding), kernel, stride, once, counts)
        _reduced(xp(x).add, view, kernel, block)
        if x.dtype.kind in "fV":
            block /= divisor
        else:
            block[...] = xp(x).trunc(block / divisor)

    over_blocks(work, x.shape[1], x.size, 0.06 * math.prod(kernel), x)
    return batch_first(out)


@primitive(
    x=lambda g, kernel, stride, padding, counts, divisors: avg_pool(
        g, kernel=kernel, stride=stride, padding=padding, counts=counts, divisors=divisors
    )
)
@widened
def avg_pool_spread(x, *, sizes, kernel, stride, padding, counts, divisors):
    """The gradient of :func:`avg_pool`: (N, C, *counts) -> (N, C, *sizes).

    Each element, over its divisor, is added to all places of its window.
    """
    if _is_tiny(x, sizes):
        weights = _averages(sizes, kernel, stride, padding, counts, divisors, x.dtype)
        out = x.reshape(-1, weights.shape[1]).dot(weights.T)
        if math.isfinite(_squares(out)):
            return out.reshape(x.shape[:2] + sizes)
    once, divisor = (1,) * len(kernel), _divisor(x, divisors)
    out = _empty_batch_last(x, x.shape[1], sizes)

    def work(a, b):
        part = batch_last(x[:, a:b]) / divisor
        view, interior, overlap = _spread(
            out[a:b], (x.shape[0], b - a, *sizes), kernel, stride, padding, once, counts
        )
        if overlap:
            for place in _positions(view, kernel):
                place += part
        else:
            view[...] = part.reshape(b - a, *once, *part.shape[1:])
        if interior is not None:
            out[a:b] = interior

    over_blocks(work, x.shape[1], x.size, 0.06 * math.prod(kernel), x)
    return batch_first(out)


def _divisor(x, divisors):
    """A number, or an array (*counts, 1) of how many elements each window counts."""
    if not isinstance(divisors, (tuple, list)):
        return divisors
    array = xp(x).ones((1,), x.dtype if x.dtype.kind in "fV" else "float64")
    for sizes in reversed(divisors):
        array = xp(x).asarray(sizes, array.dtype).reshape((-1, *[1] * array.ndim)) * array
    return array
