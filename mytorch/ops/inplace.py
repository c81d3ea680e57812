"""In-place forms: how ``x.add_(y)`` and ``x[i] = y`` take part in the graph.

The new values are computed by the ordinary operation, then written into the memory of ``x``, whose node
becomes that of the result. If ``x`` is a view, its base is what changed: the base gets a node that replaces
the part, and every view takes its node from there anew.
"""

from __future__ import annotations

import functools

from ..core import graph
from ..core.arrays import is_array, quietly
from ..core.dtypes import category
from ..core.graph import Leaf, Node, Output, Variable, changed, grad_state, readers, rebase, refresh, wrap
from .indexing import in_torchs_words, picked_shape, write_view
from .layout import owner


def _live(values):
    """Whether one of ``values`` is a tensor in the graph. Each is brought up to date with its base."""
    found = False
    for v in values:
        if isinstance(v, Variable):
            base = v._base
            if base is not None and base._node is not v._base_node:
                refresh(v)
            found = found or v._node is not None or (base is not None and base._node is not None)
    return found


def inplace(operation):
    """The method ``operation_`` of an operation whose first input is the tensor to change."""
    op = getattr(operation, "primitive", None)
    reads_input = (
        op is None
        or op.composed
        or any(op.inputs[0] in op.wants(rule) for rule in (op.joint, *op.rules.values()) if rule)
    )

    @functools.wraps(operation)
    def method(self, *inputs, **settings):
        try:
            prepare_write(self)
            before = wrap(self.array, self._node)
            if reads_input and grad_state.get() is True and _live((before, *inputs, *settings.values())):
                before.array = before.array.copy()  # a formula needs the old values
            result = operation(before, *inputs, **settings)
        except (AttributeError, TypeError) as error:
            raise _named_in_place(operation.__name__, self, error) from error
        if result.array.dtype.kind == "f" and self.array.dtype.kind == "c":
            raise RuntimeError(f"In-place {operation.__name__} is not supported for complex tensors.")
        return assign(self, result)

    method.__name__ = method.__qualname__ = operation.__name__ + "_"
    method.__doc__ = f"In-place form of :func:`{operation.__name__}`; returns the tensor itself."
    return method


def _named_in_place(name, x, error):
    """An error of the operation ``name`` on ``x``, with the name of its in-place form."""
    if not isinstance(x, Variable):
        return TypeError(f"{name}_(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}")
    text = str(error)
    if type(error) is TypeError and text.startswith(f"{name}("):
        error.args = (f"{name}_{text[len(name) :]}",)
    return error


def reshaped_in_place(operation):
    """The method ``operation_`` of a view operation: the tensor itself takes the shape of the view.

    Not for views of a leaf that requires grad.
    """

    def method(self, *args, **settings):
        if grad_state.get() is True and type(self._node) is Leaf:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
        new = operation(self, *args, **settings)
        self.array = new.array
        rebase(self, new._node)
        if self._base is not None:
            self._view, self._base_node = new._view, new._base_node
        return self

    method.__name__ = method.__qualname__ = operation.__name__ + "_"
    method.__doc__ = f"In-place form of :func:`{operation.__name__}`; returns the tensor itself."
    return method


def whole(x):
    return x


def prepare_write(x):
    """Refuse an in-place change that autograd cannot follow, or of elements that share memory."""
    if x._base is not None:
        if x._base._node is not x._base_node or hasattr(x._view[1], "of_base"):
            refresh(x)
        if x.array.size and any(n > 1 and s == 0 for n, s in zip(x.array.shape, x.array.strides)):
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )
    if x._inference and grad_state.get() is not None:
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone "
            "to get a normal tensor before doing inplace update."
        )
    _copy_on_write(x if x._base is None else x._base)
    if grad_state.get() is True:
        _check_recorded_write(x)


def _check_recorded_write(x):
    """RuntimeError for a leaf that requires grad, and for one of several views that a function returned."""
    if type(x._node) is Leaf:
        raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if x._base is not None and type(x._base._node) is Leaf:
        raise RuntimeError(
            "a view of a leaf Variable that requires grad is being used in an in-place operation."
        )
    node = x._node if x._base is not None else None
    while node is not None and node.plan is not None and node.plan.op.view and len(node.edges) == 1:
        node = node.edges[0]
    if type(node) is Output and node.parent.plan.op.view:
        raise RuntimeError(
            f"Output {node.index} of {node.name} is a view and is being modified inplace. This view is the "
            "output of a function that returns multiple views. Such functions do not allow the output "
            "views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )


def _copy_on_write(x):
    """Before ``x`` changes, give copies to the nodes that saved it and are declared ``copy_on_write``.

    Those are the node that made it and the nodes that read it.
    """
    counter, maker = x._counter, x._node.parent if type(x._node) is Output else x._node
    if type(maker) is Node and maker.plan.op.copy_on_write == "out":
        memory = owner(x.array)
        _save_copies(maker, counter, lambda value: is_array(value) and owner(value) is memory)
    for reader in readers(counter):
        _save_copies(reader, counter, is_array)


def _save_copies(node, counter, chosen):
    """Let ``node`` keep copies of the ``chosen`` arrays that it saved, whose version ``counter`` counts."""
    if node.saved and any(c is counter for c in node.guards):
        node.saved = tuple(_copied(value, chosen) for value in node.saved)
        node.guards = tuple(c for c in node.guards if c is not counter)


def _copied(value, chosen):
    if isinstance(value, tuple):
        parts = [_copied(v, chosen) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value.copy() if chosen(value) else value


def assign(x, result):
    """Give ``x`` the values and the place in the graph of ``result``."""
    if result.array.shape != x.array.shape:
        raise RuntimeError(
            f"output with shape {list(x.array.shape)} doesn't match the broadcast shape "
            f"{list(result.array.shape)}"
        )
    kind = x.array.dtype
    if result.array.dtype != kind:
        if category(result.array.dtype) > category(kind):
            raise RuntimeError(
                f"result type {result.array.dtype} can't be cast to the desired output type {kind}"
            )
        result = result.astype(kind)
    if result.array is not x.array:
        store(x.array, ..., result.array)
    changed(x)
    if grad_state.get() is True:
        if x._base is not None and (result._node is not None or x._base._node is not None):
            base = x._base
            take = functools.partial(graph.retake, x._view)
            rebase(base, write_view(wrap(base.array, base._node), result, view=take)._node)
            # a view of an operation takes its new place when it is used again
            if x._mytorch_retaining is not None or type(x._node) not in (Node, type(None)):
                refresh(x)
        elif x._base is None:
            # overwritten by constants: still in the graph, with a gradient of zero
            if x._node is not None and result._node is None:
                result = write_view(wrap(x.array, x._node), result, view=whole)
            rebase(x, result._node)
    return x


def recorded(*values):
    """Whether a write among ``values`` has to take part in the graph."""
    return grad_state.get() is True and _live(values)


def store(array, index, value):
    """``array[index] = value``, cast as torch casts: without a warning of what is lost."""
    try:
        quietly(array.__setitem__, index, value)
    except IndexError as error:
        raise IndexError(in_torchs_words(error)) from None
    except ValueError as error:
        if not array.flags.writeable:
            raise RuntimeError("the memory of this tensor is read-only") from error
        shape = list(picked_shape(index, array.shape))
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value.shape)} cannot be broadcast to indexing "
            f"result of shape {shape}"
        ) from error
