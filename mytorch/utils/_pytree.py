"""Nested containers as a flat list of leaves.

The names are those of ``torch.utils._pytree``, which is private but imported by many libraries.
"""

from __future__ import annotations

from typing import NamedTuple


def leaves(tree):
    """The leaves of nested dicts, lists and tuples, in order."""
    if isinstance(tree, dict):
        return [leaf for value in tree.values() for leaf in leaves(value)]
    if isinstance(tree, (list, tuple)):
        return [leaf for value in tree for leaf in leaves(value)]
    return [tree]


def rebuilt(tree, values):
    """A tree of the same structure with the values of an iterator as leaves."""
    if isinstance(tree, dict):
        return type(tree)((key, rebuilt(value, values)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(rebuilt(value, values) for value in tree))
    if isinstance(tree, (list, tuple)):
        return type(tree)(rebuilt(value, values) for value in tree)
    return next(values)


def mapped(function, tree):
    """A tree of the same structure with ``function`` of every leaf."""
    return rebuilt(tree, iter([function(leaf) for leaf in leaves(tree)]))


class TreeSpec(NamedTuple):
    """The structure of a tree, stored as a tree whose leaves are None."""

    tree: object
    num_leaves: int


def tree_flatten(tree, is_leaf=None):
    """(the leaves of nested dicts, lists and tuples in order, the :class:`TreeSpec`).

    NotImplementedError for ``is_leaf``.
    """
    if is_leaf is not None:
        raise NotImplementedError("tree_flatten: is_leaf is not supported")
    found = leaves(tree)
    return found, TreeSpec(mapped(lambda leaf: None, tree), len(found))


def tree_unflatten(leaves, treespec):
    """The tree of a :class:`TreeSpec` with these leaves. ValueError for the wrong number of leaves."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(f"tree_unflatten: got {len(leaves)} leaves for a tree of {treespec.num_leaves}")
    return rebuilt(treespec.tree, iter(leaves))


def tree_leaves(tree):
    """The leaves in order."""
    return leaves(tree)


def tree_map(func, tree):
    """A tree of the same structure with ``func`` of every leaf."""
    return mapped(func, tree)
