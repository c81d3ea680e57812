"""``x.__dict__`` has what a user has set on a tensor, and nothing else."""

import copy

import mytorch


def test_attributes():
    x = mytorch.nn.Parameter(mytorch.ones(2))
    assert x.__dict__ == {} == vars(x * 2)
    x.a = 1
    x.__dict__["b"] = 2
    x.__dict__.update(c=3)
    del x.__dict__["a"]
    assert vars(x) == {"b": 2, "c": 3} == vars(copy.deepcopy(x)) and x.b == 2 and not hasattr(x, "a")
    x.__dict__ = {"d": 4}
    assert vars(x) == {"d": 4} and x.tolist() == [1, 1]
    assert vars(mytorch.nn.Parameter(x.detach())) == {}
