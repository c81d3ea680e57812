"""Generators: states that come back to the bit, seeds as in PyTorch."""

import copy
import pickle

import pytest

import mytorch
from tests.referee import torch


def draws():
    yield mytorch.rand(3)
    yield mytorch.randn(3, dtype=mytorch.float64)
    yield mytorch.randint(10, (3,))
    yield mytorch.randperm(5)
    yield mytorch.bernoulli(mytorch.full((5,), 0.5))
    yield mytorch.multinomial(mytorch.ones(5), 3)
    yield mytorch.empty(3).exponential_()


def test_a_seed_repeats_everything():
    mytorch.manual_seed(3)
    first = [t.tolist() for t in draws()]
    mytorch.manual_seed(3)
    assert [t.tolist() for t in draws()] == first
    mytorch.manual_seed(4)
    assert [t.tolist() for t in draws()] != first


def test_state_comes_back_to_the_bit():
    mytorch.randint(3, (1,), dtype=mytorch.int32)  # half of a 64-bit draw may be left over
    state = mytorch.get_rng_state()
    first = [t.tolist() for t in draws()]
    mytorch.set_rng_state(state)
    assert [t.tolist() for t in draws()] == first
    assert state.dtype is mytorch.uint8 and mytorch.random.get_rng_state().shape == state.shape
    with pytest.raises(RuntimeError, match="96 elements"):
        mytorch.set_rng_state(mytorch.zeros(3, dtype=mytorch.uint8))
    with pytest.raises(TypeError, match="uint8"):
        mytorch.set_rng_state(mytorch.zeros(96))
    with pytest.raises(TypeError, match="list"):
        mytorch.set_rng_state([1])


def test_fork_rng():
    mytorch.manual_seed(1)
    with mytorch.random.fork_rng():
        inside = mytorch.rand(3).tolist()
        mytorch.manual_seed(7)
    assert mytorch.initial_seed() == 1 and mytorch.rand(3).tolist() == inside
    with mytorch.random.fork_rng(enabled=False):
        mytorch.manual_seed(7)
    assert mytorch.initial_seed() == 7
    with pytest.raises(ValueError, match="inside"), mytorch.random.fork_rng():
        mytorch.manual_seed(8)
        raise ValueError("inside")
    assert mytorch.initial_seed() == 7


def test_generators_are_independent():
    a, b = mytorch.Generator().manual_seed(5), mytorch.Generator(device="cpu").manual_seed(5)
    mytorch.rand(10)
    first = mytorch.rand(3, generator=a)
    assert first.tolist() == mytorch.rand(3, generator=b).tolist() != mytorch.rand(3, generator=a).tolist()
    for twin in (copy.deepcopy(a), pickle.loads(pickle.dumps(a)), a.clone_state()):
        assert twin.initial_seed() == 5
        state = a.get_state()
        assert mytorch.randn(3, generator=twin).tolist() == mytorch.randn(3, generator=a).tolist()
        a.set_state(state)
    assert mytorch.Generator().initial_seed() == 67280421310721
    assert a.seed() == a.initial_seed() != 5 and a.device == mytorch.device("cpu")
    assert (
        mytorch.seed() == mytorch.initial_seed()
        and mytorch.default_generator.initial_seed() == mytorch.initial_seed()
    )


@pytest.mark.parametrize("seed", [0, -1, 2**64 - 1, -(2**63), 3.0, "mytorch.tensor(3)", 2**64, -(2**63) - 1])
def test_seeds_as_in_torch(seed):

    def start(package):
        try:
            return (
                package.Generator()
                .manual_seed(eval(seed, {"mytorch": package}) if isinstance(seed, str) else seed)
                .initial_seed()
            )
        except (ValueError, TypeError) as error:
            return type(error)

    if isinstance(seed, (float, str)):
        assert mytorch.manual_seed(eval(seed) if isinstance(seed, str) else seed).initial_seed() == 3
    else:
        assert start(mytorch) == start(torch)
