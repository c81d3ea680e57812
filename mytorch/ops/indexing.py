"""Reading and writing by index, and in-place changes of views."""

from __future__ import annotations

from ..autograd.engine import Variable, primitive
from ..backend import scatter_add, xp


def _is_basic(index):
    return all(i is None or i is Ellipsis or isinstance(i, slice) or type(i) is int for i in index)


@primitive(view=True, x=lambda g, x_shape, index: put_in_zeros(g, shape=x_shape, index=index))
def getitem(x, *, index):
    """``x[index]``: integers, slices, None and Ellipsis give a view; arrays of integers or booleans a copy."""
    return x[index]


@primitive(x=lambda g, index: getitem(g, index=index))
def put_in_zeros(x, *, shape, index):
    """Zeros of ``shape`` with ``x`` added at ``index``; repeated indices add up."""
    out = xp(x).zeros(shape, x.dtype)
    if _is_basic(index):
        out[index] = x
    else:
        scatter_add(out, index, x)
    return out


@primitive(base=lambda g, view: zero_at(g, view=view), value=lambda g, view: view(g))
def write_view(base, value, *, view):
    """What ``base`` is after ``value`` was written to its part ``view(base)``; the memory has been written already."""
    return base


@primitive(x=lambda g, view: zero_at(g, view=view))
def zero_at(x, *, view):
    """``x`` with zeros in its part ``view(x)``."""
    out = x.copy()
    part = view(out)
    if part.base is out or part is out:
        part[...] = 0
    else:  # on this layout the view has to copy: find its places by number
        places = view(xp(x).arange(x.size).reshape(x.shape))
        out.reshape(-1)[places.reshape(-1)] = 0
    return out


def plain_index(index):
    """An index as NumPy takes it: tensors become arrays, lists of integers too."""
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(_plain_part(p) for p in parts)


def _plain_part(part):
    if isinstance(part, Variable):
        part = part.array
    if isinstance(part, slice):
        return slice(*(None if v is None else v.__index__() for v in (part.start, part.stop, part.step)))
    return part
