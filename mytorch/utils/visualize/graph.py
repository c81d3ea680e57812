"""The graph behind a tensor as rows in the order of the backward pass, with the gradients at each of them.

The pass is the real one (``core.walk``). While it runs, a :class:`_Watched` plan replaces every node's plan
and records the gradients that go in and out. No ``.grad`` changes, and the graph is kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy

from ...autograd.function_node import FunctionNode
from ...core import walk
from ...core.arrays import as_array, xp
from ...core.errors import SECOND_TIME
from ...core.graph import Leaf, Output
from ...core.sums import summed
from .trace import Trace, parameter_names


@dataclass
class Gradient:
    """The recorded properties of one gradient; its array is not kept."""

    shape: tuple
    dtype: str
    nbytes: int
    norm: float  # Euclidean, summed in float64
    raw_shape: tuple | None = None  # before it was summed to the shape of a broadcast input


@dataclass(eq=False)
class Row:
    """One node of the graph, or one leaf."""

    node: object
    index: int = -1
    # the row of each input, in the order of the gradients that the rules return
    edges: list = field(default_factory=list)
    call: object = None  # of the module that recorded it
    label: str = ""
    # of the output and of the incoming gradient; a list of shapes for several outputs
    shape: tuple | None = None
    dtype: str = ""
    incoming: list = field(default_factory=list)  # a Gradient per output, None if none arrived
    outgoing: list = field(default_factory=list)  # a Gradient per edge, None if the formula gave none
    nanoseconds: int | None = None  # of the formulas in the fastest pass; None if no pass reached it

    is_leaf = property(lambda self: type(self.node) is Leaf)

    def describe(self):
        """Shape and dtype as text; "?" if they are unknown."""
        if self.shape is None:
            return "?", ""
        if isinstance(self.shape, list):
            return ", ".join("-" if s is None else str(tuple(s)) for s in self.shape), self.dtype
        return str(tuple(self.shape)), self.dtype


class Graph:
    """The rows behind ``tensor``: operations newest first, each leaf after the last operation that needs it.

    ``trace`` is a :class:`Trace`, or a model for the names of its parameters only.
    """

    def __init__(self, tensor, trace=None):
        if not tensor.requires_grad:
            raise RuntimeError("this tensor has no graph: it does not require grad")
        self.tensor, self.root = tensor, tensor._node
        names = {} if trace is None else trace.names if isinstance(trace, Trace) else parameter_names(trace)
        place = trace.place if isinstance(trace, Trace) else lambda node: None
        rows = {node: Row(node) for node in nodes_behind([tensor])}
        order = sorted((node for node in rows if type(node) is not Leaf), key=lambda node: node.order)
        users = {}
        for node in order:
            for edge in node.edges:
                users[_owner(edge)] = node
        leaves = {}
        for leaf in rows:
            if type(leaf) is Leaf:
                leaves.setdefault(users.get(leaf), []).append(leaf)
        self.rows = [rows[leaf] for leaf in leaves.get(None, ())]
        for node in order:
            self.rows.append(rows[node])
            needed = sorted(leaves.get(node, ()), key=lambda leaf: leaf.order, reverse=True)
            self.rows += [rows[leaf] for leaf in needed]
        for index, row in enumerate(self.rows):
            row.index = index
            if row.is_leaf:
                row.label = names.get(row.node, "leaf")
                row.shape, row.dtype = row.node.shape, str(row.node.dtype)
                continue
            row.edges = [rows[_owner(edge)] for edge in row.node.edges]
            row.call, row.label = (
                place(row.node),
                row.node.plan.name.removesuffix("0").removesuffix("Backward"),
            )

    def run(self, hooks):
        """Run the backward pass once and record its gradients in the rows.

        ``hooks=False`` leaves out the hooks of tensors and modules. The pass starts with ones. RuntimeError
        as in any backward, for example if the graph was freed; the rows before are filled in.
        """
        leaves = {row.node: row for row in self.rows if row.is_leaf}
        kept = [(row.node, row.node.hooks) for row in self.rows]
        kept += [
            (edge, edge.hooks)
            for row in self.rows
            if not row.is_leaf
            for edge in (*row.node.edges, self.root)
            if type(edge) is Output
        ]
        plans = [(row.node, row.node.plan) for row in self.rows if not row.is_leaf]
        start = xp(self.tensor.array).ones_like(self.tensor.array)
        try:
            for row in self.rows:
                if not row.is_leaf:
                    row.incoming, row.outgoing = [], []
                    row.node.plan = _Watched(row, hooks)
            if not hooks:
                for edge, _ in kept:
                    edge.hooks = None
            found = walk.run([self.root], [start], retain=True, targets=set(leaves), accumulate=False)
        finally:
            for node, plan in plans:
                node.plan = plan
            for edge, old in kept:
                edge.hooks = old
        for leaf, g in found.items():
            leaves[leaf].incoming = [_noted(g)]


class _Watched:
    """A plan that records its incoming and outgoing gradients, and the time of its formulas."""

    def __init__(self, row, hooks):
        self.plan, self.row = row.node.plan, row
        # the operation behind the backward hooks of modules
        self.skip = not hooks and self.plan.op.name == "boundary"

    def __getattr__(self, name):
        return getattr(self.plan, name)

    def vjp(self, g, saved):
        row, node = self.row, self.row.node
        gradients = g if type(g) is tuple else (g,)
        _wait(gradients)
        start = time.perf_counter_ns()
        raw = tuple(g) if self.skip else self.plan.vjp(g, saved)
        found = raw
        if node.restore is not None:
            found = [d if d is None else walk.unbroadcast(d, *meta) for d, meta in zip(raw, node.restore)]
        _wait(found)
        elapsed = time.perf_counter_ns() - start
        row.nanoseconds = elapsed if row.nanoseconds is None else min(elapsed, row.nanoseconds)
        row.incoming = [_noted(part) for part in gradients]
        row.outgoing = [_noted(d, before) for d, before in zip(found, raw)]
        shapes = [part and part.shape for part in row.incoming]
        row.shape = shapes if type(g) is tuple else shapes[0]
        row.dtype = next(part.dtype for part in row.incoming if part)
        return found


def nodes_behind(tensors):
    """The nodes and leaves of the graph behind ``tensors``."""
    seen, stack = set(), [_owner(t._node) for t in tensors if t.requires_grad]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack.extend(map(_owner, getattr(node, "edges", ())))
    return seen


def _owner(edge):
    """The node or leaf at the end of an edge."""
    return edge.parent if type(edge) is Output else edge


def _wait(arrays):
    """Wait for the GPU, which computes asynchronously."""
    for array in arrays:
        if array is not None and xp(array) is not numpy:
            xp(array).cuda.get_current_stream().synchronize()


def _noted(g, before=None):
    if g is None:
        return None
    g = as_array(g)
    wide = abs(g if g.dtype.kind != "V" else g.astype("float32")).astype("float64")
    norm = float(xp(wide).sqrt(summed(wide * wide)))
    raw = before.shape if before is not None and before.shape != g.shape else None
    return Gradient(g.shape, str(g.dtype), g.nbytes, norm, raw)


# ---- what a node keeps ---------------------------------------------------------------------------


def saved_values(node):
    """[(name, value)] of the values saved by ``node``, each once. RuntimeError if they were freed."""
    if node.saved is None:
        raise RuntimeError(SECOND_TIME.format(node.name))
    if isinstance(node, FunctionNode):
        return [(f"saved_tensors[{i}]", getattr(s, "array", None)) for i, s in enumerate(node.saved[1:])]
    names = [name for wants in node.plan.wants for name in wants]
    found = {}
    for name, value in zip(names, node.saved):
        if isinstance(value, (tuple, list)) and any(hasattr(v, "nbytes") for v in value):
            found |= {f"{name}[{i}]": v for i, v in enumerate(value)}
        else:
            found[name] = value
    return list(found.items())


def saved_bytes(nodes, apart_from=()):
    """Bytes of the values saved by ``nodes``, without the memory of the arrays ``apart_from``."""
    kept = [
        value
        for node in nodes
        for value in (*(v for _, v in saved_values(node)), *(node.definition[0] if node.definition else ()))
    ]
    return memory_bytes([value for value in kept if hasattr(value, "nbytes")], apart_from)


def memory_bytes(arrays, apart_from=()):
    """Bytes of the memory behind ``arrays``, without that behind ``apart_from``; views count once."""
    pieces = {id(memory): memory.nbytes for memory in map(_memory, arrays)}
    return sum(pieces[key] for key in pieces.keys() - {id(_memory(a)) for a in apart_from})


def _memory(array):
    """The array that owns the memory of a view."""
    while type(array.base) is type(array):
        array = array.base
    return array


def in_bytes(n):
    """A number of bytes as text, such as ``1.5 KiB``."""
    if n < 1024:
        return f"{n} B"
    power = min((int(n).bit_length() - 1) // 10, 4)
    return f"{n / 1024**power:.1f} {'KMGT'[power - 1]}iB"
