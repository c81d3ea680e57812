"""Trees of containers, flattened and rebuilt as PyTorch's."""

import pytest

from mytorch.utils import _pytree
from tests.referee import torch


def test_trees():
    tree = {"a": [1, 2], "b": ((3,), None)}
    leaves, spec = _pytree.tree_flatten(tree)
    theirs = torch.utils._pytree.tree_flatten(tree)
    assert (leaves, spec.num_leaves) == (theirs[0], theirs[1].num_leaves)
    assert _pytree.tree_unflatten("abcd", spec) == {"a": ["a", "b"], "b": (("c",), "d")}
    assert (
        _pytree.tree_map(str, tree) == {"a": ["1", "2"], "b": (("3",), "None")}
        and _pytree.tree_leaves(tree) == leaves
    )
    with pytest.raises(ValueError, match="4"):
        _pytree.tree_unflatten([1], spec)
