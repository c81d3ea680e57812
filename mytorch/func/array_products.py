"""Products of batched arrays."""

from __future__ import annotations

import string

import numpy

from ..core.arrays import is_array
from ..kernels.gemm import product
from .batched_array import BatchedArray, aligned, batched, entrywise, union


def matmul(x, y, **options):
    """x @ y. Rows of all entries are one matrix where the other factor is the same for all."""
    levels = union([x, y])
    x, y = (v.data if isinstance(v, BatchedArray) and not v.levels else v for v in (x, y))
    if not levels:
        return batched(product(x, y), ())
    vectors = x.ndim == 1, y.ndim == 1
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    if not isinstance(y, BatchedArray) and y.ndim <= 2:
        rows = x.data.reshape(-1, x.shape[-1])
        return batched(product(rows, y).reshape(x.data.shape[:-1] + y.shape[1:]), levels)
    if not isinstance(x, BatchedArray) and x.ndim == 2 and vectors[1]:
        return batched(product(y.data, x.T), levels)
    ndim = max(x.ndim + vectors[0], y.ndim + vectors[1])
    x, y = aligned(x, levels, ndim - vectors[0]), aligned(y, levels, ndim - vectors[1])
    x = x[..., None, :] if vectors[0] else x
    y = y[..., None] if vectors[1] else y
    outer = x.shape[-1] == 1 and type(x) is numpy.ndarray and x.dtype.kind in "fc"
    data = product(*_beside_zeros(x, y)) if outer else product(x, y)
    data = data[..., 0, :] if vectors[0] else data
    return batched(data[..., 0] if vectors[1] else data, levels)


def _beside_zeros(columns, rows):
    """Columns with a column of zeros beside each, rows with a row of zeros below each.

    Their products are the same, but NumPy's matmul leaves them to the BLAS: up to ten times as fast.
    """
    left = numpy.zeros((*columns.shape[:-1], 2), columns.dtype)
    right = numpy.zeros((*rows.shape[:-2], 2, rows.shape[-1]), rows.dtype)
    left[..., :1], right[..., :1, :] = columns, rows
    return left, right


def dot(function, x, y):
    if not is_array(x) or not is_array(y) or x.ndim == 0 or y.ndim == 0:
        return numpy.multiply(x, y)
    if y.ndim <= 2:
        return matmul(x, y)
    return entrywise(function, (x, y), {})


def einsum(function, subscripts, *operands, **options):
    """Each level is a letter of its own."""
    if not isinstance(subscripts, str):
        return entrywise(function, (subscripts, *operands), options)
    subscripts = subscripts.replace(" ", "")
    if "->" not in subscripts:
        letters = subscripts.replace(",", "").replace(".", "")
        once = sorted(c for c in set(letters) if letters.count(c) == 1)
        subscripts += "->" + "..." * ("." in subscripts) + "".join(once)
    free = [c for c in string.ascii_letters[::-1] if c not in subscripts]
    terms, result = subscripts.split("->")
    levels = union(operands)
    letter = dict(zip(levels, free))
    given = zip(terms.split(","), operands)
    terms = [
        "".join(letter[v] for v in x.levels) + term if isinstance(x, BatchedArray) else term
        for term, x in given
    ]
    text = ",".join(terms) + "->" + "".join(letter[v] for v in levels) + result
    arrays = [x.data if isinstance(x, BatchedArray) else x for x in operands]
    return batched(function(text, *arrays, **options), levels)
