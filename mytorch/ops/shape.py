"""Operations that only rearrange: views, joins, repeats. Most results share memory with their input."""

from __future__ import annotations

import math

from ..autograd.engine import primitive
from ..backend import xp
from ..dtypes import promoted


def check_dim(dim, ndim, what="Dimension"):
    """``dim`` counted from the front. IndexError, as in torch, if there is no such dimension."""
    dim = dim.__index__()
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise IndexError(f"{what} out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})")
    return dim % bound


def check_dims(dim, ndim):
    """A tuple of dimensions counted from the front: all of them for None. RuntimeError if one appears twice."""
    if dim is None:
        return tuple(range(ndim))
    dims = tuple(check_dim(d, ndim) for d in dim) if isinstance(dim, (tuple, list)) else (check_dim(dim, ndim),)
    for d in dims:
        if dims.count(d) > 1:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return dims if ndim else ()


@primitive(view=True, x=lambda g, x_shape: g.reshape(x_shape))
def reshape(x, *, shape):
    """The same elements in ``shape`` (one entry may be -1); a view where the layout allows it."""
    unknown = [i for i, n in enumerate(shape) if n == -1]
    known = math.prod(n for n in shape if n != -1)
    if len(unknown) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if (unknown and (known == 0 or x.size % known)) or (not unknown and known != x.size) or min(shape, default=0) < -1:
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {x.size}")
    return x.reshape(shape)


@primitive(view=True, x=lambda g, dim0, dim1: transpose(g, dim0=dim0, dim1=dim1))
def transpose(x, *, dim0, dim1):
    """Swap two dimensions (a view)."""
    return x if x.ndim == 0 else x.swapaxes(check_dim(dim0, x.ndim), check_dim(dim1, x.ndim))


def _inverse(dims):
    order = [0] * len(dims)
    for i, d in enumerate(dims):
        order[d % len(dims)] = i
    return tuple(order)


@primitive(view=True, x=lambda g, dims: permute(g, dims=_inverse(dims)))
def permute(x, *, dims):
    """Reorder the dimensions (a view)."""
    if len(dims) != x.ndim:
        raise RuntimeError(f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering "
                           f"of dimensions i.e. input.dim() = {x.ndim} is not equal to len(dims) = {len(dims)}")
    return x.transpose(check_dims(tuple(dims), x.ndim))


@primitive(view=True, x=lambda g, x_shape: sum_to(g, shape=x_shape))
def broadcast_to(x, *, shape):
    """``x`` repeated along dimensions of size 1 and new leading ones, without copying."""
    return xp(x).broadcast_to(x, shape)


@primitive(x=lambda g, x_shape: broadcast_to(g, shape=x_shape))
def sum_to(x, *, shape):
    """The reverse of broadcasting: sum over what ``broadcast_to`` repeated."""
    extra = x.ndim - len(shape)
    axes = tuple(i for i, n in enumerate(x.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
    return (x.sum(axes, keepdims=True) if axes else x).reshape(shape)


@primitive(prepare=promoted, joint=lambda g, xs_shape, dim: _cut(g, xs_shape, dim))
def cat(*xs, dim=0):
    """Join along an existing dimension; all other dimensions must agree. Empty 1-d inputs are skipped, as in torch."""
    kept = [x for x in xs if x.shape != (0,)] or xs[:1]
    return xp(xs[0]).concatenate(kept, axis=check_dim(dim, kept[0].ndim))


def _cut(g, shapes, dim):
    dim = check_dim(dim, len(g.shape))
    start, pieces = 0, []
    for shape in shapes:
        if shape == (0,) and len(g.shape) > 1:
            pieces.append(None)
            continue
        pieces.append(g[(slice(None),) * dim + (slice(start, start + shape[dim]),)])
        start += shape[dim]
    return pieces


@primitive(prepare=promoted, joint=lambda g, xs_shape, dim: [g[(slice(None),) * check_dim(dim, len(g.shape)) + (i,)] for i in range(len(xs_shape))])
def stack(*xs, dim=0):
    """Join along a new dimension; all shapes must agree."""
    return xp(xs[0]).stack(xs, axis=check_dim(dim, xs[0].ndim + 1))
