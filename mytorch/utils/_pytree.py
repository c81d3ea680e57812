"""Nested containers as a flat list of leaves, under the names by which libraries know torch's: private there,
but imported by many.
"""

from __future__ import annotations

from typing import NamedTuple

from ..func.tree import leaves, mapped, rebuilt


class TreeSpec(NamedTuple):
    """The form of a tree, kept as one of that form."""

    tree: object
    num_leaves: int


def tree_flatten(tree, is_leaf=None):
    """(the leaves of nested dicts, lists and tuples in order, their :class:`TreeSpec`).

    NotImplementedError for ``is_leaf``.
    """
    if is_leaf is not None:
        raise NotImplementedError("tree_flatten: is_leaf is not supported")
    found = leaves(tree)
    return found, TreeSpec(mapped(lambda leaf: None, tree), len(found))


def tree_unflatten(leaves, treespec):
    """The tree of a :class:`TreeSpec` with these leaves. ValueError for another number of them."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten: got {len(leaves)} leaves for a tree of {treespec.num_leaves}")
    return rebuilt(treespec.tree, iter(leaves))


def tree_leaves(tree):
    """The leaves in order."""
    return leaves(tree)


def tree_map(func, tree):
    """``func`` of every leaf, in a tree of the same form."""
    return mapped(func, tree)
