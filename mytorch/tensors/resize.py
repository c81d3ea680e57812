"""The methods of a tensor that change how much memory it has."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import xp
from ..ops.shape_arguments import sizes


class MemoryMethods:
    """Each changes the tensor itself, outside of the graph, and returns it."""

    array: numpy.ndarray
    requires_grad: bool

    def resize_(self, *size, memory_format=None):
        """Give it the shape ``size``: its first elements in order, and uninitialised memory where there were
        none.

        If it shrinks, it shares memory with what it was. RuntimeError if it requires grad.
        """
        shape = sizes(size)
        if self.requires_grad:
            raise RuntimeError("cannot resize variables that require grad")
        elements, count = self.array.reshape(-1), math.prod(shape)
        if count > elements.size:
            elements = xp(elements).empty(count, elements.dtype)
            elements[: self.array.size] = self.array.reshape(-1)
        self.array = elements[:count].reshape(shape)
        return self

    def resize_as_(self, other, memory_format=None):
        """Give it the shape of ``other``, as :meth:`resize_` does."""
        return self.resize_(other.shape)
