"""Weighted sums of elements along one dimension, the way resizing and padding take them."""

from __future__ import annotations

import functools

import numpy

from ...core.arrays import xp
from ...core.primitive import primitive
from ...kernels.scatter import scatter_add
from ...kernels.sums import running_sum
from ...kernels.windows import batch_first, batch_last
from ..elementwise import widened

_MANY = 32  # steps of a table, from where on adding element by element is faster


class Table:
    """A sparse matrix along a dimension: each of ``count`` results sums some of ``size`` elements.

    ``steps`` are (target, places, weights) with result[target] += x[places] · weights, each a few array
    operations. ``target`` is a slice or an array without repeated places, ``weights`` None stands for ones.
    """

    def __init__(self, size, count, steps):
        self.size, self.count, self.steps = size, count, steps

    @classmethod
    def of(cls, size, places, weights=None):
        """The table of Σ x[places[k]] · weights[k], for places and weights of all results."""
        weights = [None] * len(places) if weights is None else weights
        return cls(size, len(places[0]), [(slice(None), *pair) for pair in zip(places, weights)])

    @functools.cached_property
    def transposed(self):
        """The table of the transposed matrix: the k-th step adds what the k-th user of each place gives."""
        results = numpy.arange(self.count)
        users = numpy.concatenate([results[target] for target, _, _ in self.steps])
        places = numpy.concatenate([places for _, places, _ in self.steps])
        plain = self.steps[0][2] is None
        weights = None if plain else numpy.concatenate([weights for _, _, weights in self.steps])
        order = places.argsort(kind="stable")
        counts = numpy.bincount(places, minlength=self.size)
        rank = numpy.arange(len(order)) - numpy.repeat(running_sum(counts, 0) - counts, counts)
        steps = []
        for k in range(counts.max(initial=0)):
            chosen = order[rank == k]
            steps.append((as_slice(places[chosen]), users[chosen], None if plain else weights[chosen]))
        table = Table(self.count, self.size, steps)
        table.transposed = self
        return table

    def apply(self, x, axis):
        """The weighted sums of a contiguous array along ``axis``."""
        inner = x[(0,) * (axis + 1)].size if x.size else 1
        shape = (*x.shape[:axis], self.count, *x.shape[axis + 1 :])
        if len(self.steps) > _MANY:
            return self._scattered(x, axis, shape)
        out = None
        for target, places, weights in self.steps:
            part = x.take(xp(x).asarray(places), axis)
            if weights is not None:  # one long vector, however few elements there are beyond the dimension
                flat = part.reshape(-1, len(places) * inner)
                flat *= xp(x).asarray(weights, x.dtype).repeat(inner)
            if out is None and len(places) == self.count:
                out = part
                continue
            out = xp(x).zeros(shape, x.dtype) if out is None else out
            out[_along(out, axis, target)] += part
        return xp(x).zeros(shape, x.dtype) if out is None else out

    def _scattered(self, x, axis, shape):
        out = xp(x).zeros(shape, x.dtype)
        for target, places, weights in self.transposed.steps:
            part = x[_along(x, axis, target)]
            if weights is not None:
                part = part * xp(x).asarray(weights, x.dtype).reshape(-1, *[1] * (x.ndim - axis - 1))
            scatter_add(out, _along(x, axis, places), part)
        return out


def _along(x, axis, places):
    """The index of ``places``, a slice or an array of NumPy, of ``x`` along ``axis``."""
    return (*[slice(None)] * axis, places if isinstance(places, slice) else xp(x).asarray(places))


def as_slice(places):
    """Increasing ``places`` as a slice if they are neighbours."""
    first, last = int(places[0]), int(places[-1])
    return slice(first, last + 1) if last - first + 1 == len(places) else places


@primitive(complex=True, x=lambda g, dim, table: resample(g, dim=dim, table=table.transposed))
@widened
def resample(x, *, dim, table):
    """The weighted sums that ``table`` (a :class:`Table`) says, along ``dim``."""
    if x.flags.c_contiguous or dim == 0:
        return table.apply(xp(x).ascontiguousarray(x), dim)
    return batch_first(table.apply(batch_last(x), dim - 1))
