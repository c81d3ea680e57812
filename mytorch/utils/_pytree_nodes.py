"""The containers of :mod:`_pytree`: how each type is taken apart into children and put together again."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import NamedTuple


class NodeDef(NamedTuple):
    """A type of container: how it is taken apart into (children, context) and put together again."""

    type: type
    flatten_fn: Callable
    unflatten_fn: Callable
    flatten_with_keys_fn: Callable | None = None


class SequenceKey(NamedTuple):
    """An entry's place in a list or tuple."""

    idx: int

    def __str__(self):
        return f"[{self.idx!r}]"

    def get(self, sequence):
        """That entry."""
        return sequence[self.idx]


class MappingKey(NamedTuple):
    """An entry's key in a dict."""

    key: object

    def __str__(self):
        return f"[{self.key!r}]"

    def get(self, mapping):
        """That entry."""
        return mapping[self.key]


class GetAttrKey(NamedTuple):
    """An entry's name as an attribute."""

    name: str

    def __str__(self):
        return f".{self.name}"

    def get(self, obj):
        """That entry."""
        return getattr(obj, self.name)


def is_namedtuple_class(cls):
    """Whether it is a class of named tuples."""
    return isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields")


def is_namedtuple_instance(obj):
    """Whether it is a named tuple."""
    return is_namedtuple_class(type(obj))


_is_namedtuple_instance = is_namedtuple = is_namedtuple_instance


def is_structseq_instance(obj):
    """False: results with named parts are named tuples here."""
    return False


is_structseq = is_structseq_class = is_structseq_instance


def _dict_flatten(d):
    return list(d.values()), list(d)


def _dict_unflatten(values, context):
    return dict(zip(context, values))


def _dict_flatten_with_keys(d):
    return [(MappingKey(key), value) for key, value in d.items()], list(d)


def _list_flatten(sequence):
    return list(sequence), None


def _list_unflatten(values, context):
    return list(values)


def _list_flatten_with_keys(sequence):
    return [(SequenceKey(i), value) for i, value in enumerate(sequence)], None


SUPPORTED_NODES = {
    tuple: NodeDef(tuple, _list_flatten, lambda values, context: tuple(values), _list_flatten_with_keys),
    list: NodeDef(list, _list_flatten, _list_unflatten, _list_flatten_with_keys),
    dict: NodeDef(dict, _dict_flatten, _dict_unflatten, _dict_flatten_with_keys),
    NamedTuple: NodeDef(
        NamedTuple,
        lambda named: (list(named), type(named)),
        lambda values, context: context(*values),
        lambda named: ([(GetAttrKey(name), getattr(named, name)) for name in named._fields], type(named)),
    ),
    OrderedDict: NodeDef(
        OrderedDict,
        _dict_flatten,
        lambda values, context: OrderedDict(zip(context, values)),
        _dict_flatten_with_keys,
    ),
    defaultdict: NodeDef(
        defaultdict,
        lambda d: (list(d.values()), [d.default_factory, list(d)]),
        lambda values, context: defaultdict(context[0], zip(context[1], values)),
        lambda d: (_dict_flatten_with_keys(d)[0], [d.default_factory, list(d)]),
    ),
    deque: NodeDef(
        deque,
        lambda d: (list(d), d.maxlen),
        lambda values, context: deque(values, maxlen=context),
        lambda d: (_list_flatten_with_keys(d)[0], d.maxlen),
    ),
}


def register_pytree_node(cls, flatten_fn, unflatten_fn, *args, flatten_with_keys_fn=None, **serialization):
    """Instances of ``cls`` are containers: ``flatten_fn(x)`` gives (children, context), and
    ``unflatten_fn(children, context)`` an instance. ValueError if it is one already.
    """
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    SUPPORTED_NODES[cls] = NodeDef(cls, flatten_fn, unflatten_fn, flatten_with_keys_fn)


_register_pytree_node = _private_register_pytree_node = register_pytree_node


def _deregister_pytree_node(cls):
    del SUPPORTED_NODES[cls]


def register_constant(cls):
    """Instances of ``cls`` have no leaves."""
    register_pytree_node(cls, lambda x: ([], x), lambda values, context: context, lambda x: ([], x))


def register_dataclass(cls, *, field_names=None, drop_field_names=(), serialized_type_name=None):
    """Instances of the dataclass are containers of their fields."""
    names = field_names or [f.name for f in dataclasses.fields(cls) if f.init]
    names = [name for name in names if name not in (drop_field_names or ())]
    register_pytree_node(
        cls,
        lambda x: ([getattr(x, name) for name in names], names),
        lambda values, context: cls(**dict(zip(context, values))),
        flatten_with_keys_fn=lambda x: ([(GetAttrKey(name), getattr(x, name)) for name in names], names),
    )


def _get_node_type(tree):
    kind = type(tree)
    return NamedTuple if kind not in SUPPORTED_NODES and is_namedtuple_class(kind) else kind


def tree_is_leaf(tree, is_leaf=None):
    """Whether it is no container, or ``is_leaf`` says that it is taken as a whole."""
    return (is_leaf is not None and is_leaf(tree)) or _get_node_type(tree) not in SUPPORTED_NODES


_is_leaf = tree_is_leaf
