"""The walk back in its simplest form: what ``walk.py`` does, without its speed. The tests hold the fast walk
against it.

First gradients only; no hooks, no checks, and nothing that was saved is freed.
"""

from __future__ import annotations

from .graph import Leaf, Output
from .walk import fill, unbroadcast


def gradients(root, seed):
    """{leaf: its gradient} of the node ``root``, whose own gradient is the array ``seed``."""
    arrived, found = {root: seed}, {}  # at each node the sum of the gradients that have arrived so far
    while arrived:
        node = min(arrived, key=lambda n: n.order)  # the newest: all that use it have had their turn
        g = arrived.pop(node)
        if type(node) is Leaf:
            found[node] = g
        elif type(node) is Output:  # one of several outputs of a node, whose gradient is a list
            arrived.setdefault(node.parent, [None] * len(node.parent.outputs))[node.index] = g
        else:
            for edge, d in zip(node.edges, gradients_of_inputs(node, g)):
                if d is not None:
                    arrived[edge] = arrived[edge] + d if edge in arrived else d
    return found


def gradients_of_inputs(node, g):
    """What the formulas of ``node`` make of its gradient ``g``: an array, or None, for each input."""
    if node.outputs is not None:
        g = fill(node, g, create=False)  # zeros where none arrived
    found = node.plan.vjp(g, node.saved)
    if node.restore is None:
        return found
    return [d if d is None else unbroadcast(d, *meta) for d, meta in zip(found, node.restore)]
