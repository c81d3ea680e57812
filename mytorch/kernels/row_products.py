"""Convolution of images without a copy of their windows: each row of outputs is one matrix product.

With the rows of an image outermost, (H, C, W, N), the rows under a kernel are one matrix (kernel rows · C,
W · N). The columns of the kernel stand below each other in the other factor, and their products, each a place
further, are added up. For few samples that is faster than to gather windows, pixel by pixel.
"""

from __future__ import annotations

import numpy

from ..core.blas import use_one_thread
from .im2col import multiply, threads_for_product
from .threads import parallel_for, spans
from .windows import batch_last, strided

_BLOCK = 128 * 1024  # elements of products at a time, which stay in the second-level cache


def correlate(x, weight, bias, *, stride, padding, dilation, counts):
    """``conv2d(x, weight, bias)`` of (N, C, H, W) by (O, C, kH, kW): (O, *counts, N).

    The kernel has several columns. They have no stride, and the rows no dilation.
    """
    use_one_thread()
    out_channels, channels, high, wide = weight.shape
    by_rows = x.swapaxes(1, 2)[:, None]  # batch_last pads all dimensions but the first two
    padded = batch_last(by_rows, (padding[0], (0, 0), padding[1]))[0]
    row, line, pixel, item = padded.strides
    depth, places = high * channels, line // item
    windows = strided(padded, (counts[0], depth, places), (row * stride[0], line, item))
    matrix = weight.transpose(3, 0, 2, 1).reshape(1, wide * out_channels, depth)
    out = numpy.empty((out_channels, *counts, len(x)), x.dtype)
    targets = out.reshape(out_channels, counts[0], counts[1] * len(x)).swapaxes(0, 1)
    rows = max(1, _BLOCK // (matrix.shape[1] * places))
    shifts = [
        slice(start, start + targets.shape[2]) for start in range(0, places, pixel // item * dilation[1])
    ]

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
            for i, product in enumerate(others, 1):
                first = numpy.add(first, product[..., shifts[i]], out=target)

    parallel_for(work, spans(counts[0], threads_for_product(depth * wide, out[None])))
    return out
