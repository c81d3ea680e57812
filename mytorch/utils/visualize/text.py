"""The graph of a tensor as text."""

from __future__ import annotations

from .graph import Graph
from .lanes import drawn, lanes_of


def graph_text(tensor, trace=None):
    """The computation graph of ``tensor``, a line per node, newest first: the way that the backward pass
    takes.

    Columns: the edges (``●`` a node, ``│`` an edge down to an input), number, operation or name of the leaf,
    shape and dtype of its output, and the module that recorded it if ``trace`` is a :class:`Trace`. With a
    model instead of a trace, leaves are named alone. Shapes come from a trial run of the gradient formulas,
    without hooks; no ``.grad`` changes. They are "?" where the values saved for it are gone.
    """
    if not tensor.requires_grad:
        return f"{tuple(tensor.shape)} {tensor.dtype}: no graph, since it does not require grad"
    graph = Graph(tensor, trace)
    try:
        graph.run(hooks=False)
    except RuntimeError:
        pass  # freed, or changed in place: the rows after that have no shapes
    pictures = [drawn(lanes) for lanes in lanes_of(graph.rows)]
    cells = [
        (picture, str(row.index + 1), row.label, *row.describe(), str(row.call or ""))
        for picture, row in zip(pictures, graph.rows)
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    aligned = (
        (cell.rjust(w) if i == 1 else cell.ljust(w) for i, (cell, w) in enumerate(zip(line, widths)))
        for line in cells
    )
    return "\n".join("  ".join(line).rstrip() for line in aligned)
