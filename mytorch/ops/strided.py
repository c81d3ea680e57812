"""Views that step through memory in their own way: windows, strides."""

from __future__ import annotations

import math

from ..autograd.engine import primitive
from ..backend import xp
from . import layout
from .indexing import put_in_zeros
from .shape import check_dim, reshape, sizes


@primitive(name="unfold", view=True, x=lambda g, x_shape, dimension, step: _overlap_add(g, shape=x_shape, dimension=dimension, step=step))
def windows(x, *, dimension, size, step):
    """All windows of ``size`` that begin every ``step`` along ``dimension``, as a view with the windows' elements last. Tensor.unfold."""
    dim = check_dim(dimension, x.ndim)
    have = x.shape[dim] if x.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > have:
        raise RuntimeError(f"maximum size for tensor at dimension {dim} is {have} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    if not x.ndim:
        return x.reshape((1,))[:size]
    strides = (*x.strides[:dim], x.strides[dim] * step, *x.strides[dim + 1 :], x.strides[dim])
    return xp(x).lib.stride_tricks.as_strided(x, (*x.shape[:dim], (have - size) // step + 1, *x.shape[dim + 1 :], size), strides)


@primitive(x=lambda g, x_shape, dimension, step: windows(g, dimension=dimension, size=x_shape[-1], step=step))
def _overlap_add(x, *, shape, dimension, step):
    """The reverse of :func:`windows`: elements of ``shape`` that are the sums over the windows they are in."""
    if not shape:
        return xp(x).asarray(x.sum(), dtype=x.dtype)
    dim = check_dim(dimension, len(shape))
    out, count = xp(x).zeros(shape, x.dtype), x.shape[dim]
    for offset in range(x.shape[-1]):
        out[(*(slice(None),) * dim, slice(offset, offset + (count - 1) * step + 1, step))] += x[..., offset]
    return out


@primitive(view=True, x=lambda g, x_shape, size, stride, offset: _places_in_zeros(g, x_shape, size, stride, offset))
def _as_strided(x, *, size, stride, offset):
    if not x.flags.c_contiguous:
        raise NotImplementedError("as_strided of a tensor that is not contiguous; call contiguous() first")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride))
    if 0 not in size and last >= x.size:
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset} requiring a storage of {last + 1} elements "
            f"are out of bounds for storage of {x.size}"
        )
    return xp(x).lib.stride_tricks.as_strided(x.reshape(-1)[offset:], size, [step * x.itemsize for step in stride])


def _places_in_zeros(g, x_shape, size, stride, offset):
    """The gradient of :func:`as_strided`: each element added where it was read."""
    raw = getattr(g, "array", g)
    places = xp(raw).asarray(offset)
    for n, step in zip(size, stride):
        places = places[..., None] + xp(raw).arange(n) * step
    return reshape(put_in_zeros(g, shape=(math.prod(x_shape),), index=(places,)), shape=x_shape)


def as_strided(input, size, stride, storage_offset=None):
    """A view of ``size`` whose element (i, j, …) lies at ``storage_offset`` + i · stride[0] + j · stride[1] + … in memory, counted in elements.

    RuntimeError beyond the end, NotImplementedError where ``input`` is not contiguous.
    """
    size, stride = sizes((size,)), sizes((stride,))
    if len(size) != len(stride):
        raise RuntimeError(f"mismatch in length of strides and shape: {len(stride)} and {len(size)}")
    if min(stride, default=0) < 0:
        raise RuntimeError(f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}")
    offset = 0 if storage_offset is None else storage_offset - layout.storage_offset(input)
    if offset < 0:
        raise NotImplementedError("as_strided: elements before the first one of the tensor")
    return _as_strided(input, size=size, stride=stride, offset=offset)
