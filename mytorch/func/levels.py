"""Into and out of a batch: what ``vmap``, and Jacobians row by row, do around a function."""

from __future__ import annotations

import itertools

import numpy

from ..core.arrays import xp
from ..core.backward import around
from ..core.graph import Node, Output, now, wrap
from ..core.plan import Plan
from ..core.primitive import Primitive
from ..core.sums import summed
from ..ops.join import cat
from . import array_methods, operation_rules  # noqa: F401  what is done with batched arrays
from .batched_array import BatchedArray, aligned, batched

_levels = itertools.count(1)


class Level:
    """One level of batching: that of ``size`` entries in one call of ``vmap``."""

    def __init__(self, size):
        self.number, self.size, self.start = next(_levels), size, now()
        self.adapters = 0

    def __enter__(self):
        """Within it ``backward()`` sums the gradients of what was there before, as :meth:`close` does."""
        self.token = around.set((*around.get(), self))
        return self

    def __exit__(self, *exc_info):
        around.reset(self.token)

    def enter(self, x, dim):
        """The tensor ``x``, whose entries lie along ``dim``, as that of one entry."""
        return _enter(x, level=self.number, dim=dim)

    def leave(self, x, dim):
        """The tensor of all entries, along ``dim``, of the tensor ``x`` of one."""
        return _leave(x, level=self.number, dim=dim, size=self.size)

    def close(self, results):
        """Gradients that go from ``results`` to what was there before, and not entered, are summed over the
        entries: to weights that the function captures, say.
        """
        stack, seen, adapters = [x._node for x in results if x._node is not None], set(), {}
        while stack:
            node = stack.pop()
            node = node.parent if type(node) is Output else node
            if node in seen or type(node) is not Node or not self._is_inside(node):
                continue
            seen.add(node)
            if node.plan.op is _ENTER and node.saved[0] == self.number:
                continue
            node.edges = tuple(
                e if self._is_inside(e) else adapters.get(e) or adapters.setdefault(e, self._adapter(e))
                for e in node.edges
            )
            stack.extend(e for e in node.edges if self._is_inside(e))

    def _is_inside(self, edge):
        return self._is_newer(edge.parent if type(edge) is Output else edge)

    def _adapter(self, edge):
        """A node in front of ``edge`` that sums the gradients of the entries; itself if it is one."""
        if type(edge) is Node and edge.plan is _ADAPTER and edge.saved[0] == self.number:
            return edge
        node = Node(_ADAPTER, (edge,), (self.number, self.size), ())
        node.order = self._just_before()
        if type(edge) is Output and self._is_newer(edge):  # made for the saved output of an older node
            edge.order = self._just_before()
        return node

    def _is_newer(self, node):
        return node.order < self.start

    def _just_before(self):
        """A time older than all inside, each call's older than the last one's, newer than all outside."""
        self.adapters += 1
        return self.start + self.adapters * 2**-20


def for_each_unit(function, array, chunk_size=None):
    """``function`` of each unit vector of the shape of ``array``, all at once or ``chunk_size`` at a time.

    The list of tensors that it returns, with the unit vectors along their first dimension.
    """
    size = array.size
    units = wrap(xp(array).eye(size, dtype=array.dtype).reshape((size, *array.shape)))
    if not size:
        return [x[None][:0] for x in function(wrap(xp(array).zeros(array.shape, array.dtype)))]
    chunks = []
    for start in range(0, size, chunk_size or size):
        part = units[start : start + (chunk_size or size)]
        level = Level(len(part))
        found = function(level.enter(part, 0))
        chunks.append([level.leave(x, 0) for x in found])
        level.close(chunks[-1])
    return chunks[0] if len(chunks) == 1 else [cat(column) for column in zip(*chunks)]


# ---- on arrays -----------------------------------------------------------------------------------


def _entered(x, *, level, dim):
    if not isinstance(x, BatchedArray):
        x = batched(x, ())
    levels = tuple(sorted((*x.levels, level)))
    return batched(_moved(x.data, dim % x.ndim + len(x.levels), levels.index(level)), levels)


def _left(x, *, level, dim, size):
    if not isinstance(x, BatchedArray):
        x = batched(x, ())
    levels = x.levels if level in x.levels else tuple(sorted((*x.levels, level)))
    data, at = aligned(x, levels), levels.index(level)
    if data.shape[at] != size:
        data = xp(data).broadcast_to(data, (*data.shape[:at], size, *data.shape[at + 1 :]))
    rest = tuple(v for v in levels if v != level)
    data = _moved(data, at, dim % (x.ndim + 1) + len(rest))
    return batched(data, rest) if rest else data


def _moved(x, source, destination):
    """A view of ``x`` with the axis ``source`` at ``destination``."""
    return x.view() if source == destination else xp(x).moveaxis(x, source, destination)


def _summed(x, *, level, size):
    """The sum over the entries of a level; for what is the same for all, ``size`` times itself."""
    if not isinstance(x, BatchedArray):
        return x * size
    rest = tuple(v for v in x.levels if v != level)
    data = summed(x.data, x.levels.index(level)) if level in x.levels else x.data * size
    return batched(data, rest) if rest else data


def _operation(forward, name, x, **declared):
    return Primitive(forward, name=name, complex=True, x=x, **declared).as_function()


_enter = _operation(
    _entered,
    "enter_batch",
    lambda g, level, dim, x_shape: _leave(g, level=level, dim=dim, size=x_shape[dim]),
    view=True,
)
_leave = _operation(_left, "leave_batch", lambda g, level, dim: _enter(g, level=level, dim=dim))
_sum = _operation(_summed, "sum_over_batch", lambda g, level, size: _same(g, level=level, size=size))
_same = _operation(
    lambda x, *, level, size: x, "for_all_in_batch", lambda g, level, size: _sum(g, level=level, size=size)
)
_ENTER = _enter.primitive
_ADAPTER = Plan(_same.primitive, [wrap(numpy.zeros(()), object())])
