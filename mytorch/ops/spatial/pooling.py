"""PyTorch's pooling functions on top of ``window_pool.py``: arguments, sizes and errors.

Adaptive pooling is in ``adaptive_pooling.py``, the inverse of max pooling in ``unpooling.py``.
"""

from __future__ import annotations

import functools
import math

from ...core.arrays import array_of
from ..composite import composite
from ..shape import reshape
from .arguments import tuple_of
from .window_pool import avg_pool, max_pool, max_pool_indices


def max_pool1d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum of each window of (N, C, L) or (C, L); ``stride`` is the kernel's size by default.

    ``ceil_mode`` lets the last window stick out; ``return_indices`` adds where each maximum lies, as int64.
    RuntimeError for sizes that do not fit.
    """
    return _max_pool(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool2d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum of each window of (N, C, H, W) or (C, H, W); otherwise as :func:`max_pool1d`."""
    return _max_pool(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """The maximum of each window of (N, C, D, H, W) or (C, D, H, W); otherwise as :func:`max_pool1d`."""
    return _max_pool(
        "max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool1d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """:func:`max_pool1d` and where each maximum lies."""
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool2d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """:func:`max_pool2d` and where each maximum lies."""
    return max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


def max_pool3d_with_indices(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """:func:`max_pool3d` and where each maximum lies."""
    return max_pool3d(input, kernel_size, stride, padding, dilation, ceil_mode, True)


@composite
def avg_pool1d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
    """The mean of each window of (N, C, L) or (C, L); ``stride`` is the kernel's size by default.

    ``count_include_pad`` counts padding as zeros that take part. RuntimeError for sizes that do not fit.
    """
    return _avg_pool("avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None)


@composite
def avg_pool2d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window of (N, C, H, W) or (C, H, W), or its sum over ``divisor_override``.

    Otherwise as :func:`avg_pool1d`.
    """
    return _avg_pool(
        "avg_pool2d", 2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@composite
def avg_pool3d(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
):
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W); otherwise as :func:`avg_pool2d`."""
    return _avg_pool(
        "avg_pool3d", 3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    )


@composite
def lp_pool1d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, L) or (C, L)."""
    return _lp_pool(avg_pool1d, 1, input, norm_type, kernel_size, stride, ceil_mode)


@composite
def lp_pool2d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, H, W) or (C, H, W)."""
    return _lp_pool(avg_pool2d, 2, input, norm_type, kernel_size, stride, ceil_mode)


@composite
def lp_pool3d(input, norm_type, kernel_size, stride=None, ceil_mode=False):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, D, H, W) or (C, D, H, W)."""
    return _lp_pool(avg_pool3d, 3, input, norm_type, kernel_size, stride, ceil_mode)


# ---- sizes and checks ----------------------------------------------------------------------------


def batched(name, nd, x, optional_channels=False):
    """``x`` as (N, C, *S), and whether the batch was added.

    RuntimeError where it is empty in another dimension than the batch's, or C.
    """
    shape = array_of(x).shape
    if len(shape) == nd + 2 and 0 not in shape:
        return x, False
    if len(shape) not in (nd + 1, nd + 2) or 0 in shape[-nd - (not optional_channels) :]:
        raise RuntimeError(
            f"{name}: Expected {nd + 1}D or {nd + 2}D (batch mode) tensor with optional 0 dim batch "
            f"size for input, but got:{list(shape)}"
        )
    return (x, False) if len(shape) == nd + 2 else (reshape(x, shape=(1, *shape)), True)


_NUMBERS = {1: "one", 2: "two", 3: "three"}


_PLAIN = {int, tuple, bool, type(None)}  # arguments that are equal if they have equal hashes


@functools.lru_cache(maxsize=256, typed=True)  # every training step has the same shapes
def _settled(name, nd, shape, kernel_size, stride, padding, dilation, ceil_mode):
    """The settings of ``max_pool`` for a ``shape`` (C, *S) and the user's arguments: sizes as tuples."""
    if stride is None or (isinstance(stride, (tuple, list)) and not stride):
        stride = kernel_size
    given = {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}
    kernel, stride, padding, dilation = (_sizes(name, nd, *item) for item in given.items())
    pads, counts = _fit(name, shape, kernel, stride, padding, dilation, bool(ceil_mode))
    return {"kernel": kernel, "stride": stride, "padding": pads, "dilation": dilation, "counts": counts}


@functools.lru_cache(maxsize=256, typed=True)
def _settled_for_means(name, nd, shape, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor):
    """The settings of ``avg_pool``."""
    geometry = _settled.__wrapped__(name, nd, shape, kernel_size, stride, padding, 1, ceil_mode)
    del geometry["dilation"]
    if divisor is None:
        divisor = _divisors(shape[1:], count_include_pad, **geometry)
    return geometry | {"divisors": divisor}


def _sizes(name, nd, what, value):
    try:
        return tuple_of(value, nd, what)
    except RuntimeError:
        raise RuntimeError(
            f"{name}: {what} must either be a single int, or a tuple of {_NUMBERS[nd]} ints, but got {value}"
        ) from None


def _fit(name, shape, kernel, stride, padding, dilation, ceil_mode):
    """The padding (before, after) and the number of windows per dimension of a (C, *S) ``shape``.

    What the last window sticks out is padding after. RuntimeError for sizes that do not fit.
    """
    _check_windows(name, kernel, stride, padding, dilation)
    counts, pads = [], []
    for n, k, s, p, d in zip(shape[1:], kernel, stride, padding, dilation):
        reach = d * (k - 1) + 1
        count = (n + 2 * p - reach + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1  # the last window would start in the padding
        counts.append(count)
        pads.append((p, max((count - 1) * s + reach - n - p, 0)))
    if min(counts) < 1:
        given, found = ("x".join(map(str, sizes)) for sizes in (shape, (shape[0], *counts)))
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({found}). Output size is too small"
        )
    return tuple(pads), tuple(counts)


def _check_windows(name, kernel, stride, padding, dilation):
    if min(kernel) < 1 or min(stride) < 1:
        raise RuntimeError(
            f"{name}: kernel_size and stride should be greater than zero, but got "
            f"kernel_size={kernel}, stride={stride}"
        )
    if min(dilation) < 1:
        raise RuntimeError(f"dilation should be greater than zero, but got dilation={dilation}")
    if min(padding) < 0:
        raise RuntimeError(f"pad must be non-negative, but got pad: {min(padding)}")
    for p, k, d in zip(padding, kernel, dilation):
        if p > ((k - 1) * d + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation={d}"
            )


def _max_pool(name, nd, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    x, added = batched(name, nd, x)
    shape = array_of(x).shape[1:]
    given = kernel_size, stride, padding, dilation, ceil_mode
    settled = _settled if _PLAIN.issuperset(map(type, given)) else _settled.__wrapped__
    geometry = settled(name, nd, shape, *given)
    out = max_pool(x, **geometry)
    if not return_indices:
        return out[0] if added else out
    indices = max_pool_indices(x, out, **geometry)
    return (out[0], indices[0]) if added else (out, indices)


def _avg_pool(name, nd, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    x, added = batched(name, nd, x)
    given = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    array = array_of(x)
    settled = _settled_for_means if _PLAIN.issuperset(map(type, given)) else _settled_for_means.__wrapped__
    settings = settled(name, nd, array.shape[1:], *given)
    if array.dtype.char in "?bBhHiILQ":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}')
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    out = avg_pool(x, **settings)
    return out[0] if added else out


def _divisors(sizes, count_include_pad, *, kernel, stride, padding, counts):
    """How many elements each window counts: a number, or some for each dimension, whose products count."""
    divisors = []
    for n, k, s, (p, _), count in zip(sizes, kernel, stride, padding, counts):
        starts = [i * s - p for i in range(count)]
        stops = [min(start + k, n + p) for start in starts]
        if not count_include_pad:
            starts, stops = [max(a, 0) for a in starts], [min(b, n) for b in stops]
        divisors.append(tuple(b - a for a, b in zip(starts, stops)))
    if all(len(set(d)) == 1 for d in divisors):
        return math.prod(d[0] for d in divisors)
    return tuple(divisors)


def _lp_pool(pool, nd, x, norm_type, kernel_size, stride, ceil_mode):
    out = pool(x**norm_type, kernel_size, stride, 0, ceil_mode)
    return (out.sign() * out.abs().relu() * math.prod(tuple_of(kernel_size, nd, "kernel_size"))) ** (
        1.0 / norm_type
    )
