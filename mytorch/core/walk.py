"""The walk back through the graph: newest node first, for the order of creation is a topological order.

``reference_backward.py`` says the same in thirteen lines. This one is iterative as well, so a chain of a
million operations works, and it avoids work: along a chain no node passes through the heap, a gradient is
only borrowed until a second one is added to it, and what a node saved is freed as soon as it is used. An
ordinary backward runs the rules on raw arrays; with ``create`` the very same rules run on Variables and so
are recorded themselves (``higher_order.py``).
"""

from __future__ import annotations

import os
import threading
from heapq import heappop, heappush, heappushpop

from .anomaly_mode import detect_anomaly
from .arrays import as_array, quietly, xp
from .dtypes import cast_back
from .errors import SECOND_TIME, check_hook, check_intact, check_nan, located
from .graph import Leaf, Node, Output, changed, last_change, wrap
from .higher_order import vjp_in_graph
from .plan import MANY
from .primitive import Primitive
from .sums import summed

dual_levels: list = []  # of ``autograd/forward_ad.py``, which reads tangents from graphs after a backward


class Walk:
    """One backward pass from the nodes ``roots``, which begins with their ``gradients``: arrays, or Variables
    with ``create``.

    It sums into the leaves' ``.grad`` (only of ``targets``, if given). With ``accumulate=False`` it leaves
    every ``.grad`` alone. ``found`` is {node: gradient} of ``targets``.
    """

    overlapped = None  # set by autograd/overlap.py, where other threads compute some of the gradients

    def __init__(self, roots, *, retain=False, create=False, targets=None, accumulate=True):
        self.create, self.targets, self.accumulate = create, targets, accumulate
        self.retain = retain or bool(dual_levels)
        self.needed = None if targets is None else leading_to(targets, roots)
        self.pending = {}  # node -> the sum of the gradients that have reached it
        self.owned = set()  # nodes whose pending array nobody else holds
        self.heap = []  # what waits for its turn
        self.parts, self.found, self.begun = {}, {}, []  # parts: node with several outputs -> their gradients
        self.careful = create or targets is not None or detect_anomaly.enabled

    def run(self, edges, gradients):
        """Go back from the nodes ``edges``, which receive ``gradients``; returns ``found``."""
        pending, owned, heap, needed = self.pending, self.owned, self.heap, self.needed
        saved, g = gradients, None
        while True:
            node = None  # the newest one that waits, if it has not been through the heap
            for edge, d in zip(edges, gradients):
                if d is None:
                    continue
                if edge not in pending:  # only borrowed, unless a rule made it for this leaf
                    pending[edge] = d
                    if type(edge) is Leaf:
                        if edge.post_hooks is not None:  # its turn comes when nothing older uses it
                            heappush(heap, (edge.order, edge))
                        if not self.create and d is not g and is_fresh(d, gradients, saved):
                            owned.add(edge)
                    elif node is None and not heap:
                        node = edge  # along a chain there is nothing to choose from
                    else:
                        heappush(heap, (edge.order, edge))
                elif edge in owned and type(d) is type(pending[edge]):
                    pending[edge] += d
                else:
                    pending[edge] = pending[edge] + d  # the first sum is our own array
                    if not self.create:
                        owned.add(edge)
            if heap:
                node = (heappop(heap) if node is None else heappushpop(heap, (node.order, node)))[1]
                if type(node) is Leaf:
                    self.finish(node)
                    edges = ()
                    continue
            elif node is None:
                break
            g, edges, saved, gradients, d = pending.pop(node), (), None, (), None  # the last node's go free
            if node.hooks is not None or needed is not None:
                g = self.observe(node, g)
            if node.plan is None:  # one of several outputs
                self.collect(node, g)
            elif needed is None or any(edge in needed for edge in node.edges):
                edges, saved, gradients = node.edges, node.saved, self.gradients_of(node, g)
        for leaf in list(pending):  # only leaves are left
            self.finish(leaf)
        return self.found

    def observe(self, node, g):
        """What the hooks of ``node`` make of its gradient ``g``, which is found if ``node`` is a target."""
        if node.hooks is not None:
            self.settle()
            g = call_hooks(node, g, self.create)
            self.owned.discard(node)  # a hook may have kept it
        if self.needed is not None and node in self.targets:
            # the caller may change it
            self.found[node] = g if self.create or node in self.owned or g is None else g.copy()
        return g

    def collect(self, output, g):
        """Gather the gradients of a node's several outputs; the node's turn comes when all are there."""
        parent = output.parent
        if parent not in self.parts:
            self.parts[parent] = self.pending[parent] = [None] * len(parent.outputs)
            heappush(self.heap, (parent.order, parent))
        earlier = self.parts[parent][output.index]
        self.parts[parent][output.index] = g if earlier is None else earlier + g

    def gradients_of(self, node, g):
        """The gradients of the inputs of ``node``, from that of its output and what it saved."""
        if last_change[0] < node.order:
            check_intact(node)
        if node.outputs is not None:
            g = fill(node, self.parts.pop(node), self.create)
        if node.saved is None:
            raise RuntimeError(SECOND_TIME.format(node.name))
        try:
            if node.plan.op.later and self.overlapped is not None and not self.careful:
                gradients = self.overlapped(node, g)
            else:
                gradients = vjp_in_graph(node, g, run) if self.create else node.plan.vjp(g, node.saved)
        except Exception as error:
            gradients = self.rescued(node, g, error)
        if self.careful:
            if detect_anomaly.enabled and detect_anomaly.check_nan:
                check_nan(node, gradients)
            if self.needed is not None:
                gradients = [d if edge in self.needed else None for edge, d in zip(node.edges, gradients)]
        if node.restore is not None:
            gradients = [None if d is None else unbroadcast(d, *to) for d, to in zip(gradients, node.restore)]
        if node.plan.frees and not self.retain:
            node.saved = None
            if node.definition is not None:
                node.definition = None
        return gradients

    def rescued(self, node, g, error):
        """The gradients, of arrays that the rules cannot take as they are. For others ``error`` is raised."""
        found = None if self.create else Primitive.rescue(node.plan, (g, node.saved), {})
        if found is None:
            if node.origin is None:
                raise error
            raise located(node, error) from error
        return found[0]

    def settle(self):
        """Wait for the gradients on other threads: hooks may change what they are computed from."""
        for leaf, later in self.begun:
            g = later.result()
            if self.pending[leaf] is later:
                self.pending[leaf] = g
        self.begun.clear()

    def finish(self, leaf):
        """Hand the sum of its gradients to ``leaf``."""
        if self.begun:
            self.settle()
        g, is_own = self.pending.pop(leaf), leaf in self.owned
        self.owned.discard(leaf)
        if leaf.hooks is not None:
            g, is_own = call_hooks(leaf, g, self.create), False
        if self.needed is not None:
            if leaf not in self.targets:
                return
            self.found[leaf] = g if self.create or is_own else g.copy()
        if self.accumulate:
            accumulate(leaf, g, is_own, self.create)


def run(roots, gradients, **options):
    """A whole :class:`Walk`, without NumPy's warnings; returns {node: gradient} of its targets."""
    return quietly(Walk(roots, **options).run, roots, gradients)


def is_fresh(d, gradients, saved):
    """Whether the rules made the array ``d`` for one input alone, as far as a short look can tell."""
    if d.base is not None or len(gradients) > MANY or type(saved) is not tuple:
        return False
    for value in saved:
        if value is d:
            return False
    given = 0
    for other in gradients:
        given += other is d
    return given == 1


def leading_to(targets, roots):
    """The nodes on the way from ``roots`` to ``targets``."""
    seen, stack = set(), list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(_inputs(node))
    needed = set()
    for node in sorted(seen, key=lambda n: -n.order):  # oldest first: inputs before what uses them
        if node in targets or any(before in needed for before in _inputs(node)):
            needed.add(node)
    return needed


def _inputs(node):
    return (node.parent,) if type(node) is Output else node.edges if isinstance(node, Node) else ()


def unbroadcast(d, shape, dtype):
    """The gradient of an input that was broadcast or cast, summed to ``shape`` and cast to ``dtype``."""
    if d.shape != shape:
        extra = len(d.shape) - len(shape)
        axes = tuple(i for i, n in enumerate(d.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
        if axes:
            d = summed(d, axes, keepdims=True)
        d = d.reshape(shape)
    return cast_back(d, dtype)


_one_at_a_time = threading.Lock()  # backwards in several threads may reach the same leaf


def _after_fork_in_child():
    """The thread that held it is not in the new process."""
    global _one_at_a_time
    _one_at_a_time = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)


def accumulate(leaf, g, is_own, create):
    """Add to ``leaf.grad``. The first gradient is kept as it is if nobody else can hold it, else copied."""
    with _one_at_a_time:
        if leaf.frozen:
            pass  # only its hooks run, as in torch
        elif create:
            g = g.clone() if g.array.dtype == leaf.dtype else g.astype(leaf.dtype)
            leaf.grad = g if leaf.grad is None else leaf.grad + g
        elif leaf.grad is None:
            leaf.grad = shown(g if is_own and g.dtype == leaf.dtype else g.astype(leaf.dtype))
        elif leaf.grad._node is None:
            leaf.grad.array += g
            changed(leaf.grad)
        else:
            leaf.grad = shown(leaf.grad.array + g)
    if leaf.post_hooks is not None:
        for hook in list(leaf.post_hooks.values()):
            hook()


def shown(g):
    """A gradient as users see it: a Variable. A sparse one is array and Variable in one."""
    return g if hasattr(g, "requires_grad") else wrap(as_array(g))


def fill(node, parts, create):
    """Zeros for the outputs that no gradient reached; None for those that carry none."""
    like = next(p for p in parts if p is not None)
    zeros = xp(like.array if create else like).zeros
    filled = []
    for part, spec in zip(parts, node.outputs):
        # (shape, dtype), or None: the rule deals with it
        if part is None and spec is not None and spec[1].kind in "fcV":
            part = wrap(zeros(*spec)) if create else zeros(*spec)
        filled.append(part)
    return tuple(filled)


def call_hooks(node, g, create):
    """``g`` as the hooks of ``node`` leave it."""
    for hook in sorted(node.hooks.values(), key=lambda hook: hasattr(hook, "runs_last")):
        given = shown(g)
        if (result := hook(given)) is not None:
            check_hook(hook, given, result)
            g = result if create else result.array
    return g
