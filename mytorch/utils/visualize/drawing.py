"""The graph of a tensor as a picture, drawn by Graphviz."""

from __future__ import annotations

from pathlib import Path

from .graph import Graph

try:
    import graphviz
except ImportError:  # an extra
    graphviz = None

_STYLE = {"fontname": "Helvetica,Arial,sans-serif", "fontsize": "11"}
_LEAF = {"shape": "box", "style": "filled,rounded", "fillcolor": "#d9f0d3", "color": "#5aae61"}
_OPERATION = {"shape": "box", "style": "filled", "fillcolor": "#dbe9f6", "color": "#4a7fb5"}
_MODULE = {"style": "rounded", "color": "#999999", "fontcolor": "#555555", "labeljust": "l"}


def draw_graph(tensor, path=None, trace=None):
    """Draw the computation graph of ``tensor``, with the leaves at the top.

    Returns the SVG text, or None if a ``path`` (.svg, .png, .pdf) is given. Operations are boxes with the
    shape and dtype of their output. Leaves are green, with the names of the parameters if ``trace`` is a
    :class:`Trace` or a model. A Trace also draws a frame around the nodes of each module.

    ImportError without the package graphviz (``pip install 'mytorch[visualize]'``), RuntimeError without
    Graphviz's program ``dot``, ValueError for a path without a known format.
    """
    if graphviz is None:
        raise ImportError(
            "draw_graph needs the package graphviz: pip install 'mytorch[visualize]' (graph_text and "
            "explain need nothing)"
        )
    graph = Graph(tensor, trace)
    try:
        graph.run(hooks=False)
    except RuntimeError:
        pass  # saved values were freed or changed in place: the following rows have no shapes
    dot = graphviz.Digraph(
        graph_attr={"ranksep": "0.3", **_STYLE},
        node_attr={"height": "0.3", **_STYLE},
        edge_attr={"color": "#777777"},
    )
    _fill(dot, None, _by_parent(graph.rows))
    for row in graph.rows:
        for source in row.edges:
            dot.edge(str(source.index), str(row.index))
    file_format = "svg" if path is None else Path(path).suffix.lstrip(".").lower()
    if file_format not in graphviz.FORMATS:
        raise ValueError(
            "draw_graph: the name of the file has to say the format, such as graph.svg or graph.png; "
            f"got {path}"
        )
    try:
        picture = dot.pipe(file_format)
    except graphviz.ExecutableNotFound as error:
        raise RuntimeError(
            "draw_graph needs Graphviz's program dot on the PATH: apt install graphviz, or see graphviz.org"
        ) from error
    if path is None:
        return picture.decode()
    Path(path).write_bytes(picture)
    return None


def _by_parent(rows):
    """{call: (its rows, the calls inside)}; the key None is for rows outside of the model."""
    tree = {None: ([], [])}
    for row in rows:
        call = row.call
        chain = []
        while call is not None and call not in tree:
            chain.append(call)
            tree[call] = ([], [])
            call = call.parent
        for call in chain:
            tree[call.parent][1].append(call)
        tree[row.call][0].append(row)
    return tree


def _fill(dot, call, tree):
    """Add the rows of ``call``, and a frame for each call inside."""
    rows, inside = tree[call]
    for row in rows:
        shape, dtype = row.describe()
        text = graphviz.escape(row.label) + f"\n{shape} {dtype}"
        dot.node(str(row.index), text, **(_LEAF if row.is_leaf else _OPERATION))
    for child in inside:
        with dot.subgraph(name=f"cluster_{id(child)}") as frame:
            frame.attr(label=graphviz.escape(str(child)), **_MODULE)
            _fill(frame, child, tree)
