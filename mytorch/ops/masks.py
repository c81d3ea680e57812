"""Filling, picking and placing by masks."""

from __future__ import annotations

import numpy

from ..core.arrays import array_of, broadcast_shape, xp
from ..core.dtypes import cast_back
from ..core.primitive import primitive
from ..core.sums import summed
from .composite import composite
from .indexing import getitem, put
from .promotion import fitted
from .shape import expand, reshape

_FEW = 1024  # elements


@primitive(
    complex=True,
    name="masked_fill",
    broadcasts=True,
    x=lambda g, mask: masked_fill_with(g, mask, 0),
    value=lambda g, mask, value_dtype: cast_back(masked_fill_with(g, ~mask, 0), value_dtype),
)
def masked_fill_with(x, mask, value):
    """``value`` where ``mask`` is True, ``x`` elsewhere, in the dtype of ``x``; all three broadcast."""
    if hasattr(value, "astype"):
        value = value.astype(x.dtype)
    elif x.size <= _FEW and type(x) is type(mask) is numpy.ndarray and mask.shape == x.shape:
        out = x.copy()
        out[mask] = value
        return out
    return xp(x).where(mask, value, x).astype(x.dtype, copy=False)


@composite
def masked_fill(input, mask, value):
    """``value`` (a number or a 0-d tensor) where ``mask`` is True, ``input`` elsewhere; ``mask`` broadcasts.

    RuntimeError if ``mask`` is not boolean.
    """
    shape, where = array_of(input).shape, array_of(mask)
    if where.dtype.kind != "b":
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {where.dtype}")
    if shape != where.shape:
        broadcast_shape(shape, where.shape)
    return masked_fill_with(input, mask, fill_value(value, input, "masked_fill_"))


def fill_value(value, like, op):
    """Check a number, or a 0-d tensor, that is to be written into ``like``.

    RuntimeError for other tensors and for what does not fit.
    """
    if not hasattr(value, "shape"):
        return fitted(value, array_of(like).dtype)
    if value.shape != ():
        raise RuntimeError(
            f"{op} only supports a 0-dimensional value tensor, but got tensor with {len(value.shape)} "
            "dimension(s)."
        )
    if isinstance(array_of(value), (numpy.ndarray, numpy.generic)):  # the host does not wait for a GPU
        fitted(array_of(value).item(), array_of(like).dtype)
    return value


def _mask(mask, op):
    """The array of a mask. RuntimeError if ``mask`` is not boolean."""
    if array_of(mask).dtype.kind != "b":
        raise RuntimeError(f"{op}: expected BoolTensor for mask, got {array_of(mask).dtype}")
    return array_of(mask)


@composite(out=True)
def masked_select(input, mask):
    """The elements of ``input`` where ``mask`` is True, as a vector; both broadcast."""
    mask = _mask(mask, "masked_select")
    shape = broadcast_shape(input.shape, mask.shape)
    return getitem(expand(input, shape=shape), index=(xp(mask).broadcast_to(mask, shape).copy(),))


@composite
def masked_scatter(input, mask, source):
    """A copy of ``input`` with the elements of ``source``, in order, where ``mask`` is True.

    The mask broadcasts. RuntimeError if dtypes differ or there are too few elements.
    """
    mask = _mask(mask, "masked_scatter")
    if array_of(source).dtype != array_of(input).dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {array_of(input).dtype} "
            f"and {array_of(source).dtype}"
        )
    shape = broadcast_shape(input.shape, mask.shape)
    mask = xp(mask).broadcast_to(mask, shape).copy()
    n = int(summed(mask))
    if n > array_of(source).size:
        raise RuntimeError(
            "masked_scatter: Number of elements of source < number of ones in mask: "
            f"{array_of(source).size} < {n}"
        )
    return put(
        expand(input, shape=shape),
        getitem(reshape(source, shape=(-1,)), index=(slice(n), Ellipsis)),
        index=(mask,),
    )
