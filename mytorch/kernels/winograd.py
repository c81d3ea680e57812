"""3×3 convolution in 4 multiplications an output in place of 9: Winograd's F(2×2, 3×3).

Each tile of 2×2 outputs reads 4×4 inputs d. With the matrices of Lavin and Gray
(https://arxiv.org/abs/1509.09308) it is Aᵀ [(G w Gᵀ) ⊙ (Bᵀ d B)] A, where ⊙, summed over the channels, is a
matrix product for each of the 16 places. Bᵀ and Aᵀ only add and subtract.
"""

from __future__ import annotations

import numpy

from ..core.blas import use_one_thread
from .threads import parallel_for, spans
from .windows import PRODUCTS, batch_first, copy_pixels, threads_for

CACHE = 1024 * 1024  # bytes of transformed inputs in a block
_G = ((1, 0, 0), (0.5, 0.5, 0.5), (0.5, -0.5, 0.5), (0, 0, 1))


def correlate(x, weight, bias, padding, counts):
    """``conv2d(x, weight, bias)`` with stride 1 of (N, C, H, W) by (O, C, 3, 3): (N, O, *counts)."""
    use_one_thread()
    high, wide = (-(-count // 2) for count in counts)
    planes, tile = _planes(x, padding, high, wide), (wide + 1) * len(x)  # numbers of a row of tiles
    kernels = _kernels(weight)
    out = numpy.empty((len(weight), *counts, len(x)), x.dtype)
    rows = max(1, CACHE // (16 * max(weight.shape[:2]) * tile * x.itemsize))

    def work(span):
        first, last = span
        products = numpy.matmul(kernels, _inputs(planes, first * tile, (last - first) * tile, tile, len(x)))
        if bias is not None:
            products[5] += bias[:, None]  # this place counts once in each of the four outputs
        results = _outputs(products).reshape(2, 2, len(weight), last - first, wide + 1, len(x))
        for i, j in numpy.ndindex(2, 2):
            target = out[:, 2 * first + i : 2 * last : 2, j::2]
            copy_pixels(target, results[i, j, :, : target.shape[1], : target.shape[2]])

    threads = threads_for(out.size * x.shape[1] / 10, PRODUCTS)
    parallel_for(work, spans(high, -(-max(-(-high // rows), threads) // threads) * threads))
    return batch_first(out)


def _planes(x, padding, high, wide):
    """The padded input (C, even or odd row, even or odd column, the rest), flat.

    So all places of a tile are constant distances away, in all tiles; one column more than there are tiles
    ends each row.
    """
    (top, _), (left, _) = padding
    planes = numpy.zeros((x.shape[1], 2, 2, high + 2, wide + 1, len(x)), x.dtype)
    moved = x.transpose(1, 2, 3, 0)
    for i, j in numpy.ndindex(2, 2):
        row, column = (top - i + 1) // 2, (left - j + 1) // 2  # the first ones in the input
        part = moved[:, 2 * row + i - top :: 2, 2 * column + j - left :: 2][
            :, : high + 1 - row, : wide + 1 - column
        ]
        copy_pixels(planes[:, i, j, row : row + part.shape[1], column : column + part.shape[2]], part)
    return planes.reshape(x.shape[1], 2, 2, -1)


def _kernels(weight):
    """G w Gᵀ for each pair of channels: (16, O, C). In blocks, so that only the result is large."""
    g, out = numpy.array(_G, weight.dtype), numpy.empty((16, *weight.shape[:2]), weight.dtype)
    count = max(1, CACHE // weight[0].nbytes)
    for first in range(0, len(weight), count):
        flat = numpy.ascontiguousarray(weight[first : first + count].transpose(2, 3, 0, 1)).reshape(3, 3, -1)
        block = g @ (g @ flat.reshape(3, -1)).reshape(4, 3, -1)
        out[:, first : first + count] = block.reshape(16, -1, weight.shape[1])
    return out


def _inputs(planes, start, length, tile, pixel):
    """Bᵀ d B of ``length`` numbers from ``start``: (16, C, length)."""
    even, odd = planes[:, 0, :, start:], planes[:, 1, :, start:]
    n = length + pixel
    even, below, odd, last = (
        even[..., :n],
        even[..., tile : tile + n],
        odd[..., :n],
        odd[..., tile : tile + n],
    )
    rows = numpy.empty((4, *even.shape), planes.dtype)
    _differences(even, odd, below, last, rows)
    out = numpy.empty((4, 4, len(planes), length), planes.dtype)
    left, right = rows[:, :, 0], rows[:, :, 1]
    _differences(
        left[..., :length], right[..., :length], left[..., pixel:], right[..., pixel:], out.swapaxes(0, 1)
    )
    return out.reshape(16, len(planes), length)


def _differences(a, b, c, d, out):
    """Bᵀ of four places in a row."""
    numpy.subtract(a, c, out=out[0])
    numpy.add(b, c, out=out[1])
    numpy.subtract(c, b, out=out[2])
    numpy.subtract(b, d, out=out[3])


def _outputs(products):
    """Aᵀ m A of (16, O, length): (2, 2, O, length)."""
    square = products.reshape(4, 4, *products.shape[1:])
    return _sums(_sums(square).swapaxes(0, 1)).swapaxes(0, 1)


def _sums(m):
    """Aᵀ along the first of the dimensions: (4, …) -> (2, …)."""
    out = numpy.empty((2, *m.shape[1:]), m.dtype)
    numpy.add(m[1], m[2], out=out[0])
    out[0] += m[0]
    numpy.subtract(m[1], m[2], out=out[1])
    out[1] -= m[3]
    return out
