"""A web page that steps through a backward pass: every node's formula, gradients, saved values and time."""

from __future__ import annotations

import html
import json
import math
from pathlib import Path

from ...autograd.function_node import FunctionNode
from .graph import Graph, in_bytes, saved_bytes, saved_values
from .lanes import lanes_of
from .rules import first_sentence, formulas, input_names

HUGE = 1e4  # gradients with a larger norm are marked


def explain(loss, trace=None, path="explain.html", repeats=5):
    """Write a page that steps through the backward pass of ``loss``, and return its path.

    The page is one file that needs no network. For each node it shows the source of the gradient formula; the
    shape, dtype, bytes and norm of the incoming and outgoing gradients (zero, infinite, nan and huge ones are
    marked); the saved values; and the time in µs, the shortest of ``repeats`` passes, as the first one also
    warms up caches and threads. With a :class:`Trace` the nodes are grouped by the modules that recorded
    them. With a model instead, leaves have the names of its parameters.

    The last pass, whose gradients are shown, runs the hooks of tensors and modules; the others do not. No
    pass changes the ``.grad`` of a leaf or frees the graph, so ``loss.backward()`` may follow. If ``loss`` is
    not a scalar, its gradient is ones. RuntimeError if it has no graph, or if the graph was freed.
    """
    graph = Graph(loss, trace)
    for i in reversed(range(repeats)):
        graph.run(hooks=i == 0)
    data = json.dumps(_page_data(graph, repeats), ensure_ascii=False, allow_nan=False)
    data = data.replace("<", "\\u003c")  # so that no text ends the script element
    page = Path(__file__).with_name("explain.html").read_text("utf-8")
    title = html.escape(f"Backward pass of {graph.rows[0].label}")
    page = page.replace("{{TITLE}}", title).replace("{{DATA}}", data)
    Path(path).write_text(page, "utf-8")
    return path


def _page_data(graph, repeats):
    """The content of the page, as text and numbers."""
    operations = [row for row in graph.rows if not row.is_leaf]
    total = max(1, sum(row.nanoseconds or 0 for row in operations))
    gradients = [g for row in operations for g in row.outgoing if g]
    arrivals = {row: [] for row in graph.rows}  # [(number of the row that it comes from, gradient)]
    for row in operations:
        for g, goal in zip(row.outgoing or [None] * len(row.edges), row.edges):
            arrivals[goal].append((row.index, g))
    sources = _Sources()
    rows = [
        _leaf(row, arrivals[row]) if row.is_leaf else _operation(row, arrivals[row], total, sources)
        for row in graph.rows
    ]
    before = None
    for row, data, lanes in zip(graph.rows, rows, lanes_of(graph.rows)):
        before = before if row.is_leaf else row.call  # a leaf stands with the operation that needs it last
        data |= {"group": str(before or ""), "depth": before.depth if before else 0, "lanes": lanes._asdict()}
        data |= {"label": row.label, "shape": " ".join(row.describe()), "leaf": row.is_leaf}
        flags = {_flag(g.norm) for g in (*row.incoming, *row.outgoing) if g}
        data["flags"] = sorted(flags - {""})
    return {
        "rows": rows,
        "sources": [source._asdict() for source in sources.numbers],
        "summary": {
            "operations": len(operations),
            "leaves": len(rows) - len(operations),
            "time": _microseconds(total),
            "gradients": in_bytes(sum(g.nbytes for g in gradients)),
            "saved": in_bytes(saved_bytes(row.node for row in operations)),
        },
        "slowest": _microseconds(max((row.nanoseconds or 0 for row in operations), default=0)),
        "times": "Times are of one run." if repeats == 1 else f"Times are the shortest of {repeats} runs.",
        "grouped": any(row.call for row in operations),
        "huge": f"{HUGE:,.0f}",
    }


class _Sources:
    """The formulas of all nodes, each once; nodes refer to them by number."""

    def __init__(self):
        self.numbers, self.by_plan = {}, {}

    def of(self, node):
        """The numbers of the rules of ``node`` and of the functions that they call."""
        if node.plan not in self.by_plan:
            self.by_plan[node.plan] = [
                [self.numbers.setdefault(source, len(self.numbers)) for source in part]
                for part in formulas(node)
            ]
        return self.by_plan[node.plan]


def _operation(row, arrivals, total, sources):
    rules, called = sources.of(row.node)
    users = list(dict.fromkeys(index for index, _ in arrivals))
    source = "in, from" if users else "in: ones, where the pass starts"
    incoming = [_gradient(g, source, users) for g in row.incoming if g]
    outgoing = [
        _gradient(g, f"out for {name}, to", [goal.index])
        for g, name, goal in zip(row.outgoing, input_names(row.node), row.edges)
    ]
    time = "not reached by the pass"
    if row.incoming:
        time = f"{_microseconds(row.nanoseconds)}, {row.nanoseconds / total:.0%} of the pass"
    return {
        "kind": row.node.plan.name,
        "about": ("" if users else "The pass starts here: ") + _about(row.node),
        "rules": rules,
        "called": called,
        "incoming": incoming,
        "outgoing": outgoing,
        "saved": [_saved(name, value) for name, value in saved_values(row.node)],
        "microseconds": (row.nanoseconds or 0) / 1000,
        "time": time,
    }


def _leaf(row, arrivals):
    return {
        "kind": "AccumulateGrad",
        "about": "A leaf of the graph: here the gradients are summed, and backward() adds the sum to .grad.",
        "rules": [],
        "called": [],
        "saved": [],
        "incoming": [_gradient(g, "in, from", [index]) for index, g in arrivals if g],
        "outgoing": [_gradient(g, "the sum, this leaf's gradient", []) for g in row.incoming if g],
        "microseconds": None,
        "time": "",
    }


def _about(node):
    function = node.plan.function if isinstance(node, FunctionNode) else node.plan.op.forward
    return first_sentence(function.__doc__) or node.plan.name


def _gradient(g, what, steps):
    if g is None:
        unknown = dict.fromkeys(("dtype", "bytes", "norm", "flag"), "")
        return {"what": what, "steps": steps, "shape": "none", **unknown}
    shape = str(g.shape) if g.raw_shape is None else f"{g.raw_shape} summed to {g.shape}"
    numbers = {"bytes": in_bytes(g.nbytes), "norm": f"{g.norm:.3g}", "flag": _flag(g.norm)}
    return {"what": what, "steps": steps, "shape": shape, "dtype": g.dtype, **numbers}


def _flag(norm):
    if math.isnan(norm):
        return "NaN"
    if math.isinf(norm):
        return "infinite"
    return "zero" if norm == 0 else "huge" if norm > HUGE else ""


def _saved(name, value):
    if hasattr(value, "nbytes"):
        return {
            "name": name,
            "shape": str(value.shape),
            "dtype": str(value.dtype),
            "bytes": in_bytes(value.nbytes),
        }
    plain = value is None or isinstance(value, (bool, int, float, complex, str, tuple, list, slice))
    text = repr(value) if plain else getattr(value, "__name__", type(value).__name__)
    return {"name": name, "shape": text if len(text) <= 80 else text[:79] + "…", "dtype": "", "bytes": ""}


def _microseconds(nanoseconds):
    return f"{nanoseconds / 1e3:,.1f} µs" if nanoseconds < 1e7 else f"{nanoseconds / 1e6:,.1f} ms"
