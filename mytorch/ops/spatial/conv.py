"""Convolution (cross-correlation, as everywhere in deep learning) in any number of dimensions, and its
transpose.

Three bilinear operations, each the gradient of the others: ``convolution`` (input, weight -> output),
``convolution_input`` (output gradient, weight -> input gradient; also the transposed convolution) and
``convolution_weight``. So second order comes for nothing. The arrays that they multiply come from
``columns.py``.
"""

from __future__ import annotations

import math
import warnings

import numpy

from ...core.arrays import is_array, xp
from ...core.primitive import primitive
from ...core.sums import row_sums, summed
from ...kernels.im2col import Columns, contract, multiply, threads_for_product
from ...kernels.threads import parallel_for, spans
from ...kernels.windows import batch_first, batch_last, window_counts
from ..elementwise import widened
from ..shape import reshape
from .arguments import tuple_of


def _of_one_type(arrays):
    for name, array in zip(("weight", "bias"), arrays[1:]):
        if array is not None and array.dtype != arrays[0].dtype:
            raise RuntimeError(
                f"Input type ({arrays[0].dtype}) and {name} type ({array.dtype}) should be the same"
            )
    return arrays


def _sum_but_channels(g):
    if not is_array(g):
        return summed(g, (0, *range(2, len(g.shape))))
    rows = batch_last(g)
    return row_sums(rows.reshape(len(rows), math.prod(rows.shape[1:])))


@primitive(
    complex="holomorphic",
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: convolution_input(
        g, weight, sizes=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolution_weight(
        x, g, kernel=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=_sum_but_channels,
    prepare=_of_one_type,
)
@widened
def convolution(x, weight, bias=None, *, stride, padding, dilation, groups, counts=None):
    """(N, C, *S), (O, C/groups, *kernel), (O,) -> (N, O, *counts); ``padding`` is (before, after) per
    dimension.

    ``counts`` of windows per dimension, as many as fit by default.
    """
    out_channels, kernel = weight.shape[0], weight.shape[2:]
    padded = batch_last(x, padding)
    counts = counts or window_counts(padded.shape[1:-1], kernel, stride, dilation)
    out = xp(x).empty((out_channels, *counts, x.shape[0]), x.dtype)
    columns = Columns(padded, groups, kernel, stride, dilation, counts, ones=bias is not None)
    targets = out.reshape(groups, out_channels // groups, columns.rows, columns.places)
    matrix = _as_matrix(weight, groups, columns.high, bias if columns.ones else None)

    def work(share):
        for rows, places, _, block in columns.of(share):
            target = targets[:, :, rows, places]
            multiply(matrix, block, target.swapaxes(1, 2))
            if bias is not None and not columns.ones:
                target += bias.reshape(groups, -1, 1, 1)

    parallel_for(work, columns.shares(threads_for_product(matrix.shape[2], targets)))
    return batch_first(out)


@primitive(
    complex="holomorphic",
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: convolution(
        g, weight, stride=stride, padding=padding, dilation=dilation, groups=groups, counts=x_shape[2:]
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolution_weight(
        g, x, kernel=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=_sum_but_channels,
    prepare=_of_one_type,
)
@widened
def convolution_input(x, weight, bias=None, *, sizes, stride, padding, dilation, groups):
    """The gradient of a convolution for its input of ``sizes``, from ``x``, that of its output.

    (N, O, *counts), (O, C/groups, *kernel) -> (N, C, *sizes).
    """
    kernel, n, each = weight.shape[2:], x.shape[0], weight.shape[1]
    counts, padding = x.shape[2:], list(padding)
    # With stride 1 the rows of the kernel are correlated like a convolution's; what the others contribute is
    # added place by place.
    before = (kernel[0] - 1) * dilation[0] - padding[0][0]
    after = sizes[0] - counts[0] + padding[0][0]
    if stacked := stride[0] == 1 and before >= 0 and after >= 0:
        counts, padding[0] = (sizes[0], *counts[1:]), (0, 0)
    high, ones, margin = (
        kernel[0] if stacked else 1,
        (1,) * (len(kernel) - 1),
        (before, after) if stacked else (0, 0),
    )
    columns = Columns(
        batch_last(x), groups, (high, *ones), (1, *ones), (dilation[0], *ones), counts, margin=margin, size=2
    )
    taps = list(numpy.ndindex(*(1 if stacked else kernel[0], *kernel[1:])))
    matrix = _scattering_matrix(weight, groups, stacked)  # (groups, C/groups, taps, kernel rows · O/groups)
    padded = [a + size + b for size, (a, b) in zip(sizes, padding)]
    out = xp(x).zeros((groups, each, *padded, n), x.dtype)
    direct = len(taps) == 1 and max(stride) == 1 and tuple(padded) == tuple(counts)

    def work(piece):
        share, (low, top) = piece
        part = out[:, low:top]
        spread = matrix[:, low:top].reshape(groups, (top - low) * len(taps), matrix.shape[3])
        buffer = None
        for rows, places, box, block in columns.of(share):
            if direct:
                multiply(
                    spread,
                    block,
                    part.reshape(groups, top - low, columns.rows, columns.places)[
                        :, :, rows, places
                    ].swapaxes(1, 2),
                )
                continue
            if buffer is None:
                buffer = xp(x).empty(
                    groups
                    * spread.shape[1]
                    * max((b - a) * (stop - start) for a, b, (start, stop, _) in share),
                    x.dtype,
                )
            products = buffer[: groups * spread.shape[1] * block.shape[1] * block.shape[3]].reshape(
                groups, block.shape[1], -1, block.shape[3]
            )
            multiply(spread, block, products)
            ranges = [range(size)[cut] for size, cut in zip(counts, box)]
            across = map(len, ranges[columns.keeps_rows :])
            products = products.reshape(groups, block.shape[1], top - low, len(taps), *across, -1).swapaxes(
                1, 2
            )
            for i, tap in enumerate(taps):
                spots = [
                    slice(t * d + r[0] * s, t * d + r[-1] * s + 1, s)
                    for t, d, s, r in zip(tap, dilation, stride, ranges)
                ]
                target = part[(slice(None), slice(None), *spots, box[-1])]
                target = target if columns.keeps_rows else target[:, :, None]
                xp(x).add(target, products[:, :, :, i], out=target)

    threads = threads_for_product(matrix.shape[3], out.reshape(groups, each, -1), len(taps))
    # the threads write different rows,
    if threads == 1 or (stacked and (not columns.keeps_rows or columns.rows >= threads)):
        pieces = [(share, (0, each)) for share in columns.shares(threads)]
    else:  # or else different channels, for the windows overlap
        pieces = [(share, channels) for channels in spans(each, threads) for share in columns.shares(1)]
    parallel_for(work, pieces)
    out = out.reshape(groups * each, *padded, n)[
        (slice(None), *(slice(a, a + size) for size, (a, _) in zip(sizes, padding)))
    ]
    if bias is not None:
        out += bias.reshape(-1, *[1] * (out.ndim - 1))
    return batch_first(out)


@primitive(
    complex="holomorphic",
    x=lambda g, x_shape, y, stride, padding, dilation, groups: convolution_input(
        y, g, sizes=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    y=lambda g, x, y_shape, stride, padding, dilation, groups: convolution(
        x, g, stride=stride, padding=padding, dilation=dilation, groups=groups, counts=y_shape[2:]
    ),
)
@widened
def convolution_weight(x, y, *, kernel, stride, padding, dilation, groups):
    """The gradient of a convolution for its weight: (N, C, *S), output gradient (N, O, *counts) -> (O,
    C/groups, *kernel).
    """
    columns = Columns(batch_last(x, padding), groups, kernel, stride, dilation, y.shape[2:])
    gradients = batch_last(y).reshape(groups, y.shape[1] // groups, columns.rows, columns.places)
    depth, each = x.shape[1] // groups * math.prod(kernel), y.shape[1] // groups
    tall = depth >= each  # matrix products are faster with the larger side first
    shares = columns.shares(threads_for_product(depth, gradients))
    sums = xp(x).zeros((max(len(shares), 1), groups, *((depth, each) if tall else (each, depth))), x.dtype)

    def work(piece):
        total, share = piece
        for rows, places, _, block in columns.of(share):
            part = gradients[:, :, rows, places].swapaxes(1, 2)
            first, second = (block, part) if tall else (part, block)
            contract(first, second, total)

    parallel_for(work, list(zip(sums, shares)))
    total = summed(sums, 0) if len(sums) > 1 else sums[0]
    total = (total.swapaxes(1, 2) if tall else total).reshape(groups, each, *kernel, x.shape[1] // groups)
    return (
        xp(x)
        .ascontiguousarray(xp(x).moveaxis(total, -1, 2))
        .reshape(y.shape[1], x.shape[1] // groups, *kernel)
    )


def _as_matrix(weight, groups, high, bias=None):
    """(O, C/groups, *kernel) as the matrix (groups, O/groups, columns) for columns of ``high`` rows; ``bias``
    meets the ones of the first row.
    """
    matrix = xp(weight).moveaxis(weight, 1, -1).reshape(groups, weight.shape[0] // groups, high, -1)
    if bias is not None:
        last = xp(weight).zeros((*matrix.shape[:3], 1), weight.dtype)
        last[:, :, 0, 0] = bias.reshape(groups, -1)
        matrix = xp(weight).concatenate((matrix, last), 3)
    return matrix.reshape(groups, weight.shape[0] // groups, -1)


def _scattering_matrix(weight, groups, stacked):
    """(O, C/groups, *kernel) as (groups, C/groups, taps, kernel rows · O/groups): if ``stacked``, the rows
    (reversed) are multiplied, not taps.
    """
    split = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    if stacked:
        split = split[:, :, :, ::-1]
        order = (0, 2, *range(4, split.ndim), 3, 1)
        high = weight.shape[2]
    else:
        order = (0, 2, *range(3, split.ndim), 1)
        high = 1
    taps = math.prod(weight.shape[2:]) // max(high, 1)
    return split.transpose(order).reshape(groups, weight.shape[1], taps, high * (weight.shape[0] // groups))


# ---- PyTorch's functions -------------------------------------------------------------------------


def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide ``weight`` (O, C/groups, kL) over ``input`` (N, C, L) or (C, L), adding ``bias`` (O,): (N, O,
    windows).

    ``padding`` is an int, a tuple, ``'same'`` or ``'valid'``. RuntimeError for shapes that do not fit.
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide ``weight`` (O, C/groups, kH, kW) over ``input`` (N, C, H, W) or (C, H, W); otherwise as
    :func:`conv1d`.
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Slide ``weight`` (O, C/groups, kD, kH, kW) over ``input`` (N, C, D, H, W) or (C, D, H, W); otherwise as
    :func:`conv1d`.
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of :func:`conv1d`: ``input`` (N, C, L) or (C, L) spread by ``weight`` (C, O/groups, kL)
    to (N, O, L').

    L' = (L - 1) · stride - 2 · padding + dilation · (kL - 1) + output_padding + 1. RuntimeError for shapes
    that do not fit.
    """
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of :func:`conv2d`: (N, C, H, W) spread by ``weight`` (C, O/groups, kH, kW); otherwise as
    :func:`conv_transpose1d`.
    """
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    """The transpose of :func:`conv3d`: (N, C, D, H, W) spread by ``weight`` (C, O/groups, kD, kH, kW);
    otherwise as :func:`conv_transpose1d`.
    """
    return _conv_transpose(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


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
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be {least} at dimension 0, but got weight of "
            f"size {size} instead"
        )
    if channels != weight.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {size}, expected input{list(x.shape)} to have "
            f"{weight.shape[1] * groups} channels, "
            f"but got {channels} channels instead"
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise RuntimeError(
            f"Given weight of size {size}, expected bias to be 1-dimensional with {weight.shape[0]} "
            f"elements, but got bias of size {list(bias.shape)} instead"
        )
    padded = [n + a + b for n, (a, b) in zip(x.shape[-nd:], padding)]
    if any(n < (k - 1) * d + 1 for n, k, d in zip(padded, weight.shape[2:], dilation)):
        shown, kernel = (
            " x ".join(map(str, padded)),
            " x ".join(str((k - 1) * d + 1) for k, d in zip(weight.shape[2:], dilation)),
        )
        raise RuntimeError(
            f"Calculated padded input size per channel: ({shown}). Kernel size: ({kernel}). Kernel "
            "size can't be greater than actual input size"
        )
    if len(x.shape) == nd + 1:
        x = reshape(x, shape=(1, *x.shape))
        return convolution(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)[
            0
        ]
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
            "output padding must be smaller than either stride or dilation, but got "
            f"output_padding={extra}, stride={stride}, dilation={dilation}"
        )
    size, channels, out_channels = (
        list(weight.shape),
        x.shape[len(x.shape) - nd - 1],
        weight.shape[1] * groups,
    )
    if channels != weight.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {size}, expected input{list(x.shape)} to have "
            f"{weight.shape[0]} channels, but got {channels} channels instead"
        )
    if channels % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but "
            f"got weight of size {size} instead"
        )
    if bias is not None and tuple(bias.shape) != (out_channels,):
        raise RuntimeError(
            f"Given transposed=1, weight of size {size}, expected bias to be 1-dimensional with "
            f"{out_channels} elements, "
            f"but got bias of size {list(bias.shape)} instead"
        )
    geometry = zip(x.shape[-nd:], weight.shape[2:], stride, padding, dilation, extra)
    sizes = tuple((n - 1) * s - 2 * p + d * (k - 1) + e + 1 for n, k, s, p, d, e in geometry)
    if min(sizes) < 1 or 0 in x.shape[-nd:]:
        raise RuntimeError(
            f"Given input size per channel: ({' x '.join(map(str, x.shape[-nd:]))}). Calculated output "
            "size per channel: "
            f"({' x '.join(map(str, sizes))}). Output size is too small"
        )
    settings = {
        "sizes": sizes,
        "stride": stride,
        "padding": [(p, p) for p in padding],
        "dilation": dilation,
        "groups": groups,
    }
    if len(x.shape) == nd + 1:
        return convolution_input(reshape(x, shape=(1, *x.shape)), weight, bias, **settings)[0]
    return convolution_input(x, weight, bias, **settings)


def _settings(name, nd, x, weight, stride, dilation, groups):
    """``stride`` and ``dilation`` as tuples, after the checks that all convolutions share."""
    if len(x.shape) not in (nd + 1, nd + 2):
        raise RuntimeError(
            f"Expected {nd + 1}D (unbatched) or {nd + 2}D (batched) input to {name}, but got input of "
            f"size: {list(x.shape)}"
        )
    if len(weight.shape) != nd + 2:
        raise RuntimeError(
            f"Expected {nd + 2}D weight for {name}, but got weight of size: {list(weight.shape)}"
        )
    if 0 in weight.shape[2:]:
        raise RuntimeError(
            f"kernel size should be greater than zero, but got weight of size: {list(weight.shape)}"
        )
    stride, dilation = tuple_of(stride, nd, "stride"), tuple_of(dilation, nd, "dilation")
    if min(stride) < 1:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 1:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    return stride, dilation


def _named_padding(padding, kernel, stride, dilation):
    """(before, after) per dimension for ``'valid'`` and ``'same'``; an odd total has its larger half after,
    as in torch.
    """
    if padding == "valid":
        return [(0, 0)] * len(kernel)
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
    return [(total // 2, total - total // 2) for total in totals]
