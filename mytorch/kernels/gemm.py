"""Matrix products: large ones on several threads, small ones as the BLAS does them fastest."""

from __future__ import annotations

import functools

import numpy

from ..core.blas import libraries, use_one_thread
from .threads import get_num_threads, parallel_for, spans

UNPACKED = 1_000_000  # multiplications


@functools.cache
def unpacked() -> int:
    """Up to how many multiplications the BLAS makes a product without packing the operands first.

    OpenBLAS's AVX-512 kernels do so, others never.
    """
    kernels = {library.info().get("architecture") for library in libraries()}
    return UNPACKED if kernels & {"SkylakeX", "Cooperlake", "SapphireRapids"} else 0


_LARGE = 4_000_000  # multiplications from which on several threads are faster


def product(x, y, plus=None):
    """``x @ y + plus`` for matrices or stacks of them and a vector ``plus``, on several threads if large."""
    use_one_thread()
    if type(x) is not numpy.ndarray or x.ndim < 2 or y.ndim < 2:
        out = x @ y
    elif x.ndim > 2 or y.ndim > 2:
        out = _stacked_product(x, y)
    elif x.size * y.shape[1] < UNPACKED:
        out = x.dot(y)  # half a microsecond less than x @ y
    elif _is_shared(x, y):
        return _shared_product(x, y, plus)
    elif _packs_in_vain(x, y):
        out = (x.reshape(-1, 8, x.shape[1]) @ y).reshape(len(x), -1)
    else:
        out = x.dot(y)
    if plus is not None:
        out += plus
    return out


def _is_shared(x, y):
    """Whether this product of matrices is worth several threads."""
    return get_num_threads() > 1 and x.size * y.shape[1] >= _LARGE


def _packs_in_vain(x, y):
    """Whether ``x @ y``, for a transposed ``y`` as in a linear layer, is faster in stacks of eight rows.

    Otherwise the BLAS packs all of ``y`` first.

    OpenBLAS's kernel for it makes results of up to 1200 numbers.
    """
    narrow = len(x) <= 64 and len(x) % 8 == 0 and 8 * y.shape[1] <= 1200 and 8 * y.size <= unpacked()
    return narrow and y.strides[0] == y.itemsize and x.flags.c_contiguous


def _shared_product(x, y, plus):
    """x @ y + plus, cut along the longer side of the result."""
    out = numpy.empty((len(x), y.shape[1]), numpy.result_type(x, y))
    by_rows = len(x) > y.shape[1]

    def work(span):
        part = slice(*span)
        rows, columns = (part, slice(None)) if by_rows else (slice(None), part)
        numpy.matmul(x[rows], y[:, columns], out=out[rows, columns])
        if plus is not None:
            out[rows, columns] += plus[columns]

    parallel_for(work, spans(max(out.shape), get_num_threads()))
    return out


def _stacked_product(x, y):
    """x @ y for stacks of matrices; large ones are cut along the first dimension."""
    if get_num_threads() == 1 or x.size * y.shape[-1] < _LARGE:
        return x @ y
    batch = numpy.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if batch[0] < get_num_threads():
        return x @ y
    out = numpy.empty((*batch, x.shape[-2], y.shape[-1]), numpy.result_type(x, y))
    x, y = (numpy.broadcast_to(a, (*batch, *a.shape[-2:])) for a in (x, y))

    def work(span):
        part = slice(*span)
        numpy.matmul(x[part], y[part], out=out[part])

    parallel_for(work, spans(batch[0], get_num_threads()))
    return out
