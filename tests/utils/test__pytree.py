"""Trees of containers, flattened and rebuilt as PyTorch's."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

from mytorch.utils import _pytree
from tests.referee import answer

Point = namedtuple("Point", "x y")

TREES = {
    "leaf": 3,
    "none": None,
    "list": [1, (2, [3, []]), {}],
    "dict": {"b": [1, 2], "a": ((3,), None)},
    "ordered": OrderedDict(b=1, a=(2, 3)),
    "default": defaultdict(list, {"x": [1], "y": 2}),
    "deque": deque([1, [2]], maxlen=3),
    "named": [Point(1, {"z": 2})],
}


def described(pytree, tree):
    leaves, spec = pytree.tree_flatten(tree)
    paths = [(pytree.keystr(path), leaf) for path, leaf in pytree.tree_leaves_with_path(tree)]
    wholes = pytree.tree_leaves(tree, is_leaf=lambda part: isinstance(part, tuple))
    return [
        repr(leaves),
        [spec.num_leaves, spec.num_nodes, spec.num_children, spec.is_leaf()],
        repr(pytree.tree_unflatten(range(10, 10 + len(leaves)), spec)),
        repr(pytree.tree_map(lambda a, b: (a, b), tree, tree)),
        repr(pytree.tree_map_only(int, str, tree)),
        repr(pytree.tree_map_with_path(lambda path, leaf: pytree.keystr(path), tree)),
        repr(paths),
        repr(wholes),
        repr([pytree.key_get(tree, path) for path, _ in pytree.tree_flatten_with_path(tree)[0]]),
        [
            pytree.tree_all(bool, tree),
            pytree.tree_any_only(int, bool, tree),
            spec == pytree.tree_structure(tree),
        ],
        repr(pytree._broadcast_to_and_flatten(7, spec)),
    ]


def of_torch(torch, name):
    return described(torch.utils._pytree, TREES[name])


@pytest.mark.parametrize("name", TREES)
def test_trees(name):
    assert described(_pytree, TREES[name]) == answer(of_torch, name)


class Pair:
    def __init__(self, *parts):
        self.parts = parts


def test_a_type_that_is_registered():
    assert _pytree.tree_leaves([Pair(1, 2)])[0].parts == (1, 2)
    _pytree.register_pytree_node(
        Pair,
        lambda pair: (list(pair.parts), None),
        lambda parts, context: Pair(*parts),
        flatten_with_keys_fn=lambda pair: ([(_pytree.GetAttrKey("a"), p) for p in pair.parts], None),
    )
    try:
        tree = {"pair": Pair(1, [2, 3])}
        assert _pytree.tree_leaves(tree) == [1, 2, 3]
        assert _pytree.tree_map(lambda x: -x, tree)["pair"].parts == (-1, [-2, -3])
        assert _pytree.keystr(_pytree.tree_leaves_with_path(tree)[0][0]) == "['pair'].a"
        with pytest.raises(ValueError, match="already registered"):
            _pytree.register_pytree_node(Pair, None, None)
    finally:
        _pytree._deregister_pytree_node(Pair)
    assert not _pytree.tree_is_leaf([Pair()]) and _pytree.tree_is_leaf(Pair())


def test_structures_that_differ():
    spec = _pytree.tree_structure({"a": 1, "b": [2, 3]})
    for leaves_or_tree, match in (([1], "length 1"), (range(4), "length 4")):
        with pytest.raises(ValueError, match=match):
            spec.unflatten(leaves_or_tree)
    for tree, match in (([1], "Type"), ({"a": 1}, "arity"), ({"a": 1, "c": [2, 3]}, "context")):
        with pytest.raises(ValueError, match=match):
            spec.flatten_up_to(tree)
    assert spec.flatten_up_to({"b": [5, 6], "a": 4}) == [4, 5, 6]
    assert _pytree._broadcast_to_and_flatten([1, 2], spec) is None
    assert _pytree._broadcast_to_and_flatten({"a": 1, "b": 2}, spec) == [1, 2, 2]
