"""Nested containers as a flat list of leaves.

The names are those of ``torch.utils._pytree``, which is private but imported by many libraries.
"""

from __future__ import annotations

import functools
import operator
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ._pytree_nodes import (  # noqa: F401  (the public place of these names is here)
    SUPPORTED_NODES,
    GetAttrKey,
    MappingKey,
    NodeDef,
    SequenceKey,
    _deregister_pytree_node,
    _dict_flatten,
    _dict_flatten_with_keys,
    _dict_unflatten,
    _get_node_type,
    _is_leaf,
    _is_namedtuple_instance,
    _list_flatten,
    _list_flatten_with_keys,
    _list_unflatten,
    _private_register_pytree_node,
    _register_pytree_node,
    is_namedtuple,
    is_namedtuple_class,
    is_namedtuple_instance,
    is_structseq,
    is_structseq_class,
    is_structseq_instance,
    register_constant,
    register_dataclass,
    register_pytree_node,
    tree_is_leaf,
)

Context = PyTree = KeyEntry = Any  # what annotations name
FlattenFunc = UnflattenFunc = Callable
BUILTIN_TYPES = {tuple, list, dict, NamedTuple, OrderedDict, defaultdict, deque}


# ---- their structure -------------------------------------------------------------------------------


class TreeSpec:
    """The structure of a tree: the type of a container, its context, and the specs of its children."""

    def __init__(self, type, context, children_specs):
        self.type, self.context, self.children_specs = type, context, list(children_specs)
        self.num_children = len(self.children_specs)
        self.num_leaves = sum(child.num_leaves for child in self.children_specs)
        self.num_nodes = 1 + sum(child.num_nodes for child in self.children_specs)

    def is_leaf(self):
        """Whether it stands for a leaf."""
        return isinstance(self, LeafSpec)

    def children(self):
        """The specs of the children."""
        return list(self.children_specs)

    def child(self, index):
        """The spec of one child."""
        return self.children_specs[index]

    def unflatten(self, leaves):
        """The tree with these leaves. ValueError for another number of them."""
        return tree_unflatten(leaves, self)

    def flatten_up_to(self, tree):
        """The parts of ``tree`` where this structure has leaves. ValueError if the structures differ."""
        kind = _get_node_type(tree)
        if kind is not self.type:
            raise ValueError(f"Type mismatch; expected {self.type!r}, but got {kind!r}.")
        children, context = SUPPORTED_NODES[kind].flatten_fn(tree)
        if len(children) != self.num_children:
            raise ValueError(
                f"Node arity mismatch; expected {self.num_children}, but got {len(children)} for {kind!r}."
            )
        if kind in (dict, OrderedDict, defaultdict) and {*tree} == {*self._keys()}:
            children = [tree[key] for key in self._keys()]  # the order of keys may differ
        elif context != self.context:
            raise ValueError(f"Node context mismatch; expected {self.context!r}, but got {context!r}.")
        return [
            part for child, spec in zip(children, self.children_specs) for part in spec.flatten_up_to(child)
        ]

    def _keys(self):
        return self.context[1] if self.type is defaultdict else self.context

    def __eq__(self, other):
        if not isinstance(other, TreeSpec):
            return NotImplemented
        mine = self.type, self.context, self.children_specs
        return mine == (other.type, other.context, other.children_specs)

    def __hash__(self):
        return hash((self.type, str(self.context), tuple(self.children_specs)))

    def __repr__(self):
        return f"TreeSpec({self.type.__name__}, {self.context}, {self.children_specs})"


class LeafSpec(TreeSpec):
    """The structure of a tree that is one leaf."""

    def __init__(self):
        super().__init__(None, None, [])
        self.num_leaves = 1

    def flatten_up_to(self, tree):
        """The tree, whatever it is."""
        return [tree]

    def __repr__(self):
        return "*"


def treespec_leaf():
    """The structure of one leaf."""
    return LeafSpec()


# ---- trees and lists -------------------------------------------------------------------------------


def tree_flatten(tree, is_leaf=None):
    """(the leaves of nested containers in order, the :class:`TreeSpec`). Where ``is_leaf(part)`` is true, the
    part is a leaf.
    """
    if tree_is_leaf(tree, is_leaf):
        return [tree], LeafSpec()
    kind = _get_node_type(tree)
    children, context = SUPPORTED_NODES[kind].flatten_fn(tree)
    found, specs = [], []
    for child in children:
        child_leaves, spec = tree_flatten(child, is_leaf)
        found += child_leaves
        specs.append(spec)
    return found, TreeSpec(kind, context, specs)


def tree_unflatten(leaves, treespec):
    """The tree of a :class:`TreeSpec` with these leaves. ValueError for the wrong number of leaves."""
    leaves = list(leaves)
    if len(leaves) != treespec.num_leaves:
        raise ValueError(
            f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree "
            f"that holds {treespec.num_leaves} items ({treespec})."
        )
    return _filled(treespec, iter(leaves))


def _filled(spec, values):
    if spec.is_leaf():
        return next(values)
    children = [_filled(child, values) for child in spec.children_specs]
    return SUPPORTED_NODES[spec.type].unflatten_fn(children, spec.context)


def tree_leaves(tree, is_leaf=None):
    """The leaves in order."""
    return tree_flatten(tree, is_leaf)[0]


def tree_iter(tree, is_leaf=None):
    """An iterator over the leaves."""
    return iter(tree_leaves(tree, is_leaf))


def tree_structure(tree, is_leaf=None):
    """The :class:`TreeSpec`."""
    return tree_flatten(tree, is_leaf)[1]


def arg_tree_leaves(*args, **kwargs):
    """The leaves of all arguments."""
    return [*tree_leaves(args), *tree_leaves(kwargs)]


def tree_map(func, tree, *rests, is_leaf=None):
    """A tree of the same structure with ``func(leaf, *those of the other trees at its place)``."""
    found, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, found, *(spec.flatten_up_to(rest) for rest in rests)))


def tree_map_(func, tree, *rests, is_leaf=None):
    """``tree``, after ``func`` was called with every leaf for what it does to it."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def map_only(type_or_types_or_pred, /):
    """A decorator: the function is called only with leaves of the types, the others stay as they are."""
    chosen = type_or_types_or_pred
    by_type = isinstance(chosen, (type, tuple)) or not callable(chosen)

    def decorate(func):
        def call(leaf):
            return func(leaf) if (isinstance(leaf, chosen) if by_type else chosen(leaf)) else leaf

        return call

    return decorate


def tree_map_only(type_or_types_or_pred, /, func, tree, is_leaf=None):
    """:func:`tree_map` of the leaves of some types, or for which a function says so."""
    return tree_map(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_map_only_(type_or_types_or_pred, /, func, tree, is_leaf=None):
    """:func:`tree_map_` of the leaves of some types."""
    return tree_map_(map_only(type_or_types_or_pred)(func), tree, is_leaf=is_leaf)


def tree_all(pred, tree, is_leaf=None):
    """Whether ``pred`` holds for all leaves."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred, tree, is_leaf=None):
    """Whether ``pred`` holds for a leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(type_or_types, /, pred, tree, is_leaf=None):
    """Whether ``pred`` holds for all leaves of the types."""
    return all(pred(leaf) for leaf in tree_iter(tree, is_leaf) if isinstance(leaf, type_or_types))


def tree_any_only(type_or_types, /, pred, tree, is_leaf=None):
    """Whether ``pred`` holds for a leaf of the types."""
    return any(pred(leaf) for leaf in tree_iter(tree, is_leaf) if isinstance(leaf, type_or_types))


def tree_leaves_with_path(tree, is_leaf=None):
    """(path, leaf) in order: a path is a tuple of keys, one for each container on the way."""
    if tree_is_leaf(tree, is_leaf):
        return [((), tree)]
    node = SUPPORTED_NODES[_get_node_type(tree)]
    if node.flatten_with_keys_fn is None:
        raise ValueError(f"Did not find a flatten_with_keys_fn for type: {node.type}.")
    children, _ = node.flatten_with_keys_fn(tree)
    return [
        ((key, *path), leaf)
        for key, child in children
        for path, leaf in tree_leaves_with_path(child, is_leaf)
    ]


def tree_flatten_with_path(tree, is_leaf=None):
    """(:func:`tree_leaves_with_path`, the :class:`TreeSpec`)."""
    return tree_leaves_with_path(tree, is_leaf), tree_structure(tree, is_leaf)


def tree_map_with_path(func, tree, *rests, is_leaf=None):
    """:func:`tree_map` whose function takes the path of the leaf first."""
    found, spec = tree_flatten_with_path(tree, is_leaf)
    others = (spec.flatten_up_to(rest) for rest in rests)
    return spec.unflatten(func(path, *values) for (path, *values) in zip(*zip(*found), *others))


def keystr(kp):
    """A path as text."""
    return "".join(map(str, kp))


def key_get(obj, kp):
    """What is found in ``obj`` at a path."""
    for key in kp:
        obj = key.get(obj)
    return obj


def _broadcast_to_and_flatten(tree, treespec, is_leaf=None):
    """The leaves of ``tree`` repeated for all leaves below their place in ``treespec``; None if it has more
    structure than that, or another.
    """
    if tree_is_leaf(tree, is_leaf):
        return [tree] * treespec.num_leaves
    kind = _get_node_type(tree)
    children, context = SUPPORTED_NODES[kind].flatten_fn(tree)
    if (kind, context, len(children)) != (treespec.type, treespec.context, treespec.num_children):
        return None
    found = [_broadcast_to_and_flatten(*pair, is_leaf) for pair in zip(children, treespec.children_specs)]
    return None if None in found else functools.reduce(operator.iadd, found, [])


def rebuilt(tree, values):
    """A tree of the same structure with the next values of an iterator as leaves."""
    return _filled(tree_structure(tree), values)
