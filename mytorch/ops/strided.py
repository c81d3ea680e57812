"""Views with strides of their own: windows, as_strided."""

from __future__ import annotations

import numpy

from ..core.arrays import array_of, xp
from ..core.primitive import primitive
from ..core.sums import summed
from . import layout
from .elementwise import widened
from .indexing import getitem, put_in_zeros
from .shape_arguments import check_dim, integer, sizes


@primitive(
    complex=True,
    name="unfold",
    view=True,
    x=lambda g, x_shape, dimension, step: overlap_add(g, shape=x_shape, dimension=dimension, step=step),
)
def windows(x, *, dimension, size: int, step: int):
    """All windows of ``size`` along ``dimension``, one every ``step``, as a view.

    The elements of a window come last. It is Tensor.unfold.
    """
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
    return xp(x).lib.stride_tricks.as_strided(
        x, (*x.shape[:dim], (have - size) // step + 1, *x.shape[dim + 1 :], size), strides
    )


@primitive(
    complex=True,
    x=lambda g, x_shape, dimension, step: windows(g, dimension=dimension, size=x_shape[-1], step=step),
)
@widened
def overlap_add(x, *, shape, dimension, step):
    """The reverse of :func:`windows`: each element of ``shape`` is the sum over the windows that it is in."""
    if not shape:
        return xp(x).asarray(summed(x), dtype=x.dtype)
    dim = check_dim(dimension, len(shape))
    out, count = xp(x).zeros(shape, x.dtype), x.shape[dim]
    for offset in range(x.shape[-1]):
        out[(*(slice(None),) * dim, slice(offset, offset + (count - 1) * step + 1, step))] += x[..., offset]
    return out


class _Memory:
    """The memory of an array ``x`` from ``offset`` on, for NumPy to make an array of."""

    def __init__(self, x, size, stride, offset):
        self.base, step = x, x.itemsize
        place = {
            "shape": size,
            "strides": tuple(n * step for n in stride),
            "data": (layout.address(x) + offset * step, not x.flags.writeable),
        }
        self.__array_interface__ = {**x.__array_interface__, **place}


def _end(size, stride):
    """Up to where in memory the elements reach, from the first one on."""
    return sum((n - 1) * step for n, step in zip(size, stride)) + 1


def _places(module, size, stride, offset):
    """The place of each element in memory."""
    places = module.asarray(offset)
    for n, step in zip(size, stride):
        places = places[..., None] + module.arange(n) * step
    return places


def _as_strided_vjp(g, x_shape, size, stride, offset, x_stride):
    """The gradient of :func:`as_strided`, added up in memory where elements were read.

    Then each element of ``x`` takes it from its place. Elements of ``x`` that share a place share its
    gradient, as in torch.
    """
    module = xp(array_of(g))
    read, own = _places(module, size, stride, offset), _places(module, x_shape, x_stride, 0)
    low = min(0, offset)
    spans = ((size, stride, offset), (x_shape, x_stride, 0))
    length = max((start + _end(shape, steps) for shape, steps, start in spans if 0 not in shape), default=low)
    memory = put_in_zeros(g, shape=(length - low,), index=(read - low,))
    shares = module.bincount((own - low).reshape(-1), minlength=length - low)
    out = getitem(memory, index=(own - low,))
    if not shares.size or int(shares.max()) < 2:
        return out
    return out / shares[own - low].astype(array_of(out).dtype)


def _laid_out(x, stride):
    """``x`` in new memory with steps of ``stride`` elements."""
    memory = xp(x).zeros(_end(x.shape, stride), x.dtype)
    out = xp(x).lib.stride_tricks.as_strided(memory, x.shape, [step * x.itemsize for step in stride])
    out[...] = x
    return out


@primitive(complex=True, view=True, x=_as_strided_vjp)
def _as_strided(x, *, size, stride, offset, x_stride):
    if layout.stride(x) != x_stride and x.size:  # a gradient, of which the same elements are wanted
        x = _laid_out(x, x_stride)
    whole = layout.owner(x)
    before = (layout.address(x) - layout.address(whole)) // x.itemsize
    length = _end(whole.shape, layout.stride(whole)) if whole.size else 0
    last = before + offset + _end(size, stride)
    if 0 not in size and (last > length or before + offset < 0):
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {before + offset} "
            f"requiring a storage of {last} elements are out of bounds for storage of {length}"
        )
    if xp(x) is numpy:
        out = numpy.asarray(_Memory(x, size, stride, 0 if 0 in size else offset))
        return out if out.dtype == x.dtype else out.view(x.dtype)  # the interface has no name for bfloat16
    as_strided, steps = xp(x).lib.stride_tricks.as_strided, [step * x.itemsize for step in stride]
    return as_strided(as_strided(x, (2,), (offset * x.itemsize,))[1:] if offset else x, size, steps)


def of_base(base, **settings):
    """What :func:`as_strided` of a view is of the view's base: a change in place is a change of the base."""
    return _as_strided(base, **settings)


of_base.of_base = True  # type: ignore[attr-defined]  # ``prepare_write`` looks for it


def as_strided(input, size, stride, storage_offset=None):
    """A view of ``size`` with steps of ``stride`` elements in memory.

    Element (i, j, …) lies at ``storage_offset`` + i · stride[0] + j · stride[1] + …. ``input`` need not be
    contiguous; without ``storage_offset`` its first element is the first. RuntimeError beyond the memory.
    """
    size, stride = sizes((size,)), sizes((stride,))
    if len(size) != len(stride):
        raise RuntimeError(f"mismatch in length of strides and shape: {len(stride)} and {len(size)}")
    if min(stride, default=0) < 0:
        raise RuntimeError(
            f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}"
        )
    offset = 0 if storage_offset is None else integer(storage_offset) - layout.storage_offset(input)
    out = _as_strided(input, size=size, stride=stride, offset=offset, x_stride=layout.stride(input))
    base = getattr(out, "_base", None)
    if base is not None and base is not input and base.array.dtype == out.array.dtype:
        # it may reach beyond the view ``input``
        offset += (layout.address(input.array) - layout.address(base.array)) // base.array.itemsize
        again = dict(size=size, stride=stride, offset=offset, x_stride=layout.stride(base))
        out._view = None, of_base, (), again, None
    return out
