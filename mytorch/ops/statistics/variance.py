"""Variance and standard deviation."""

from __future__ import annotations

import functools
import math
import warnings

import numpy

from ...core.arrays import array_of, xp
from ...core.primitive import primitive
from ...core.sums import doubled, summed, wide
from ..composite import composite
from ..elementwise import select
from ..promotion import operand
from ..reduce import count, floating_kind, folded, mean, unfold


def _var_vjp(g, x, dim, correction, keepdim):
    freedom = count(x.shape, dim) - correction
    distance = x - mean(x, dim=dim, keepdim=True)
    if freedom <= 0 and dim is None:
        return unfold(g, x.shape, dim, keepdim) * select(distance == 0, math.nan, math.inf)
    return unfold(g, x.shape, dim, keepdim) * (2 / freedom if freedom else math.inf) * distance


def _spread(x, dim, correction, keepdim, precision):
    """The variance in the dtype that ``precision`` gives for that of ``x``."""
    kind, n = precision(x.dtype), count(x.shape, dim)
    if x.size <= 8192:
        x = x.astype(kind, copy=False)  # NumPy's fast sum is that without a cast
        if n > correction and _are_few(x, dim):
            return _spread_of_few(x, dim, n, n - correction, keepdim)
    dims = None if dim is None else folded(dim, x.ndim)
    distance = x - summed(x, dims, kind, True) / operand(max(n, 1), x)
    if kind.kind == "c":
        distance = distance.real**2 + distance.imag**2
    else:
        distance *= distance
    return summed(distance, dims, keepdims=keepdim) / operand(max(n - correction, 0), distance)


_FEW = 512  # elements up to which NumPy's calls take longer than what they do, and broadcasting the longest


def _are_few(x, dim):
    """Whether a product with ones gives each element its mean: of all elements, or those of a matrix."""
    usual = dim is None or (x.ndim == 2 and type(dim) is int and -2 <= dim < 2 and max(x.shape) <= 32)
    return usual and x.size <= _FEW and type(x) is numpy.ndarray and x.dtype.kind == "f"


def _spread_of_few(x, dim, n, freedom, keepdim):
    """The sum of squared distances from the mean over ``freedom``, in as few calls of NumPy's as may be."""
    ones = _ones(n, x.dtype)
    if dim is None:
        flat = x.ravel()
        distance = flat - numpy.asarray(flat.dot(ones[0]) / n)
        out = numpy.asarray(distance.dot(distance) / freedom)
        return out.reshape((1,) * x.ndim) if keepdim else out
    distance = ones.dot(x) if dim in (0, -2) else x.dot(ones)
    distance /= operand(n, x)
    numpy.subtract(x, distance, out=distance)
    distance *= distance
    out = ones[0].dot(distance) if dim in (0, -2) else distance.dot(ones[0])
    out /= operand(freedom, x)
    return numpy.expand_dims(out, dim) if keepdim else out


@functools.lru_cache(64)
def _ones(n, kind):
    """Ones in n rows if they are few, else in one row."""
    return numpy.ones((n if n <= 32 else 1, n), kind)


@primitive(complex=True, x=_var_vjp)
def _var(x, *, dim=None, correction: float = 1, keepdim=False):
    return _spread(x, dim, correction, keepdim, wide).astype(x.real.dtype, copy=False)


def _spread_settings(args, settings):
    """The keyword settings of ``_var``, from torch's forms (dim, unbiased, keepdim) and (unbiased)."""
    if len(args) < 2 and not settings and (not args or type(args[0]) is not bool):
        return {"dim": args[0]} if args else settings
    names = ("unbiased",) if args and isinstance(args[0], bool) else ("dim", "unbiased", "keepdim")
    if len(args) > len(names):
        raise TypeError(f"var() and std() take (dim, unbiased, keepdim) or (unbiased), but got {args}")
    given = dict(zip(names, args))
    if twice := given.keys() & settings.keys():
        raise TypeError(f"var() and std() got multiple values for {', '.join(twice)}")
    settings = {**given, **settings}
    unbiased = settings.pop("unbiased", None)
    if unbiased is not None:
        settings["correction"] = int(unbiased)
    elif settings.get("correction", 1) is None:
        settings["correction"] = 1
    return settings


def _settled(input, args, settings, name):
    """The settings of the function ``name``. Warns where there are no degrees of freedom."""
    settings = _spread_settings(args, settings)
    array = array_of(input)
    floating_kind(array, None, name)
    if count(array.shape, settings.get("dim", settings.get("axis"))) <= settings.get("correction", 1):
        warnings.warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
            "factor (input numel divided by output numel).",
            stacklevel=4,
        )
    return settings


@composite(out=True)
def var(input, *args, **settings):
    """Variance over ``dim``: the sum of squared distances from the mean, over n - ``correction``.

    The default correction 1 is Bessel's. ``var(dim=None, *, correction=1, keepdim=False)``; torch's older
    forms ``(unbiased)`` and ``(dim, unbiased, keepdim)`` work too.
    """
    return _var(input, **_settled(input, args, settings, "var"))


@composite(out=True)
def std(input, *args, **settings):
    """The square root of :func:`var`, with the same arguments; its gradient is 0 where it is 0."""
    return _std(input, **_settled(input, args, settings, "std"))


def _std_vjp(g, x, out, dim, correction, keepdim):
    freedom, out = count(x.shape, dim) - correction, unfold(out, x.shape, dim, keepdim)
    distance = x - mean(x, dim=dim, keepdim=True)
    g = unfold(g, x.shape, dim, keepdim) * (1 / freedom if freedom else math.inf)
    return g * select(out == 0, 0, distance / out)


@primitive(complex=True, x=_std_vjp)
def _std(x, *, dim=None, correction: float = 1, keepdim=False):
    # in twice the bits, as in torch: the squares of large numbers overflow, but their root does not
    return xp(x).sqrt(_spread(x, dim, correction, keepdim, doubled)).astype(x.real.dtype, copy=False)


def var_mean(input, *args, **settings):
    """(:func:`var`, :func:`mean`) over the same dimensions."""
    settings = _settled(input, args, settings, "var_mean")
    return _var(input, **settings), _mean(input, settings)


def std_mean(input, *args, **settings):
    """(:func:`std`, :func:`mean`) over the same dimensions."""
    settings = _settled(input, args, settings, "std_mean")
    return _std(input, **settings), _mean(input, settings)


def _mean(input, settings):
    return mean(input, **{name: value for name, value in settings.items() if name != "correction"})
