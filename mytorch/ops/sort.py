"""Order: sorting, the largest elements, places in a sorted sequence."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..autograd.engine import primitive
from ..backend import xp
from .gather import _along, gather
from .indexing import put_in_zeros
from .shape import check_dim, reshape, spelled


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


def _put_back(g, indices, x_shape, dim):
    """The gradient ``g`` of values that were picked at ``indices`` along ``dim``."""
    indices = getattr(indices, "array", indices)
    return put_in_zeros(g, shape=x_shape, index=_along(indices, dim))


@primitive(outputs=("values", "indices"), x=lambda g, indices, x_shape, dim: _put_back(g[0], indices, x_shape, dim))
def _sort(x, *, dim, descending):
    if descending:  # stable: turn around, sort, turn around again
        order = x.shape[dim] - 1 - xp(x).flip(_stable(xp(x).flip(x, dim), dim), dim)
    else:
        order = _stable(x, dim)
    return xp(x).take_along_axis(x, order, dim), order


def _stable(x, dim):
    return xp(x).argsort(x, axis=dim, kind="stable")


@spelled
def sort(input, dim=-1, descending=False, stable=False):
    """Sorted along ``dim``: a pair (values, indices). Equal elements keep their order; NaN counts as the largest."""
    if not input.shape:
        check_dim(dim, 0)
        values, indices = _sort(reshape(input, shape=(1,)), dim=0, descending=descending)
        return sort_result(reshape(values, shape=()), reshape(indices, shape=()))
    return sort_result(*_sort(input, dim=check_dim(dim, len(input.shape)), descending=descending))


@spelled
def argsort(input, dim=-1, descending=False, *, stable=False):
    """The indices that sort along ``dim``."""
    return sort(input, dim, descending).indices


def msort(input):
    """Sorted along the first dimension."""
    return sort(input, 0).values


@primitive(outputs=("values", "indices"), x=lambda g, indices, x_shape, dim: _put_back(g[0], indices, x_shape, dim))
def _topk(x, *, k, dim, largest):
    n = x.shape[dim]
    if 0 < k < n:
        kept = xp(x).argpartition(x, n - k if largest else k - 1, axis=dim)
        kept = kept[(*(slice(None),) * dim, slice(n - k, None) if largest else slice(k))]
        kept.sort(axis=dim)  # equal elements in their order
    else:
        kept = xp(x).broadcast_to(xp(x).arange(k).reshape((-1,) + (1,) * (x.ndim - dim - 1)), (*x.shape[:dim], k, *x.shape[dim + 1 :]))
    values = xp(x).take_along_axis(x, kept, dim)
    order = k - 1 - xp(x).flip(_stable(xp(x).flip(values, dim), dim), dim) if largest else _stable(values, dim)
    return xp(x).take_along_axis(values, order, dim), xp(x).take_along_axis(kept, order, dim)


@spelled
def topk(input, k, dim=-1, largest=True, sorted=True):
    """The ``k`` largest (or smallest) elements along ``dim``, in order: a pair (values, indices)."""
    dim = check_dim(dim, len(input.shape))
    if not 0 <= k <= (input.shape[dim] if input.shape else 1):
        raise RuntimeError(f"selected index k out of range: {k} of {input.shape[dim] if input.shape else 1}")
    if not input.shape:
        return topk_result(*sort(input))
    return topk_result(*_topk(input, k=k, dim=dim, largest=largest))


@spelled
def kthvalue(input, k, dim=-1, keepdim=False):
    """The ``k``-th smallest element along ``dim``: a pair (values, indices). RuntimeError unless 1 <= k <= size."""
    dim = check_dim(dim, len(input.shape))
    if not 1 <= k <= (input.shape[dim] if input.shape else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
    if not input.shape:
        return kthvalue_result(*sort(input))
    indices = sort(input, dim).indices[(*(slice(None),) * dim, slice(k - 1, k))]
    values = gather(input, dim, indices)
    shape = values.shape if keepdim else values.shape[:dim] + values.shape[dim + 1 :]
    return kthvalue_result(reshape(values, shape=shape), reshape(indices, shape=shape))


@primitive
def _searchsorted(boundaries, values, *, right):
    side = "right" if right else "left"
    if boundaries.ndim == 1:
        return xp(boundaries).searchsorted(boundaries, values, side=side)
    out = xp(boundaries).empty(values.shape, "int64")
    rows = zip(out.reshape(-1, values.shape[-1]), boundaries.reshape(-1, boundaries.shape[-1]), values.reshape(-1, values.shape[-1]))
    for found, row, wanted in rows:
        found[:] = xp(row).searchsorted(row, wanted, side=side)
    return out
