"""The copying forms of views, ``torch.expand_copy`` and others: the same elements in memory of their own."""

from __future__ import annotations

import functools

from ..ops import complex, join, permute, shape, split, strided
from ..ops import diagonal as diagonals
from ..ops.composite import composite
from ..ops.layout import _contiguous
from ..ops.shape_arguments import check_dim


def _copying(name, view):
    """The function ``name``: the result of ``view``, or each of its results, copied."""

    if view.__module__ == __name__:
        view.__qualname__ = name

    @composite(out=True, name=name)
    @functools.wraps(view, updated=())
    def copy(input, *args, **settings):
        result = view(input, *args, **settings)
        return tuple(map(_contiguous, result)) if isinstance(result, (tuple, list)) else _contiguous(result)

    copy.__name__ = copy.__qualname__ = name
    copy.__module__ = __name__
    copy.__doc__ = f"As the view without ``_copy``, in memory of its own. {view.__doc__ or ''}"
    return copy


def _same(input):
    """All of ``input``."""
    return input


def _expanded(input, size, *, implicit=False):
    """``input`` repeated along dimensions of size 1 and new leading ones; -1 keeps a size."""
    return shape.expand(input, shape=tuple(size))


def _viewed(input, size=None, *, dtype=None):
    """The elements of ``input`` in the shape ``size``, or as another dtype."""
    return input.view(size if dtype is None else dtype)


def _unfolded(input, dimension, size, step):
    """Slices of ``size`` elements along ``dimension``, one every ``step`` elements."""
    return input.unfold(dimension, size, step)


def _squeezed(input, dim=None):
    """``input`` without its dimensions of size 1."""
    return shape.squeeze(input, dim=dim)


def _unsqueezed(input, dim):
    """``input`` with a new dimension of size 1."""
    return shape.unsqueeze(input, dim=dim)


def _sliced(input, dim: int = 0, start=None, end=None, step: int = 1):
    """Every ``step``-th element of ``input`` along ``dim`` from ``start`` to before ``end``.

    RuntimeError for a ``step`` that is not positive.
    """
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    dim = check_dim(dim, input.ndim)
    return input[(slice(None),) * dim + (slice(start, end, step),)]


alias_copy = _copying("alias_copy", _same)
as_strided_copy = _copying("as_strided_copy", strided.as_strided)
detach_copy = _copying("detach_copy", _same)
diagonal_copy = _copying("diagonal_copy", diagonals.diagonal)
expand_copy = _copying("expand_copy", _expanded)
narrow_copy = _copying("narrow_copy", split.narrow)
permute_copy = _copying("permute_copy", permute.permute)
select_copy = _copying("select_copy", split.select)
slice_copy = _copying("slice_copy", _sliced)
split_copy = _copying("split_copy", split.split)
split_with_sizes_copy = _copying("split_with_sizes_copy", split.split_with_sizes)
squeeze_copy = _copying("squeeze_copy", _squeezed)
t_copy = _copying("t_copy", permute.t)
transpose_copy = _copying("transpose_copy", permute.transpose)
unbind_copy = _copying("unbind_copy", join.unbind)
unfold_copy = _copying("unfold_copy", _unfolded)
unsqueeze_copy = _copying("unsqueeze_copy", _unsqueezed)
view_as_complex_copy = _copying("view_as_complex_copy", complex.view_as_complex)
view_as_real_copy = _copying("view_as_real_copy", complex.view_as_real)
view_copy = _copying("view_copy", _viewed)


@composite(out=True)
def fill(input, value):
    """A copy of ``input`` with ``value``, a number or a tensor of no dimensions, in all places."""
    return _contiguous(input).fill_(value)


@composite(out=True)
def as_strided_scatter(input, src, size, stride, storage_offset=None):
    """A copy of ``input`` whose elements at ``as_strided(input, size, stride, storage_offset)`` are ``src``.

    RuntimeError unless ``src`` has the shape ``size``.
    """
    if tuple(src.shape) != tuple(size):
        raise RuntimeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src.shape)}, "
            f"slice size = {list(size)}"
        )
    out = _contiguous(input)
    strided.as_strided(out, size, stride, storage_offset or 0).copy_(src)
    return out
