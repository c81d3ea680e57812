"""Reductions: sums, means, extremes, logic."""

from __future__ import annotations

import builtins
import functools
import math
from collections import namedtuple

import numpy

from ..core.arrays import array_of, is_array, xp
from ..core.dtypes import as_dtype
from ..core.graph import Variable
from ..core.primitive import primitive
from ..core.sums import summed, wide
from ..kernels.elementwise import broadcast_view, choose, largest
from ..kernels.scatter import take_along
from .bounds import maximum, minimum
from .composite import composite
from .elementwise import select, widened
from .promotion import floating
from .shape import expand
from .shape_arguments import check_dim, check_dims
from .transcendental import exp


def folded(dim, ndim):
    """The dimensions that a reduction folds, counted from the front; None and () stand for all."""
    if type(dim) is int and ndim:
        return (check_dim(dim, ndim),)
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    return check_dims(dim, ndim)


def _key(dim, ndim):
    """``dim`` as what results may be kept by: an int, None or a tuple of ints."""
    return dim if dim is None or type(dim) is int else folded(dim, ndim)


@functools.lru_cache(256)
def _with_ones(shape, dim):
    dims = folded(dim, len(shape))
    return tuple(1 if i in dims else n for i, n in enumerate(shape))


def unfold(g, shape, dim, keepdim):
    """``g``, the gradient of a reduction over ``dim``, with size 1 for every dimension that was reduced."""
    if keepdim:
        return g
    return g.reshape(_with_ones(tuple(shape), _key(dim, len(shape))))


def spread(g, shape, dim, keepdim):
    """``g``, the gradient of a sum over ``dim``, in the ``shape`` that was summed: repeated, not copied."""
    g = unfold(g, shape, dim, keepdim)
    if not isinstance(g, Variable) and g.ndim > 2 and g.size == shape[0] * shape[1]:
        g = g.copy(order="F")  # the gradients of images, to which it is added, have the batch last
    return expand(g, shape=shape) if isinstance(g, Variable) else broadcast_view(g, shape)


def count(shape, dim):
    """How many elements a reduction over ``dim`` folds into one."""
    return _count(tuple(shape), dim if dim is None or type(dim) is int else folded(dim, len(shape)))


@functools.lru_cache(256)
def _count(shape, dim):
    return math.prod(shape[d] for d in folded(dim, len(shape))) if shape else 1


def floating_kind(x, dtype, name):
    """The dtype that a mean or a norm has. RuntimeError for integers."""
    kind = as_dtype(dtype).numpy if dtype is not None else x.dtype
    if kind.kind in "biu":
        raise RuntimeError(
            f"{name}(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {kind}"
        )
    return kind


_INT64 = numpy.dtype("int64")


def sum_dtype(x, dtype):
    """The dtype of a sum or a product of an array: ``dtype``, or int64 for integers and booleans."""
    if dtype is not None:
        return as_dtype(dtype).numpy
    return _INT64 if x.dtype.kind in "biu" else x.dtype


# ---- sums and means ------------------------------------------------------------------------------


@primitive(
    complex=True,
    x=lambda g, x_shape, dim, keepdim: spread(g, x_shape, dim, keepdim),
)
def sum(x, *, dim=None, keepdim=False, dtype=None):
    """Sum over ``dim`` (an int, a tuple, or None for all). Integers and booleans sum in int64."""
    kind = x.dtype if dtype is None and x.dtype.kind == "f" else sum_dtype(x, dtype)
    return summed(x, None if dim is None else folded(dim, x.ndim), kind, keepdim)


def _mean_vjp(g, x_shape, dim, keepdim):
    share = 1 / builtins.max(count(x_shape, dim), 1)
    return spread(g * share, x_shape, dim, keepdim)


@primitive(complex=True, broadcasts=True, x=_mean_vjp)
def mean(x, *, dim=None, keepdim=False, dtype=None):
    """Mean over ``dim`` (an int, a tuple, or None for all). RuntimeError for integers without ``dtype``."""
    kind = floating_kind(x, dtype, "mean")
    n = x.size if dim is None else count(x.shape, dim)
    out = summed(x, None if dim is None else folded(dim, x.ndim), wide(kind), keepdim) / n
    return out if out.dtype == kind else out.astype(kind)


@primitive(
    x=lambda g, x, dim, keepdim: spread(g, x.shape, dim, keepdim) * (x == x),
)
def nansum(x, *, dim=None, keepdim=False, dtype=None):
    """As :func:`sum`, with nan as 0."""
    kind = sum_dtype(x, dtype)
    return summed(choose(x == x, x, 0), folded(dim, x.ndim), kind, keepdim)


@composite(out=True)
def nanmean(input, dim=None, keepdim=False, *, dtype=None):
    """As :func:`mean`, of the elements that are not nan. RuntimeError for integers."""
    if array_of(input).dtype.kind in "biu":
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {input.dtype}"
        )
    known = sum(input == input, dim=dim, keepdim=keepdim)
    return nansum(input, dim=dim, keepdim=keepdim, dtype=dtype) / known


# ---- extremes ------------------------------------------------------------------------------------


def _extreme_vjp(g, x, out, dim, keepdim):
    """The gradient in equal parts to all elements that equal the extreme."""
    chosen = x == unfold(out, x.shape, dim, keepdim)
    return chosen * (unfold(g, x.shape, dim, keepdim) / _how_many(chosen, folded(dim, len(x.shape)), g))


def _how_many(chosen, dims, like):
    """How many booleans over ``dims`` are true, in the dtype of ``like``."""
    return summed(chosen, dims, like.dtype, True)


def extreme_of_all_vjp(g, x, out):
    """As :func:`_extreme_vjp`, for the extreme of all elements, which may be nan."""
    chosen = (x == out) | ((x != x) & (out != out))
    return select(chosen, g / summed(chosen, None, g.dtype), 0)  # where g is infinite the others still get 0


def check_filled(x, dims, name):
    """IndexError if one of ``dims`` is empty."""
    for d in dims:
        if x.ndim and x.shape[d] == 0:
            raise IndexError(f"{name}(): Expected reduction dim {d} to have non-zero size.")


def _amax_or_amin(x, dim, keepdim, name):
    dims = folded(dim, x.ndim)
    if not x.size:
        if dim is None or (isinstance(dim, (tuple, list)) and not dim):
            check_any(x, name)
        check_filled(x, dims, name)
    ufunc = xp(x).maximum if name == "amax" else xp(x).minimum
    return ufunc.reduce(x, dims, None, None, keepdim)


@primitive(x=_extreme_vjp)
def amax(x, *, dim=(), keepdim=False):
    """The largest element over ``dim`` (an int, a tuple, or () for all); equal ones share the gradient."""
    return _amax_or_amin(x, dim, keepdim, "amax")


@primitive(x=_extreme_vjp)
def amin(x, *, dim=(), keepdim=False):
    """The smallest element over ``dim`` (an int, a tuple, or () for all); equal ones share the gradient."""
    return _amax_or_amin(x, dim, keepdim, "amin")


def check_any(x, name):
    """RuntimeError for an array without elements."""
    if x.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0, with the 'dim' "
            "argument."
        )


def _are_few(x):
    """Whether a search for the place of an extreme takes less time than NumPy's reductions take to begin."""
    return x.size <= 8192 and type(x) is numpy.ndarray


@primitive(x=extreme_of_all_vjp)
def _max_of_all(x):
    if not x.size:
        check_any(x, "max")
    return x.ravel()[x.argmax()] if _are_few(x) else xp(x).maximum.reduce(x, None)


@primitive(x=extreme_of_all_vjp)
def _min_of_all(x):
    if not x.size:
        check_any(x, "min")
    return x.ravel()[x.argmin()] if _are_few(x) else xp(x).minimum.reduce(x, None)


@primitive
def places(indices, *, shape, dim, keepdim):
    """Booleans of ``shape``: true at ``indices`` along ``dim``."""
    if not shape:
        return xp(indices).ones((), bool)
    dim = check_dim(dim, len(shape))
    steps = xp(indices).arange(shape[dim]).reshape((-1,) + (1,) * (len(shape) - 1 - dim))
    return steps == unfold(indices, shape, dim, keepdim)


def pick_vjp(g, x_shape, indices, dim, keepdim):
    """The gradient of elements that were picked along ``dim``: ``g`` at ``indices``, zeros elsewhere."""
    picked = places(indices, shape=x_shape, dim=dim, keepdim=keepdim)
    return select(picked, unfold(g, x_shape, dim, keepdim), 0)


def pick(x, indices, dim, keepdim):
    """The elements of an array at ``indices`` (of size 1 along ``dim``), and those indices."""
    values = take_along(x, indices, dim)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def _extreme(x, dim, keepdim, name):
    """The extremes of an array along ``dim``, and where they are."""
    if isinstance(dim, bool) or not hasattr(dim, "__index__"):
        raise TypeError(f"{name}(): argument 'dim' must be int, not {type(dim).__name__}")
    dim = check_dim(dim, x.ndim)
    check_filled(x, (dim,), name)
    if x.ndim == 0:
        return x.copy(), xp(x).zeros((), "int64")
    indices = getattr(x, "arg" + name)(dim, keepdims=True)
    return pick(x, indices, dim, keepdim)


@primitive(
    outputs=("values", "indices"),
    x=lambda g, x_shape, indices, dim, keepdim: pick_vjp(g[0], x_shape, indices, dim, keepdim),
)
def max_dim(x, *, dim, keepdim=False):
    """The largest elements along ``dim`` and where they are; the gradient goes there alone."""
    return _extreme(x, dim, keepdim, "max")


@primitive(
    outputs=("values", "indices"),
    x=lambda g, x_shape, indices, dim, keepdim: pick_vjp(g[0], x_shape, indices, dim, keepdim),
)
def min_dim(x, *, dim, keepdim=False):
    """The smallest elements along ``dim`` and where they are; the gradient goes there alone."""
    return _extreme(x, dim, keepdim, "min")


max_result, min_result = namedtuple("max", ["values", "indices"]), namedtuple("min", ["values", "indices"])


@composite(out=True)
def max(input, *args, **settings):
    """The largest element: ``max(x)`` of all, ``max(x, dim, keepdim=False)`` along one dimension.

    The latter gives a namedtuple (values, indices). ``max(x, y)`` is :func:`maximum`. nan is larger than any
    number. Of equal elements the first gives the index; the largest of all shares its gradient between them.
    """
    if not args and not settings:
        return _max_of_all(input)
    if "other" in settings or (args and (isinstance(args[0], Variable) or is_array(args[0]))):
        return maximum(input, *args, **settings)
    return tuple.__new__(max_result, max_dim(input, *args, **settings))


@composite(out=True)
def min(input, *args, **settings):
    """As :func:`max`, of the smallest."""
    if not args and not settings:
        return _min_of_all(input)
    if "other" in settings or (args and (isinstance(args[0], Variable) or is_array(args[0]))):
        return minimum(input, *args, **settings)
    return tuple.__new__(min_result, min_dim(input, *args, **settings))


@composite(out=True)
def aminmax(input, *, dim=None, keepdim=False):
    """A namedtuple (min, max) over ``dim``, or of all elements."""
    dims = () if dim is None else dim
    return aminmax_result(amin(input, dim=dims, keepdim=keepdim), amax(input, dim=dims, keepdim=keepdim))


aminmax_result = namedtuple("aminmax_result", ["min", "max"])


def _arg(x, dim, keepdim, name):
    if dim is not None and not hasattr(dim, "__index__"):
        raise TypeError(f"{name}(): argument 'dim' must be int, not {type(dim).__name__}")
    if x.dtype.kind == "b":
        raise NotImplementedError(f'"{name}_cpu" not implemented for bool')
    if dim is None:
        if x.size == 0:
            raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
        out = xp(x).asarray(getattr(x, name)())
        return out.reshape((1,) * x.ndim) if keepdim else out
    dim = check_dim(dim, x.ndim)
    check_filled(x, (dim,), name)
    return getattr(x, name)(dim, keepdims=keepdim) if x.ndim else xp(x).zeros((), "int64")


@primitive
def argmax(x, *, dim=None, keepdim=False):
    """Where the first largest element is: its index along ``dim``, or in the flattened tensor."""
    return _arg(x, dim, keepdim, "argmax")


@primitive
def argmin(x, *, dim=None, keepdim=False):
    """Where the first smallest element is: its index along ``dim``, or in the flattened tensor."""
    return _arg(x, dim, keepdim, "argmin")


# ---- logic ---------------------------------------------------------------------------------------


@primitive(complex="values")
def all(x, *, dim=None, keepdim=False):
    """Whether all elements over ``dim`` (an int, a tuple, or None for all) are nonzero."""
    out = x.all(check_dims(dim, x.ndim), keepdims=keepdim)
    return out.astype("uint8") if x.dtype == "uint8" else out


@primitive(complex="values")
def any(x, *, dim=None, keepdim=False):
    """Whether any element over ``dim`` (an int, a tuple, or None for all) is nonzero."""
    out = x.any(check_dims(dim, x.ndim), keepdims=keepdim)
    return out.astype("uint8") if x.dtype == "uint8" else out


@primitive(complex="values")
def count_nonzero(x, *, dim=None):
    """How many elements over ``dim`` (an int, a tuple, or None for all) are not zero."""
    return summed(x != 0, folded(dim, x.ndim), "int64")


def _logsumexp_vjp(g, x, out, dim, keepdim):
    return unfold(g, x.shape, dim, keepdim) * exp(x - unfold(out, x.shape, dim, keepdim))


@primitive(complex="holomorphic", broadcasts=True, prepare=floating, x=_logsumexp_vjp)
@widened
def logsumexp(x, *, dim, keepdim=False):
    """log Σ exp(x) over ``dim`` (an int or a tuple), without overflow."""
    dims = folded(dim, x.ndim)
    peak = largest(x.real, dims, True, -math.inf)
    peak = xp(x).where(xp(x).isfinite(peak), peak, 0)
    shifted = xp(x).asarray(x - peak)
    out = xp(x).log(summed(xp(x).exp(shifted, out=shifted), dims, keepdims=True)) + peak
    return out if keepdim else out.squeeze(dims)
