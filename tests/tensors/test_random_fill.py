"""Filling a tensor with random numbers under autograd."""

import pytest

import mytorch

FILLS = [
    lambda t: t.uniform_(),
    lambda t: t.normal_(),
    lambda t: t.bernoulli_(),
    lambda t: t.random_(5),
    lambda t: t.exponential_(),
    lambda t: t.log_normal_(),
    lambda t: t.cauchy_(),
    lambda t: t.geometric_(0.5),
]


@pytest.mark.parametrize("fill", FILLS)
def test_in_place_rules(fill):
    t = mytorch.zeros(4)
    assert fill(t) is t and t._version == 1
    leaf = mytorch.ones(4, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        fill(leaf)
    assert leaf.tolist() == [1] * 4
    with mytorch.no_grad():
        fill(leaf)
    assert leaf._version == 1
    leaf = mytorch.ones(4, requires_grad=True)
    changed = leaf * 2
    fill(changed)
    changed.sum().backward()
    assert leaf.grad.tolist() == [0] * 4
    base = mytorch.zeros(2, 4)
    fill(base[1])
    assert base[0].tolist() == [0] * 4 and base._version == 1


def test_a_saved_value_that_was_filled_is_noticed():
    x = mytorch.ones(3, requires_grad=True)
    y = mytorch.ones(3)
    z = (x * y).sum()
    y.uniform_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.backward()


def test_bernoulli_of_probabilities_with_gradient():
    p = mytorch.full((5,), 0.5, requires_grad=True)
    coins = mytorch.bernoulli(p)
    assert coins.requires_grad
    coins.sum().backward()
    assert p.grad.tolist() == [0] * 5
    with mytorch.no_grad():
        assert not mytorch.bernoulli(p).requires_grad


def test_what_overflows_is_infinite_without_a_warning():
    largest = mytorch.finfo(mytorch.float64).max
    assert mytorch.empty(1000).half().uniform_(-60000, 60000).isinf().any()
    assert mytorch.empty(1000, dtype=mytorch.float64).exponential_(1e-308).isinf().any()
    assert mytorch.empty(1000, dtype=mytorch.float64).cauchy_(0.0, largest).isinf().any()
    assert mytorch.empty(1000, dtype=mytorch.float64).normal_(0.0, largest).isinf().any()
