"""Picking and placing by tensors of indices: torch's names for :func:`getitem` and :func:`put` with an index along one dimension."""

from __future__ import annotations

import functools

import numpy

from ..autograd.engine import Variable, primitive
from ..backend import is_array, out_of_bounds, xp
from ..dtypes import check_fits
from .indexing import FULL, getitem, parse, put
from .shape import broadcast_shape, check_dim, contiguous, expand, reshape, spelled, unsqueeze


def array_of(x):
    """The array of a Tensor; an array itself."""
    return x.array if isinstance(x, Variable) else x


def _integers(index, op, kinds="dtype int32/int64"):
    """``index`` as an int64 array of its own. RuntimeError unless it holds int32 or int64."""
    if not isinstance(index, Variable) and not is_array(index):
        raise TypeError(f"{op}(): argument 'index' must be Tensor, not {type(index).__name__}")
    array = array_of(index)
    if array.dtype not in (numpy.int64, numpy.int32):
        raise RuntimeError(f"{op}(): Expected {kinds} for index, got {array.dtype}")
    return array.astype("int64")


def _inside(index, size, dim, error=RuntimeError, low=0, text="index {} is out of bounds for dimension {} with size {}"):
    wrong = out_of_bounds(index, low, size)
    if wrong is not None:
        raise error(text.format(wrong, dim, size))
    return index


# ---- one index for each element: gather and scatter -------------------------------------------------------------------


def _along(index, dim):
    """The index that takes ``x[i][j]…`` with ``index[i][j]…`` in the place of dimension ``dim``."""
    ranges = [xp(index).arange(n).reshape((1,) * i + (n,) + (1,) * (index.ndim - i - 1)) for i, n in enumerate(index.shape)]
    return (*ranges[:dim], index, *ranges[dim + 1 :])


def _fits(x_shape, index, dim, text):
    if any(i > n for d, (i, n) in enumerate(zip(index.shape, x_shape)) if d != dim):
        at = next(d for d, (i, n) in enumerate(zip(index.shape, x_shape)) if d != dim and i > n)
        raise RuntimeError(text.format(at=at, index=list(index.shape), x=list(x_shape), dim=dim))


@spelled
def gather(input, dim, index, *, sparse_grad=False):
    """``out[i][j][k] = input[index[i][j][k]][j][k]`` for ``dim=0``; ``index`` has the dimensions of ``input`` and sizes up to its."""
    index = _integers(index, "gather")
    dim = check_dim(dim, len(input.shape))
    if index.ndim != len(input.shape) and (index.ndim or 1) != (len(input.shape) or 1):
        raise RuntimeError(f"Index tensor must have the same number of dimensions as input tensor: {index.ndim} and {len(input.shape)}")
    if not input.shape or not index.ndim:
        return reshape(getitem(reshape(input, shape=(-1,)), index=(_inside(index.reshape(-1), 1 if not input.shape else input.shape[0], dim),)), shape=index.shape)
    _fits(input.shape, index, dim, "Size does not match at dimension {at} expected index {index} to be no larger than self {x} apart from dimension {dim}")
    return getitem(input, index=_along(_inside(index, input.shape[dim], dim), dim))


def take_along_dim(input, indices, dim=None):
    """As :func:`gather`, where ``indices`` and ``input`` broadcast outside of ``dim``; of the flattened tensors without ``dim``."""
    if dim is None:
        return gather(reshape(input, shape=(-1,)), 0, reshape(indices, shape=(-1,)))
    if len(indices.shape) != len(input.shape):
        raise RuntimeError(
            f"torch.take_along_dim(): input and indices should have the same number of dimensions, but got {len(input.shape)} dimensions for input, "
            f"and {len(indices.shape)} dimensions for indices"
        )
    if not input.shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    dim = check_dim(dim, len(input.shape))
    one = [tuple(1 if d == dim else n for d, n in enumerate(x.shape)) for x in (input, indices)]
    whole = broadcast_shape(*one)
    resized = [tuple(x.shape[dim] if d == dim else n for d, n in enumerate(whole)) for x in (input, indices)]
    return gather(expand(input, shape=resized[0]), dim, expand(indices, shape=resized[1]))


_add_at = functools.partial(put, accumulate=True)


def _scatter(input, dim, index, src, op, place=put):
    index = _integers(index, op)
    dim = check_dim(dim, len(input.shape))
    if isinstance(src, Variable) or is_array(src):
        if array_of(src).dtype != array_of(input).dtype:
            raise RuntimeError(f"{op}(): Expected self.dtype to be equal to src.dtype, got {array_of(input).dtype} and {array_of(src).dtype}")
        if (len(src.shape) or 1) != (index.ndim or 1) and index.size:
            raise RuntimeError(f"Index tensor must have the same number of dimensions as src tensor: {index.ndim} and {len(src.shape)}")
    if (index.ndim or 1) != (len(input.shape) or 1) and index.size:
        raise RuntimeError(f"Index tensor must have the same number of dimensions as self tensor: {index.ndim} and {len(input.shape)}")
    if not index.size and (index.ndim != len(input.shape) or not hasattr(src, "shape") or index.ndim != len(src.shape)):
        return put(input, 0, index=(slice(0),)) if input.shape else put(input, input, index=(Ellipsis,))
    if not input.shape:
        src = reshape(src, shape=(-1,)) if hasattr(src, "shape") else src
        return reshape(_scatter(reshape(input, shape=(1,)), 0, index.reshape(-1), src, op, place), shape=())
    index = index.reshape(index.shape or (1,))
    if hasattr(src, "shape"):
        src = reshape(src, shape=(1,)) if not src.shape else src
        if any(i > s for i, s in zip(index.shape, src.shape)) or any(i > n for d, (i, n) in enumerate(zip(index.shape, input.shape)) if d != dim):
            raise RuntimeError(
                f"Expected index {list(index.shape)} to be no larger than self {list(input.shape)} apart from dimension {dim} "
                f"and to be no larger size than src {list(src.shape)}"
            )
        if tuple(src.shape) != index.shape:
            src = getitem(src, index=(*(slice(n) for n in index.shape), Ellipsis))
    _fits(input.shape, index, dim, "Expected index {index} to be no larger than self {x} apart from dimension {dim}")
    return place(input, src, index=_along(_inside(index, input.shape[dim], dim), dim))


_REDUCE = {"add": "sum", "multiply": "prod"}


@spelled
def scatter(input, dim, index, src=None, *, value=None, reduce=None):
    """A copy of ``input`` with ``out[index[i][j]][j] = src[i][j]`` (for ``dim=0``); ``src`` is a tensor or a number. ``reduce``: "add" or "multiply"."""
    src = value if src is None else src
    if src is None:
        raise TypeError("scatter() missing required argument: 'src' or 'value'")
    if reduce is not None:
        if reduce not in _REDUCE:
            raise RuntimeError("reduce argument must be either add or multiply.")
        if not hasattr(src, "shape"):
            src = xp(array_of(input)).full(index.shape, src, array_of(input).dtype)
        return scatter_reduce(input, dim, index, src, _REDUCE[reduce])
    return _scatter(input, dim, index, src, "scatter")


@spelled
def scatter_add(input, dim, index, src):
    """A copy of ``input`` with ``out[index[i][j]][j] += src[i][j]`` (for ``dim=0``); repeated indices add up."""
    if not hasattr(src, "shape"):
        raise TypeError(f"scatter_add(): argument 'src' (position 4) must be Tensor, not {type(src).__name__}")
    return _scatter(input, dim, index, src, "scatter_add", place=_add_at)


def _extreme_slope(g, x, src, out, index):
    """Elements that share the extreme share its gradient equally (the rule of torch)."""
    mine, theirs = (x == out).astype(g.dtype), (src == getitem(out, index=index)).astype(g.dtype)
    share = g / put(mine, theirs, index=index, accumulate=True)
    return mine * share, theirs * getitem(share, index=index)


@primitive(joint=_extreme_slope)
def scatter_extreme(x, src, *, index, largest):
    """``x`` with the maximum (or minimum) of itself and the elements of ``src`` at ``index``."""
    out = x.copy()
    (xp(x).maximum if largest else xp(x).minimum).at(out, index, src)
    return out


def _prod_slope(g, x, src, out, index):
    """The product of all the others; a single zero among them makes that the product without it."""
    zero, src_zero = x == 0, src == 0
    whole = masked_fill_with(x, zero, 1)
    dx = g * scatter_prod(whole, src, index=index) / whole
    zeros = put(xp(array_of(x)).zeros(x.shape, "int64"), array_of(src_zero).astype("int64"), index=index, accumulate=True)
    single = array_of(src_zero) & (zeros[index] == 1)
    without = scatter_prod(x, masked_fill_with(src, single, 1), index=index)
    ordinary = getitem(g * out, index=index) / masked_fill_with(src, src_zero, 1)
    return dx, masked_fill_with(ordinary, single, getitem(g * without, index=index))


@primitive(joint=_prod_slope)
def scatter_prod(x, src, *, index):
    """``x`` times all the elements of ``src`` at ``index``."""
    out = x.copy()
    xp(x).multiply.at(out, index, src)
    return out


@spelled
def scatter_reduce(input, dim, index, src, reduce, *, include_self=True):
    """A copy of ``input`` whose elements at ``index`` are reduced with those of ``src``: "sum", "prod", "mean", "amax" or "amin".

    Without ``include_self`` the old value of an element that receives something does not count.
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if not hasattr(src, "shape"):
        raise TypeError(f"scatter_reduce(): argument 'src' (position 4) must be Tensor, not {type(src).__name__}")
    kind = array_of(input).dtype
    if not include_self:
        lowest, highest = (numpy.iinfo(kind).min, numpy.iinfo(kind).max) if kind.kind in "iu" else (-numpy.inf, numpy.inf)
        neutral = {"prod": 1, "amax": lowest, "amin": highest}.get(reduce, 0)
        input = _scatter(input, dim, index, neutral, "scatter_reduce")
    if reduce == "sum":
        return _scatter(input, dim, index, src, "scatter_reduce", place=_add_at)
    if reduce == "mean":
        total = _scatter(input, dim, index, src, "scatter_reduce", place=_add_at)
        ones, start = xp(array_of(src)).ones(src.shape, kind), xp(array_of(input)).full(input.shape, int(include_self), kind)
        count = _scatter(start, dim, index, ones, "scatter_reduce", place=_add_at)
        count[count == 0] = 1
        return total / count if kind.kind == "f" else total // count
    if reduce == "prod":
        return _scatter(input, dim, index, src, "scatter_reduce", place=scatter_prod)
    return _scatter(input, dim, index, src, "scatter_reduce", place=functools.partial(scatter_extreme, largest=reduce == "amax"))


# ---- whole slices along one dimension ---------------------------------------------------------------------------------


def _vector(index, op):
    index = _integers(index, op, "dtype int32 or int64")
    if index.ndim > 1:
        raise IndexError(f"{op}(): Index is supposed to be a vector, got shape {list(index.shape)}")
    return index.reshape(-1)


@spelled
def index_select(input, dim, index):
    """The slices of ``input`` at a vector of indices along ``dim``."""
    index, dim = _vector(index, "index_select"), check_dim(dim, len(input.shape))
    if not input.shape:
        if index.size != 1:
            raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {index.size} value(s)")
        return reshape(getitem(reshape(input, shape=(1,)), index=(_inside(index, 1, 0, IndexError, text="index out of range in self"),)), shape=())
    return getitem(input, index=(*(FULL,) * dim, _inside(index, input.shape[dim], dim, IndexError, text="index out of range in self")))


@spelled
def index_add(input, dim, index, source, *, alpha=1):
    """A copy of ``input`` with the slices of ``source`` times ``alpha`` added at a vector of indices along ``dim``."""
    index, dim = _vector(index, "index_add"), check_dim(dim, len(input.shape))
    if array_of(source).dtype != array_of(input).dtype:
        raise RuntimeError(f"index_add_(): self ({array_of(input).dtype}) and source ({array_of(source).dtype}) must have the same scalar type")
    n = source.shape[dim] if source.shape else 1
    if index.size != n:
        raise RuntimeError(f"index_add_(): Number of indices ({index.size}) should be equal to source.size(dim): ({n}), for dim: {dim}")
    if source.shape[:dim] != input.shape[:dim] or source.shape[dim + 1 :] != input.shape[dim + 1 :]:
        raise RuntimeError(
            f"source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = {list(input.shape)} "
            f"source.shape = {list(source.shape)}"
        )
    if not input.shape:
        return input + alpha * reshape(source, shape=())
    index = _inside(index, input.shape[dim], dim)
    return put(input, source if alpha == 1 else source * alpha, index=(*(FULL,) * dim, index), accumulate=True)


@spelled
def index_copy(input, dim, index, source):
    """A copy of ``input`` with the slices of ``source`` written at a vector of indices along ``dim``."""
    index, dim = _vector(index, "index_copy"), check_dim(dim, len(input.shape))
    if array_of(source).dtype != array_of(input).dtype:
        raise RuntimeError(
            f"index_copy_(): self and source expected to have the same dtype, but got (self) {array_of(input).dtype} and (source) {array_of(source).dtype}"
        )
    if source.shape and index.size != source.shape[dim]:
        raise IndexError(f"index_copy_(): Number of indices ({index.size}) should be equal to source.size(dim) ({source.shape[dim]})")
    if source.shape and (source.shape[:dim] != input.shape[:dim] or source.shape[dim + 1 :] != input.shape[dim + 1 :]):
        raise RuntimeError(
            f"index_copy_(): Source/destination tensor must have same slice shapes. Got destination {list(input.shape)} and source {list(source.shape)} "
            f"with dim {dim}"
        )
    if not input.shape:
        return reshape(put(reshape(input, shape=(1,)), source, index=(index,)), shape=())
    text = "index_copy_(): index {} is out of bounds for dimension {} with size {}"
    return put(input, source, index=(*(FULL,) * dim, _inside(index, input.shape[dim], dim, IndexError, text=text)))


@spelled
def index_fill(input, dim, index, value):
    """A copy of ``input`` with ``value`` (a number or a 0-d tensor) in the slices at a vector of indices along ``dim``."""
    index, dim = _vector(index, "index_fill"), check_dim(dim, len(input.shape))
    value = _scalar(value, input, "index_fill_")
    if not input.shape:
        return reshape(put(reshape(input, shape=(1,)), value, index=(index,)), shape=())
    n = input.shape[dim]
    return put(input, value, index=(*(FULL,) * dim, _inside(index, n, dim, IndexError, -n)))


def _scalar(value, like, op):
    """A number, or a 0-d tensor, that is to be written into ``like``. RuntimeError for other tensors and for what does not fit."""
    if getattr(value, "shape", ()) != ():
        raise RuntimeError(f"{op} only supports a 0-dimensional value tensor, but got tensor with {len(value.shape)} dimension(s).")
    return value if hasattr(value, "shape") else fitted(value, array_of(like).dtype)


def fitted(value, dtype):
    """A Python number as NumPy's ``dtype`` stores it. RuntimeError if it does not fit; negative ones wrap in unsigned integers, as in torch."""
    if dtype.kind == "b":
        return bool(value)
    if isinstance(value, complex) and dtype.kind != "c":
        raise RuntimeError(f"value cannot be converted to type {dtype} without overflow")
    check_fits(value, dtype)
    if dtype.kind == "u":
        return int(value) % (numpy.iinfo(dtype).max + 1)
    return int(value) if dtype.kind == "i" else value


def index_put(input, indices, values, accumulate=False):
    """A copy of ``input`` with ``values`` written, or with ``accumulate`` added, at a tuple of index tensors."""
    if array_of(values).dtype != array_of(input).dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {array_of(input).dtype} for the destination and "
            f"{array_of(values).dtype} for the source."
        )
    index = parse(tuple(indices), input.shape, xp(array_of(input)))[1]
    return put(input, values, index=index, accumulate=accumulate)


@spelled
def repeat_interleave(input, repeats=None, dim=None, *, output_size=None):
    """Each slice along ``dim`` repeated ``repeats`` times (an int, or a vector with one number for each); of the flattened tensor without ``dim``.

    With ``input`` alone, a vector of repeats: the index i repeated ``input[i]`` times.
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
        times = repeats if not hasattr(repeats, "shape") else int(repeats)
        if times < 0:
            raise RuntimeError("Repeats must be non-negative")
        spread = expand(unsqueeze(input, dim=dim + 1), shape=(*input.shape[: dim + 1], times, *input.shape[dim + 1 :]))
        return contiguous(reshape(spread, shape=(*input.shape[:dim], n * times, *input.shape[dim + 1 :])))
    if repeats.shape != (n,):
        raise RuntimeError(f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats.shape[0]} and input.size({dim}) = {n}")
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


# ---- the flattened tensor ----------------------------------------------------------------------------------------------


def take(input, index):
    """The elements of the flattened ``input`` at ``index``, in the shape of ``index``."""
    if array_of(index).dtype != numpy.int64:
        raise RuntimeError(f"take(): Expected a long tensor for index, but got {array_of(index).dtype}")
    n = array_of(input).size
    _inside(array_of(index), n, 0, IndexError, -n, f"out of range: tried to access index {{}} on a tensor of {n} elements.")
    return getitem(reshape(input, shape=(-1,)), index=(array_of(index).copy(),))


def put_at(input, index, source, accumulate=False):
    """A copy of ``input`` with ``source`` written, or with ``accumulate`` added, at ``index`` of its flattened elements."""
    n = array_of(input).size
    if array_of(source).size != array_of(index).size:
        raise IndexError(
            f"put_(): Expected source and index to have the same number of elements, but got source.numel() = {array_of(source).size}, "
            f"index.numel() = {array_of(index).size}"
        )
    _inside(array_of(index), n, 0, IndexError, -n, f"out of range: tried to access index {{}} on a tensor of {n} elements.")
    flat = put(reshape(input, shape=(-1,)), reshape(source, shape=(-1,)), index=(array_of(index).reshape(-1).copy(),), accumulate=accumulate)
    return reshape(flat, shape=input.shape)


# ---- masks --------------------------------------------------------------------------------------------------------------


@primitive(name="masked_fill", broadcasts=True, x=lambda g, mask: masked_fill_with(g, mask, 0), value=lambda g, mask: g * mask)
def masked_fill_with(x, mask, value):
    return xp(x).where(mask, value if not hasattr(value, "astype") else value.astype(x.dtype), x).astype(x.dtype, copy=False)


def masked_fill(input, mask, value):
    """``value`` (a number or a 0-d tensor) where ``mask`` is True, ``input`` elsewhere; ``mask`` broadcasts."""
    if array_of(mask).dtype.kind != "b":
        raise RuntimeError(f"masked_fill_ only supports boolean masks, but got mask with dtype {array_of(mask).dtype}")
    broadcast_shape(input.shape, mask.shape)
    return masked_fill_with(input, mask, _scalar(value, input, "masked_fill_"))


def _mask(mask, op):
    if array_of(mask).dtype.kind != "b":
        raise RuntimeError(f"{op}: expected BoolTensor for mask, got {array_of(mask).dtype}")
    return array_of(mask)


def masked_select(input, mask):
    """The elements of ``input`` where ``mask`` is True, as a vector; both broadcast."""
    mask = _mask(mask, "masked_select")
    shape = broadcast_shape(input.shape, mask.shape)
    return getitem(expand(input, shape=shape), index=(xp(mask).broadcast_to(mask, shape).copy(),))


def masked_scatter(input, mask, source):
    """A copy of ``input`` with the elements of ``source``, in order, where ``mask`` is True; the mask broadcasts."""
    mask = _mask(mask, "masked_scatter")
    if array_of(source).dtype != array_of(input).dtype:
        raise RuntimeError(f"masked_scatter: expected self and source to have same dtypes but got {array_of(input).dtype} and {array_of(source).dtype}")
    shape = broadcast_shape(input.shape, mask.shape)
    mask = xp(mask).broadcast_to(mask, shape).copy()
    n = int(mask.sum())
    if n > array_of(source).size:
        raise RuntimeError(f"masked_scatter: Number of elements of source < number of ones in mask: {array_of(source).size} < {n}")
    return put(expand(input, shape=shape), getitem(reshape(source, shape=(-1,)), index=(slice(n), Ellipsis)), index=(mask,))


# ---- positions ----------------------------------------------------------------------------------------------------------


@primitive
def _nonzero(x):
    found = xp(x).nonzero(x.reshape(x.shape or (1,)))
    return xp(x).stack(found, axis=1)[:, : x.ndim]


def nonzero(input, *, out=None, as_tuple=False):
    """The indices of the elements that are not zero, as rows (n, ndim); with ``as_tuple`` a vector for each dimension, fit for indexing."""
    if as_tuple:
        return tuple(_nonzero(reshape(input, shape=input.shape or (1,))).T)
    return _nonzero(input)


argwhere = nonzero


@primitive
def _one_hot(x, *, num_classes):
    out = xp(x).zeros((*x.shape, num_classes), "int64")
    out[(*xp(x).indices(x.shape), x)] = 1
    return out


def one_hot(input, num_classes=-1):
    """Vectors of zeros with a 1 at each class number, (…) -> (…, num_classes), in int64; -1 takes the largest class + 1."""
    classes = array_of(input)
    if classes.dtype != numpy.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, got {classes.dtype}.")
    if not classes.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if (low := out_of_bounds(classes, 0, numpy.iinfo("int64").max)) is not None:
        raise RuntimeError(f"Class values must be non-negative, got {low}.")
    if num_classes == -1:
        num_classes = int(classes.max()) + 1
    elif (high := out_of_bounds(classes, 0, num_classes)) is not None:
        raise RuntimeError(f"Class values must be smaller than num_classes, got {high} with num_classes = {num_classes}.")
    return _one_hot(input, num_classes=num_classes)
