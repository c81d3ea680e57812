"""Joining tensors along a dimension, and cutting them apart again."""

from __future__ import annotations

from ..core.arrays import xp
from ..core.graph import Variable
from ..core.primitive import primitive
from .composite import composite
from .indexing import getitem
from .promotion import promoted
from .shape import reshape, unsqueeze
from .shape_arguments import check_dim


def _sequence(tensors, name):
    """``tensors`` as a tuple. TypeError for anything but a sequence of tensors."""
    if isinstance(tensors, Variable) or not hasattr(tensors, "__iter__"):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not "
            f"{type(tensors).__name__}"
        )
    tensors = tuple(tensors)
    for i, x in enumerate(tensors):
        if not isinstance(x, Variable) and not hasattr(x, "shape"):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return tensors


@primitive(complex=True, prepare=promoted, joint=lambda g, xs_shape, dim: _cat_vjp(g, xs_shape, dim))
def _cat(*xs, dim=0):
    first = xs[0]
    if first.ndim and first.shape != (0,):
        dim = check_dim(dim, first.ndim)
        try:
            return xp(first).concatenate(xs, dim)
        except ValueError:
            pass  # some sizes differ
    kept = [x for x in xs if x.shape != (0,)] or xs[:1]
    first = kept[0]
    if (at := next((i for i, x in enumerate(xs) if not x.ndim), None)) is not None:
        raise RuntimeError(f"zero-dimensional tensor (at position {at}) cannot be concatenated")
    dim = check_dim(dim, first.ndim) if first.shape != (0,) else 0
    for i, x in enumerate(kept):
        if x.ndim != first.ndim:
            raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {x.ndim}")
        if x.shape[:dim] != first.shape[:dim] or x.shape[dim + 1 :] != first.shape[dim + 1 :]:
            at = next(d for d in range(x.ndim) if d != dim and x.shape[d] != first.shape[d])
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected size {first.shape[at]} "
                f"but got size {x.shape[at]} for tensor number {i} in the list."
            )
    return xp(first).concatenate(kept, dim)


def _cat_vjp(g, shapes, dim):
    dim = check_dim(dim, len(g.shape)) if g.shape != (0,) else 0
    before, start, pieces = (slice(None),) * dim, 0, []
    for shape in shapes:
        stop = start if shape == (0,) else start + shape[dim]
        piece = g[(*before, slice(start, stop))]
        if shape == (0,):  # an empty vector, which cat skips
            piece = reshape(piece, shape=shape)
        pieces.append(piece)
        start = stop
    return pieces


@composite(out=True)
def cat(tensors, dim=0):
    """Join along an existing dimension; all other sizes must agree.

    Empty 1-d tensors are skipped, as in torch. ValueError without a tensor.
    """
    tensors = _sequence(tensors, "cat")
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    return _cat(*tensors, dim=dim)


concat = concatenate = cat


@primitive(complex=True, prepare=promoted, joint=lambda g, dim: unbind(g, dim))
def _stack(*xs, dim=0):
    dim = check_dim(dim, xs[0].ndim + 1)
    for i, x in enumerate(xs):
        if x.shape != xs[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(xs[0].shape)} at entry 0 and "
                f"{list(x.shape)} at entry {i}"
            )
    place = (*(slice(None),) * dim, None)
    return xp(xs[0]).concatenate([x[place] for x in xs], dim)


@composite(out=True)
def stack(tensors, dim=0):
    """Join along a new dimension. RuntimeError for different shapes, or without a tensor."""
    tensors = _sequence(tensors, "stack")
    if not tensors:
        raise RuntimeError("stack expects a non-empty TensorList")
    return _stack(*tensors, dim=dim)


def atleast_1d(*tensors):
    """Each tensor with at least one dimension."""
    return _each(lambda x: x if len(x.shape) else reshape(x, shape=(1,)), tensors)


def atleast_2d(*tensors):
    """Each tensor with at least two dimensions: a vector becomes a row."""
    return _each(lambda x: x if len(x.shape) > 1 else reshape(x, shape=(1, -1)), tensors)


def atleast_3d(*tensors):
    """Each tensor with at least three dimensions.

    A vector of n becomes (1, n, 1), a matrix gets a last dimension.
    """
    return _each(_three_dims, tensors)


def _three_dims(x):
    if len(x.shape) > 2:
        return x
    return unsqueeze(x, dim=2) if len(x.shape) == 2 else reshape(x, shape=(1, -1, 1))


def _each(function, tensors):
    """``function`` of one tensor, or of each of several or of a list, as a tuple."""
    if len(tensors) != 1:
        return tuple(map(function, tensors))
    (given,) = tensors
    return tuple(map(function, given)) if isinstance(given, (tuple, list)) else function(given)


@composite(out=True)
def hstack(tensors):
    """Join along dimension 1; vectors along dimension 0. RuntimeError without a tensor."""
    tensors = atleast_1d(_sequence(tensors, "hstack"))
    if not tensors:
        raise RuntimeError("hstack expects a non-empty TensorList")
    return cat(tensors, 0 if len(tensors[0].shape) == 1 else 1)


@composite(out=True)
def vstack(tensors):
    """Join along dimension 0; vectors are rows. RuntimeError without a tensor."""
    tensors = atleast_2d(_sequence(tensors, "vstack"))
    if not tensors:
        raise RuntimeError("vstack expects a non-empty TensorList")
    return cat(tensors, 0)


row_stack = vstack


@composite(out=True)
def dstack(tensors):
    """Join along dimension 2. RuntimeError without a tensor."""
    tensors = atleast_3d(_sequence(tensors, "dstack"))
    if not tensors:
        raise RuntimeError("dstack expects a non-empty TensorList")
    return cat(tensors, 2)


@composite(out=True)
def column_stack(tensors):
    """Join as columns of a matrix: vectors and scalars become columns. RuntimeError without a tensor."""
    tensors = _sequence(tensors, "column_stack")
    if not tensors:
        raise RuntimeError("column_stack expects a non-empty TensorList")
    return cat([x if len(x.shape) > 1 else reshape(x, shape=(-1, 1)) for x in tensors], 1)


@primitive(complex=True, view=True, x=lambda g, dim: stack(g, dim))
def _unbind(x, *, dim):
    front = (slice(None),) * dim
    return tuple(x[(*front, i, Ellipsis)] for i in range(x.shape[dim]))


@composite
def unbind(input, dim=0):
    """A tuple of the views at each index of ``dim``. IndexError for a 0-d tensor."""
    if len(input.shape) == 0:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = check_dim(dim, len(input.shape))
    return _unbind(input, dim=dim) if input.shape[dim] else ()


def block_diag(*tensors):
    """A matrix with the given matrices along its diagonal and zeros elsewhere; vectors are rows.

    RuntimeError for more than two dimensions.
    """
    blocks = [atleast_2d(x) for x in tensors]
    for i, x in enumerate(blocks):
        if len(x.shape) != 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has "
                f"{len(x.shape)} dimensions"
            )
    return _block_diag(*blocks) if blocks else _block_diag(atleast_2d(xp(None).zeros((1, 0), "float32")))


@primitive(complex=True, prepare=promoted, joint=lambda g, xs_shape: _blocks(g, xs_shape))
def _block_diag(*xs):
    out = xp(xs[0]).zeros((sum(x.shape[0] for x in xs), sum(x.shape[1] for x in xs)), xs[0].dtype)
    for part, x in zip(_blocks(out, [x.shape for x in xs]), xs):
        part[...] = x
    return out


def _blocks(g, shapes):
    """The parts of a matrix that lie along its diagonal."""
    parts, row, column = [], 0, 0
    for rows, columns in shapes:
        parts.append(getitem(g, index=(slice(row, row + rows), slice(column, column + columns))))
        row, column = row + rows, column + columns
    return parts
