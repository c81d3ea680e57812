"""Nested containers as a flat list of leaves, under the names by which libraries know torch's: private there,
but imported by many.
"""

from __future__ import annotations

from typing import NamedTuple


def leaves(tree):
    """What is at the ends, in order."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in leaves(value)]
    return [tree]


def rebuilt(tree, values):
    """A tree of the same form with the ``values`` (an iterator) at its ends."""
    if isinstance(tree, dict):
        return type(tree)((key, rebuilt(value, values)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(rebuilt(value, values) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(rebuilt(value, values) for value in tree)
    return next(values)


def mapped(function, tree):
    """``function`` of every end."""
    return rebuilt(tree, iter([function(leaf) for leaf in leaves(tree)]))


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
