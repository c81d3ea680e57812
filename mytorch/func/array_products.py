"""Products of batched arrays."""

from __future__ import annotations

import math
import string

import numpy

from ..core.arrays import is_array
from ..kernels.blocks import outer
from ..kernels.gemm import product
from .batched_array import BatchedArray, aligned, batched, of_entries, union
from .entrywise import entrywise


def matmul(x, y, **options):
    """x @ y. Rows of all entries are one matrix where the other factor is the same for all."""
    x, y = of_entries(x), of_entries(y)
    if x.ndim == 0 or y.ndim == 0:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    if not isinstance(y, BatchedArray) and y.ndim <= 2:
        return _by_shared(x, y)
    if not isinstance(x, BatchedArray) and x.ndim == 2 and y.ndim == 1:
        return batched(product(y.data, x.T), y.levels)
    levels, vectors = union((x, y)), (x.ndim == 1, y.ndim == 1)
    ndim = max(x.ndim + vectors[0], y.ndim + vectors[1])
    x, y = aligned(x, levels, ndim - vectors[0]), aligned(y, levels, ndim - vectors[1])
    x = x[..., None, :] if vectors[0] else x
    y = y[..., None] if vectors[1] else y
    is_outer = x.shape[-1] == y.shape[-2] == 1 and x.dtype.kind in "fc"
    data = outer(x[..., 0], y[..., 0, :]) if is_outer else product(x, y)
    data = data[..., 0, :] if vectors[0] else data
    return batched(data[..., 0] if vectors[1] else data, levels)


def _by_shared(x, y):
    """x @ y for a matrix or a vector ``y`` that is the same for all entries."""
    if not isinstance(x, BatchedArray):
        return batched(product(x, y), ())
    if x.data.ndim == 2:
        return type(x)(product(x.data, y), x.levels)
    rows = x.data.reshape(math.prod(x.data.shape[:-1]), x.shape[-1])
    return batched(product(rows, y).reshape(x.data.shape[:-1] + y.shape[1:]), x.levels)


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
