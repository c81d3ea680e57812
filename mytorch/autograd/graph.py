"""``torch.autograd.graph``: what is saved for backward, and hooks on several gradients at once.

While no context is entered and no hook is registered, recording and backward ask nothing of this file.
"""

from __future__ import annotations

import contextlib
import weakref
from contextvars import ContextVar
from typing import NamedTuple

import numpy

from ..core.arrays import device_of, is_array, xp
from ..core.graph import Node as Node
from ..core.graph import Output, Variable, changed, wrap
from ..core.primitive import Primitive
from ..core.walk import Walk
from ..ops.cast import to_device
from ..ops.interpose import While
from ..tensors.node_hooks import Handles
from ..tensors.public_names import lookup as _lookup
from ..tensors.public_names import publish as _publish

__all__ = [
    "GradientEdge",
    "disable_saved_tensors_hooks",
    "get_gradient_edge",
    "increment_version",
    "register_multi_grad_hook",
    "save_on_cpu",
    "saved_tensors_hooks",
]

# ---- what is saved -------------------------------------------------------------------------------

current_hooks: ContextVar = ContextVar("saved_tensors_hooks", default=None)  # the innermost pair of hooks
_refused: ContextVar = ContextVar("disable_saved_tensors_hooks", default=None)  # why there may be none


class saved_tensors_hooks:
    """A context manager: what operations save for backward is what ``pack_hook(tensor)`` returns.

    ``unpack_hook(packed)`` has to give the tensor again, each time that backward reads it. TypeError in
    backward if it gives anything but a tensor. Of nested contexts the innermost counts.
    """

    def __init__(self, pack_hook, unpack_hook):
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self):
        if (message := _refused.get()) is not None:
            raise RuntimeError(message)
        self._tokens = [*getattr(self, "_tokens", ()), current_hooks.set(self)]
        _packing.__enter__()
        return self

    def __exit__(self, *exc_info):
        _packing.__exit__()
        current_hooks.reset(self._tokens.pop())


class Packed:
    """Saved values as hooks packed them; each is unpacked when it is read."""

    def __init__(self, values, hooks):
        self.unpack_hook = hooks.unpack_hook
        self.orders = [_order(v) if is_array(v) else None for v in values]
        self.values = [_packed(v, hooks.pack_hook) if is_array(v) else v for v in values]

    def __len__(self):
        return len(self.values)

    def __getitem__(self, i):
        if self.orders[i] is None:
            return self.values[i]
        tensor = self.unpack_hook(self.values[i])
        if not isinstance(tensor, Variable):
            raise TypeError(
                "Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(tensor).__name__}"
            )
        return _in_order(tensor.array, self.orders[i])


def _packed(array, pack_hook):
    """What ``pack_hook`` makes of a saved array. RuntimeError if it changes the tensor that it is given."""
    tensor = wrap(array)
    packed = pack_hook(tensor)
    if tensor._counter[0]:
        raise RuntimeError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack "
            "hook can not be modified by in-place operations as this can lead to unexpected side-effects."
        )
    return packed


def _order(array):
    """The dimensions of an array by their strides, the longest first."""
    return tuple(sorted(range(array.ndim), key=lambda i: -array.strides[i]))


def _in_order(array, order):
    """``array``, or a copy whose dimensions lie in memory in this ``order``: some rules count on it."""
    if _order(array) == order:
        return array
    return xp(array).ascontiguousarray(array.transpose(order)).transpose(numpy.argsort(order).tolist())


def _pack(inner, args, kwargs):
    """``Primitive.record``: the node keeps what the hooks make of what it saved."""
    node, hooks = inner(*args, **kwargs), current_hooks.get()
    if hooks is not None:
        token = current_hooks.set(None)  # what a hook computes is saved as it is
        try:
            node.saved, node.guards = Packed(node.saved, hooks), ()  # changes of a copy nobody can see
            if node.definition is not None:
                arrays, settings = node.definition
                node.definition = Packed(arrays, hooks), settings
        finally:
            current_hooks.reset(token)
    return node


_packing = While({Primitive.record: _pack})


class save_on_cpu(saved_tensors_hooks):
    """A context manager that keeps what is saved for backward in the CPU's memory.

    ``pin_memory`` is accepted and has no effect.
    """

    def __init__(self, pin_memory=False, device_type="cuda"):
        def pack(tensor):
            return device_of(tensor.array), to_device(tensor, "cpu").clone()

        def unpack(packed):
            where, tensor = packed
            return to_device(tensor, where)

        super().__init__(pack, unpack)


@contextlib.contextmanager
def disable_saved_tensors_hooks(error_message):
    """A context manager in which saved_tensors_hooks raises RuntimeError with ``error_message``."""
    token = _refused.set(error_message)
    try:
        yield
    finally:
        _refused.reset(token)


# ---- several gradients ---------------------------------------------------------------------------


def register_multi_grad_hook(tensors, fn, *, mode="all"):
    """Call ``fn`` in each backward pass that reaches one of ``tensors``; returns a handle that removes it.

    mode "all": at the end of the pass, with a list of the gradients (None for a tensor that was not reached).
    mode "any": with the first gradient, as soon as it is there. ValueError for other modes.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    tensors = tuple(tensors)
    watch = _Watch(len(tensors), fn, mode)
    handles = [t.register_hook(lambda g, i=i: watch.arrived(i, g)) for i, t in enumerate(tensors)]
    for t in tensors:
        weakref.finalize(t, watch.lost)
    return Handles(handles, watch.end)


class _Watch(While):
    """The gradients of some tensors in the backward pass that runs, for as long as one of them lives."""

    def __init__(self, count, fn, mode):
        super().__init__({Walk.run: self.run})
        self.count, self.fn, self.mode, self.living = count, fn, mode, count
        self.found: ContextVar = ContextVar("gradients", default=None)
        self.__enter__()

    def lost(self):
        """One of the tensors is gone."""
        self.living -= 1
        if not self.living:
            self.end()

    def end(self):
        """Watch no more."""
        if self.entered:
            self.__exit__()

    def arrived(self, i, g):
        found = self.found.get()
        if self.mode == "any" and not found:
            self.fn(g)
        if found is not None:
            found[i] = g

    def run(self, inner, args, kwargs):
        found: dict = {}
        token = self.found.set(found)
        try:
            result = inner(*args, **kwargs)
        finally:
            self.found.reset(token)
        if found and self.mode == "all":
            self.fn([found.get(i) for i in range(self.count)])
        return result


# ---- edges ---------------------------------------------------------------------------------------


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor arrives: a node, and the number of its output."""

    node: object
    output_nr: int
    ownership_token: object = None


def get_gradient_edge(tensor) -> GradientEdge:
    """The edge of ``tensor``, leaf or not. RuntimeError if it does not require a gradient."""
    node = tensor._node
    if node is None:
        raise RuntimeError(
            "It is not possible to get the gradient edge for a Tensor that does not require gradients"
        )
    return GradientEdge(node.parent, node.index) if type(node) is Output else GradientEdge(node, 0)


def increment_version(tensor) -> None:
    """Let autograd take ``tensor`` (or each of several) for changed in place."""
    changed(*([tensor] if isinstance(tensor, Variable) else tensor))


_publish(__name__)
__getattr__ = _lookup(__name__)
