"""Writing slices at indices along one dimension, at tuples of indices, and into parts of a tensor."""

from __future__ import annotations

from ..core.arrays import array_of, is_array, xp
from ..core.graph import Variable
from .arithmetic import add
from .cast import to_dtype
from .composite import composite
from .diagonal import diagonal, diagonal_in_zeros
from .elementwise import select as select_where
from .gather import OUT_OF_BOUNDS, check_flat, inside, vector
from .indexing import FULL, getitem, parse, put
from .masks import fill_value
from .scatter import scatter_reduce
from .shape import reshape
from .shape_arguments import check_dim
from .split import select

# ---- slices at indices along one dimension --------------------------------------------------------


@composite(out=True)
def index_add(input, dim, index, source, *, alpha: float = 1):
    """A copy of ``input`` with slices of ``source`` added at a vector of indices along ``dim``.

    The slices are multiplied by ``alpha``. RuntimeError if dtypes differ or shapes do not fit.
    """
    index, dim = vector(index, "index_add"), check_dim(dim, len(input.shape))
    if array_of(source).dtype != array_of(input).dtype:
        raise RuntimeError(
            f"index_add_(): self ({array_of(input).dtype}) and source ({array_of(source).dtype}) must have "
            "the same scalar type"
        )
    n = source.shape[dim] if source.shape else 1
    if index.size != n:
        raise RuntimeError(
            f"index_add_(): Number of indices ({index.size}) should be equal to source.size(dim): ({n}), "
            f"for dim: {dim}"
        )
    if source.shape[:dim] != input.shape[:dim] or source.shape[dim + 1 :] != input.shape[dim + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(input.shape)} source.shape = {list(source.shape)}"
        )
    if not input.shape:
        return add(input, reshape(source, shape=()), alpha=alpha)
    index = inside(index, input.shape[dim], dim)
    source = source if alpha == 1 else source * alpha
    return put(input, source, index=(*(FULL,) * dim, index), accumulate=True)


@composite(out=True)
def index_copy(input, dim, index, source):
    """A copy of ``input`` with the slices of ``source`` written at a vector of indices along ``dim``.

    RuntimeError if dtypes differ or shapes do not fit, IndexError unless there is an index for each slice.
    """
    index, dim = vector(index, "index_copy"), check_dim(dim, len(input.shape))
    if array_of(source).dtype != array_of(input).dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{array_of(input).dtype} and (source) {array_of(source).dtype}"
        )
    if source.shape and index.size != source.shape[dim]:
        raise IndexError(
            f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) "
            f"({source.shape[dim]})"
        )
    if source.shape and (
        source.shape[:dim] != input.shape[:dim] or source.shape[dim + 1 :] != input.shape[dim + 1 :]
    ):
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Got destination "
            f"{list(input.shape)} and source {list(source.shape)} with dim {dim}"
        )
    if not input.shape:
        return reshape(put(reshape(input, shape=(1,)), source, index=(index,)), shape=())
    inside(index, input.shape[dim], dim, IndexError, text=f"index_copy_(): {OUT_OF_BOUNDS}")
    return put(input, source, index=(*(FULL,) * dim, index))


@composite
def index_fill(input, dim, index, value):
    """A copy of ``input`` with ``value`` in the slices at a vector of indices along ``dim``.

    ``value`` is a number or a 0-d tensor.
    """
    index, dim = vector(index, "index_fill"), check_dim(dim, len(input.shape))
    value = fill_value(value, input, "index_fill_")
    if not input.shape:
        return reshape(put(reshape(input, shape=(1,)), value, index=(index,)), shape=())
    n = input.shape[dim]
    index = inside(index, n, dim, IndexError, -n)
    if hasattr(value, "shape"):
        filled = xp(index).zeros((n, *[1] * (len(input.shape) - dim - 1)), bool)
        filled[index] = True
        return select_where(filled, to_dtype(value, array_of(input).dtype), input)
    return put(input, value, index=(*(FULL,) * dim, index))


@composite
def index_put(input, indices, values, accumulate=False):
    """A copy of ``input`` with ``values`` written, or with ``accumulate`` added, at a tuple of index tensors.

    RuntimeError if dtypes differ, TypeError for indices that are not tensors.
    """
    if array_of(values).dtype != array_of(input).dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {array_of(input).dtype} for "
            f"the destination and {array_of(values).dtype} for the source."
        )
    for i, index in enumerate(indices):
        if not isinstance(index, Variable) and not is_array(index):
            raise TypeError(f"expected Tensor as element {i} in argument 1, but got {type(index).__name__}")
    index = parse(tuple(indices), input.shape, xp(array_of(input)))[1]
    return put(input, values, index=index, accumulate=accumulate)


@composite(out=True)
def index_reduce(input, dim, index, source, reduce, *, include_self=True):
    """A copy of ``input`` whose slices at a vector of indices are reduced with those of ``source``.

    ``reduce`` is "prod", "mean", "amax" or "amin"; ``include_self`` as in :func:`scatter_reduce`.
    RuntimeError for another ``reduce``, or unless there is an index for each slice.
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(
            f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}."
        )
    index, dim = vector(index, "index_reduce"), check_dim(dim, len(input.shape))
    if not input.shape:
        one = [reshape(v, shape=(1,)) for v in (input, source)]
        return reshape(index_reduce(one[0], 0, index, one[1], reduce, include_self=include_self), shape=())
    if index.size != source.shape[dim]:
        raise RuntimeError(
            f"index_reduce(): Number of indices ({index.size}) should be equal to source.size(dim): "
            f"({source.shape[dim]})"
        )
    if source.shape[:dim] != input.shape[:dim] or source.shape[dim + 1 :] != input.shape[dim + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got "
            f"self.shape = {list(input.shape)} source.shape = {list(source.shape)}"
        )
    whole = xp(index).broadcast_to(index.reshape((-1,) + (1,) * (len(source.shape) - dim - 1)), source.shape)
    return scatter_reduce(input, dim, whole, source, reduce, include_self=include_self)


# ---- parts of a tensor ---------------------------------------------------------------------------


def _same_shape(name, src, shape):
    """RuntimeError unless ``src`` has the shape of the part that it is written to."""
    if tuple(src.shape) != tuple(shape):
        raise RuntimeError(
            f"expected src to have a size equal to the {name} of self. src size = {list(src.shape)}, {name} "
            f"size = {list(shape)}"
        )


@composite
def select_scatter(input, src, dim, index):
    """A copy of ``input`` with ``src`` written where ``select(dim, index)`` reads."""
    _same_shape("slice", src, select(input, dim, index).shape)
    return put(input, src, index=(*(FULL,) * check_dim(dim, len(input.shape)), index.__index__()))


@composite
def slice_scatter(input, src, dim=0, start=None, end=None, step=1):
    """A copy of ``input`` with ``src`` written to the slice start:end:step of ``dim``."""
    where = (*(FULL,) * check_dim(dim, len(input.shape)), slice(start, end, step))
    _same_shape("slice", src, getitem(input, index=where).shape)
    return put(input, src, index=where)


@composite
def diagonal_scatter(input, src, offset=0, dim1=0, dim2=1):
    """A copy of ``input`` with ``src`` on the diagonal of dimensions ``dim1`` and ``dim2``."""
    part = diagonal(input, offset=offset, dim1=dim1, dim2=dim2)
    _same_shape("slice", src, part.shape)
    where = {"shape": tuple(input.shape), "offset": offset, "dim1": dim1, "dim2": dim2}
    there = diagonal_in_zeros(xp(array_of(input)).ones(part.shape, bool), **where)
    return select_where(there, diagonal_in_zeros(to_dtype(src, input.dtype), **where), input)


# ---- the flattened tensor ------------------------------------------------------------------------


@composite(name="put")
def put_at(input, index, source, accumulate=False):
    """A copy of ``input`` with ``source`` written at ``index`` of its flattened elements.

    With ``accumulate`` it is added. IndexError unless there are as many of both, within range; RuntimeError
    for different dtypes.
    """
    n = array_of(input).size
    if array_of(source).dtype != array_of(input).dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{array_of(input).dtype} and source.dtype = {array_of(source).dtype}"
        )
    if array_of(source).size != array_of(index).size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() "
            f"= {array_of(source).size}, index.numel() = {array_of(index).size}"
        )
    check_flat(array_of(index), n)
    flat = put(
        reshape(input, shape=(-1,)),
        reshape(source, shape=(-1,)),
        index=(array_of(index).reshape(-1).copy(),),
        accumulate=accumulate,
    )
    return reshape(flat, shape=input.shape)
