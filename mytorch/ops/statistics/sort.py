"""Order: sorting, the largest elements, places in a sorted sequence."""

from __future__ import annotations

import functools
import math
from typing import Any, NamedTuple

import numpy

from ...core.arrays import array_of, xp
from ...core.primitive import primitive
from ...core.sums import summed
from ...kernels import scatter
from ...kernels.sums import running_sum
from ..composite import composite
from ..gather import add_along, gather
from ..promotion import promoted
from ..shape import reshape
from ..shape_arguments import check_dim, integer

_tuple = tuple.__new__  # a named one, in half the time


class sort_result(NamedTuple):
    """Sorted values and where they were."""

    values: Any
    indices: Any


class topk_result(NamedTuple):
    """The largest (or smallest) values and where they were."""

    values: Any
    indices: Any


class kthvalue_result(NamedTuple):
    """The k-th smallest values and where they were."""

    values: Any
    indices: Any


def _sort_vjp(g, indices, x_shape, dim):
    """The gradient ``g`` of values that were picked at ``indices`` along ``dim``."""
    return add_along(g, shape=x_shape, index=array_of(indices), dim=dim)


@primitive(
    outputs=("values", "indices"), x=lambda g, indices, x_shape, dim: _sort_vjp(g[0], indices, x_shape, dim)
)
def _sort(x, *, dim, descending):
    order = _order(x, dim, descending)
    return scatter.take_along(x, order, dim), order


def _order(x, dim, descending):
    """The indices that sort along ``dim``; equal elements keep their order."""
    if not descending:
        return stable_order(x, dim)
    if x.size <= _FEW and x.dtype.char in "fd" and type(x) is numpy.ndarray:
        flat = x.ravel()
        if not math.isnan(flat.dot(flat)):  # nan comes first
            return stable_order(-x, dim)
    back = _along(dim, None, -1)  # flip, sort, flip back
    return x.shape[dim] - 1 - stable_order(x[back], dim)[back]


@functools.lru_cache(64)
def _along(dim, stop, step=None):
    """The index that takes ``[:stop:step]`` along ``dim``."""
    return (*(slice(None),) * dim, slice(None, stop, step))


_FEW = 1024


def ordered(x):
    """An array with the order of ``x`` that NumPy sorts: bfloat16 as float32, whose nan come last."""
    return x.astype("float32") if x.dtype.kind == "V" else x


def stable_order(x, dim):
    """The indices that sort along ``dim``; equal elements keep their order."""
    return (ordered(x) if x.dtype.kind == "V" else x).argsort(dim, "stable")


@composite(out=True)
def sort(input, dim=-1, descending=False, stable=False):
    """Sorted along ``dim``: a pair (values, indices).

    Equal elements keep their order; nan counts as the largest.
    """
    ndim = array_of(input).ndim
    if not ndim:
        check_dim(dim, 0)
        values, indices = _sort(reshape(input, shape=(1,)), dim=0, descending=descending)
        return sort_result(reshape(values, shape=()), reshape(indices, shape=()))
    return _tuple(sort_result, _sort(input, check_dim(dim, ndim), descending))


@composite
def argsort(input, dim=-1, descending=False, *, stable=False):
    """The indices that sort along ``dim``."""
    return sort(input, dim, descending).indices


@composite(out=True)
def msort(input):
    """Sorted along the first dimension."""
    return sort(input, 0).values


@primitive(
    outputs=("values", "indices"), x=lambda g, indices, x_shape, dim: _sort_vjp(g[0], indices, x_shape, dim)
)
def _topk(x, *, k, dim, largest):
    n = x.shape[dim]
    if x.size <= _FEW:  # sorting all of them takes less time than picking some first
        order = _order(x, dim, largest)[_along(dim, k)]
        return scatter.take_along(x, order, dim), order
    if 0 < k < n:
        kept = ordered(x).argpartition(n - k if largest else k - 1, axis=dim)
        kept = kept[(*(slice(None),) * dim, slice(n - k, None) if largest else slice(k))]
        kept.sort(axis=dim)  # equal elements in their order
    else:
        places = xp(x).arange(k).reshape((-1,) + (1,) * (x.ndim - dim - 1))
        kept = xp(x).broadcast_to(places, (*x.shape[:dim], k, *x.shape[dim + 1 :]))
    values = scatter.take_along(x, kept, dim)
    back = (*(slice(None),) * dim, slice(None, None, -1))
    order = k - 1 - stable_order(values[back], dim)[back] if largest else stable_order(values, dim)
    return scatter.take_along(values, order, dim), scatter.take_along(kept, order, dim)


@composite(out=True)
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The ``k`` largest (or smallest) elements along ``dim``, in order: a pair (values, indices).

    RuntimeError if there are not ``k``.
    """
    array = array_of(input)
    shape = array.shape
    dim = check_dim(dim, len(shape))
    if array.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if not 0 <= (k := integer(k)) <= (shape[dim] if shape else 1):
        raise RuntimeError(f"selected index k out of range: {k} of {shape[dim] if shape else 1}")
    if not shape:
        return topk_result(*sort(input))
    return _tuple(topk_result, _topk(input, k, dim, largest))


@composite(out=True)
def kthvalue(input, k, dim=-1, keepdim=False):
    """The ``k``-th smallest element along ``dim``: a pair (values, indices).

    RuntimeError unless 1 <= k <= size. IndexError if the dimension is empty, NotImplementedError for
    booleans.
    """
    dim = check_dim(dim, len(input.shape))
    if input.shape and input.shape[dim] == 0:
        raise IndexError(f"kthvalue(): Expected reduction dim {dim} to have non-zero size.")
    if not 1 <= (k := integer(k)) <= (input.shape[dim] if input.shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    if input.dtype == "bool":
        raise NotImplementedError("\"kthvalue_cpu\" not implemented for 'Bool'")
    if not input.shape:
        return kthvalue_result(*sort(input))
    indices = sort(input, dim).indices[(*(slice(None),) * dim, slice(k - 1, k))]
    values = gather(input, dim, indices)
    shape = values.shape if keepdim else values.shape[:dim] + values.shape[dim + 1 :]
    return kthvalue_result(reshape(values, shape=shape), reshape(indices, shape=shape))


# ---- places in a sorted sequence -----------------------------------------------------------------


@primitive(prepare=promoted)
def _searchsorted(boundaries, values, *, right):
    side = "right" if right else "left"
    boundaries, values = ordered(boundaries), ordered(values) if hasattr(values, "dtype") else values
    if boundaries.ndim == 1:
        return xp(boundaries).asarray(boundaries.searchsorted(values, side=side))
    out = xp(boundaries).empty(values.shape, "int64")
    if not out.size:
        return out
    rows = zip(
        out.reshape(-1, values.shape[-1]),
        boundaries.reshape(-1, boundaries.shape[-1]),
        values.reshape(-1, values.shape[-1]),
    )
    for found, row, wanted in rows:
        found[:] = row.searchsorted(wanted, side=side)
    return out


@composite(out=True)
def searchsorted(sorted_sequence, input, *, out_int32=False, right=False, side=None, sorter=None):
    """Where to insert the values ``input`` (…, m) into the sorted ``sorted_sequence`` (n,) or (…, n).

    The first such place, or the last with ``right``. ``sorter`` holds the indices that sort the sequence.
    RuntimeError if leading sizes differ.
    """
    if side is not None:
        right = _is_right(side, right)
    if sorter is not None:
        if sorter.shape != sorted_sequence.shape:
            raise RuntimeError(
                "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
                f"{list(sorted_sequence.shape)} and got sorter tensor {list(sorter.shape)}"
            )
        sorted_sequence = gather(sorted_sequence, -1, sorter)
    if not sorted_sequence.shape:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    shape = getattr(input, "shape", ())
    if len(sorted_sequence.shape) > 1 and tuple(shape[:-1]) != tuple(sorted_sequence.shape[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of "
            "boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(sorted_sequence.shape)} and input value tensor {list(shape)}"
        )
    found = _searchsorted(sorted_sequence, input, right=right)
    return found.astype("int32") if out_int32 else found


def _is_right(side, right):
    """Whether ``side`` means the last place. RuntimeError for another word, or against ``right``."""
    if side not in ("left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right "
            "was True"
        )
    return side == "right"


@composite(out=True)
def bucketize(input, boundaries, *, out_int32=False, right=False):
    """The bucket of each element of ``input`` among sorted 1-d ``boundaries``.

    RuntimeError for boundaries of another shape.
    """
    if len(boundaries.shape) != 1:
        raise RuntimeError(
            f"bucketize(): boundaries tensor must be 1 dimension, but got dim({len(boundaries.shape)})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


# ---- distinct elements ---------------------------------------------------------------------------


@primitive
def _unique(x, *, dim):
    module = xp(x)
    values, inverse, counts = module.unique(
        ordered(x), return_inverse=True, return_counts=True, axis=dim, equal_nan=False
    )
    values = values.astype(x.dtype, copy=False)
    return values, inverse.reshape(x.shape if dim is None else -1), counts


def _wanted(parts, *flags):
    """The first of ``parts``, and those of the others whose flag is set."""
    kept = tuple(part for part, flag in zip(parts, (True, *flags)) if flag)
    return kept[0] if len(kept) == 1 else kept


@composite
def unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None):
    """The distinct elements, or slices along ``dim``, in order.

    On request also where each element of ``input`` went, and how often each occurs. RuntimeError if another
    dimension than ``dim`` is empty.
    """
    dim = None if dim is None else check_dim(dim, len(input.shape))
    if dim is not None and 0 in (*input.shape[:dim], *input.shape[dim + 1 :]):
        raise RuntimeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    return _wanted(_unique(input, dim=dim), return_inverse, return_counts)


@primitive
def _unique_consecutive(x, *, dim):
    rows = x.reshape(-1) if dim is None else xp(x).moveaxis(x, dim, 0)
    changes = rows[1:] != rows[:-1]
    new = xp(x).ones(len(rows), bool)
    new[1:] = changes.reshape(len(changes), -1).any(1) if len(rows) > 1 else True
    inverse = running_sum(new, 0) - 1
    values = rows[new] if dim is None else xp(x).moveaxis(rows[new], 0, dim)
    counts = xp(x).bincount(inverse, minlength=int(summed(new))) if len(rows) else inverse
    return values, inverse.reshape(x.shape) if dim is None else inverse, counts


@composite
def unique_consecutive(input, return_inverse=False, return_counts=False, dim=None):
    """As :func:`unique`, where only equal neighbours count as one."""
    dim = None if dim is None else check_dim(dim, len(input.shape))
    return _wanted(_unique_consecutive(input, dim=dim), return_inverse, return_counts)
