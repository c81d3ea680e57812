"""Python functions of each element of a tensor."""

from __future__ import annotations

import numpy

from ..core.graph import wrap
from ..ops.assignment import copy_
from ..ops.composite import takes_tensors


def apply_(self, function):
    """Replace each element, a Python number, by ``function`` of it; slow. TypeError on a GPU."""
    if not isinstance(self.array, numpy.ndarray):
        raise TypeError("apply_ is only implemented on CPU tensors")
    return map_(self, self, lambda x, _: function(x))


@takes_tensors
def map_(self, tensor, function):
    """Replace each element by ``function`` of it and the element of ``tensor``, which is broadcast; slow.

    TypeError on a GPU.
    """
    if not isinstance(self.array, numpy.ndarray):
        raise TypeError("map_ is only implemented on CPU tensors")
    if self.requires_grad:
        raise RuntimeError(
            "Can't call apply_() or map_() on Variable that requires grad. Use var.detach().apply_() instead."
        )
    others = numpy.broadcast_to(tensor.array, self.array.shape)
    values = [function(x.item(), y.item()) for x, y in zip(self.array.flat, others.flat)]
    return copy_(self, wrap(numpy.array(values, self.array.dtype).reshape(self.array.shape)))
