# Names only: there is nothing to read here.
"""``Variable``, the old name of Tensor: tensors are instances of it."""

from __future__ import annotations

from ..core import graph


class _TensorsAreVariables(type):
    def __instancecheck__(cls, value):
        return isinstance(value, graph.Variable)


class Variable(metaclass=_TensorsAreVariables):
    """``Variable(tensor, requires_grad=False)``: a tensor on the same memory, outside of the graph."""

    def __new__(cls, data=None, requires_grad=False):
        if data is None:
            return graph.result_type().requires_grad_(requires_grad)
        if not isinstance(data, graph.Variable):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)
