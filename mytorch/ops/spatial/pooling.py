"""PyTorch's pooling functions on top of ``pool.py``: arguments, sizes and errors; adaptive, power-average and
inverse pooling.
"""

from __future__ import annotations

import math
import operator

import numpy

from ...core.arrays import xp
from ...core.composite import composite
from ...core.primitive import primitive
from ...core.sums import scatter_add
from ..elementwise import check_floating
from ..join import stack
from ..reduce import mean
from ..shape import reshape
from ..split import narrow
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
    """The mean of each window of (N, C, H, W) or (C, H, W), or its sum over ``divisor_override``; otherwise
    as :func:`avg_pool1d`.
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


def adaptive_avg_pool1d(input, output_size):
    """(N, C, L) or (C, L) averaged to length ``output_size``: place i is the mean of elements floor(i·L/out)
    to ceil((i+1)·L/out).
    """
    return _adaptive_avg_pool("adaptive_avg_pool1d", 1, input, output_size)


def adaptive_avg_pool2d(input, output_size):
    """(N, C, H, W) or (C, H, W) averaged to ``output_size`` (an int, or two of which None keeps a size); as
    :func:`adaptive_avg_pool1d`.
    """
    return _adaptive_avg_pool("adaptive_avg_pool2d", 2, input, output_size)


def adaptive_avg_pool3d(input, output_size):
    """(N, C, D, H, W) or (C, D, H, W) averaged to ``output_size``; as :func:`adaptive_avg_pool2d`."""
    return _adaptive_avg_pool("adaptive_avg_pool3d", 3, input, output_size)


def adaptive_max_pool1d(input, output_size, return_indices=False):
    """The maxima of the windows of :func:`adaptive_avg_pool1d`, with ``return_indices`` also where they
    lie."""
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input, output_size, return_indices=False):
    """The maxima of the windows of :func:`adaptive_avg_pool2d`, with ``return_indices`` also where they
    lie."""
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input, output_size, return_indices=False):
    """The maxima of the windows of :func:`adaptive_avg_pool3d`, with ``return_indices`` also where they
    lie."""
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


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros with ``input`` (N, C, L) at ``indices``, as :func:`max_pool1d` returned them."""
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros with ``input`` (N, C, H, W) at ``indices``, as :func:`max_pool2d` returned them."""
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros with ``input`` (N, C, D, H, W) at ``indices``, as :func:`max_pool3d` returned them."""
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


# ---- sizes and checks ----------------------------------------------------------------------------


def batched(name, nd, x, optional_channels=False):
    """``x`` as (N, C, *S), and whether the batch was added.

    RuntimeError where it is empty in another dimension than the batch's, or C.
    """
    shape = tuple(x.shape)
    if len(shape) not in (nd + 1, nd + 2) or 0 in shape[-nd - (not optional_channels) :]:
        raise RuntimeError(
            f"{name}: Expected {nd + 1}D or {nd + 2}D (batch mode) tensor with optional 0 dim batch "
            f"size for input, but got:{list(shape)}"
        )
    return (x, False) if len(shape) == nd + 2 else (reshape(x, shape=(1, *shape)), True)


_NUMBERS = {1: "one", 2: "two", 3: "three"}


def _geometry(name, nd, x, kernel_size, stride, padding, dilation, ceil_mode):
    """The settings of ``max_pool``: sizes as tuples, what the last window sticks out as padding after."""

    def sizes(value, what):
        try:
            return tuple_of(value, nd, what)
        except RuntimeError:
            raise RuntimeError(
                f"{name}: {what} must either be a single int, or a tuple of {_NUMBERS[nd]} ints, but "
                f"got {value}"
            ) from None

    kernel = sizes(kernel_size, "kernel_size")
    stride = (
        kernel
        if stride is None or (isinstance(stride, (tuple, list)) and not stride)
        else sizes(stride, "stride")
    )
    padding, dilation = sizes(padding, "padding"), sizes(dilation, "dilation")
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
    counts, pads = [], []
    for n, k, s, p, d in zip(x.shape[2:], kernel, stride, padding, dilation):
        count = (n + 2 * p - d * (k - 1) - 1 + (s - 1 if ceil_mode else 0)) // s + 1
        if ceil_mode and (count - 1) * s >= n + p:
            count -= 1  # the last window would start in the padding
        counts.append(count)
        pads.append((p, max((count - 1) * s + (k - 1) * d + 1 - n - p, 0)))
    if min(counts) < 1:
        given, found = ("x".join(map(str, (x.shape[1], *v))) for v in (x.shape[2:], counts))
        raise RuntimeError(
            f"Given input size: ({given}). Calculated output size: ({found}). Output size is too small"
        )
    return {
        "kernel": kernel,
        "stride": stride,
        "padding": tuple(pads),
        "dilation": dilation,
        "counts": tuple(counts),
    }


def _max_pool(name, nd, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices):
    x, added = batched(name, nd, x)
    geometry = _geometry(name, nd, x, kernel_size, stride, padding, dilation, ceil_mode)
    out = max_pool(x, **geometry)
    if not return_indices:
        return out[0] if added else out
    indices = max_pool_indices(x, out, **geometry)
    return (out[0], indices[0]) if added else (out, indices)


def _avg_pool(name, nd, x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    x, added = batched(name, nd, x)
    geometry = _geometry(name, nd, x, kernel_size, stride, padding, 1, ceil_mode)
    del geometry["dilation"]
    if getattr(x, "array", x).dtype.kind in "biu" and x.dtype != "int64":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}')
    if divisor_override is not None:
        if divisor_override == 0:
            raise RuntimeError("divisor must be not zero")
        divisors = divisor_override
    else:
        divisors = []
        for n, k, s, (p, _), count in zip(
            x.shape[2:], *(geometry[name] for name in ("kernel", "stride", "padding", "counts"))
        ):
            starts = [i * s - p for i in range(count)]
            stops = [min(i + k, n + p) for i in starts]
            divisors.append(
                [b - a if count_include_pad else min(b, n) - max(a, 0) for a, b in zip(starts, stops)]
            )
        if all(len(set(d)) == 1 for d in divisors):
            divisors = math.prod(d[0] for d in divisors)
    out = avg_pool(x, divisors=divisors, **geometry)
    return out[0] if added else out


def _lp_pool(pool, nd, x, norm_type, kernel_size, stride, ceil_mode):
    out = pool(x**norm_type, kernel_size, stride, 0, ceil_mode)
    return (out.sign() * out.abs().relu() * math.prod(tuple_of(kernel_size, nd, "kernel_size"))) ** (
        1.0 / norm_type
    )


def _output_sizes(name, nd, x, output_size):
    values = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * nd
    if len(values) != nd:
        raise RuntimeError(f"{name}: output_size must be {nd} ints, but got {len(values)}")
    values = tuple(n if v is None else operator.index(v) for v, n in zip(values, x.shape[2:]))
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
    """The (start, stop) of each of ``count`` windows that cover ``n`` elements, overlapping where they
    must."""
    return [(i * n // count, -(-(i + 1) * n // count)) for i in range(count)]


def _adaptive_avg_pool(name, nd, x, output_size):
    x, added = batched(name, nd, x, optional_channels=True)
    check_floating(x, name)
    sizes = _output_sizes(name, nd, x, output_size)
    if geometry := _equal_windows(x, sizes):
        out = avg_pool(x, divisors=math.prod(geometry["kernel"]), **geometry)
    else:
        out = x
        for dim, (n, count) in enumerate(zip(x.shape[2:], sizes), 2):
            out = (
                stack([mean(narrow(out, dim, a, b - a), dim=dim) for a, b in _adaptive_spans(n, count)], dim)
                if count
                else narrow(out, dim, 0, 0)
            )
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


@primitive
def adaptive_max_indices(x, *, sizes):
    """Where each adaptive window of (N, C, *S) has its maximum: int64 numbers of the elements within a
    channel, (N, C, *sizes).
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


# ---- elements by their number within a channel ---------------------------------------------------


@primitive(x=lambda g, x_shape, indices: unpick(g, indices, sizes=x_shape[2:]))
def pick(x, indices):
    """The elements of (N, C, *S) with the numbers ``indices`` (N, C, *sizes) within their channel."""
    flat, places = (v.reshape(*x.shape[:2], math.prod(v.shape[2:])) for v in (x, indices))
    return xp(x).take_along_axis(flat, places, -1).reshape(indices.shape)


@primitive(x=lambda g, indices: pick(g, indices))
def unpick(x, indices, *, sizes):
    """Zeros (N, C, *sizes) with ``x`` (N, C, *S) added at the numbers ``indices`` within each channel."""
    n, c = x.shape[:2]
    out = xp(x).zeros((n * c, math.prod(sizes)), x.dtype)
    each = math.prod(x.shape[2:])
    scatter_add(out, (xp(x).arange(n * c)[:, None], indices.reshape(n * c, each)), x.reshape(n * c, each))
    return out.reshape(n, c, *sizes)


@primitive(x=lambda g, indices: pick(g, indices))
def max_unpool(x, indices, *, sizes):
    """Zeros (N, C, *sizes) with ``x`` (N, C, *S) written to the numbers ``indices`` within each channel."""
    if indices.shape != x.shape:
        raise RuntimeError(
            f"Expected shape of indices to be the same as that of input {list(x.shape)}, but got "
            f"{list(indices.shape)}"
        )
    (n, c), size = x.shape[:2], math.prod(sizes)
    if indices.size and (int(indices.max()) >= size or int(indices.min()) < 0):
        raise RuntimeError(
            f"found an invalid max index: {int(indices.max())} (output volumes are of size "
            f"{'x'.join(map(str, sizes))})"
        )
    out = xp(x).zeros((n * c, size), x.dtype)
    xp(x).put_along_axis(out, indices.reshape(n * c, -1), x.reshape(n * c, -1), -1)
    return out.reshape(n, c, *sizes)


def _max_unpool(name, nd, x, indices, kernel_size, stride, padding, output_size):
    kernel = tuple_of(kernel_size, nd, "kernel_size")
    stride = kernel if stride is None else tuple_of(stride, nd, "stride")
    padding = tuple_of(padding, nd, "padding")
    x, added = batched(name, nd, x)
    default = tuple((n - 1) * s - 2 * p + k for n, k, s, p in zip(x.shape[2:], kernel, stride, padding))
    if output_size is None:
        sizes = default
    else:
        sizes = tuple(output_size)[-nd:]
        if len(output_size) not in (nd, nd + 1, nd + 2):
            raise ValueError(
                f"output_size should be a sequence containing {nd} or {nd + 2} elements, but it has a "
                f"length of '{len(output_size)}'"
            )
        if any(not d - s < n < d + s for n, d, s in zip(sizes, default, stride)):
            raise ValueError(
                f"invalid output_size {list(sizes)} (each must be less than stride={stride} away from "
                f"{list(default)})"
            )
    if added:
        indices = reshape(indices, shape=(1, *indices.shape))
    out = max_unpool(x, indices, sizes=sizes)
    return out[0] if added else out
