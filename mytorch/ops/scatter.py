"""Placing by tensors of indices: torch's names for :func:`put` with an index along one dimension."""

from __future__ import annotations

import functools

import numpy

from ..core.arrays import array_of, is_array, xp
from ..core.graph import Variable
from ..core.primitive import primitive
from ..core.sums import wide
from .composite import composite
from .gather import along, check_sizes, inside, integers
from .indexing import getitem, put
from .masks import masked_fill_with
from .shape import reshape
from .shape_arguments import check_dim

_add_at = functools.partial(put, accumulate=True)


def _scatter(input, dim, index, src, op, place=put):
    """``place(input, src, index=…)`` for an ``index`` along ``dim``, with torch's checks of the arguments."""
    index = integers(index, op, any_empty=True)
    dim = check_dim(dim, len(input.shape))
    _check_scatter(input, index, src, op)
    if not index.size and (
        index.ndim != len(input.shape) or not hasattr(src, "shape") or index.ndim != len(src.shape)
    ):
        return put(input, 0, index=(slice(0),)) if input.shape else put(input, input, index=(Ellipsis,))
    if not input.shape:
        src = reshape(src, shape=(-1,)) if hasattr(src, "shape") else src
        return reshape(_scatter(reshape(input, shape=(1,)), 0, index.reshape(-1), src, op, place), shape=())
    index = index.reshape(index.shape or (1,))
    if hasattr(src, "shape"):
        src = _covered(src, index, input.shape, dim)
    check_sizes(
        input.shape,
        index,
        dim,
        "Expected index {index} to be no larger than self {x} apart from dimension {dim}",
    )
    return place(input, src, index=along(inside(index, input.shape[dim], dim), dim))


def _check_scatter(input, index, src, op):
    """RuntimeError unless dtypes are equal and all have the same number of dimensions."""
    if isinstance(src, Variable) or is_array(src):
        if array_of(src).dtype != array_of(input).dtype:
            raise RuntimeError(
                f"{op}(): Expected self.dtype to be equal to src.dtype, got {array_of(input).dtype} and "
                f"{array_of(src).dtype}"
            )
        if (len(src.shape) or 1) != (index.ndim or 1) and index.size:
            raise RuntimeError(
                f"Index tensor must have the same number of dimensions as src tensor: {index.ndim} and "
                f"{len(src.shape)}"
            )
    if (index.ndim or 1) != (len(input.shape) or 1) and index.size:
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as self tensor: {index.ndim} and "
            f"{len(input.shape)}"
        )


def _covered(src, index, shape, dim):
    """The part of ``src`` that ``index`` covers. RuntimeError if ``index`` is too large."""
    src = reshape(src, shape=(1,)) if not src.shape else src
    if any(i > s for i, s in zip(index.shape, src.shape)) or any(
        i > n for d, (i, n) in enumerate(zip(index.shape, shape)) if d != dim
    ):
        raise RuntimeError(
            f"Expected index {list(index.shape)} to be no larger than self {list(shape)} apart from "
            f"dimension {dim} and to be no larger size than src {list(src.shape)}"
        )
    if tuple(src.shape) == index.shape:
        return src
    return getitem(src, index=(*(slice(n) for n in index.shape), Ellipsis))


_REDUCE = {"add": "sum", "multiply": "prod"}


@composite(out=True)
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """A copy of ``input`` with ``out[index[i][j]][j] = src[i][j]`` (for ``dim=0``).

    ``src`` is a tensor or a number.

    ``reduce``: "add" or "multiply" instead of replacing. RuntimeError for another one,
    TypeError without ``src``.
    """
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter() missing required argument: 'src' or 'value'")
    if reduce is not None:
        if reduce not in _REDUCE:
            raise RuntimeError("reduce argument must be either add or multiply.")
        if not hasattr(src, "shape"):
            src = xp(array_of(input)).full(index.shape, src, array_of(input).dtype)
        return scatter_reduce(input, dim, index, src, _REDUCE[reduce])
    return _scatter(input, dim, index, src, "scatter")


@composite(out=True)
def scatter_add(input, dim, index, src):
    """A copy of ``input`` with ``out[index[i][j]][j] += src[i][j]`` (for ``dim=0``); repeated indices add up.

    TypeError if ``src`` is not a tensor.
    """
    if not hasattr(src, "shape"):
        raise TypeError(
            f"scatter_add(): argument 'src' (position 4) must be Tensor, not {type(src).__name__}"
        )
    return _scatter(input, dim, index, src, "scatter_add", place=_add_at)


def _scatter_extreme_vjp(g, x, src, out, index):
    """Elements that share the extreme share its gradient equally (the rule of torch)."""
    mine, theirs = (x == out).astype(g.dtype), (src == getitem(out, index=index)).astype(g.dtype)
    share = g / put(mine, theirs, index=index, accumulate=True)
    return mine * share, theirs * getitem(share, index=index)


@primitive(joint=_scatter_extreme_vjp)
def scatter_extreme(x, src, *, index, largest):
    """``x`` with the maximum (or minimum) of itself and the elements of ``src`` at ``index``."""
    out = x.copy()
    (xp(x).maximum if largest else xp(x).minimum).at(out, index, src)
    return out


def _scatter_prod_vjp(g, x, src, out, index):
    """The product of all the others. A single zero among them leaves the product without it."""
    zero, src_zero = x == 0, src == 0
    whole = masked_fill_with(x, zero, 1)
    dx = g * scatter_prod(whole, src, index=index) / whole
    zeros = put(
        xp(array_of(x)).zeros(x.shape, "int64"),
        array_of(src_zero).astype("int64"),
        index=index,
        accumulate=True,
    )
    single = array_of(src_zero) & (zeros[index] == 1)
    without = scatter_prod(x, masked_fill_with(src, single, 1), index=index)
    ordinary = getitem(g * out, index=index) / masked_fill_with(src, src_zero, 1)
    return dx, masked_fill_with(ordinary, single, getitem(g * without, index=index))


@primitive(joint=_scatter_prod_vjp)
def scatter_prod(x, src, *, index):
    """``x`` times all the elements of ``src`` at ``index``."""
    out = x.copy()
    xp(x).multiply.at(out, index, src)
    return out


@composite(out=True)
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """A copy of ``input`` whose elements at ``index`` are reduced with those of ``src``.

    ``reduce`` is "sum", "prod", "mean", "amax" or "amin". Without ``include_self`` the old value of an
    element that receives something does not count. RuntimeError for another ``reduce``, TypeError if ``src``
    is not a tensor.
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if not hasattr(src, "shape"):
        raise TypeError(
            f"scatter_reduce(): argument 'src' (position 4) must be Tensor, not {type(src).__name__}"
        )
    kind = array_of(input).dtype
    if reduce in ("mean", "prod") and wide(kind) is not kind == array_of(src).dtype:
        input, src = input.astype(wide(kind)), src.astype(wide(kind))
        return scatter_reduce(input, dim, index, src, reduce, include_self=include_self).astype(kind)
    if not include_self:
        input = _scatter(input, dim, index, _neutral(reduce, kind), "scatter_reduce")
    if reduce == "sum":
        return _scatter(input, dim, index, src, "scatter_reduce", place=_add_at)
    if reduce == "mean":
        return _scatter_mean(input, dim, index, src, include_self)
    if reduce == "prod":
        return _scatter(input, dim, index, src, "scatter_reduce", place=scatter_prod)
    extreme = functools.partial(scatter_extreme, largest=reduce == "amax")
    return _scatter(input, dim, index, src, "scatter_reduce", place=extreme)


def _neutral(reduce, kind):
    """The number of dtype ``kind`` that changes no result of ``reduce``."""
    if kind.kind == "b":
        lowest, highest = False, True
    elif kind.kind in "iu":
        lowest, highest = numpy.iinfo(kind).min, numpy.iinfo(kind).max
    else:
        lowest, highest = -numpy.inf, numpy.inf
    return {"prod": 1, "amax": lowest, "amin": highest}.get(reduce, 0)


def _scatter_mean(input, dim, index, src, include_self):
    kind = array_of(input).dtype
    total = _scatter(input, dim, index, src, "scatter_reduce", place=_add_at)
    ones = xp(array_of(src)).ones(src.shape, kind)
    start = xp(array_of(input)).full(input.shape, int(include_self), kind)
    count = _scatter(start, dim, index, ones, "scatter_reduce", place=_add_at)
    count[count == 0] = 1
    return total // count if kind.kind in "iu" else total / count
