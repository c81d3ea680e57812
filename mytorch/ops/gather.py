"""Picking by tensors of indices: torch's names for :func:`getitem` with an index along one dimension."""

from __future__ import annotations

import functools
import math

import numpy

from ..core.arrays import array_of, broadcast_shape, is_array, xp
from ..core.graph import Variable
from ..core.primitive import primitive
from ..kernels import scatter
from ..kernels.scatter import out_of_bounds
from .composite import composite
from .indexing import FULL, getitem
from .layout import contiguous, owned
from .shape import expand, reshape, unsqueeze
from .shape_arguments import check_dim, integer


def integers(index, op, kinds="dtype int32/int64", any_empty=False):
    """``index`` as an int64 array of its own.

    RuntimeError unless it holds int32 or int64, or with ``any_empty`` nothing.
    """
    if not isinstance(index, Variable) and not is_array(index):
        raise TypeError(f"{op}(): argument 'index' must be Tensor, not {type(index).__name__}")
    array = array_of(index)
    if array.dtype is not _INT64 and array.dtype not in _INTEGERS and not (any_empty and not array.size):
        raise RuntimeError(f"{op}(): Expected {kinds} for index, got {array.dtype}")
    return array.astype(_INT64)


_INT64 = numpy.dtype("int64")
_INTEGERS = {_INT64, numpy.dtype("int32")}
OUT_OF_BOUNDS = "index {} is out of bounds for dimension {} with size {}"


def inside(index, size, dim, error=RuntimeError, low=0, text=OUT_OF_BOUNDS):
    """``index``, an array. ``error`` with ``text`` if an entry is outside of [low, size)."""
    wrong = out_of_bounds(index, low, size)
    if wrong is not None:
        raise error(text.format(wrong, dim, size))
    return index


# ---- one index for each element ------------------------------------------------------------------


def along(index, dim):
    """The index that takes ``x[i][j]…`` with ``index[i][j]…`` in the place of dimension ``dim``."""
    ranges = [
        xp(index).arange(n).reshape((1,) * i + (n,) + (1,) * (index.ndim - i - 1))
        for i, n in enumerate(index.shape)
    ]
    return (*ranges[:dim], index, *ranges[dim + 1 :])


def check_sizes(x_shape, index, dim, text):
    """RuntimeError with ``text`` if ``index`` is larger than ``x_shape`` outside of ``dim``."""
    if index.shape[:dim] == x_shape[:dim] and index.shape[dim + 1 :] == x_shape[dim + 1 :]:
        return
    sizes = enumerate(zip(index.shape, x_shape))
    at = next((d for d, (i, n) in sizes if d != dim and i > n), None)
    if at is not None:
        raise RuntimeError(text.format(at=at, index=list(index.shape), x=list(x_shape), dim=dim))


@primitive(complex=True, x=lambda g, x_shape, index, dim: add_along(g, shape=x_shape, index=index, dim=dim))
def take_along(x, *, index, dim):
    """``x[i][j]…`` with ``index[i][j]…``, an array, in the place of dimension ``dim``."""
    return scatter.take_along(x, index, dim)


@primitive(complex=True, x=lambda g, index, dim: take_along(g, index=index, dim=dim))
def add_along(x, *, shape, index, dim):
    """Zeros of ``shape`` with ``x`` added where :func:`take_along` takes; repeated indices add up."""
    return scatter.add_along(x, shape, index, dim)


@composite(out=True)
def gather(input, dim, index, *, sparse_grad=False):
    """``out[i][j][k] = input[index[i][j][k]][j][k]`` for ``dim=0``.

    ``index`` has the dimensions of ``input`` and sizes up to its, unless it is empty. RuntimeError otherwise.
    """
    index, shape = integers(index, "gather", any_empty=True), array_of(input).shape
    dim = check_dim(dim, len(shape))
    if not index.size:
        return reshape(getitem(reshape(input, shape=(-1,)), index=(index.reshape(-1),)), shape=index.shape)
    if index.ndim != len(shape) and (index.ndim or 1) != (len(shape) or 1):
        raise RuntimeError(
            f"Index tensor must have the same number of dimensions as input tensor: {index.ndim} and "
            f"{len(shape)}"
        )
    if not shape or not index.ndim:
        flat = reshape(input, shape=(-1,))
        picked = getitem(flat, index=(inside(index.reshape(-1), flat.shape[0], dim),))
        return reshape(picked, shape=index.shape)
    check_sizes(
        shape,
        index,
        dim,
        "Size does not match at dimension {at} expected index {index} to be no larger than self {x} "
        "apart from dimension {dim}",
    )
    return take_along(input, index=inside(index, shape[dim], dim), dim=dim)


@composite(out=True)
def take_along_dim(input, indices, dim=None):
    """As :func:`gather`, where ``indices`` and ``input`` broadcast outside of ``dim``.

    Without ``dim`` the tensors are flattened.
    """
    if array_of(indices).dtype != "int64":
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype}")
    if dim is None:
        return gather(reshape(input, shape=(-1,)), 0, reshape(indices, shape=(-1,)))
    if len(indices.shape) != len(input.shape):
        raise RuntimeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(input.shape)} dimensions for input, and {len(indices.shape)} dimensions for indices"
        )
    if not input.shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = check_dim(dim, len(input.shape))
    indices = indices % input.shape[dim] if input.shape[dim] else indices  # as torch does, beyond -1 too
    one = [tuple(1 if d == dim else n for d, n in enumerate(x.shape)) for x in (input, indices)]
    whole = broadcast_shape(*one)
    resized = [tuple(x.shape[dim] if d == dim else n for d, n in enumerate(whole)) for x in (input, indices)]
    return gather(expand(input, shape=resized[0]), dim, expand(indices, shape=resized[1]))


@composite(out=True)
def take(input, index):
    """The elements of the flattened ``input`` at ``index``, in the shape of ``index``.

    RuntimeError unless the index is int64.
    """
    if array_of(index).dtype != numpy.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {array_of(index).dtype}")
    check_flat(array_of(index), array_of(input).size)
    return getitem(reshape(input, shape=(-1,)), index=(array_of(index).copy(),))


def check_flat(index, n):
    """IndexError if an array of indices, which may be negative, is outside of ``n`` flattened elements."""
    inside(
        index, n, 0, IndexError, -n, f"out of range: tried to access index {{}} on a tensor of {n} elements."
    )


# ---- whole slices along one dimension ------------------------------------------------------------


def vector(index, op):
    """``index`` as an int64 vector of its own. IndexError for more dimensions."""
    index = integers(index, op, "dtype int32 or int64")
    if index.ndim > 1:
        raise IndexError(f"{op}(): Index is supposed to be a vector, got shape {list(index.shape)}")
    return index.reshape(-1)


@composite(out=True)
def index_select(input, dim, index):
    """The slices of ``input`` at a vector of indices along ``dim``.

    RuntimeError for several indices into a 0-d tensor.
    """
    index, shape = vector(index, "index_select"), array_of(input).shape
    dim = check_dim(dim, len(shape))
    if not shape:
        if index.size != 1:
            raise RuntimeError(
                f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)"
            )
        return reshape(index_select(reshape(input, shape=(1,)), 0, index), shape=())
    inside(index, shape[dim], dim, IndexError, text="index out of range in self")
    return getitem(input, index=(*(FULL,) * dim, index))


@composite
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each slice along ``dim`` repeated ``repeats`` times, an int or a vector with one number for each.

    Without ``dim`` the tensor is flattened. With ``input`` alone, a vector of repeats: the index i repeated
    ``input[i]`` times. RuntimeError if the numbers are negative or not as many as slices, IndexError for a
    dimension of a 0-d tensor.
    """
    if repeats is None:
        return _repeated_indices(input)
    if dim is None:
        input, dim = reshape(input, shape=(-1,)), 0
    elif not input.shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = check_dim(dim, len(input.shape))
    n = input.shape[dim]
    if not hasattr(repeats, "shape") or not repeats.shape or repeats.shape == (1,):
        times = integer(repeats) if not hasattr(repeats, "shape") else int(repeats)
        if times < 0:
            raise RuntimeError("Repeats must be non-negative")
        before, after = input.shape[:dim], input.shape[dim + 1 :]
        repeated = expand(unsqueeze(input, dim=dim + 1), shape=(*before, n, times, *after))
        out = reshape(repeated, shape=(*before, n * times, *after))
        return owned(contiguous(out), input)
    if repeats.shape != (n,):
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{repeats.shape[0]} and input.size({dim}) = {n}"
        )
    return index_select(input, dim, _repeated_indices(repeats))


def _repeated_indices(repeats):
    if len(repeats.shape) != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    times = array_of(repeats)
    if times.dtype not in (numpy.int64, numpy.int32):
        raise RuntimeError(f"repeats has to be Long or Int tensor, got {times.dtype}")
    if out_of_bounds(times, 0, numpy.iinfo("int64").max) is not None:
        raise RuntimeError("repeats can not be negative")
    return _positions(repeats)


@primitive
def _positions(repeats):
    return xp(repeats).arange(repeats.size).repeat(repeats)


# ---- positions -----------------------------------------------------------------------------------


@primitive(complex="values")
def _nonzero(x):
    found = xp(x).nonzero(x.reshape(x.shape or (1,)))
    return xp(x).stack(found, axis=1)[:, : x.ndim]


@composite(out=True)
def nonzero(input, *, as_tuple=False):
    """The indices of the elements that are not zero, as rows (n, ndim).

    With ``as_tuple`` one vector for each dimension, fit for indexing.
    """
    if as_tuple:
        return tuple(_nonzero(reshape(input, shape=input.shape or (1,))).T)
    return _nonzero(input)


argwhere = nonzero


def unravel_index(indices, shape):
    """Positions in the flattened tensor of ``shape`` as a tuple of indices, one tensor for each dimension."""
    return _unravel_index(indices, shape=tuple(shape))


@primitive
def _unravel_index(x, *, shape):
    x = x.astype("int64")  # the shape may hold more elements than a small dtype counts
    return tuple(part.astype("int64") for part in xp(x).unravel_index(x % max(math.prod(shape), 1), shape))


_identity = functools.lru_cache(16)(functools.partial(numpy.eye, dtype=_INT64))


@primitive
def _one_hot(x, *, num_classes):
    if num_classes <= 64 and type(x) is numpy.ndarray and x.size <= 1024:
        return _identity(num_classes).take(x, 0)
    out = xp(x).zeros((x.size, num_classes), "int64")
    out[xp(x).arange(x.size), x.ravel()] = 1
    return out.reshape((*x.shape, num_classes))


def one_hot(input, num_classes=-1):
    """Vectors of zeros with a 1 at each class number, (…) -> (…, num_classes), in int64.

    ``num_classes`` -1 stands for the largest class + 1. RuntimeError for classes out of range or not int64.
    """
    classes = array_of(input)
    if classes.dtype != _INT64:
        raise RuntimeError(
            f"one_hot is only applicable to index tensor of type LongTensor, got {classes.dtype}."
        )
    if not classes.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    high = -1 if num_classes == -1 else out_of_bounds(classes, 0, num_classes)
    if high is not None and (low := out_of_bounds(classes, 0, 2**63 - 1)) is not None:
        raise RuntimeError(f"Class values must be non-negative, got {low}.")
    if num_classes == -1:
        num_classes = int(classes.max()) + 1
    elif high is not None:
        raise RuntimeError(
            f"Class values must be smaller than num_classes, got {high} with num_classes = {num_classes}."
        )
    return _one_hot(input, num_classes=num_classes)
