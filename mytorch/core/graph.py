"""The graph: Variables, the Nodes that made them, the edges between. This file knows no operation.

A Node holds its rules, what they asked to save, and edges to the nodes of its inputs; never its outputs, so
there are no reference cycles and a dropped graph is freed at once. ``primitive.py`` records operations in it,
``walk.py`` goes back through it.
"""

from __future__ import annotations

import itertools
import weakref
from collections import deque

import numpy

from . import grad_mode

grad_state, _new = grad_mode.mode, object.__new__
clock = itertools.count(0, -1)  # later is smaller, so that a heap yields the newest node first


def now():
    """The time, on the clock that orders nodes: smaller is later."""
    return next(clock)


result_type: type = object  # what operations return: Tensor


class Variable:
    """An array and its place in the graph. Tensor adds the operators and methods."""

    array: numpy.ndarray  # the values, NumPy's or CuPy's
    # what made it (Node, Output), a Leaf if it collects a gradient, None if no gradient is wanted
    _node = None
    # [number of in-place changes, clock of the last one, who wants a copy before the next …], one for all
    # views of the same memory
    _counter: list
    _base = None  # for a view: the Variable that it was taken from,
    _view = None  # how it is taken from there, for ``retake``,
    _base_node = None  # and the base's node at that time
    _leaf = None  # where ``.grad`` is kept
    _mytorch_retaining = None  # the hook of ``retain_grad()``
    _inference = False

    def __init_subclass__(cls, results=False, **kwargs):
        """``results=True``: operations return this class."""
        global result_type
        super().__init_subclass__(**kwargs)
        if results:
            result_type = cls


def wrap(array, node=None, cls=None):
    """A Variable of ``array`` (not copied), made by ``node``."""
    new = _new(cls or result_type)
    new.array, new._node = array, node
    new._counter, new._base = [0, 0], None
    if grad_state.get() is None:
        new._inference = True
    return new


class Name(str):
    """A node's name: an attribute and, as in torch, a method."""

    __slots__ = ()

    def __call__(self):
        return str(self)


class Leaf:
    """The end of an edge: where gradients of one leaf are summed. It does not point back at the Variable."""

    __slots__ = ("__weakref__", *"dtype frozen grad hooks order post_hooks shape variable_ref".split())
    plan, name = None, Name("AccumulateGrad")

    def __init__(self, array):
        self.shape, self.dtype, self.order = array.shape, array.dtype, next(clock)
        self.grad = self.hooks = self.post_hooks = None
        self.frozen = False  # whether gradients that still arrive are dropped

    next_functions = ()


class Output:
    """The edge to one of several outputs of a node."""

    __slots__ = ("__weakref__", "hooks", "index", "order", "parent")
    plan = None

    def __init__(self, parent, index):
        self.parent, self.index, self.order, self.hooks = parent, index, next(clock), None

    name = property(lambda self: self.parent.name)
    next_functions = property(lambda self: self.parent.next_functions)


class Node:
    """One recorded operation."""

    # set only where there is something to tell
    hooks = definition = origin = outputs = output_edges = restore = None

    def __init__(self, plan, edges, saved, guards):
        self.plan, self.edges, self.saved, self.guards, self.order = plan, edges, saved, guards, next(clock)

    @property
    def name(self):
        return self.plan.name

    def guarded(self, place):
        """What the guard number ``place`` watches, for messages. ``ops/nodes.py`` says more of a node."""
        return self.name

    def __repr__(self):
        return f"<{self.name} object at 0x{id(self):x}>"


Leaf.__repr__ = Output.__repr__ = Node.__repr__  # type: ignore[method-assign, assignment]


# ---- edges, views, changes in place --------------------------------------------------------------


def output_edge(node, index):
    """The edge to one output of ``node``: the same as long as anybody holds it, since hooks and gradients
    belong to it.
    """
    if node.output_edges is None:
        node.output_edges = {}
    known = node.output_edges.get(index)
    edge = known and known()
    if edge is None:
        edge = Output(node, index)
        node.output_edges[index] = weakref.ref(edge)
    return edge


def note_view(new, call, inputs, settings, index=None):
    """If ``new`` shares the memory of the input, tie them together: one change counter, and the way to take
    the view again.
    """
    source = inputs[0]
    if not isinstance(source, Variable):
        return
    owner, array = new.array.base, source.array
    if not (owner is array or (owner is not None and owner is array.base) or new.array is array):
        owner = getattr(owner, "base", None)  # NumPy's as_strided puts one between
        if owner is None or (owner is not array and owner is not array.base):
            return
    base = source if source._base is None else source._base
    new._counter, new._base, new._base_node = source._counter, base, base._node
    new._view = source._view, call, inputs[1:], settings, index
    new._inference = source._inference


def retake(view, base):
    """The view that ``view``, a Variable's ``_view``, says how to take, of ``base``."""
    earlier, call, rest, settings, index = view
    again = call(base if earlier is None else retake(earlier, base), *rest, **settings)
    return again if index is None else again[index]


def rebase(variable, node):
    """An in-place change made ``node`` the place of ``variable`` in the graph. The hook of ``retain_grad()``
    moves there; other hooks keep watching the old values.
    """
    hook, old = variable._mytorch_retaining, variable._node
    if hook is not None and old is not node:
        del old.hooks[hook]
        retain(node, hook)
    variable._node = node


def retain(node, hook):
    """Let ``hook``, that of a ``retain_grad()``, see the gradient that arrives at ``node``."""
    if node.hooks is None:
        node.hooks = {}
    node.hooks[hook] = hook


def refresh(view):
    """An in-place change gave the view's base a new node: take the view's node from there."""
    base, view._base_node = view._base, view._base._node
    if type(view._node) is Output:
        raise RuntimeError(
            f"Output {view._node.index} of {view._node.name} is a view and its base or another view of "
            "its base has been modified inplace. "
            "This view is the output of a function that returns multiple views. Such functions do not "
            "allow the output views to be modified "
            "inplace. You should replace the inplace operation by an out-of-place one."
        )
    # a leaf that began to collect gradients later says nothing of older views
    if type(base._node) is not Leaf:
        again = retake(view._view, base)
        if again.array.shape != view.array.shape or again.array.strides != view.array.strides:
            raise RuntimeError(
                "a view can't be used after the shape of the tensor that it was taken from was changed "
                "in place"
            )
        rebase(view, again._node)
        view._base_node = base._node


def note_reader(counter, node):
    """Note that ``node`` saved the memory of ``counter`` and wants a copy before the next change."""
    if len(counter) % 32 == 0:
        counter[2:] = [ref for ref in counter[2:] if ref() is not None]
    counter.append(weakref.ref(node))


def readers(counter):
    """The nodes noted by :func:`note_reader`, which are forgotten."""
    if len(counter) == 2:
        return []
    found = [node for ref in counter[2:] if (node := ref()) is not None]
    del counter[2:]
    return found


# the clock at the newest in-place change of all: a node made after it has its values intact
last_change = [0]
changes: deque = deque(maxlen=1000)  # (time, counter) of the newest, from which messages count


def changed(*variables):
    """Note an in-place change of the memory of each of ``variables``."""
    last_change[0] = time = next(clock)
    for variable in variables:
        counter = variable._counter
        counter[0] += 1
        counter[1] = time
        changes.append((time, counter))
