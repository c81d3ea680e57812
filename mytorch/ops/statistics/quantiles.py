"""Order statistics: median, mode, quantiles."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from ...core.arrays import array_of, is_array, xp
from ...core.graph import Variable, wrap
from ...core.primitive import primitive
from ...core.sums import summed
from ..arithmetic import lerp
from ..composite import composite
from ..gather import gather
from ..permute import movedim
from ..reduce import check_filled, extreme_of_all_vjp, pick, pick_vjp
from ..shape import reshape
from ..shape_arguments import check_dim
from .scan import at, running
from .sort import ordered, sort, stable_order


class median_result(NamedTuple):
    """Medians and where they are."""

    values: Any
    indices: Any


class nanmedian_result(NamedTuple):
    """Medians of the numbers that are not nan, and where they are."""

    values: Any
    indices: Any


class mode_result(NamedTuple):
    """The most frequent values and where they are."""

    values: Any
    indices: Any


# ---- median --------------------------------------------------------------------------------------


def _middle(x, ignore_nan):
    """The place of the lower median among the sorted elements along the last dimension.

    nan sorts last; if nan counts, it is the place of the first one.
    """
    n = x.shape[-1]
    if x.dtype.kind in "iu":
        return xp(x).full((*x.shape[:-1], 1), (n - 1) // 2)
    known = summed(x == x, -1, keepdims=True)
    if ignore_nan:
        return xp(x).maximum(known - 1, 0) // 2
    return xp(x).where(known < n, known, (n - 1) // 2)


@primitive(x=extreme_of_all_vjp)
def _median_of_all(x, *, ignore_nan):
    _no_booleans(x)
    x = x.reshape(-1)
    return (
        xp(x).sort(ordered(x))[_middle(x, ignore_nan)[0]].astype(x.dtype)
        if x.size
        else x.dtype.type(math.nan)
    )


@primitive(
    outputs=("values", "indices"),
    x=lambda g, x_shape, indices, dim, keepdim: pick_vjp(g[0], x_shape, indices, dim, keepdim),
)
def median_dim(x, *, dim, keepdim=False, ignore_nan=False):
    """The lower medians along ``dim`` and where they are; the gradient goes there alone."""
    dim = check_dim(dim, x.ndim)
    _no_booleans(x)
    check_filled(x, (dim,), "median")
    if not x.ndim:
        return x.copy(), xp(x).zeros((), "int64")
    last = xp(x).moveaxis(x, dim, -1)
    order = stable_order(last, -1)
    indices = xp(x).take_along_axis(order, _middle(last, ignore_nan), -1)
    return pick(x, xp(x).moveaxis(indices, -1, dim), dim, keepdim)


def _no_booleans(x):
    if x.dtype.kind == "b":
        raise NotImplementedError('"median" not implemented for bool')


@composite(out=True)
def median(input, dim=None, keepdim=False):
    """The lower median of all elements, or the pair (values, indices) along ``dim``; nan if one is nan."""
    if dim is None:
        return _median_of_all(input, ignore_nan=False)
    return median_result(*median_dim(input, dim=dim, keepdim=keepdim))


@composite(out=True)
def nanmedian(input, dim=None, keepdim=False):
    """As :func:`median`, of the elements that are not nan."""
    if dim is None:
        return _median_of_all(input, ignore_nan=True)
    return nanmedian_result(*median_dim(input, dim=dim, keepdim=keepdim, ignore_nan=True))


# ---- mode ----------------------------------------------------------------------------------------


@primitive(
    outputs=("values", "indices"),
    x=lambda g, x_shape, indices, dim, keepdim: pick_vjp(g[0], x_shape, indices, dim, keepdim),
)
def _mode(x, *, dim, keepdim):
    dim = check_dim(dim, x.ndim)
    check_filled(x, (dim,), "mode")
    if not x.ndim:
        return x.copy(), xp(x).zeros((), "int64")
    order = stable_order(x, dim)
    sorted_x = xp(x).take_along_axis(x, order, dim)
    number = xp(x).arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - dim - 1))
    begins = xp(x).ones(x.shape, bool)
    begins[at(dim, slice(1, None))] = sorted_x[at(dim, slice(1, None))] != sorted_x[at(dim, slice(-1))]
    # length of the run of equal elements up to each one, less 1
    length = number - running("maximum", xp(x).where(begins, number, 0), dim)
    return pick(x, xp(x).take_along_axis(order, length.argmax(dim, keepdims=True), dim), dim, keepdim)


@composite(out=True)
def mode(input, dim=-1, keepdim=False):
    """The most frequent elements along ``dim`` and their last places: a pair (values, indices).

    Of several the smallest.
    """
    return mode_result(*_mode(input, dim=dim, keepdim=keepdim))


# ---- quantiles -----------------------------------------------------------------------------------

_MODES = ("linear", "lower", "higher", "midpoint", "nearest")


def _quantile(input, q, dim, keepdim, interpolation, ignore_nan, name):
    """Quantiles by sorting: the fractional ranks that ``q`` stands for, then the elements around them."""
    quantiles = _checked_quantiles(input, q, interpolation, name)
    ndim = input.array.ndim
    dim = None if dim is None else check_dim(dim, ndim)
    x = reshape(input, shape=(-1,)) if dim is None or not ndim else movedim(input, dim, -1)
    x = sort(x, -1).values  # nan comes last
    out = _between(x, q, *_ranks(x.array, quantiles, ignore_nan), interpolation)
    return reshape(movedim(out, -1, 0), shape=(*quantiles.shape, *_reduced(input.shape, dim, keepdim)))


def _checked_quantiles(input, q, interpolation, name):
    """``q`` as an array of the dtype of ``input``. RuntimeError for arguments that torch refuses."""
    module, kind = xp(input.array), input.array.dtype
    if kind not in ("float32", "float64"):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if interpolation not in _MODES:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got "
            f"{interpolation}"
        )
    q = array_of(q)
    if is_array(q):
        if q.dtype != kind:
            raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    elif not 0 <= q <= 1:
        raise RuntimeError(f"{name}() q must be in the range [0, 1] but got {q}")
    q = q if is_array(q) else module.asarray(q, kind)
    if q.ndim > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if not ((q >= 0) & (q <= 1)).all():
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")
    if not input.array.size:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    return q


def _ranks(x, q, ignore_nan):
    """The fractional ranks of the quantiles ``q`` in sorted rows, and d rank / dq. Shapes: (…, n) -> (…, q).

    In a row with a nan that counts, the rank is that of the last element, which is nan.
    """
    module, kind, n = xp(x), x.dtype, x.shape[-1]
    known = summed(x == x, -1, keepdims=True)
    if ignore_nan:
        steps = module.maximum(known - 1, 0).astype(kind)
        return q * steps, steps
    steps = module.where(known < n, 0, n - 1).astype(kind)
    return module.where(known < n, n - 1, q * kind.type(n - 1)), steps


def _between(x, q, ranks, steps, interpolation):
    """The elements of sorted rows at ``ranks``, interpolated between neighbours."""
    module, kind = xp(ranks), x.array.dtype
    rounded = {"lower": module.floor, "higher": module.ceil, "nearest": module.rint}
    if interpolation in rounded:
        ranks = rounded[interpolation](ranks)
    ranks = ranks.astype(kind)
    low = ranks.astype("int64")
    out = gather(x, -1, wrap(low))
    if interpolation in rounded:
        return out
    weight = wrap(module.full_like(ranks, 0.5) if interpolation == "midpoint" else ranks - low.astype(kind))
    if interpolation == "linear" and isinstance(q, Variable):
        weight = weight + (q - wrap(q.array)) * wrap(steps)  # it is 0, with the gradient of the ranks to q
    return lerp(out, gather(x, -1, wrap(module.ceil(ranks).astype("int64"))), weight)


def _reduced(shape, dim, keepdim):
    """``shape`` after a reduction over ``dim`` (None for all)."""
    if dim is None or not shape:
        return (1,) * len(shape) if keepdim else ()
    return (*shape[:dim], *((1,) if keepdim else ()), *shape[dim + 1 :])


@composite(out=True)
def quantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """The quantiles ``q`` (a number or a 1-d tensor, in [0, 1]) of all elements, or along ``dim``.

    nan if one is nan. A tensor ``q`` gives a leading dimension. ``interpolation`` between two elements:
    linear, lower, higher, midpoint or nearest.
    """
    return _quantile(input, q, dim, keepdim, interpolation, False, "quantile")


@composite(out=True)
def nanquantile(input, q, dim=None, keepdim=False, *, interpolation="linear"):
    """As :func:`quantile`, of the elements that are not nan."""
    return _quantile(input, q, dim, keepdim, interpolation, True, "nanquantile")
