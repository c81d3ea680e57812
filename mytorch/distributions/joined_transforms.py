"""Transforms of the parts of a tensor along a dimension, each of its own: ``cat`` and ``stack`` of them."""

from __future__ import annotations

from ..ops.join import cat, stack, unbind
from ..ops.split import split_with_sizes
from . import constraints
from .independent import sum_rightmost
from .transform import Transform


class _Joined(Transform):
    """``transforms`` of the parts that :meth:`_parts` cuts, which :meth:`_join` puts together again."""

    def __init__(self, tseq, dim, cache_size):
        super().__init__(cache_size)
        self.transforms, self.dim = [t.with_cache(cache_size) if cache_size else t for t in tseq], dim

    bijective = property(lambda self: all(t.bijective for t in self.transforms))

    def _parts(self, x):
        raise NotImplementedError

    def _call(self, x):
        return self._join([t(part) for t, part in zip(self.transforms, self._parts(x))])

    def _inverse(self, y):
        return self._join([t.inv(part) for t, part in zip(self.transforms, self._parts(y))])

    def _logarithms(self, x, y):
        """log |dy/dx| of each part."""
        parts = zip(self.transforms, self._parts(x), self._parts(y))
        return [(t, t.log_abs_det_jacobian(a, b)) for t, a, b in parts]


class CatTransform(_Joined):
    """``tseq[i]`` for the ``lengths[i]`` next slices along ``dim``, as :func:`mytorch.cat` joins them.

    ``lengths`` are all 1 by default. AssertionError for as many lengths as there are no transforms, and for a
    tensor of another size along ``dim``.
    """

    def __init__(self, tseq, dim=0, lengths=None, cache_size=0):
        super().__init__(tseq, dim, cache_size)
        self.lengths = [1] * len(self.transforms) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.transforms):
            raise AssertionError(
                f"lengths ({len(self.lengths)}) must match transforms ({len(self.transforms)})"
            )

    event_dim = property(lambda self: max(t.event_dim for t in self.transforms))
    length = property(lambda self: sum(self.lengths))
    domain = property(
        lambda self: constraints.cat([t.domain for t in self.transforms], self.dim, self.lengths)
    )
    codomain = property(
        lambda self: constraints.cat([t.codomain for t in self.transforms], self.dim, self.lengths)
    )

    def _parts(self, x):
        if x.shape[self.dim] != self.length:
            raise AssertionError(f"x.size({self.dim}) = {x.shape[self.dim]} must equal length {self.length}")
        return split_with_sizes(x, self.lengths, self.dim)

    def _join(self, parts):
        return cat(parts, self.dim)

    def log_abs_det_jacobian(self, x, y):
        """log |dy/dx|, joined as the parts are, or summed where ``dim`` belongs to an event."""
        size = self.event_dim
        each = [sum_rightmost(d, size - t.event_dim) for t, d in self._logarithms(x, y)]
        dim = self.dim - (x.ndim if self.dim >= 0 else 0) + size
        return cat(each, dim) if dim < 0 else sum(each)


class StackTransform(_Joined):
    """``tseq[i]`` for slice i along ``dim``, as :func:`mytorch.stack` joins them.

    AssertionError for a tensor of another size along ``dim``.
    """

    def __init__(self, tseq, dim=0, cache_size=0):
        super().__init__(tseq, dim, cache_size)

    domain = property(lambda self: constraints.stack([t.domain for t in self.transforms], self.dim))
    codomain = property(lambda self: constraints.stack([t.codomain for t in self.transforms], self.dim))

    def _parts(self, x):
        if x.shape[self.dim] != len(self.transforms):
            raise AssertionError(
                f"x.size({self.dim}) = {x.shape[self.dim]} must equal len(transforms) {len(self.transforms)}"
            )
        return unbind(x, self.dim)

    def _join(self, parts):
        return stack(parts, self.dim)

    def log_abs_det_jacobian(self, x, y):
        """log |dy/dx|, stacked as the parts are."""
        return stack([d for _, d in self._logarithms(x, y)], self.dim)
