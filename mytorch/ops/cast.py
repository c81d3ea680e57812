"""The same elements in another dtype, and on another device."""

from __future__ import annotations

import functools

from ..core.arrays import array_of, device, device_of, move
from ..core.dtypes import as_dtype, cast_back, category
from ..core.graph import Variable, wrap
from ..core.primitive import primitive
from ..core.sums import wide


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


def in_float32(definition):
    """Let a definition in differentiable operations (``composed=``) compute 16-bit numbers in float32.

    Results are rounded once, at the end, to the dtype of the first input.
    """

    @functools.wraps(definition)
    def call(x, *others, **settings):
        kind = x.array.dtype
        if wide(kind) is kind:
            return definition(x, *others, **settings)
        inputs = [to_dtype(v, wide(v.array.dtype)) if isinstance(v, Variable) else v for v in (x, *others)]
        out = definition(*inputs, **settings)
        return tuple(to_dtype(o, kind) for o in out) if type(out) is tuple else to_dtype(out, kind)

    return call


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
