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


_LARGE = 8_000_000  # multiplications from which on several threads are faster


def product(x, y, plus=None):
    """``x @ y + plus`` for matrices or stacks of them and a vector ``plus``, on several threads if large."""
    use_one_thread()
    if type(x) is not numpy.ndarray or x.ndim < 2 or y.ndim < 2:
        out = x @ y
    elif x.ndim > 2 or y.ndim > 2:
        out = _stacked_product(x, y)
    elif x.size * y.shape[1] < UNPACKED:
        out = x.dot(y)  # half a microsecond less than x @ y
    elif _is_shared((x, y)):
        return _shared_products([(x, y, plus)])[0]
    elif _packs_in_vain(x, y):
        out = (x.reshape(-1, 8, x.shape[1]) @ y).reshape(len(x), -1)
    else:
        out = x.dot(y)
    if plus is not None:
        out += plus
    return out


def products(first, second):
    """``(x @ y, x @ y)`` for two pairs (x, y) of matrices, as one job, so that the threads are woken once."""
    use_one_thread()
    if type(first[0]) is numpy.ndarray and _is_shared(first, second):
        return _shared_products([(*first, None), (*second, None)])
    return product(*first), product(*second)


def _is_shared(*pairs):
    """Whether these products of matrices are together worth several threads."""
    return get_num_threads() > 1 and sum([x.size * y.shape[1] for x, y in pairs]) >= _LARGE


def _packs_in_vain(x, y):
    """Whether ``x @ y``, for a transposed ``y`` as in a linear layer, is faster in stacks of eight rows.

    Otherwise the BLAS packs all of ``y`` first.

    OpenBLAS's kernel for it makes results of up to 1200 numbers.
    """
    narrow = len(x) <= 64 and len(x) % 8 == 0 and 8 * y.shape[1] <= 1200 and 8 * y.size <= unpacked()
    return narrow and y.strides[0] == y.itemsize and x.flags.c_contiguous


def _shared_products(triples):
    """x @ y + plus for each (x, y, plus), cut along the longer side of the result if threads are left."""
    count, results, pieces = -(-get_num_threads() // len(triples)), [], []
    for x, y, plus in triples:
        out = numpy.empty((len(x), y.shape[1]), numpy.result_type(x, y))
        results.append(out)
        by_rows = len(x) > y.shape[1]
        for a, b in spans(max(out.shape), count):
            if by_rows:
                pieces.append((x[a:b], y, plus, out[a:b]))
            else:
                pieces.append((x, y[:, a:b], None if plus is None else plus[a:b], out[:, a:b]))

    def work(piece):
        x, y, plus, out = piece
        numpy.matmul(x, y, out=out)
        if plus is not None:
            out += plus

    parallel_for(work, pieces)
    return results


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
