"""Nested dicts, lists and tuples of tensors as a flat list of leaves and back."""

from __future__ import annotations


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
