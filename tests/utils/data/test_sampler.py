"""Samplers: lengths and refusals as in torch, every index as often as it should be, the same order from the
same state.
"""

import numpy
import pytest

import mytorch
from mytorch.utils import data
from tests.referee import torch

MADE = [
    ("SequentialSampler", (range(5),), {}),
    ("RandomSampler", (range(5),), {}),
    ("RandomSampler", (range(5),), {"num_samples": 13}),
    ("RandomSampler", (range(5),), {"num_samples": 3}),
    ("RandomSampler", (range(5),), {"replacement": True, "num_samples": 40}),
    ("SubsetRandomSampler", ([7, 8, 9],), {}),
    ("WeightedRandomSampler", ([0.1, 0.0, 3.0, 1.0], 20), {}),
    ("WeightedRandomSampler", ([0.1, 0.0, 3.0, 1.0], 3, False), {}),
    ("BatchSampler", (range(7), 3, False), {}),
    ("BatchSampler", (range(7), 3, True), {}),
    ("BatchSampler", (range(6), 3, False), {}),
    ("BatchSampler", (range(2), 3, True), {}),
]


@pytest.mark.parametrize("name, args, kwargs", MADE)
def test_lengths_and_range_are_torchs(name, args, kwargs):
    ours, theirs = getattr(data, name)(*args, **kwargs), getattr(torch.utils.data, name)(*args, **kwargs)
    assert len(ours) == len(theirs)
    mine, other = list(ours), list(theirs)
    assert [type(i) for i in mine] == [type(i) for i in other] and len(mine) == len(other)
    if "Random" not in name:
        assert mine == other
    elif len(set(other)) == len(other) == len(args[0]):  # a permutation
        assert sorted(mine) == sorted(other)


def test_what_random_samplers_visit():
    passes = list(data.RandomSampler(range(5), num_samples=13))
    assert sorted(passes[:5]) == sorted(passes[5:10]) == list(range(5)) and len(set(passes[10:])) == 3
    drawn = list(data.RandomSampler(range(5), replacement=True, num_samples=2000))
    assert all(300 < n < 500 for n in numpy.bincount(drawn))
    weighted = numpy.bincount(list(data.WeightedRandomSampler([1, 0, 3], 4000)), minlength=3)
    assert weighted[1] == 0 and 2.5 < weighted[2] / weighted[0] < 3.6
    assert sorted(data.WeightedRandomSampler([0.2, 0.0, 3.0, 1.0], 3, replacement=False)) == [0, 2, 3]


def test_sampling_with_replacement_without_an_end():
    endless = iter(data.RandomSampler(range(5), replacement=True, num_samples=10**15))
    assert {next(endless) for _ in range(10000)} == set(range(5))
    again = [
        list(data.RandomSampler(range(9), True, 5000, mytorch.Generator().manual_seed(3))) for _ in range(2)
    ]
    assert again[0] == again[1] and len(again[0]) == 5000


@pytest.mark.parametrize(
    "make",
    [
        lambda d: d.RandomSampler(range(5), replacement=1),
        lambda d: d.RandomSampler(range(5), num_samples=0),
        lambda d: d.RandomSampler(range(5), num_samples=2.5),
        lambda d: d.RandomSampler([]),
        lambda d: d.WeightedRandomSampler([1.0], 0),
        lambda d: d.WeightedRandomSampler([1.0], True),
        lambda d: d.WeightedRandomSampler([1.0], 1, replacement=1),
        lambda d: d.WeightedRandomSampler([[1.0]], 1),
        lambda d: list(d.WeightedRandomSampler([1.0, -1.0], 1)),
        lambda d: list(d.WeightedRandomSampler([1.0, float("nan")], 1)),
        lambda d: d.BatchSampler(range(5), 0, False),
        lambda d: d.BatchSampler(range(5), True, False),
        lambda d: d.BatchSampler(range(5), 2, 1),
    ],
)
def test_refusals_are_torchs(make):
    with pytest.raises(Exception) as theirs:
        make(torch.utils.data)
    with pytest.raises(type(theirs.value)) as ours:
        make(data)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize("weights, count", [([0.0, 0.0], 1), ([1.0, 0.0], 2)])
def test_weights_that_cannot_be_drawn_from(weights, count):
    with pytest.raises(RuntimeError):
        list(data.WeightedRandomSampler(weights, count, replacement=False))


@pytest.mark.parametrize("name, args, kwargs", [m for m in MADE if "Random" in m[0]])
def test_the_generator_decides(name, args, kwargs):
    def order(generator):
        return list(getattr(data, name)(*args, generator=generator, **kwargs))

    generator = mytorch.Generator().manual_seed(5)
    state = generator.get_state()
    first = order(generator)
    generator.set_state(state)
    assert order(generator) == first
    mytorch.manual_seed(5)
    first = order(None)
    mytorch.manual_seed(5)
    assert order(None) == first


def test_the_base_class_asks_for_iter():
    with pytest.raises(NotImplementedError):
        iter(data.Sampler())
