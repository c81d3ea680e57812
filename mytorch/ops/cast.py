"""The same elements in another dtype, and on another device."""

from __future__ import annotations

from ..core.arrays import array_of, device, device_of, move
from ..core.dtypes import as_dtype, cast_back, category
from ..core.graph import Variable, wrap
from ..core.primitive import primitive


@primitive(complex=True, x=lambda g, x_dtype: cast_back(g, x_dtype))
def cast(x, *, dtype):
    """``x`` with elements of another dtype."""
    return x.astype(dtype)


@primitive(complex=True, x=lambda g, where, source: transfer(g, where=source, source=where))
def transfer(x, *, where, source):
    """``x`` on device ``where``; the gradient travels back to ``source``."""
    return move(x, where)


def to_dtype(x, dtype):
    """An array or a Variable ``x`` in ``dtype``; itself if it has that.

    Integers leave the graph.
    """
    kind = as_dtype(dtype).numpy
    if not isinstance(x, Variable):
        return x.astype(kind, copy=False)
    if kind == x.array.dtype:
        return x
    return cast(x if category(kind) >= 2 else wrap(x.array), dtype=kind)


def to_device(x, where):
    """An array or a Variable ``x`` on device ``where``; itself if it is there."""
    where = device(where)
    if not isinstance(x, Variable):
        return move(x, where)
    source = device_of(x.array)
    if source.type == where.type and where.index in (None, source.index):
        return x
    return transfer(x, where=where, source=source)


def is_floating(x):
    """Whether the elements of an array or a Variable are floating-point or complex numbers."""
    return category(array_of(x).dtype) >= 2
