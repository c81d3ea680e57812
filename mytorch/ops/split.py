"""Cutting a tensor into parts along a dimension. The parts are views."""

from __future__ import annotations

import itertools

from ..core.arrays import array_of
from ..core.graph import Variable
from ..core.primitive import primitive
from .composite import composite
from .indexing import getitem
from .join import cat
from .shape_arguments import check_dim, integer, sizes


def _part(x, dim, start, stop):
    return getitem(x, index=(*(slice(None),) * dim, slice(start, stop), Ellipsis))


@primitive(complex=True, view=True, x=lambda g, dim: cat(g, dim))
def _split(x, *, lengths, dim):
    before, stops = (slice(None),) * dim, itertools.accumulate(lengths)
    return tuple([x[(*before, slice(stop - n, stop))] for n, stop in zip(lengths, stops)])


@composite
def split(tensor, split_size_or_sections=None, dim=0, *, split_size=None):
    """Views of ``split_size`` each along ``dim`` (the last may be smaller), or of the given list of sizes.

    RuntimeError if the sizes do not add up to that of ``dim``.
    """
    shape = array_of(tensor).shape
    if not shape:
        raise RuntimeError("split expects at least a 1-dimensional tensor")
    dim = check_dim(dim, len(shape))
    size = shape[dim]
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
                f"split_with_sizes expects split_sizes to sum exactly to {size} (input tensor's size at "
                f"dimension {dim}), but got split_sizes={list(lengths)}"
            )
        return _split(tensor, lengths=lengths, dim=dim)
    step = integer(split_size_or_sections)
    if step < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={step}")
    if step == 0 and size != 0:
        raise RuntimeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}"
        )
    return _split(tensor, lengths=_lengths(size, step), dim=dim)


def _lengths(size, step):
    """How long pieces of ``step`` of ``size`` are; the last may be shorter."""
    whole, rest = divmod(size, step) if step else (1, 0)
    return ((step,) * whole + (rest,) * bool(rest)) or (0,)


@composite
def split_with_sizes(input, split_sizes, dim=0):
    """Views of the sizes ``split_sizes`` along ``dim``.

    RuntimeError if they do not add up to the size of ``dim``. TypeError for a single size.
    """
    if not isinstance(split_sizes, (tuple, list)):
        kind = type(split_sizes).__name__
        raise TypeError(f"split_with_sizes(): argument 'split_sizes' must be tuple of ints, not {kind}")
    return split(input, sizes((split_sizes,)), dim)


@composite
def chunk(input, chunks, dim=0):
    """At most ``chunks`` views of the same size along ``dim``; the last may be smaller.

    RuntimeError for a 0-d tensor or unless ``chunks`` is positive.
    """
    shape = array_of(input).shape
    if not shape:
        raise RuntimeError("chunk expects at least a 1-dimensional tensor")
    if (chunks := integer(chunks)) <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = check_dim(dim, len(shape))
    size = shape[dim]
    step = -(-size // chunks)
    return _split(input, lengths=_lengths(size, step) if size else (0,) * chunks, dim=dim)


@composite
def tensor_split(input, indices_or_sections, dim=0):
    """Views of nearly equal sizes, the larger ones first, or cut at the given indices.

    RuntimeError for a 0-d tensor, or a number of parts that is not positive.
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
                f"torch.{name} requires a tensor with at least {least} dimension{'s' * (least > 1)}, but "
                f"got a tensor with {ndim} dimensions!"
            )
        dim = dim_of(ndim)
        if isinstance(indices_or_sections, int) and (
            indices_or_sections <= 0 or input.shape[dim] % indices_or_sections
        ):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension "
                f"{input.shape[dim]} is not divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(input, indices_or_sections, dim)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        "Cut into equal parts, or at the given indices, along dimension "
        f"{dim_of(3)}{' (0 for a vector)' * (name == 'hsplit')}. RuntimeError for parts that are not equal, "
        f"or fewer than {least} dimension{'s' * (least > 1)}."
    )
    return composite(function)


hsplit = _split_along("hsplit", 1, lambda ndim: 0 if ndim == 1 else 1)
vsplit = _split_along("vsplit", 2, lambda ndim: 0)
dsplit = _split_along("dsplit", 3, lambda ndim: 2)


@composite
def narrow(input, dim, start, length):
    """The ``length`` indices from ``start`` along ``dim`` (a view).

    RuntimeError or IndexError for indices that are not there.
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
