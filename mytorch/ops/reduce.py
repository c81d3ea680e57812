"""Operations that fold dimensions: sums, means, extremes."""

from __future__ import annotations

import math

from ..autograd.engine import primitive
from ..backend import as_array, xp
from ..dtypes import as_dtype
from .shape import broadcast_to, check_dims


def unfold(g, shape, dim, keepdim):
    """``g``, the gradient of a reduction over ``dim``, with size 1 back in every dimension that was reduced."""
    if keepdim:
        return g
    dims = check_dims(dim, len(shape))
    return g.reshape(tuple(1 if i in dims else n for i, n in enumerate(shape)))


@primitive(x=lambda g, x_shape, dim, keepdim: broadcast_to(unfold(g, x_shape, dim, keepdim), shape=x_shape))
def sum(x, *, dim=None, keepdim=False, dtype=None):
    """Sum over ``dim`` (an int, a tuple, or None for all). Integers and booleans sum in int64."""
    kind = as_dtype(dtype).numpy if dtype is not None else x.dtype if x.dtype.kind in "fcV" else "int64"
    return x.sum(axis=check_dims(dim, x.ndim), dtype=kind, keepdims=keepdim)


@primitive(x=lambda g, x_shape, dim, keepdim: broadcast_to(unfold(g, x_shape, dim, keepdim) * (1 / max(count(x_shape, dim), 1)), shape=x_shape))
def mean(x, *, dim=None, keepdim=False, dtype=None):
    """Mean over ``dim`` (an int, a tuple, or None for all). RuntimeError for integers without ``dtype``."""
    kind = as_dtype(dtype).numpy if dtype is not None else x.dtype
    if kind.kind in "biu":
        raise RuntimeError(f"mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: {kind}")
    return x.sum(axis=check_dims(dim, x.ndim), dtype=kind, keepdims=keepdim) / kind.type(count(x.shape, dim))


def count(shape, dim):
    """How many elements a reduction over ``dim`` folds into one."""
    return math.prod(shape[d] for d in check_dims(dim, len(shape)))


