"""Joining tensors along a dimension, and cutting them apart again."""

from __future__ import annotations

import itertools

from ..core.arrays import xp
from ..core.composite import composite
from ..core.dtypes import promoted
from ..core.graph import Variable
from ..core.primitive import primitive
from .indexing import getitem
from .shape import check_dim, expand, integer, reshape, sizes, unsqueeze


def _part(x, dim, start, stop):
    return getitem(x, index=(*(slice(None),) * dim, slice(start, stop), Ellipsis))


def _sequence(tensors, name):
    """``tensors`` as a tuple.

    TypeError for what is no sequence of tensors, ValueError or RuntimeError for an empty one.
    """
    if isinstance(tensors, Variable) or not hasattr(tensors, "__iter__"):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not "
            f"{type(tensors).__name__}"
        )
    tensors = tuple(tensors)
    for i, x in enumerate(tensors):
        if not hasattr(x, "shape"):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return tensors


# ---- joining -------------------------------------------------------------------------------------


@primitive(complex=True, prepare=promoted, joint=lambda g, xs_shape, dim: _cut(g, xs_shape, dim))
def _cat(*xs, dim=0):
    kept = [x for x in xs if x.shape != (0,)] or xs[:1]
    first = kept[0]
    for i, x in enumerate(xs):
        if x.ndim == 0:
            raise RuntimeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    dim = check_dim(dim, first.ndim) if first.shape != (0,) else 0
    for i, x in enumerate(kept):
        if x.ndim != first.ndim:
            raise RuntimeError(f"Tensors must have same number of dimensions: got {first.ndim} and {x.ndim}")
        if x.shape[:dim] != first.shape[:dim] or x.shape[dim + 1 :] != first.shape[dim + 1 :]:
            at = next(d for d in range(x.ndim) if d != dim and x.shape[d] != first.shape[d])
            raise RuntimeError(
                f"Sizes of tensors must match except in dimension {dim}. Expected size "
                f"{first.shape[at]} but got size {x.shape[at]} "
                f"for tensor number {i} in the list."
            )
    return xp(first).concatenate(kept, axis=dim)


def _cut(g, shapes, dim):
    dim = check_dim(dim, len(g.shape)) if g.shape != (0,) else 0
    before, start, pieces = (slice(None),) * dim, 0, []
    for shape in shapes:
        stop = start if shape == (0,) else start + shape[dim]
        piece = g[(*before, slice(start, stop))]
        if shape == (0,):  # fits anything
            piece = reshape(piece, shape=shape)
        pieces.append(piece)
        start = stop
    return pieces


@composite(out=True)
def cat(tensors, dim=0):
    """Join along an existing dimension; all other sizes must agree. Empty 1-d tensors are skipped, as in
    torch.

    ValueError without a tensor.
    """
    tensors = _sequence(tensors, "cat")
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    return _cat(*tensors, dim=dim)


concat = concatenate = cat


@primitive(
    complex=True,
    prepare=promoted,
    joint=lambda g, dim: unbind(g, dim),
)
def _stack(*xs, dim=0):
    dim = check_dim(dim, xs[0].ndim + 1)
    for i, x in enumerate(xs):
        if x.shape != xs[0].shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(xs[0].shape)} at entry 0 "
                f"and {list(x.shape)} at entry {i}"
            )
    return xp(xs[0]).stack(xs, axis=dim)


@composite(out=True)
def stack(tensors, dim=0):
    """Join along a new dimension; all shapes must agree. RuntimeError if they do not, or without a tensor."""
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
    """Each tensor with at least three dimensions: a vector of n becomes (1, n, 1), a matrix gets a last
    dimension.
    """
    return _each(
        lambda x: (
            x
            if len(x.shape) > 2
            else unsqueeze(x, dim=2)
            if len(x.shape) == 2
            else reshape(x, shape=(1, -1, 1))
        ),
        tensors,
    )


def _each(function, tensors):
    if len(tensors) == 1:
        return (
            tuple(map(function, tensors[0]))
            if isinstance(tensors[0], (tuple, list))
            else function(tensors[0])
        )
    return tuple(map(function, tensors))


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


# ---- cutting -------------------------------------------------------------------------------------


@primitive(complex=True, view=True, x=lambda g, dim: cat(g, dim))
def _split(x, *, lengths, dim):
    stops = itertools.accumulate(lengths)
    return tuple(_part(x, dim, stop - n, stop) for n, stop in zip(lengths, stops))


@composite
def split(tensor, split_size_or_sections=None, dim=0, *, split_size=None):
    """Views of ``split_size`` each along ``dim`` (the last may be smaller), or of the given list of sizes.

    RuntimeError if those do not add up.
    """
    if len(tensor.shape) == 0:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = check_dim(dim, len(tensor.shape))
    size = tensor.shape[dim]
    if split_size is not None:
        split_size_or_sections = split_size
    if isinstance(split_size_or_sections, (tuple, list)):
        lengths = sizes((split_size_or_sections,))
        if min(lengths, default=0) < 0:
            raise RuntimeError(
                "split_with_sizes expects split_sizes have only non-negative entries, but got "
                f"split_sizes={list(lengths)}"
            )
        if sum(lengths) != size:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size "
                f"at dimension {dim}), "
                f"but got split_sizes={list(lengths)}"
            )
        return _split(tensor, lengths=lengths, dim=dim)
    step = integer(split_size_or_sections)
    if step < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={step}")
    if step == 0 and size != 0:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}"
        )
    whole, rest = divmod(size, step) if step else (1, 0)
    return _split(tensor, lengths=((step,) * whole + (rest,) * bool(rest)) or (0,), dim=dim)


split_with_sizes = split


@composite
def chunk(input, chunks, dim=0):
    """At most ``chunks`` views of the same size along ``dim``; the last may be smaller.

    RuntimeError for a 0-d tensor or unless ``chunks`` is positive.
    """
    if len(input.shape) == 0:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if (chunks := integer(chunks)) <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = check_dim(dim, len(input.shape))
    size = input.shape[dim]
    return split(input, (0,) * chunks if size == 0 else -(-size // chunks), dim)


@composite
def tensor_split(input, indices_or_sections, dim=0):
    """Views of as equal sizes as can be, the larger ones first, or cut at the given indices.

    RuntimeError for a 0-d tensor, or unless the number is positive.
    """
    if len(input.shape) == 0:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    dim = check_dim(dim, len(input.shape))
    size = input.shape[dim]
    if hasattr(indices_or_sections, "tolist"):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, (tuple, list)):
        bounds = [0, *(slice(None, n).indices(size)[1] for n in sizes((indices_or_sections,))), size]
        return tuple(_part(input, dim, a, max(a, b)) for a, b in itertools.pairwise(bounds))
    if (indices_or_sections := integer(indices_or_sections)) <= 0:
        raise RuntimeError(f"number of sections must be larger than 0, got {indices_or_sections}")
    small, larger = divmod(size, indices_or_sections)
    return _split(input, lengths=(small + 1,) * larger + (small,) * (indices_or_sections - larger), dim=dim)


def _split_along(name, least, dim_of):
    def function(input, indices_or_sections):
        ndim = len(input.shape)
        if ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, "
                f"but got a tensor with {ndim} dimensions!"
            )
        dim = dim_of(ndim)
        if isinstance(indices_or_sections, int) and (
            indices_or_sections <= 0 or input.shape[dim] % indices_or_sections
        ):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
                f"{input.shape[dim]} is not divisible by "
                f"the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, dim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        "Cut into equal parts, or at the given indices, along dimension "
        f"{dim_of(3)}{' (0 for a vector)' * (name == 'hsplit')}. "
        f"RuntimeError for parts that are not equal, or fewer than {least} dimension{'s' * (least > 1)}."
    )
    return function


hsplit = _split_along("hsplit", 1, lambda ndim: 0 if ndim == 1 else 1)
vsplit = _split_along("vsplit", 2, lambda ndim: 0)
dsplit = _split_along("dsplit", 3, lambda ndim: 2)


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


@composite
def narrow(input, dim, start, length):
    """The ``length`` indices from ``start`` along ``dim`` (a view).

    RuntimeError or IndexError if they are not all there.
    """
    if len(input.shape) == 0:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, Variable) and (start.array.ndim or start.array.dtype.kind not in "iu"):
        raise RuntimeError("start must be an 0-dim integral Tensor.")
    dim, start, length = check_dim(dim, len(input.shape)), integer(start), integer(length)
    size = input.shape[dim]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -size <= start <= size:
        raise IndexError(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        )
    start += size if start < 0 else 0
    if start + length > size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return _part(input, dim, start, start + length)


@composite
def select(input, dim, index):
    """The part at ``index`` of ``dim``, without that dimension (a view).

    IndexError if there is no such index.
    """
    if len(input.shape) == 0:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim, index = check_dim(dim, len(input.shape)), integer(index)
    size = input.shape[dim]
    if not -size <= index < size:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at dimension {dim}"
        )
    return getitem(input, index=(*(slice(None),) * dim, index, Ellipsis))


# ---- grids ---------------------------------------------------------------------------------------


def meshgrid(*tensors, indexing="ij"):
    """Coordinates of a grid: each vector spread over all dimensions; ``indexing="xy"`` swaps the first two.

    RuntimeError for tensors of two dimensions or more or of different dtypes, ValueError without a tensor.
    """
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    if not tensors:
        raise ValueError("meshgrid expects a non-empty TensorList")
    if indexing not in ("ij", "xy", None):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in tensors:
        if len(x.shape) > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {list(x.shape)}"
            )
    if any(x.dtype != tensors[0].dtype for x in tensors):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(tensors) > 1
    if swap:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    whole = tuple(1 if not x.shape else x.shape[0] for x in tensors)
    grids = [
        expand(reshape(x, shape=tuple(whole[i] if i == j else 1 for j in range(len(whole)))), shape=whole)
        for i, x in enumerate(tensors)
    ]
    return (grids[1], grids[0], *grids[2:]) if swap else tuple(grids)


def cartesian_prod(*tensors):
    """All combinations of one element of each vector, as rows. RuntimeError for other shapes."""
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    for x in tensors:
        if len(x.shape) != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(g, shape=(-1,)) for g in meshgrid(*tensors)], 1)


@composite
def combinations(input, r=2, with_replacement=False):
    """All choices of ``r`` elements of a vector, as rows. RuntimeError for other shapes and a negative
    ``r``."""
    if len(input.shape) != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(input.shape[0]), r))
    if not rows or r == 0:
        return input[:0] if r == 0 else reshape(input[:0], shape=(0, r))
    return getitem(input, index=(xp(getattr(input, "array", input)).asarray(rows),))


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
    parts, row, column = [], 0, 0
    for rows, columns in shapes:
        parts.append(getitem(g, index=(slice(row, row + rows), slice(column, column + columns))))
        row, column = row + rows, column + columns
    return parts
