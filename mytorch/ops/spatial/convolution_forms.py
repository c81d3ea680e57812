"""Convolutions that are faster in another form than by blocks of columns.

Small and 1×1 ones are one matrix product. Depthwise ones and gradients of the input are other convolutions:
their functions take that of the operation, which they call with other arguments.
"""

from __future__ import annotations

import math

import numpy

from ...core.arrays import xp
from ...core.blas import use_one_thread
from ...kernels import depthwise
from ...kernels.im2col import contract, multiply, threads_for_product
from ...kernels.numba_loops import worth_compiling
from ...kernels.threads import parallel_for, spans
from ...kernels.windows import batch_first, batch_last, copy_pixels, window_view
from . import compiled_convolution as loops

# ---- all windows in one matrix product -----------------------------------------------------------

_SMALL = 128 * 1024  # elements of all columns; of a few samples, whose rows are short, four times as many


def is_one_product(x, out_channels, kernel, stride, padding, groups, counts):
    """Whether to multiply all columns at once: they are few, or ``x`` itself, as for a 1×1 kernel."""
    plain = max(kernel) == max(stride) == groups == 1 and not any(map(any, padding))
    if plain and min(x.shape[1], out_channels) >= 16:
        return True
    elements = x.shape[0] * x.shape[1] * math.prod(kernel) * math.prod(counts)
    return elements <= (4 * _SMALL if x.shape[0] <= 4 else _SMALL) and xp(x) is numpy


def one_product(x, weight, bias, *, stride, padding, dilation, groups, counts):
    """The convolution as one product of the weight and all columns."""
    columns = _all_columns(x, weight.shape[2:], stride, padding, dilation, groups, counts)
    matrix = weight.reshape(groups, len(weight) // groups, columns.shape[1])
    out = xp(x).empty((*matrix.shape[:2], columns.shape[2]), x.dtype)
    use_one_thread()

    def work(span):
        part = (slice(None), None, slice(None), slice(*span))
        multiply(matrix, columns[part], out[part])

    parallel_for(work, spans(columns.shape[2], threads_for_product(columns.shape[1], out)))
    out = out.reshape(len(weight), *counts, len(x))
    if bias is not None:
        out += bias.reshape(-1, *[1] * (out.ndim - 1))
    return batch_first(out)


def weight_gradient_of_one_product(x, y, *, kernel, stride, padding, dilation, groups):
    """The gradient of :func:`one_product` for its weight."""
    columns = _all_columns(x, kernel, stride, padding, dilation, groups, y.shape[2:])[:, None]
    g = batch_last(y).reshape(groups, 1, y.shape[1] // groups, columns.shape[3])
    tall, low = (columns, g) if columns.shape[2] >= g.shape[2] else (g, columns)
    total = xp(x).zeros((groups, tall.shape[2], low.shape[2]), x.dtype)

    def work(span):
        part = slice(*span)
        contract(tall[:, :, part], low, total[:, part])

    parallel_for(work, spans(tall.shape[2], threads_for_product(low.shape[2], tall[:, 0])))
    total = total.swapaxes(1, 2) if tall is columns else total
    return total.reshape(y.shape[1], x.shape[1] // groups, *kernel)


def _all_columns(x, kernel, stride, padding, dilation, groups, counts):
    """(groups, C/groups · kernel, windows · N)."""
    view = window_view(batch_last(x, padding), kernel, stride, dilation, counts)
    shape = groups, x.shape[1] // groups * math.prod(kernel), math.prod(counts) * len(x)
    if view.flags.c_contiguous:
        return view.reshape(shape)
    columns = xp(x).empty(view.shape, x.dtype)
    copy_pixels(columns, view)
    return columns.reshape(shape)


# ---- 3×3 kernels over many channels --------------------------------------------------------------


def is_winograd(x, channels, kernel, stride, dilation, groups):
    """Whether ``kernels/winograd.py`` is faster. For few channels its additions take too long."""
    if kernel != (3, 3) or max(stride) > 1 or max(dilation) > 1 or groups > 1 or xp(x) is not numpy:
        return False
    return min(channels) >= 32 and channels[0] * channels[1] >= 3072 and x.dtype.kind == "f" and x.size > 0


# ---- rows of images ------------------------------------------------------------------------------


FEW = 8  # samples


def is_row_products(x, weight, stride, dilation, groups, counts):
    """Whether ``kernels/row_products.py`` is faster, for a ``weight`` of this shape and FEW samples.

    It adds outputs along rows, where blocks of columns copy inputs by short pixels.
    """
    if len(weight) != 4 or groups > 1 or stride[1] > 1 or dilation[0] > 1 or xp(x) is not numpy:
        return False
    long = counts[0] > 0 and counts[1] * len(x) >= 32
    return long and weight[0] <= weight[1] and weight[1] * weight[2] >= 32 and weight[3] > 1


# ---- depthwise -----------------------------------------------------------------------------------


def is_depthwise(x, weight, stride, dilation):
    """Whether ``kernels/depthwise.py`` is faster, for a ``weight`` of this shape and more than one group.

    For more than two output channels of each input channel, and for small arrays, matrix products are.
    """
    if weight[1] > 1 or weight[0] > 2 * x.shape[1] or x.dtype.kind != "f" or xp(x) is not numpy:
        return False
    possible = stride[-1] <= 3 and all(s == 1 or d == 1 for s, d in zip(stride[:-1], dilation))
    least = _SMALL * (4 if max(stride) > 1 and len(x) <= 4 else 1)
    return possible and x.size * math.prod(weight[2:]) > least * math.prod(stride)


def depthwise_convolution(x, weight, bias, *, counts, groups, **settings):
    """The convolution of each channel by itself."""
    kernels, bias = _by_channel(weight, bias, groups)
    out = depthwise.correlate(x, kernels, bias, counts=counts, **settings)
    return batch_first(out.reshape(len(weight), *out.shape[2:]))


def is_depthwise_input(x, weight, stride, dilation):
    """Whether :func:`depthwise_input` is faster: not where the loops that numba compiles gather it."""
    return is_depthwise(x, weight, stride, dilation) and not (worth_compiling(x) and len(weight) == 4)


def depthwise_input(x, weight, bias, *, groups, **settings):
    """The gradient of :func:`depthwise_convolution` for its input."""
    return batch_first(depthwise.input_gradient(x, *_by_channel(weight, bias, groups), **settings)[:, 0])


def depthwise_weight(x, y, *, groups, **settings):
    """The gradient of :func:`depthwise_convolution` for its weight."""
    out = depthwise.weight_gradient(x, y, **settings)
    return out.reshape(y.shape[1], 1, *out.shape[2:])


def _by_channel(weight, bias, groups):
    """(C · M, 1, *kernel) and (C · M,) or None with C and M by themselves."""
    return weight.reshape(groups, -1, *weight.shape[2:]), None if bias is None else bias.reshape(groups, -1)


# ---- one output channel in each group ------------------------------------------------------------


def rows_at_once(x, kernel, dilation, high):
    """How many of ``high`` rows of the output to compute in one product; 1 where it does not pay.

    A group with a single output channel, as in a depthwise convolution, is a vector times a matrix. For
    several rows at once it is a product of matrices, half of it by zeros and yet faster.
    """
    if kernel[0] == 1 or dilation[0] != 1 or xp(x) is not numpy:
        return 1
    return next((rows for rows in (4, 5, 3, 2) if high % rows == 0), 1)


def convolution_of_rows(convolution, rows, x, weight, bias, *, stride, counts, **settings):
    """The convolution as one of ``rows`` output channels for each, whose kernels are shifted copies."""
    groups, step, high = len(weight), stride[0], weight.shape[2]
    shifted = xp(x).zeros(
        (groups, rows, weight.shape[1], (rows - 1) * step + high, *weight.shape[3:]), x.dtype
    )
    for row in range(rows):
        shifted[:, row, :, row * step : row * step + high] = weight
    out = convolution(
        x,
        shifted.reshape(groups * rows, *shifted.shape[2:]),
        None if bias is None else bias.repeat(rows),
        stride=(step * rows, *stride[1:]),
        counts=(counts[0] // rows, *counts[1:]),
        **settings,
    )
    out = batch_last(out).reshape(groups, rows, counts[0] // rows, -1).swapaxes(1, 2)
    return batch_first(out.reshape(groups, *counts, len(x)))


def weight_gradient_of_rows(convolution_weight, rows, x, y, *, kernel, stride, **settings):
    """The gradient of :func:`convolution_of_rows` for its weight."""
    groups, high, step = y.shape[1], y.shape[2] // rows, stride[0]
    split = batch_last(y).reshape(groups, high, rows, -1).swapaxes(1, 2)
    split = batch_first(split.reshape(groups * rows, high, *y.shape[3:], len(y)))
    long = (rows - 1) * step + kernel[0]
    shifted = convolution_weight(
        x, split, kernel=(long, *kernel[1:]), stride=(step * rows, *stride[1:]), **settings
    )
    shifted = shifted.reshape(groups, rows, -1, long, *kernel[1:])
    return sum(shifted[:, row, :, row * step : row * step + kernel[0]] for row in range(rows))


# ---- the gradient of the input -------------------------------------------------------------------


# multiplications that take as long as adding a product to its place, for a stride above 1: NumPy adds runs of
# as many numbers as there are samples
_ADDING, _ADDING_FEW = 35, {1: 10, 2: 90, 3: 90, 4: 90}


def gathers(x, weight, sizes, stride, padding, dilation, groups):
    """Whether :func:`gathered_input` is faster than adding the products of each position of the kernel.

    It multiplies by zeros where windows reach beyond the edge, or the stride does not divide the kernel.
    """
    if any(s > 1 and d > 1 for s, d in zip(stride, dilation)) or 0 in x.shape:
        return False
    kernel, each = weight.shape[2:], len(weight) // groups
    needed = math.prod(kernel) * math.prod(x.shape[2:])
    done = 1
    for size, k, s, (before, _) in zip(sizes, kernel, stride, padding):
        done *= ((before + size - 1) // s - before // s + 1) * min(k, s) * -(-k // s)
    if max(stride) == 1:
        small = worth_compiling(x) and loops.reads_little(x, weight.shape, groups) or each <= weight.shape[1]
        faster = small or is_winograd(x, weight.shape[:2], kernel, stride, dilation, groups)
        return faster and done <= 1.25 * needed
    return (done / needed - 1) * each <= _ADDING_FEW.get(len(x), _ADDING)


def gathered_input(convolution, x, weight, bias, *, sizes, stride, padding, dilation, groups):
    """The gradient of the input as a convolution with stride 1, with the kernel in reverse.

    With a larger ``stride`` places a stride apart are reached by the same positions of the kernel: each such
    phase is an output channel of its own.
    """
    if worth_compiling(x) and loops.spreads(weight.shape, stride, groups):
        return loops.depthwise_input(x, weight, bias, sizes, stride, padding, dilation)
    split, phases = _by_phase(weight, groups, stride)
    counts, around, cut = [], [], []
    for size, n, k, s, d, (before, _) in zip(sizes, x.shape[2:], split.shape[3:], stride, dilation, padding):
        first, last = before // s, (before + size - 1) // s
        counts.append(last - first + 1)
        low, high = (k - 1) * d - first, last - n + 1
        cut.append(slice(max(-low, 0), n + min(high, 0)))
        around.append((max(low, 0), max(high, 0)))
    channels = groups * weight.shape[1]
    found = convolution(
        x[(slice(None), slice(None), *cut)],
        split.reshape(groups * split.shape[1], *split.shape[2:]),
        None if bias is None else bias.reshape(groups, 1, -1).repeat(len(phases), 1).reshape(-1),
        stride=(1,) * len(stride),
        padding=tuple(around),
        dilation=dilation,
        groups=groups,
        counts=tuple(counts),
    )
    if max(stride) == 1:
        return found
    found = batch_last(found).reshape(groups, len(phases), weight.shape[1], *counts, len(x))
    out = xp(x).empty((channels, *sizes, len(x)), x.dtype)
    if len(phases) < math.prod(stride):  # some places are reached by none
        out[...] = 0 if bias is None else bias.reshape(-1, *[1] * (out.ndim - 1))
    grouped = out.reshape(groups, weight.shape[1], *sizes, len(x))
    for i, phase in enumerate(phases):
        to, take = [], []
        for r, s, (before, _) in zip(phase, stride, padding):
            start = (r - before) % s
            to.append(slice(start, None, s))
            take.append(slice((start + before) // s - before // s, None))
        target = grouped[(slice(None), slice(None), *to)]
        source = found[(slice(None), i, slice(None), *take)]
        copy_pixels(target, source[tuple(slice(0, n) for n in target.shape)])
    return batch_first(out)


def _by_phase(weight, groups, stride):
    """(O, C/groups, *kernel) as (groups, phases · C/groups, O/groups, *kernel of a phase, reversed).

    And the phases.
    """
    kernel, each = weight.shape[2:], weight.shape[0] // groups
    phases = list(numpy.ndindex(*map(min, kernel, stride)))
    small = tuple(-(-k // s) for k, s in zip(kernel, stride))
    swapped = weight.reshape(groups, each, *weight.shape[1:]).swapaxes(1, 2)
    back = (..., *(slice(None, None, -1),) * len(stride))
    if max(stride) == 1:
        return swapped[back], phases
    split = xp(weight).zeros((groups, len(phases), weight.shape[1], each, *small), weight.dtype)
    for i, phase in enumerate(phases):
        part = swapped[(..., *(slice(r, None, s) for r, s in zip(phase, stride)))]
        split[(slice(None), i, ..., *(slice(0, n) for n in part.shape[3:]))] = part
    return split[back].reshape(groups, len(phases) * weight.shape[1], each, *small), phases
