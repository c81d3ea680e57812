"""Running sums, products and extremes along one dimension."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy

from ...core.arrays import as_array, xp
from ...core.primitive import primitive
from ...core.sums import doubled, summed, wide, widen
from ...kernels.sums import running_sum
from ..arithmetic import mul
from ..binary import logaddexp
from ..cast import in_float32, to_dtype
from ..composite import composite
from ..elementwise import widened, zeros_like
from ..join import cat
from ..permute import flip
from ..reduce import sum, sum_dtype, unfold
from ..scatter import scatter_add
from ..shape import reshape
from ..shape_arguments import check_dim


class cummax_result(NamedTuple):
    """The largest values so far and where they are."""

    values: Any
    indices: Any


class cummin_result(NamedTuple):
    """The smallest values so far and where they are."""

    values: Any
    indices: Any


def at(dim, part):
    """The index of ``part`` of dimension ``dim``."""
    return (*(slice(None),) * dim, part)


def scanned(operation, x, dim):
    """The running results of an associative ``operation`` along ``dim``, in log2(n) steps.

    It is the differentiable definition.
    """
    step = 1
    while step < x.shape[dim]:
        head, tail = x[at(dim, slice(step))], x[at(dim, slice(step, None))]
        x = cat([head, operation(x[at(dim, slice(-step))], tail)], dim)
        step *= 2
    return x


def running(name, x, dim):
    """The running results of a function ``name`` of two numbers along ``dim``.

    CuPy has no ``accumulate``.
    """
    function = getattr(xp(x), name)
    return function.accumulate(x, dim) if xp(x) is numpy else scanned(function, x, dim)


def _running_product(x, axis, kind):
    return x.cumprod(axis, doubled(kind)).astype(kind, copy=False)


def _accumulated(function, x, dim, dtype):
    dim, kind = check_dim(dim, x.ndim), sum_dtype(x, dtype)
    return function(x, dim, kind) if x.ndim else x.astype(kind)


# ---- sums ----------------------------------------------------------------------------------------


@primitive(complex=True, x=lambda g, dim: _cumsum_vjp(g, dim))
def cumsum(x, *, dim, dtype=None):
    """The sum of the elements so far along ``dim``. Integers and booleans sum in int64."""
    return _accumulated(running_sum, x, dim, dtype)


def _cumsum_vjp(g, dim):
    if not g.shape:
        return g
    dim = (check_dim(dim, len(g.shape)),)
    return flip(cumsum(flip(g, dims=dim), dim=dim[0]), dims=dim)


# ---- products ------------------------------------------------------------------------------------


def _recurrence(g, ratio, dim):
    """S with S[k] = g[k] + ratio[k] · S[k + 1] along ``dim``; ``ratio`` is one element shorter.

    Where it is 0, even nan goes no further.
    """
    out = g.copy()
    for k in range(g.shape[dim] - 2, -1, -1):
        r = ratio[at(dim, k)]
        out[at(dim, k)] += xp(g).where(r == 0, 0, r * out[at(dim, k + 1)])
    return out


def before(x, dim):
    """The product of the elements before each one along ``dim``."""
    out = xp(x).ones_like(x)
    out[at(dim, slice(1, None))] = x[at(dim, slice(-1))].cumprod(dim)
    return out


def _cumprod_definition(x, *, dim, dtype=None):
    return _running_factors(x if dtype is None else to_dtype(x, dtype), dim)


@in_float32
def _running_factors(x, dim):
    return scanned(mul, x, check_dim(dim, x.ndim)) if x.ndim else x


@widened
def _cumprod_vjp(g, x, out, dim):
    if not x.ndim:
        return g
    dim, x = check_dim(dim, x.ndim), x.astype(out.dtype, copy=False)
    if (out != 0).all():
        return _cumsum_vjp(g * out, dim) / x
    earlier = before(x, dim)
    zero = running_sum(x == 0, dim) - (x == 0) > 0  # after a zero
    return xp(x).where(zero, 0, earlier * _recurrence(g, x[at(dim, slice(1, None))], dim))


@primitive(complex="holomorphic", broadcasts=True, composed=_cumprod_definition, x=_cumprod_vjp)
def cumprod(x, *, dim, dtype=None):
    """The product of the elements so far along ``dim``. Integers and booleans multiply in int64."""
    return _accumulated(_running_product, x, dim, dtype)


def _prod_definition(x, *, dim=None, keepdim=False, dtype=None):
    return _factors(x if dtype is None else to_dtype(x, dtype), dim, keepdim)


@in_float32
def _factors(x, dim, keepdim):
    shape = x.shape
    if dim is None:
        x, axis = reshape(x, shape=(-1,)), 0
    elif not x.ndim:
        return x
    else:
        axis = check_dim(dim, x.ndim)
    if not x.shape[axis]:  # the product of nothing
        x = sum(x, dim=axis, keepdim=True) + 1
    while x.shape[axis] > 1:  # multiply the halves with each other
        half = x.shape[axis] // 2
        rest = x[at(axis, slice(2 * half, None))]
        x = x[at(axis, slice(half))] * x[at(axis, slice(half, 2 * half))]
        x = cat([x, rest], axis) if rest.shape[axis] else x
    if dim is None:
        return reshape(x, shape=(1,) * len(shape) if keepdim else ())
    return x if keepdim else x[at(axis, 0)]


@widened
def _prod_vjp(g, x, out, dim, keepdim):
    """The product of all other factors: by division, or from both sides if there is a zero."""
    kind, shape = out.dtype, x.shape
    if not x.size:
        return xp(x).zeros(shape, kind)
    g, out = unfold(g, shape, dim, keepdim), unfold(out, shape, dim, keepdim)
    x = x.astype(kind, copy=False)
    if (x != 0).all():
        return g * out / x
    if dim is None or not x.ndim:
        if summed(x == 0) > 1:
            return xp(x).zeros(shape, kind)
        x, dim = x.reshape(-1), 0
        g = g.reshape((1,))
    dim = check_dim(dim, x.ndim)
    behind = xp(x).flip(before(xp(x).flip(x, dim), dim), dim)
    return (before(x, dim) * behind * g).reshape(shape)


@primitive(complex="holomorphic", broadcasts=True, composed=_prod_definition, x=_prod_vjp)
def prod(x, *, dim=None, keepdim=False, dtype=None):
    """Product over ``dim`` (an int, or None for all). Integers and booleans multiply in int64.

    TypeError for several dimensions.
    """
    kind = sum_dtype(x, dtype)
    if dim is not None and (isinstance(dim, (tuple, list)) or not hasattr(dim, "__index__")):
        raise TypeError(f"prod(): argument 'dim' must be int, not {type(dim).__name__}")
    axis = None if dim is None else check_dim(dim, x.ndim)
    axis = axis if x.ndim else None
    wider = wide(kind)
    out = as_array(x.prod(axis, None if wider is x.dtype else wider, keepdims=keepdim))
    return out if out.dtype is kind else out.astype(kind)


# ---- extremes ------------------------------------------------------------------------------------


def _latest(x, dim, name):
    """The running extreme and the last place where it occurs."""
    dim = check_dim(dim, x.ndim)
    if not x.ndim:
        return x.copy(), xp(x).zeros((), "int64")
    values = running(name, x, dim)
    number = xp(x).arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - dim - 1))
    found = xp(x).where((x == values) | (x != x), number, 0)
    return values, running("maximum", found, dim)


def _running_extreme_vjp(g, x_shape, indices, dim):
    if not x_shape:
        return g[0]
    zeros = zeros_like(g[0])
    return scatter_add(zeros, check_dim(dim, len(x_shape)), indices, g[0])


@primitive(outputs=("values", "indices"), x=_running_extreme_vjp)
def _cummax(x, *, dim):
    return _latest(x, dim, "maximum")


@primitive(outputs=("values", "indices"), x=_running_extreme_vjp)
def _cummin(x, *, dim):
    return _latest(x, dim, "minimum")


@composite(out=True)
def cummax(input, dim):
    """The largest element so far along ``dim``: a pair (values, indices); of equal ones the last.

    nan is larger than any number.
    """
    return cummax_result(*_cummax(input, dim=dim))


@composite(out=True)
def cummin(input, dim):
    """The smallest element so far along ``dim``: a pair (values, indices); of equal ones the last.

    nan is smaller than any number.
    """
    return cummin_result(*_cummin(input, dim=dim))


# ---- exponentials --------------------------------------------------------------------------------


@in_float32
def _logcumsumexp_definition(x, *, dim):
    return scanned(logaddexp, x, check_dim(dim, x.ndim)) if x.ndim else x


def _logcumsumexp_vjp(g, x, out, dim):
    if not x.ndim:
        return g
    kind, dim = x.dtype, check_dim(dim, x.ndim)
    if kind.itemsize == 2:  # the exponentials would magnify the rounding of ``out``
        g, x = widen(g, x)
        return _logcumsumexp_vjp(g, x, running("logaddexp", x, dim), dim).astype(kind)
    ratio = xp(x).exp(out[at(dim, slice(-1))] - out[at(dim, slice(1, None))])
    return xp(x).exp(x - out) * _recurrence(g, ratio, dim)


def _log_sums(x, dim):
    """The running log Σ exp(x) of complex numbers, in turn: the order decides the multiple of 2πi."""
    out = x.copy()
    for k in range(1, x.shape[dim] if x.ndim else 0):
        out[at(dim, k)] = logaddexp(out[at(dim, k - 1)], x[at(dim, k)])
    return out


@primitive(complex="holomorphic", composed=_logcumsumexp_definition, x=_logcumsumexp_vjp)
@widened
def logcumsumexp(x, *, dim):
    """log Σ exp(x) of the elements so far along ``dim``, without overflow.

    NotImplementedError for integers.
    """
    dim = check_dim(dim, x.ndim)
    if x.dtype.kind in "biu":
        raise NotImplementedError(
            f'"logcumsumexp" not implemented for {x.dtype}: it takes floating-point numbers'
        )
    if x.dtype.kind == "c":
        return _log_sums(x, dim)
    return running("logaddexp", x, dim) if x.ndim else x.copy()
