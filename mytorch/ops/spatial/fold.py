"""Sliding windows as columns and back (unfold, fold); channels as pixels and back (pixel shuffle)."""

from __future__ import annotations

import math

import numpy

from ...core.arrays import xp
from ...core.primitive import primitive
from ...kernels.windows import batch_first, batch_last, window_counts, window_view
from ..composite import composite
from ..elementwise import check_floating, widened
from ..layout import owned
from ..permute import permute
from ..shape import reshape
from .arguments import tuple_of


@primitive(
    complex=True,
    x=lambda g, x_shape, kernel, dilation, padding, stride: fold_columns(
        g, sizes=x_shape[2:], kernel=kernel, dilation=dilation, padding=padding, stride=stride
    ),
)
def unfold_columns(x, *, kernel, dilation, padding, stride):
    """(N, C, *S) -> (N, C · kernel, windows): the elements of each window as a column."""
    view = window_view(batch_last(x, [(p, p) for p in padding]), kernel, stride, dilation)
    n, spatial = x.shape[0], len(kernel)
    columns = view.reshape(x.shape[1] * math.prod(kernel), math.prod(view.shape[1 + spatial : -1]), n)
    return owned(batch_first(columns), x)


@primitive(
    complex=True,
    x=lambda g, kernel, dilation, padding, stride: unfold_columns(
        g, kernel=kernel, dilation=dilation, padding=padding, stride=stride
    ),
)
@widened
def fold_columns(x, *, sizes, kernel, dilation, padding, stride):
    """(N, C · kernel, windows) -> (N, C, *sizes): each column added to the elements of its window."""
    channels, n = x.shape[1] // math.prod(kernel), x.shape[0]
    padded = [size + 2 * p for size, p in zip(sizes, padding)]
    out = xp(x).zeros((channels, *padded, n), x.dtype)
    target = window_view(out, kernel, stride, dilation)
    columns = batch_last(x).reshape(target.shape)
    for tap in numpy.ndindex(*kernel):
        place = target[(slice(None), *tap)]
        place += columns[(slice(None), *tap)]
    return batch_first(out[(slice(None), *(slice(p, p + size) for size, p in zip(sizes, padding)))])


def _settings(kernel_size, dilation, padding, stride):
    kernel, dilation, padding, stride = (
        tuple_of(value, 2, name)
        for value, name in (
            (kernel_size, "kernel_size"),
            (dilation, "dilation"),
            (padding, "padding"),
            (stride, "stride"),
        )
    )
    for name, values in (("kernel_size", kernel), ("dilation", dilation), ("stride", stride)):
        if min(values) < 1:
            raise RuntimeError(f"{name} should be greater than zero, but got {name}={values}")
    if min(padding) < 0:
        raise RuntimeError(f"padding should be non-negative, but got padding={padding}")
    return {"kernel": kernel, "dilation": dilation, "padding": padding, "stride": stride}


def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """The sliding windows of (N, C, H, W) as columns (N, C · kH · kW, windows); N may be missing.

    RuntimeError for sizes that do not fit.
    """
    if len(input.shape) not in (3, 4) or 0 in input.shape[-3:]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    if input.dtype != "bool":
        check_floating(input, "im2col")
    settings = _settings(kernel_size, dilation, padding, stride)
    counts = _counts(input.shape[-2:], **settings)
    if min(counts) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(input.shape[-2:])}, kernel_size={settings['kernel']}, "
            f"dilation={settings['dilation']}, padding={settings['padding']}, calculated shape of the array "
            f"of sliding blocks as {counts}, but its components must be at least one."
        )
    if len(input.shape) == 3:
        return unfold_columns(reshape(input, shape=(1, *input.shape)), **settings)[0]
    return unfold_columns(input, **settings)


def _counts(sizes, kernel, dilation, padding, stride):
    return window_counts([n + 2 * p for n, p in zip(sizes, padding)], kernel, stride, dilation)


def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Columns (N, C · kH · kW, windows), as of :func:`unfold`, added up to images (N, C, *output_size).

    Where windows overlap their elements are summed. RuntimeError for sizes that do not fit.
    """
    if len(input.shape) not in (2, 3) or 0 in input.shape[-2:]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    if input.dtype != "bool":
        check_floating(input, "col2im")
    settings, sizes = (
        _settings(kernel_size, dilation, padding, stride),
        tuple_of(output_size, 2, "output_size"),
    )
    size, (rows, blocks) = math.prod(settings["kernel"]), input.shape[-2:]
    if rows % size:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={rows} and kernel_size={settings['kernel']}."
        )
    counts = _counts(sizes, **settings)
    if min(counts) < 1 or math.prod(counts) != blocks:
        raise RuntimeError(
            f"Given output_size={sizes}, kernel_size={settings['kernel']}, dilation={settings['dilation']}, "
            f"padding={settings['padding']}, stride={settings['stride']}, expected size of input's "
            f"dimension 2 to match the calculated number of sliding blocks {' * '.join(map(str, counts))} = "
            f"{math.prod(counts)}, but got input.size(2)={blocks}."
        )
    if len(input.shape) == 2:
        return fold_columns(reshape(input, shape=(1, *input.shape)), sizes=sizes, **settings)[0]
    return fold_columns(input, sizes=sizes, **settings)


# ---- channels and space --------------------------------------------------------------------------


@composite
def pixel_shuffle(input, upscale_factor: int):
    """(…, C · r², H, W) -> (…, C, H · r, W · r) for r = ``upscale_factor``: r² channels become r · r pixels.

    RuntimeError for a number of channels that r² does not divide. https://arxiv.org/abs/1609.05158
    """
    r, shape = upscale_factor, tuple(input.shape)
    _check_shuffle("pixel_shuffle", "upscale_factor", r, shape)
    if shape[-3] % r**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of "
            f"upscale_factor, but input.size(-3)={shape[-3]} is not divisible by {r**2}"
        )
    lead, (c, h, w) = shape[:-3], shape[-3:]
    out = reshape(input, shape=(*lead, c // r**2, r, r, h, w))
    n = len(lead)
    out = permute(out, dims=(*range(n + 1), n + 3, n + 1, n + 4, n + 2))
    return owned(reshape(out, shape=(*lead, c // r**2, h * r, w * r)), input)


@composite
def pixel_unshuffle(input, downscale_factor: int):
    """(…, C, H · r, W · r) -> (…, C · r², H, W): the inverse of :func:`pixel_shuffle`.

    RuntimeError for a height or width that r = ``downscale_factor`` does not divide.
    """
    r, shape = downscale_factor, tuple(input.shape)
    _check_shuffle("pixel_unshuffle", "downscale_factor", r, shape)
    for name, dim in (("height", -2), ("width", -1)):
        if shape[dim] % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({dim})={shape[dim]} is not divisible by {r}"
            )
    lead, (c, h, w) = shape[:-3], shape[-3:]
    out = reshape(input, shape=(*lead, c, h // r, r, w // r, r))
    n = len(lead)
    out = permute(out, dims=(*range(n + 1), n + 2, n + 4, n + 1, n + 3))
    return owned(reshape(out, shape=(*lead, c * r**2, h // r, w // r)), input)


def _check_shuffle(op, name, factor, shape):
    if len(shape) < 3:
        raise RuntimeError(
            f"{op} expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{op} expects a positive {name}, but got {factor}")


@composite
def channel_shuffle(input, groups: int):
    """(N, C, *S) with the channels of ``groups`` equal groups interleaved.

    RuntimeError for a C that ``groups`` does not divide. https://arxiv.org/abs/1707.01083
    """
    shape = tuple(input.shape)
    if len(shape) < 3:
        raise RuntimeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    out = reshape(input, shape=(shape[0], groups, shape[1] // groups, *shape[2:]))
    return owned(reshape(permute(out, dims=(0, 2, 1, *range(3, len(shape) + 1))), shape=shape), input)
