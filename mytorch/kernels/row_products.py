"""Convolution of images without a copy of their windows: each row of outputs is one matrix product.

With the rows of an image outermost, (H, C, W, N), the rows under a kernel are one matrix (kernel rows · C,
W · N). The columns of the kernel stand below each other in the other factor, and their products, each a place
further, are added up. The gradient of the weight is a product of the same matrix for each of the columns.
"""

from __future__ import annotations

import numpy

from ..core.blas import use_one_thread
from ..core.sums import summed
from .im2col import contract, multiply, threads_for_product
from .threads import parallel_for, spans
from .windows import batch_last, strided

_BLOCK = 128 * 1024  # elements of products at a time, which stay in the second-level cache
_BAND = 256 * 1024  # elements of inputs to read for one column of the kernel after the other


def correlate(x, weight, bias, *, stride, padding, dilation, counts, groups=1):
    """``conv2d(x, weight, bias)`` of (N, C, H, W) by (O, C, kH, kW): (O, *counts, N).

    The kernel has several columns. They have no stride, and the rows no dilation; there is one group.
    """
    out_channels, _, *kernel = weight.shape
    windows, shifts = _rows(x, kernel, stride, padding, dilation, counts)
    depth, places = windows.shape[1:]
    wide = kernel[1]
    matrix = weight.transpose(3, 0, 2, 1).reshape(1, wide * out_channels, depth)
    out = numpy.empty((out_channels, *counts, len(x)), x.dtype)
    targets = out.reshape(out_channels, counts[0], counts[1] * len(x)).swapaxes(0, 1)
    rows = max(1, _BLOCK // (matrix.shape[1] * places))

    def work(span):
        buffer = numpy.empty((rows, matrix.shape[1], places), x.dtype)
        for a in range(*span, rows):
            b = min(a + rows, span[1])
            products, target = buffer[: b - a], targets[a:b]
            multiply(matrix, windows[None, a:b], products[None])
            first, *others = products.reshape(b - a, wide, out_channels, places).swapaxes(0, 1)
            first = first[..., shifts[0]]
            if bias is not None:
                first += bias[:, None]
            for product, shift in zip(others, shifts[1:]):
                first = numpy.add(first, product[..., shift], out=target)

    parallel_for(work, spans(counts[0], threads_for_product(depth * wide, out[None])))
    return out


def weight_gradient(x, y, *, kernel, stride, padding, dilation, groups=1):
    """The gradient of :func:`correlate` for its weight, from that of its output ``y`` (N, O, *counts)."""
    (high, wide), channels, (out_channels, *counts) = kernel, x.shape[1], y.shape[1:]
    windows, shifts = _rows(x, kernel, stride, padding, dilation, counts)
    depth, places = windows.shape[1:]
    gradients = batch_last(y).reshape(out_channels, counts[0], counts[1] * len(x)).swapaxes(0, 1)
    threads = threads_for_product(depth * wide, y.swapaxes(0, 1)[None])
    rows = max(1, _BAND // (stride[0] * channels * places))
    tall = depth >= out_channels  # matrix products are faster with the larger side first
    shape = (depth, out_channels) if tall else (out_channels, depth)

    def work(piece):
        total, span = piece
        for a in range(*span, rows):
            part = slice(a, min(a + rows, span[1]))
            for column, shift in zip(total, shifts):
                pair = windows[None, part, :, shift], gradients[None, part]
                contract(*(pair if tall else pair[::-1]), column)

    pieces = spans(counts[0], threads)
    sums = numpy.zeros((len(pieces), wide, 1, *shape), x.dtype)  # one for each thread
    parallel_for(work, list(zip(sums, pieces)))
    total = summed(sums, 0) if len(sums) > 1 else sums[0]
    total = (total if tall else total.swapaxes(2, 3)).reshape(wide, high, channels, out_channels)
    return numpy.ascontiguousarray(total.transpose(3, 2, 1, 0))


def _rows(x, kernel, stride, padding, dilation, counts):
    """The padded rows under the kernel (rows of outputs, kernel rows · C, W · N), which overlap in memory.

    And what each column of the kernel reads of W · N.
    """
    use_one_thread()
    by_rows = x.swapaxes(1, 2)[:, None]  # batch_last pads all dimensions but the first two
    padded = batch_last(by_rows, (padding[0], (0, 0), padding[1]))[0]
    row, line, pixel, item = padded.strides
    shape = counts[0], kernel[0] * x.shape[1], line // item
    first, step = counts[1] * len(x), pixel // item * dilation[1]
    shifts = [slice(i * step, i * step + first) for i in range(kernel[1])]
    return strided(padded, shape, (row * stride[0], line, item)), shifts
