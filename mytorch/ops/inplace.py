"""In-place forms: how ``x.add_(y)`` and ``x[i] = y`` take part in the graph.

The new values are computed by the ordinary operation, then written into the memory of ``x``, whose node becomes that of the result. If ``x`` is a
view, its base is what changed: the base gets a node that replaces the part, and every view takes its node from there anew.
"""

from __future__ import annotations

import functools

from ..autograd.engine import Leaf, changed, grad_state, refresh, wrap
from ..backend import xp
from ..dtypes import category
from .indexing import write_view


def inplace(operation):
    """The method ``operation_`` of an operation whose first input is the tensor to change."""
    op = getattr(operation, "primitive", None)
    reads_input = op is None or op.composed or any(op.inputs[0] in op.wants(rule) for rule in (op.joint, *op.rules.values()) if rule)

    @functools.wraps(operation)
    def method(self, *inputs, **settings):
        prepare_write(self)
        before = wrap(self.array, self._node)
        if before._node is not None and reads_input:
            before.array = before.array.copy()  # a formula needs the old values
        return write(self, operation(before, *inputs, **settings))

    method.__name__ = method.__qualname__ = operation.__name__ + "_"
    method.__doc__ = f"In-place form of :func:`{operation.__name__}`; returns the tensor itself."
    return method


def _whole(x):
    return x


def prepare_write(x):
    """Refuse to change in place what autograd cannot follow."""
    if x._base is not None and x._base._node is not x._base_node:
        refresh(x)
    if grad_state.get() is not True:
        return
    if type(x._node) is Leaf:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if x._base is not None and type(x._base._node) is Leaf:
        raise RuntimeError("a view of a leaf Variable that requires grad is being used in an in-place operation.")


def write(x, result):
    """Give ``x`` the values and the place in the graph of ``result``."""
    if result.array.shape != x.array.shape:
        raise RuntimeError(f"output with shape {list(x.array.shape)} doesn't match the broadcast shape {list(result.array.shape)}")
    if category(result.array.dtype) > category(x.array.dtype):
        raise RuntimeError(f"result type {result.array.dtype} can't be cast to the desired output type {x.array.dtype}")
    if result.array.dtype != x.array.dtype:
        result = result.astype(x.array.dtype)
    if result.array is not x.array:
        x.array[...] = result.array
    changed(x)
    if grad_state.get() is True:
        if x._base is not None and (result._node is not None or x._base._node is not None):
            base = x._base
            base._node = write_view(wrap(base.array, base._node), result, view=x._view)._node
            refresh(x)
        elif x._base is None:
            if x._node is not None and result._node is None:  # overwritten by constants: still in the graph, with a gradient of zero
                result = write_view(wrap(x.array, x._node), result, view=_whole)
            x._node = result._node
    return x
