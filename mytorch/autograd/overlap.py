"""Gradients of weights on other threads, while the walk goes on to the layers before.

Nothing but the end of the backward pass waits for them. A rule reads arrays alone, so any thread may run it.
"""

from __future__ import annotations

import functools
import math

import numpy

from ..core.graph import Leaf
from ..core.walk import Walk
from ..kernels.threads import begin_later, get_num_threads
from ..ops.interpose import is_idle

_WORTH = 2_000_000  # multiplications from which on it pays
_COPIES = 100  # multiplications that take as long as preparing a number of the gradient for them
_PLAIN = {numpy.ndarray, tuple, int, type(None)}  # what the rules may read


class Later:
    """The gradient ``rule()``, which another thread may compute; ``begun`` are those of the same walk."""

    base = __array_ufunc__ = None  # an array of its own; and an array plus this is for ``__radd__``

    def __init__(self, rule, begun):
        self.rule, self.begun, self.array = rule, begun, None
        self.job = begin_later(self._compute)

    def _compute(self, piece):
        array = self.rule()
        self.array, self.rule = array if array.base is None else array.copy(), None

    def result(self):
        """The array, when it is there. Until then this thread computes those that nobody has begun."""
        if self.job is not None:
            for _, other in self.begun:
                if other.job is not None:
                    other.job.work()
            self.job.finish()
            self.job = None
        return self.array

    def __add__(self, other):
        return self.result() + (other.result() if isinstance(other, Later) else other)

    __radd__ = __add__


def overlapped(walk, node, g):
    """The gradients of the inputs of ``node``: another thread begins those of large weights.

    A weight is a leaf of ``op.later``, and the walk goes on behind another input.
    """
    plan, saved = node.plan, node.saved
    if not plan.rules:  # a user's function, which may change what it saved, even if others read it
        walk.settle()
        return plan.vjp(g, saved)
    if get_num_threads() == 1 or not _is_plain(node, g):
        return plan.vjp(g, saved)
    found, start = [], 0
    for rule, wants in zip(plan.rules, plan.wants):
        found.append(functools.partial(rule, g, *saved[start : start + len(wants)]))
        start += len(wants)
    for k, (i, edge) in enumerate(zip(plan.live, node.edges)):
        if plan.op.inputs[i] in plan.op.later and _takes_long(edge, g):
            later = Later(found[k], walk.begun)
            if later.job is not None:  # otherwise enough of them wait
                found[k] = later
                walk.begun.append((edge, later))
    return tuple([d if type(d) is Later else d() for d in found])


def _is_plain(node, g):
    """Whether the rules run on NumPy's arrays, and nobody wants to see them run."""
    if type(g) is not numpy.ndarray or g.dtype.kind != "f" or node.restore is not None or not is_idle():
        return False
    return any(type(edge) is not Leaf for edge in node.edges) and all(type(v) in _PLAIN for v in node.saved)


def _takes_long(edge, g):
    """Whether the gradient of a leaf with (outputs, …) is worth a thread, and no hook waits for it."""
    if type(edge) is not Leaf or edge.hooks is not None or edge.post_hooks is not None:
        return False
    return g.size * (math.prod(edge.shape[1:]) + _COPIES) >= _WORTH


Walk.overlapped = overlapped  # type: ignore[assignment]
