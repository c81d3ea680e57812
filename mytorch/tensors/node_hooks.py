"""Hooks on nodes of the graph: ``y.grad_fn.register_hook``, ``register_prehook``.

While any node has one, each node's part of a backward pass asks for its hooks; at other times nobody asks.
"""

from __future__ import annotations

import weakref

from ..core.errors import check_hook
from ..core.graph import Leaf, Variable, retain, wrap
from ..core.walk import Walk
from ..ops.interpose import interpose
from .removable_handle import RemovableHandle

_hooks: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()  # node -> its Hooks
_asked: list = []  # what ends the asking


class Hooks:
    """The hooks of one node, by the id of their handle."""

    def __init__(self):
        self.before, self.after = None, None


class Handles:
    """The handle of a hook that stands at several places; ``remove()`` removes it from all."""

    def __init__(self, handles, end=None):
        self.handles, self.end = handles, end

    def remove(self):
        """Remove the hook; nothing happens if it is already removed."""
        for handle in self.handles:
            handle.remove()
        if self.end is not None:
            self.end()
        self.handles, self.end = [], None

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.remove()


def register_hook(node, fn):
    """Call ``fn(grad_inputs, grad_outputs)``, two tuples, when ``node`` has had its turn in a backward pass.

    A tuple that it returns takes the place of the gradients of the inputs. At the end of an edge to a leaf
    the first tuple is empty. TypeError or RuntimeError if the result does not fit.
    """
    if isinstance(node, Leaf):
        arrived: list = []

        def note(g):
            arrived.append(g)

        note.runs_last = True  # after the hooks that change the gradient
        before = RemovableHandle.add(node, "hooks", note)
        after = RemovableHandle.add(node, "post_hooks", lambda: fn((), (arrived.pop(),)))
        return Handles([before, after])
    return _registered(node, "after", fn)


def register_prehook(node, fn):
    """Call ``fn(grad_outputs)``, with a tuple, before ``node`` has its turn in a backward pass.

    A tuple that it returns takes the place of the gradients. TypeError or RuntimeError if it does not fit.
    """
    if isinstance(node, Leaf):
        return RemovableHandle.add(node, "hooks", lambda g: _first(fn((g,))))
    return _registered(node, "before", fn)


def _registered(node, when, fn):
    if node not in _hooks:
        weakref.finalize(
            node, _ask_no_more
        )  # runs after the node has left the dict: later references go first
        _hooks[node] = Hooks()
    if not _asked:
        _asked.append(interpose(Walk.gradients_of, _with_hooks))
    return RemovableHandle.add(_hooks[node], when, fn)


def _ask_no_more():
    if not _hooks and _asked:
        _asked.pop()()


def _first(result):
    return None if result is None else result[0]


def _with_hooks(inner, args, kwargs):
    """``Walk.gradients_of(walk, node, g)`` with the hooks of the node before and after."""
    walk, node, g = args
    hooks = _hooks.get(node)
    if hooks is None:
        return inner(walk, node, g)
    if node.outputs is None:
        g = _replaced(hooks.before, (g,), walk.create)
        (g,) = given = g
    else:
        parts = walk.parts[node]
        parts[:] = given = _replaced(hooks.before, tuple(parts), walk.create)
    found, live, count = inner(walk, node, g), node.plan.live, len(node.plan.op.inputs)
    if len(live) == len(found) and max(live) < count:  # hooks see None for the other inputs
        by_input = dict(zip(live, found))
        every = tuple(by_input.get(i) for i in range(count))
        every = _replaced(hooks.after, every, walk.create, tuple(given))
        return tuple(every[i] for i in live)
    return _replaced(hooks.after, tuple(found), walk.create, tuple(given))


def _replaced(hooks, gradients, create, *others):
    """``gradients`` as ``hooks`` leave them; they see tensors."""
    if not hooks:
        return gradients
    others = [_shown(values, create) for values in others]
    for hook in list(hooks.values()):
        shown = _shown(gradients, create)
        result = hook(shown, *others)
        if result is not None:
            gradients = _checked(hook, shown, result, create)
    return gradients


def _shown(values, create):
    return tuple(g if g is None or create else wrap(g) for g in values)


def _checked(hook, given, result, create):
    """The gradients in ``result``. TypeError or RuntimeError if they do not fit ``given``."""
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(result, (tuple, list)):
        if len(given) != 1 or not isinstance(result, Variable):
            raise TypeError(f"expected tuple, but hook '{name}' returned '{type(result).__name__}'")
        result = (result,)
    if len(result) != len(given):
        raise RuntimeError(
            f"hook '{name}' has returned an incorrect number of values (got {len(result)}, but expected "
            f"{len(given)})"
        )
    for g, new in zip(given, result):
        if g is not None and new is not None:
            check_hook(hook, g, new)
    return tuple(g if g is None or create else g.array for g in result)


# ---- tensors -------------------------------------------------------------------------------------


def retain_grad(self):
    """Keep the gradient of this non-leaf in ``.grad`` after backward."""
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if self.is_leaf or self.retains_grad:
        return
    mine = weakref.ref(self)

    def keep(g):
        if (tensor := mine()) is not None:
            tensor._grad = g.clone() if tensor.grad is None else tensor.grad + g

    keep.runs_last = True  # after the hooks that change the gradient
    retain(self._node, keep)
    self._mytorch_retaining = keep
