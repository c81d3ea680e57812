"""The graph of a tensor as text."""

from __future__ import annotations

from .graph import Graph
from .lanes import drawn, lanes_of


def graph_text(tensor, trace=None):
    """The computation graph of ``tensor``, one line per node in the order of the backward pass.

    Columns: the edges (``●`` a node, ``│`` an edge down to an input), number, operation or name of the leaf,
    shape and dtype of the output, and the module that recorded it if ``trace`` is a :class:`Trace`. With a
    model instead of a trace, leaves have the names of its parameters. Shapes come from a trial run of the
    backward pass without hooks, which changes no ``.grad``; they are "?" if the saved values were freed.
    """
    if not tensor.requires_grad:
        return f"{tuple(tensor.shape)} {tensor.dtype}: no graph, since it does not require grad"
    graph = Graph(tensor, trace)
    try:
        graph.run(hooks=False)
    except RuntimeError:
        pass  # saved values were freed or changed in place: the following rows have no shapes
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
