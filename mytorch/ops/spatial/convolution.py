"""Convolution and its transpose as operations; PyTorch's functions are in ``conv.py``.

As everywhere in deep learning, it is a cross-correlation, in any number of dimensions.

Three bilinear operations, each a gradient of the others: ``convolution`` (input, weight -> output),
``convolution_input`` (output gradient, weight -> input gradient; also the transposed convolution) and
``convolution_weight`` (input, output gradient -> weight gradient). So second order needs no further formula.
Their matrix products read the columns of ``kernels/im2col.py``.
"""

from __future__ import annotations

import functools
import math
import operator

import numpy

from ...core.arrays import is_array, xp
from ...core.primitive import primitive
from ...core.sums import summed
from ...kernels import row_products, winograd
from ...kernels.im2col import Columns, contract, multiply, threads_for_product
from ...kernels.numba_loops import worth_compiling
from ...kernels.sums import row_sums
from ...kernels.threads import parallel_for, spans
from ...kernels.windows import batch_first, batch_last, window_counts
from ..elementwise import widened
from . import compiled_convolution as loops
from . import convolution_forms as forms


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
    later=("weight",),
    prepare=_of_one_type,
)
@widened
def convolution(x, weight, bias=None, *, stride, padding, dilation, groups, counts=None):
    """(N, C, *S), (O, C/groups, *kernel), (O,) -> (N, O, *counts).

    ``padding`` is (before, after) per dimension; ``counts`` of windows as many as fit by default.
    """
    out_channels, kernel = weight.shape[0], weight.shape[2:]
    sizes = [n + sum(p) for n, p in zip(x.shape[2:], padding)]
    counts = counts or window_counts(sizes, kernel, stride, dilation)
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if worth_compiling(x) and loops.correlates(x, weight.shape, counts, groups):
        return loops.convolution(x, weight, bias, counts=counts, **settings)
    if groups > 1 and forms.is_depthwise(x, weight.shape, stride, dilation):
        return forms.depthwise_convolution(x, weight, bias, counts=counts, **settings)
    if forms.is_one_product(x, out_channels, kernel, stride, padding, groups, counts):
        return forms.one_product(x, weight, bias, counts=counts, **settings)
    if forms.is_winograd(x, weight.shape[:2], kernel, stride, dilation, groups):
        return winograd.correlate(x, weight, bias, padding, counts)
    if len(x) <= forms.FEW and forms.is_row_products(x, weight.shape, stride, dilation, groups, counts):
        return batch_first(row_products.correlate(x, weight, bias, counts=counts, **settings))
    if out_channels == groups and (rows := forms.rows_at_once(x, kernel, dilation, counts[0])) > 1:
        return forms.convolution_of_rows(convolution, rows, x, weight, bias, counts=counts, **settings)
    padded = batch_last(x, padding)
    columns = Columns(padded, groups, kernel, stride, dilation, counts, ones=bias is not None)
    layout = columns.layout
    matrix = _as_matrix(weight, groups, layout.high, bias if layout.ones else None)
    out = xp(x).empty((groups, out_channels // groups, *counts, x.shape[0]), x.dtype)
    threads = threads_for_product(matrix.shape[2], out)
    rest = None if layout.ones or bias is None else bias.reshape(groups, -1, 1, 1)
    parallel_for(lambda share: _multiply_blocks(matrix, columns, share, out, rest), layout.shares(threads))
    return batch_first(out.reshape(out_channels, *counts, x.shape[0]))


@primitive(
    complex="holomorphic",
    x=lambda g, x_shape, weight, stride, padding, dilation, groups: convolution(
        g, weight, stride=stride, padding=padding, dilation=dilation, groups=groups, counts=x_shape[2:]
    ),
    weight=lambda g, x, weight_shape, stride, padding, dilation, groups: convolution_weight(
        g, x, kernel=weight_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
    bias=_sum_but_channels,
    later=("weight",),
    prepare=_of_one_type,
)
@widened
def convolution_input(x, weight, bias=None, *, sizes, stride, padding, dilation, groups):
    """The gradient of a convolution for its input, from that of its output: ``x`` (N, O, *counts).

    The result is (N, C, *sizes).
    """
    settings = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    if groups == len(weight) > 1 and forms.is_depthwise_input(x, weight.shape, stride, dilation):
        return forms.depthwise_input(x, weight, bias, sizes=sizes, **settings)
    if forms.gathers(x, weight, sizes, stride, padding, dilation, groups):
        return forms.gathered_input(convolution, x, weight, bias, sizes=sizes, **settings)
    kernel, n, each = weight.shape[2:], x.shape[0], weight.shape[1]
    gathered = _rows_to_correlate(sizes, x.shape[2:], kernel, stride, padding, dilation)
    stacked, counts, padding, margin = gathered
    high, ones = kernel[0] if stacked else 1, (1,) * (len(kernel) - 1)
    steps = (1, *ones), (dilation[0], *ones)
    columns = Columns(batch_last(x), groups, (high, *ones), *steps, counts, margin=margin, size=2)
    layout = columns.layout
    taps = list(numpy.ndindex(kernel[0] // high, *kernel[1:]))
    matrix = _scattering_matrix(weight, groups, stacked)  # (groups, C/groups, taps, kernel rows · O/groups)
    padded = [a + size + b for size, (a, b) in zip(sizes, padding)]
    out = xp(x).zeros((groups, each, *padded, n), x.dtype)
    # one tap without padding: each product is written to its place, nothing is added
    direct = len(taps) == 1 and max(stride) == 1 and tuple(padded) == tuple(counts)
    # threads that add few elements at a time wait for each other at the GIL
    few = not direct and layout.rows * layout.places * each < _FEW
    threads = 1 if few else threads_for_product(matrix.shape[3], out, len(taps) / math.prod(stride))
    rows_apart = threads == 1 or (stacked and (not layout.keeps_rows or layout.rows >= threads))

    def work(piece):
        share, (low, top) = piece
        part = matrix[:, low:top].reshape(groups, (top - low) * len(taps), matrix.shape[3])
        if direct:
            _multiply_blocks(part, columns, share, out[:, low:top])
        else:
            _add_taps(part, columns, share, out[:, low:top], taps, stride, dilation)

    if rows_apart:  # the threads write different rows,
        pieces = [(share, (0, each)) for share in layout.shares(threads)]
    else:  # or different channels, since the windows overlap
        pieces = [(share, channels) for channels in spans(each, threads) for share in layout.shares(1)]
    parallel_for(work, pieces)
    inside = (slice(a, a + size) for size, (a, _) in zip(sizes, padding))
    out = out.reshape(groups * each, *padded, n)[(slice(None), *inside)]
    if bias is not None:
        out += bias.reshape(-1, *[1] * (out.ndim - 1))
    return batch_first(out)


_FEW = 64 * 1024  # elements


def _rows_to_correlate(sizes, counts, kernel, stride, padding, dilation):
    """(stacked, counts, padding, margin): what :func:`convolution_input` gathers.

    With stride 1 (stacked) the kernel's rows are correlated as a convolution's are, with ``margin`` rows of
    zeros around; the products of the other kernel positions are added place by place.
    """
    before = (kernel[0] - 1) * dilation[0] - padding[0][0]
    after = sizes[0] - counts[0] + padding[0][0]
    if stride[0] == 1 and before >= 0 and after >= 0:
        return True, (sizes[0], *counts[1:]), ((0, 0), *padding[1:]), (before, after)
    return False, counts, padding, (0, 0)


def _multiply_blocks(matrix, columns, share, out, bias=None):
    """Write matrix @ columns + bias to ``out``, block by block, for a ``matrix`` (groups, O, depth)."""
    targets = out.reshape(*out.shape[:2], columns.layout.rows, columns.layout.places)
    for rows, places, _, block in columns.of(share):
        target = targets[:, :, rows, places]
        multiply(matrix, block, target.swapaxes(1, 2))
        if bias is not None:
            target += bias


def _add_taps(matrix, columns, share, out, taps, stride, dilation):
    """Add the products of ``matrix`` (groups, C · taps, depth) with each block of columns to ``out``.

    Those of a tap go to the places that it reads in the convolution.
    """
    groups, depth = matrix.shape[:2]
    largest = max([block.columns[0][1] * block.columns[0][3] for block in share])
    buffer = xp(out).empty(groups * depth * largest, out.dtype)
    for _, _, box, block in columns.of(share):
        _, rows, _, places = block.shape
        products = buffer[: groups * depth * rows * places].reshape(groups, rows, depth, places)
        multiply(matrix, block, products)
        by_tap = products.reshape(groups, rows, out.shape[1], len(taps), places).transpose(3, 0, 2, 1, 4)
        for tap, product in zip(taps, by_tap):
            spots = [
                slice(cut.start * s + t * d, (cut.stop - 1) * s + t * d + 1, s)
                for cut, s, t, d in zip(box, stride, tap, dilation)
            ]
            target = out[(slice(None), slice(None), *spots, box[-1])]
            target += product.reshape(target.shape)


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
    """The gradient of a convolution for its weight: (O, C/groups, *kernel).

    From the input ``x`` (N, C, *S) and the output gradient ``y`` (N, O, *counts).
    """
    settings = dict(kernel=kernel, stride=stride, padding=padding, dilation=dilation, groups=groups)
    if worth_compiling(x) and loops.multiplies(x, y, kernel, groups):
        return loops.convolution_weight(x, y, **settings)
    shape = y.shape[1], x.shape[1] // max(groups, 1), *kernel
    if groups > 1 and forms.is_depthwise(x, shape, stride, dilation):
        return forms.depthwise_weight(x, y, **settings)
    if forms.is_one_product(x, y.shape[1], kernel, stride, padding, groups, y.shape[2:]):
        return forms.weight_gradient_of_one_product(x, y, **settings)
    if y.shape[1] == groups and (rows := forms.rows_at_once(y, kernel, dilation, y.shape[2])) > 1:
        return forms.weight_gradient_of_rows(convolution_weight, rows, x, y, **settings)
    if len(x) <= forms.FEW and forms.is_row_products(x, shape, stride, dilation, groups, y.shape[2:]):
        return row_products.weight_gradient(x, y, **settings)
    columns = Columns(batch_last(x, padding), groups, kernel, stride, dilation, y.shape[2:])
    channels, each = x.shape[1] // groups, y.shape[1] // groups
    depth = channels * math.prod(kernel)
    gradients = batch_last(y).reshape(groups, each, columns.layout.rows, columns.layout.places)
    shares = columns.layout.shares(threads_for_product(depth, gradients))
    tall = depth >= each  # matrix products are faster with the larger side first
    shape = (groups, depth, each) if tall else (groups, each, depth)
    sums = [xp(x).zeros(shape, x.dtype) for _ in shares or [None]]  # one for each thread

    def work(piece):
        total, share = piece
        for rows, places, _, block in columns.of(share):
            part = gradients[:, :, rows, places].swapaxes(1, 2)
            contract(*((block, part) if tall else (part, block)), total)

    parallel_for(work, list(zip(sums, shares)))
    total = functools.reduce(operator.iadd, map(sums.pop, [-1] * len(sums)))  # each is freed once added
    total = (total.swapaxes(1, 2) if tall else total).reshape(groups * each, *kernel, channels)
    return xp(x).ascontiguousarray(xp(x).moveaxis(total, -1, 1))


def _as_matrix(weight, groups, high, bias=None):
    """(O, C/groups, *kernel) as the matrix (groups, O/groups, depth) for columns of ``high`` rows.

    A ``bias`` is its last column in the first row, where the columns hold ones.
    """
    matrix = weight.transpose(0, *range(2, weight.ndim), 1)
    matrix = matrix.reshape(groups, weight.shape[0] // groups, high, -1)
    if bias is not None:
        last = xp(weight).zeros((*matrix.shape[:3], 1), weight.dtype)
        last[:, :, 0, 0] = bias.reshape(groups, -1)
        matrix = xp(weight).concatenate((matrix, last), 3)
    return matrix.reshape(groups, weight.shape[0] // groups, -1)


def _scattering_matrix(weight, groups, stacked):
    """(O, C/groups, *kernel) as (groups, C/groups, taps, kernel rows · O/groups).

    If ``stacked``, the kernel's rows, reversed, belong to the products' depth; else each is a tap of its own.
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
