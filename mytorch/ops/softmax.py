"""Softmax over a dimension, and its logarithm."""

from __future__ import annotations

import functools
import math

import numpy

from ..core.arrays import ndarray, xp
from ..core.dtypes import as_dtype
from ..core.primitive import primitive
from ..core.sums import summed
from ..kernels.blocks import HIGHEST, exponential, over_rows
from ..kernels.elementwise import largest
from ..kernels.numba_loops import compiled
from ..kernels.sums import row_sums
from .composite import composite
from .elementwise import check_floating, widened
from .shape_arguments import check_dim
from .transcendental import exp

_SMALL, _FEW = 8192, 512  # elements
_LEAST = 2.0**-16  # sum of exponentials that are accurate


def _logits(x, dim, dtype, name):
    """``x`` in ``dtype`` and its dimension ``dim`` from the front, None if it has none."""
    dim = check_dim(dim, x.ndim)
    if dtype is not None:
        x = x.astype(as_dtype(dtype).numpy, copy=False)
    if x.dtype.kind not in "fV":
        check_floating(x, name)
    return x, dim if x.ndim else None


def shifted(x, dim):
    """``x`` less its largest element over ``dim``, so that no exponential overflows.

    A few numbers stay as they are if their squares say that all lie within ±16: then log Σ exp(x) rounds by
    1e-6 at most in float32.
    """
    if type(x) is ndarray and x.size <= _FEW and x.flags.c_contiguous:
        flat = x.ravel()
        if flat.dot(flat) <= 256:
            return x
    return x - largest(x, dim, True, -math.inf)


@widened
def _softmax(x, dim):
    out = xp(x).exp(shifted(x, dim))
    out /= _totals(out, dim)
    return out


@widened
def _log_softmax(x, dim):
    z, module = shifted(x, dim), xp(x)
    return z - module.log(_totals(module.exp(z), dim))


def _totals(x, dim):
    """Σ x over ``dim``, which keeps size 1."""
    if dim == 1 and x.ndim == 2 and x.size <= _FEW and type(x) is ndarray:
        return x.dot(_column(x.shape[1], x.dtype))
    return row_sums(x)[..., None] if dim == x.ndim - 1 else summed(x, dim, None, True)


@functools.lru_cache(64)
def _column(n, kind):
    return numpy.ones((n, 1), kind)


def _is_tiny(x, dim):
    """Whether ``dim`` is the last dimension of a tiny matrix, where calls of NumPy's take longer than what
    they do, and broadcasting the longest: a product with ones gives each element its row's sum.
    """
    return (
        x.size <= _FEW
        and type(x) is ndarray
        and x.ndim == 2
        and (dim == 1 or dim == -1)
        and type(dim) is int
        and x.shape[1] <= 32
        and x.dtype.char in "fd"
    )


@functools.lru_cache(64)
def _square(n, kind):
    return numpy.ones((n, n), kind)


def _softmax_vjp(g, out, dim):
    if _has_rows(g, dim) and _has_rows(out, dim):
        return _by_rows(_softmax_gradient_of_rows, g, out)
    return out * (g - summed(g * out, dim, keepdims=True))


@primitive(x=_softmax_vjp)
def softmax(x, *, dim, dtype=None):
    """exp(x) / Σ exp(x) over ``dim``, without overflow."""
    if dtype is None and _is_tiny(x, dim):
        out = numpy.exp(shifted(x, 1))
        out /= out.dot(_square(x.shape[1], x.dtype))
        return out
    x, dim = _logits(x, dim, dtype, "softmax")
    return _by_rows(_softmax_of_rows, x) if _has_rows(x, dim) else _softmax(x, dim)


def _log_softmax_vjp(g, out, dim):
    if _has_rows(g, dim) and _has_rows(out, dim):
        return _by_rows(_log_softmax_gradient_of_rows, g, out)
    return g - exp(out) * summed(g, dim, keepdims=True)


@primitive(x=_log_softmax_vjp)
def log_softmax(x, *, dim, dtype=None):
    """x - log Σ exp(x) over ``dim``, without overflow."""
    if dtype is None and _is_tiny(x, dim):
        z = shifted(x, 1)
        totals = numpy.exp(z).dot(_square(x.shape[1], x.dtype))
        return z - numpy.log(totals, out=totals)
    x, dim = _logits(x, dim, dtype, "log_softmax")
    return _by_rows(_log_softmax_of_rows, x) if _has_rows(x, dim) else _log_softmax(x, dim)


# ---- the same over the rows of large arrays, in blocks that fit the cache ------------------------


def _has_rows(x, dim):
    """Whether ``dim`` is the last dimension of a large contiguous array of NumPy's."""
    is_large = type(x) is ndarray and x.size > _SMALL and x.dtype.char in "fd"
    return is_large and dim in (-1, x.ndim - 1) and x.flags.c_contiguous


def _by_rows(function, x, *more):
    size = x.shape[-1]
    out = xp(x).empty((x.size // size, size), x.dtype)
    rows = [a.reshape(out.shape) for a in (x, *more)]
    if loops := compiled(x, *more):
        function = getattr(loops, function.__name__[1:])
    over_rows(lambda a, b: function(out[a:b], *(r[a:b] for r in rows)), len(out), size, 1, x)
    return out.reshape(x.shape)


def exponentials_of_rows(x):
    """exp(x) of (rows, classes) and its sums over the classes, or None: for small arrays, or ones for which
    the maximum has to be subtracted first.
    """
    if not _has_rows(x, 1) or x.max() > HIGHEST:
        return None
    out, total, loops = numpy.empty_like(x), numpy.empty(len(x), x.dtype), compiled(x)

    def work(a, b):
        if loops:
            loops.exponentials_of_rows(out[a:b], total[a:b], x[a:b])
        else:
            total[a:b] = row_sums(exponential(x[a:b], out[a:b]))

    over_rows(work, *x.shape, 1, x)
    return (out, total) if total.min() > _LEAST else None


def _exponentials(x, out):
    """Fill ``out`` with exp(x), for x less its maximum over each row where that counts: (x, sums)."""
    if x.max() <= HIGHEST and (total := row_sums(exponential(x, out))).min() > _LEAST:
        return x, total
    x = x - x.max(-1, keepdims=True)
    return x, row_sums(exponential(x, out))


def _softmax_of_rows(out, x):
    out /= _exponentials(x, out)[1][:, None]


def _softmax_gradient_of_rows(dx, g, out):
    numpy.subtract(g, numpy.vecdot(g, out)[:, None], out=dx)
    dx *= out


def _log_softmax_of_rows(out, x):
    x, total = _exponentials(x, out)
    numpy.subtract(x, numpy.log(total)[:, None], out=out)


def _log_softmax_gradient_of_rows(dx, g, out):
    exponential(out, dx)
    dx *= row_sums(g)[:, None]
    numpy.subtract(g, dx, out=dx)


@composite
def softmin(input, dim, dtype=None):
    """softmax(-x) over ``dim``."""
    return softmax(-input, dim=dim, dtype=dtype)
