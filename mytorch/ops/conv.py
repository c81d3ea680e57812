"""Convolution (cross-correlation, as everywhere in deep learning) in any number of dimensions, and its transpose.

Three bilinear operations, each the gradient of the others: ``convolution`` (input, weight -> output), ``convolution_input`` (output gradient,
weight -> input gradient; also the transposed convolution) and ``convolution_weight``. So second order comes for nothing.

Each gathers the windows' pixels as columns (im2col), a cache-sized box of output places at a time, and multiplies matrices.
"""

from __future__ import annotations

import math

import numpy

from ..autograd.engine import primitive
from ..backend import xp
from ..parallel import parallel_for, spans
from .shape import reshape
from .windows import CACHE, batch_first, batch_last, boxes, columns_of, shares, tuple_of, window_counts, windows


def _box_limit(rows, array):
    """How many places a box may have when each has a column of ``rows`` elements."""
    if xp(array) is not numpy:
        return 2**28 // max(rows, 1)  # a GPU has no such cache: only keep the memory within bounds
    return max(256, CACHE // max(rows * array.itemsize, 1))


def _nanoseconds(rows, places, channels, array):
    """A rough cost of gathering ``rows`` × ``places`` columns and multiplying them by ``channels`` rows, to decide on threads."""
    return rows * places * (0.2 + channels / 65) if xp(array) is numpy else 0


def _sum_but_channels(g):
    return g.sum((0, *range(2, len(g.shape))))


@primitive(
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: convolution_input(
        g, weight, sizes=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolution_weight(
        x, g, kernel=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=_sum_but_channels,
)
def convolution(x, weight, bias=None, *, stride, padding, dilation, groups, counts=None):
    """(N, C, *S), (O, C/groups, *kernel), (O,) -> (N, O, *counts); ``padding`` is (before, after) per dimension.

    ``counts`` of windows per dimension, as many as fit by default.
    """
    _check_types(x, weight, bias)
    out_channels, kernel = weight.shape[0], weight.shape[2:]
    view = windows(batch_last(x, padding), kernel, stride, dilation, counts)  # (C, *kernel, *sizes, N)
    places = view.shape[1 + len(kernel) :]
    out = xp(x).empty((out_channels, *places), x.dtype)
    targets = out.reshape(groups, out_channels // groups, math.prod(places))
    matrix = weight.reshape(groups, out_channels // groups, math.prod(weight.shape[1:]))
    rows = x.shape[1] * math.prod(kernel)

    def work(share):
        buffer = xp(x).empty(rows * max(stop - start for start, stop, _ in share), x.dtype)
        for start, stop, box in share:
            target = targets[:, :, start:stop]
            xp(x).matmul(matrix, columns_of(view, buffer, box, groups), out=target)
            if bias is not None:
                target += bias.reshape(groups, -1, 1)

    cuts = boxes(places, _box_limit(rows, x))
    parallel_for(work, shares(cuts, _nanoseconds(rows, targets.shape[2], targets.shape[1], x)))
    return batch_first(out)


@primitive(
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: convolution(
        g, weight, stride=stride, padding=padding, dilation=dilation, groups=groups, counts=x_shape[2:]
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolution_weight(
        g, x, kernel=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=_sum_but_channels,
    name="convolution_input",
)
def convolution_input(x, weight, bias=None, *, sizes, stride, padding, dilation, groups):
    """The gradient of a convolution for its input of ``sizes``, from that of its output: (N, O, *windows), (O, C/groups, *kernel) -> (N, C, *sizes)."""
    _check_types(x, weight, bias)
    kernel, per_group, n = weight.shape[2:], weight.shape[1], x.shape[0]
    g = batch_last(x)
    places, taps = g.shape[1:], list(numpy.ndindex(*kernel))
    sources = g.reshape(groups, g.shape[0] // groups, math.prod(places))
    padded = [a + size + b for size, (a, b) in zip(sizes, padding)]
    out = xp(x).zeros((groups, per_group, *padded, n), x.dtype)
    matrix = weight.reshape(groups, weight.shape[0] // groups, per_group, len(taps))

    def work(piece):  # each thread has its own input channels, for windows overlap
        (first, last), (low, high) = piece
        part = out[first:last, low:high]
        transposed = matrix[first:last, :, low:high].reshape(last - first, -1, (high - low) * len(taps)).swapaxes(1, 2)
        cuts = boxes(places, _box_limit((last - first) * transposed.shape[1], x))
        buffer = xp(x).empty((last - first) * transposed.shape[1] * max((stop - start for start, stop, _ in cuts), default=0), x.dtype)
        for start, stop, box in cuts:
            columns = buffer[: (last - first) * transposed.shape[1] * (stop - start)].reshape(last - first, -1, stop - start)
            xp(x).matmul(transposed, sources[first:last, :, start:stop], out=columns)
            ranges = [range(size)[cut] for size, cut in zip(places, box)]
            columns = columns.reshape(last - first, high - low, len(taps), *map(len, ranges))
            for i, tap in enumerate(taps):
                spots = [slice(t * d + r[0] * s, t * d + r[-1] * s + 1, s) for t, d, s, r in zip(tap, dilation, stride, ranges)]
                target = part[(slice(None), slice(None), *spots, box[-1])]
                xp(x).add(target, columns[:, :, i], out=target)

    nanoseconds = _nanoseconds(groups * per_group * len(taps), sources.shape[2], sources.shape[1], x)
    if groups > per_group:
        pieces = [(span, (0, per_group)) for span in shares(range(groups), nanoseconds)]
        pieces = [((span[0], span[-1] + 1), channels) for span, channels in pieces]
    else:
        pieces = [((0, groups), (span[0], span[-1] + 1)) for span in shares(range(per_group), nanoseconds)]
    parallel_for(work, pieces)
    out = out.reshape(groups * per_group, *padded, n)[(slice(None), *(slice(a, a + size) for size, (a, _) in zip(sizes, padding)))]
    if bias is not None:
        out += bias.reshape(-1, *[1] * (out.ndim - 1))
    return batch_first(out)


@primitive(
    x=lambda g, x_shape, y, stride, padding, dilation, groups: convolution_input(
        y, g, sizes=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    y=lambda g, x, y_shape, stride, padding, dilation, groups: convolution(
        x, g, stride=stride, padding=padding, dilation=dilation, groups=groups, counts=y_shape[2:]
    ),
)
def convolution_weight(x, y, *, kernel, stride, padding, dilation, groups):
    """The gradient of a convolution for its weight: (N, C, *S), output gradient (N, O, *windows) -> (O, C/groups, *kernel)."""
    view = windows(batch_last(x, padding), kernel, stride, dilation, y.shape[2:])
    places = view.shape[1 + len(kernel) :]
    gradients = batch_last(y).reshape(groups, y.shape[1] // groups, math.prod(places))
    rows = x.shape[1] * math.prod(kernel)
    shape = (groups, y.shape[1] // groups, rows // groups)
    cuts = shares(boxes(places, _box_limit(rows, x)), _nanoseconds(rows, gradients.shape[2], shape[1], x))
    sums = xp(x).zeros((len(cuts), *shape), x.dtype)

    def work(piece):
        total, share = piece
        buffer = xp(x).empty(rows * max(stop - start for start, stop, _ in share), x.dtype)
        for start, stop, box in share:
            total += gradients[:, :, start:stop] @ columns_of(view, buffer, box, groups).swapaxes(1, 2)

    parallel_for(work, list(zip(sums, cuts)))
    total = sums.sum(0) if len(cuts) > 1 else sums.reshape(shape)
    return total.reshape(y.shape[1], x.shape[1] // groups, *kernel)


def _check_types(x, weight, bias):
    for name, array in (("weight", weight), ("bias", bias)):
        if array is not None and array.dtype != x.dtype:
            raise RuntimeError(f"Input type ({x.dtype}) and {name} type ({array.dtype}) should be the same")


# ---- PyTorch's functions ------------------------------------------------------------------------------------------------


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide ``weight`` (O, C/groups, kL) over ``input`` (N, C, L) or (C, L), adding ``bias`` (O,): (N, O, windows).

    ``padding`` is an int, a tuple, ``'same'`` or ``'valid'``. RuntimeError for shapes that do not fit.
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide ``weight`` (O, C/groups, kH, kW) over ``input`` (N, C, H, W) or (C, H, W); otherwise as :func:`conv1d`."""
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide ``weight`` (O, C/groups, kD, kH, kW) over ``input`` (N, C, D, H, W) or (C, D, H, W); otherwise as :func:`conv1d`."""
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of :func:`conv1d`: ``input`` (N, C, L) or (C, L) spread by ``weight`` (C, O/groups, kL) to (N, O, L').

    L' = (L - 1) · stride - 2 · padding + dilation · (kL - 1) + output_padding + 1. RuntimeError for shapes that do not fit.
    """
    return _conv_transpose("conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of :func:`conv2d`: (N, C, H, W) spread by ``weight`` (C, O/groups, kH, kW); otherwise as :func:`conv_transpose1d`."""
    return _conv_transpose("conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of :func:`conv3d`: (N, C, D, H, W) spread by ``weight`` (C, O/groups, kD, kH, kW); otherwise as :func:`conv_transpose1d`."""
    return _conv_transpose("conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _conv(name, nd, x, weight, bias, stride, padding, dilation, groups):
    stride, dilation = _settings(name, nd, x, weight, stride, dilation, groups)
    if isinstance(padding, str):
        padding = _named_padding(padding, weight.shape[2:], stride, dilation)
    else:
        padding = [(p, p) for p in tuple_of(padding, nd, "padding")]
    if min(map(min, padding)) < 0:
        raise RuntimeError("negative padding is not supported")
    size, channels = list(weight.shape), x.shape[len(x.shape) - nd - 1]
    if weight.shape[0] < groups or weight.shape[0] % groups:
        least = f"at least {groups}" if weight.shape[0] < groups else f"divisible by {groups}"
        raise RuntimeError(f"Given groups={groups}, expected weight to be {least} at dimension 0, but got weight of size {size} instead")
    if channels != weight.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {size}, expected input{list(x.shape)} to have {weight.shape[1] * groups} channels, "
            f"but got {channels} channels instead"
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise RuntimeError(
            f"Given weight of size {size}, expected bias to be 1-dimensional with {weight.shape[0]} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
    padded = [n + a + b for n, (a, b) in zip(x.shape[-nd:], padding)]
    if any(n < (k - 1) * d + 1 for n, k, d in zip(padded, weight.shape[2:], dilation)):
        shown, kernel = " x ".join(map(str, padded)), " x ".join(str((k - 1) * d + 1) for k, d in zip(weight.shape[2:], dilation))
        raise RuntimeError(
            f"Calculated padded input size per channel: ({shown}). Kernel size: ({kernel}). Kernel size can't be greater than actual input size"
        )
    if len(x.shape) == nd + 1:
        x = reshape(x, shape=(1, *x.shape))
        return convolution(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)[0]
    return convolution(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)


def _conv_transpose(name, nd, x, weight, bias, stride, padding, output_padding, groups, dilation):
    stride, dilation = _settings(name, nd, x, weight, stride, dilation, groups)
    padding, extra = tuple_of(padding, nd, "padding"), tuple_of(output_padding, nd, "output_padding")
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(extra) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(
            f"output padding must be smaller than either stride or dilation, but got output_padding={extra}, stride={stride}, dilation={dilation}"
        )
    size, channels, out_channels = list(weight.shape), x.shape[len(x.shape) - nd - 1], weight.shape[1] * groups
    if channels != weight.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {size}, expected input{list(x.shape)} to have {weight.shape[0]} channels, "
            f"but got {channels} channels instead"
        )
    if channels % groups:
        raise RuntimeError(f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size {size} instead")
    if bias is not None and tuple(bias.shape) != (out_channels,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {size}, expected bias to be 1-dimensional with {out_channels} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
    geometry = zip(x.shape[-nd:], weight.shape[2:], stride, padding, dilation, extra)
    sizes = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in geometry)
    if min(sizes) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({' x '.join(map(str, x.shape[-nd:]))}). Calculated output size per channel: "
            f"({' x '.join(map(str, sizes))}). Output size is too small"
        )
    settings = {"sizes": sizes, "stride": stride, "padding": [(p, p) for p in padding], "dilation": dilation, "groups": groups}
    if len(x.shape) == nd + 1:
        return convolution_input(reshape(x, shape=(1, *x.shape)), weight, bias, **settings)[0]
    return convolution_input(x, weight, bias, **settings)


def _settings(name, nd, x, weight, stride, dilation, groups):
    """``stride`` and ``dilation`` as tuples, after the checks that all convolutions share."""
    if len(x.shape) not in (nd + 1, nd + 2):
        raise RuntimeError(f"Expected {nd + 1}D (unbatched) or {nd + 2}D (batched) input to {name}, but got input of size: {list(x.shape)}")
    if len(weight.shape) != nd + 2:
        raise RuntimeError(f"Expected {nd + 2}D weight for {name}, but got weight of size: {list(weight.shape)}")
    stride, dilation = tuple_of(stride, nd, "stride"), tuple_of(dilation, nd, "dilation")
    if min(stride) < 1:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 1:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    return stride, dilation


def _named_padding(padding, kernel, stride, dilation):
    """(before, after) per dimension for ``'valid'`` and ``'same'``; an odd total has its larger half after, as in torch."""
    if padding == "valid":
        return [(0, 0)] * len(kernel)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if max(stride) > 1:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [(k - 1) * d for k, d in zip(kernel, dilation)]
    return [(total // 2, total - total // 2) for total in totals]
