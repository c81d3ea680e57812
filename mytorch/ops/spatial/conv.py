"""PyTorch's convolution functions on top of ``convolution.py``: arguments, sizes and errors."""

from __future__ import annotations

import functools
import warnings

from ..shape import reshape
from .arguments import tuple_of
from .convolution import convolution, convolution_input


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide ``weight`` (O, C/groups, kL) over ``input`` (N, C, L) or (C, L) and add ``bias`` (O,).

    The result is (N, O, windows) or (O, windows). ``padding`` is an int, a tuple, ``'same'`` or ``'valid'``.
    RuntimeError for shapes that do not fit.
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """:func:`conv1d` of ``input`` (N, C, H, W) or (C, H, W) by ``weight`` (O, C/groups, kH, kW)."""
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """:func:`conv1d` of ``input`` (N, C, D, H, W) or (C, D, H, W) by ``weight`` (O, C/groups, kD, kH, kW)."""
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of :func:`conv1d`: ``input`` (N, C, L) or (C, L), ``weight`` (C, O/groups, kL).

    The result is (N, O, L') or (O, L'), with L' = (L - 1) · stride - 2 · padding + dilation · (kL - 1) +
    output_padding + 1. RuntimeError for shapes that do not fit.
    """
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """:func:`conv_transpose1d` of (N, C, H, W) or (C, H, W) by ``weight`` (C, O/groups, kH, kW)."""
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """:func:`conv_transpose1d` of (N, C, D, H, W) or (C, D, H, W) by ``weight`` (C, O/groups, kD, kH, kW)."""
    return _conv_transpose(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _conv(name, nd, x, weight, bias, stride, padding, dilation, groups):
    stride, dilation = tuple_of(stride, nd, "stride"), tuple_of(dilation, nd, "dilation")
    if isinstance(padding, str):
        padding = _named_padding(padding, weight.shape[2:], stride, dilation)
    else:
        padding = tuple((p, p) for p in tuple_of(padding, nd, "padding"))
    shapes = tuple(x.shape), tuple(weight.shape), None if bias is None else tuple(bias.shape)
    _check_conv(name, nd, *shapes, stride, padding, dilation, groups)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if len(x.shape) == nd + 1:
        return convolution(reshape(x, shape=(1, *x.shape)), weight, bias, **settings)[0]
    return convolution(x, weight, bias, **settings)


def _conv_transpose(name, nd, x, weight, bias, stride, padding, output_padding, groups, dilation):
    stride, dilation = tuple_of(stride, nd, "stride"), tuple_of(dilation, nd, "dilation")
    padding, extra = tuple_of(padding, nd, "padding"), tuple_of(output_padding, nd, "output_padding")
    shapes = tuple(x.shape), tuple(weight.shape), None if bias is None else tuple(bias.shape)
    sizes = _transposed_sizes(name, nd, *shapes, stride, padding, extra, dilation, groups)
    settings = {
        "sizes": sizes,
        "stride": stride,
        "padding": tuple((p, p) for p in padding),
        "dilation": dilation,
        "groups": groups,
    }
    if len(x.shape) == nd + 1:
        return convolution_input(reshape(x, shape=(1, *x.shape)), weight, bias, **settings)[0]
    return convolution_input(x, weight, bias, **settings)


def _named_padding(padding, kernel, stride, dilation):
    """(before, after) per dimension for ``'valid'`` and ``'same'``.

    As in torch, the larger half of an odd total is after.
    """
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if max(stride) > 1:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    totals = [(k - 1) * d for k, d in zip(kernel, dilation)]
    if any(total % 2 for total in totals):
        warnings.warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy "
            "of the input be created",
            stacklevel=4,
        )
    return tuple((total // 2, total - total // 2) for total in totals)


# ---- checks: made once for each set of shapes, since every training step has the same -------------


@functools.lru_cache(maxsize=256)
def _check_conv(name, nd, x, weight, bias, stride, padding, dilation, groups):
    """RuntimeError for shapes (``bias`` may be None) or settings that make no convolution."""
    _check_common(name, nd, x, weight, stride, dilation, groups)
    if min(map(min, padding)) < 0:
        raise RuntimeError("negative padding is not supported")
    size, channels = list(weight), x[-nd - 1]
    if weight[0] < groups or weight[0] % groups:
        least = f"at least {groups}" if weight[0] < groups else f"divisible by {groups}"
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be {least} at dimension 0, but got weight of "
            f"size {size} instead"
        )
    if channels != weight[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {size}, expected input{list(x)} to have "
            f"{weight[1] * groups} channels, but got {channels} channels instead"
        )
    if bias is not None and bias != (weight[0],):
        raise RuntimeError(
            f"Given weight of size {size}, expected bias to be 1-dimensional with {weight[0]} "
            f"elements, but got bias of size {list(bias)} instead"
        )
    padded = [n + a + b for n, (a, b) in zip(x[-nd:], padding)]
    reach = [(k - 1) * d + 1 for k, d in zip(weight[2:], dilation)]
    if any(n < r for n, r in zip(padded, reach)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_by(padded)}). Kernel size: ({_by(reach)}). "
            "Kernel size can't be greater than actual input size"
        )


@functools.lru_cache(maxsize=256)
def _transposed_sizes(name, nd, x, weight, bias, stride, padding, extra, dilation, groups):
    """The spatial sizes of a transposed convolution's output; ``extra`` is the output padding.

    RuntimeError for shapes or settings that do not fit.
    """
    _check_common(name, nd, x, weight, stride, dilation, groups)
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(extra) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding={extra}, stride={stride}, dilation={dilation}"
        )
    size, channels, out_channels = list(weight), x[-nd - 1], weight[1] * groups
    if channels != weight[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {size}, expected input{list(x)} to have "
            f"{weight[0]} channels, but got {channels} channels instead"
        )
    if channels % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but "
            f"got weight of size {size} instead"
        )
    if bias is not None and bias != (out_channels,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {size}, expected bias to be 1-dimensional with "
            f"{out_channels} elements, but got bias of size {list(bias)} instead"
        )
    geometry = zip(x[-nd:], weight[2:], stride, padding, dilation, extra)
    sizes = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in geometry)
    if min(sizes) < 0 or 0 in x[-nd:]:
        raise RuntimeError(
            f"Given input size per channel: ({_by(x[-nd:])}). Calculated output size per channel: "
            f"({_by(sizes)}). Output size is too small"
        )
    return sizes


def _check_common(name, nd, x, weight, stride, dilation, groups):
    """The checks that convolutions and transposed ones share."""
    if len(x) not in (nd + 1, nd + 2):
        raise RuntimeError(
            f"Expected {nd + 1}D (unbatched) or {nd + 2}D (batched) input to {name}, but got input of "
            f"size: {list(x)}"
        )
    if len(weight) != nd + 2:
        raise RuntimeError(f"Expected {nd + 2}D weight for {name}, but got weight of size: {list(weight)}")
    if 0 in weight[2:]:
        raise RuntimeError(f"kernel size should be greater than zero, but got weight of size: {list(weight)}")
    if min(stride) < 1:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 1:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")


def _by(sizes):
    return " x ".join(map(str, sizes))
