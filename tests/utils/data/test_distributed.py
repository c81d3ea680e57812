"""The sampler of several processes."""

import itertools

import pytest

import mytorch
from tests.referee import torch


@pytest.mark.parametrize(
    ("n", "replicas", "drop_last"),
    [(10, 3, False), (10, 3, True), (1, 4, False), (0, 2, False), (9, 3, False)],
)
def test_distributed_sampler(n, replicas, drop_last):
    for rank in range(replicas):
        mine, theirs = (
            lib.utils.data.distributed.DistributedSampler(
                range(n), replicas, rank, shuffle=False, drop_last=drop_last
            )
            for lib in (mytorch, torch)
        )
        assert list(mine) == list(theirs) and len(mine) == len(theirs)
    parts = [mytorch.utils.data.DistributedSampler(range(12), 3, rank, seed=1) for rank in range(3)]
    first = [list(p) for p in parts]
    assert sorted(i for part in first for i in part) == list(range(12))
    for p in parts:
        p.set_epoch(1)
    assert [list(p) for p in parts] != first
    with pytest.raises(ValueError, match="Invalid rank 3"):
        mytorch.utils.data.DistributedSampler(range(3), 3, 3)
    with pytest.raises(RuntimeError, match="num_replicas"):
        mytorch.utils.data.DistributedSampler(range(3))


def dealt(loaders, state=None, batches=None):
    """What the loaders of all ranks give, in the order of all ranks; ``batches``: so many of each."""
    for loader in loaders:
        if state is not None:
            loader.load_state_dict(state)
    rows = [list(itertools.islice(loader, batches)) for loader in loaders]
    return [sorted(i for batch in step for i in batch.tolist()) for step in zip(*rows)]


def test_resume_with_another_number_of_ranks():
    """The global order goes on where it stood, whoever shares it out."""

    def loaders(ranks, batch):
        data = list(range(48))
        samplers = [mytorch.utils.data.DistributedSampler(data, ranks, rank, seed=3) for rank in range(ranks)]
        for sampler in samplers:
            sampler.set_epoch(2)
        return [mytorch.utils.data.DataLoader(data, batch, sampler=sampler) for sampler in samplers]

    whole = dealt(loaders(1, 12))
    assert dealt(loaders(2, 6)) == whole == dealt(loaders(3, 4))
    first = loaders(2, 6)
    assert dealt(first, batches=2) == whole[:2]
    state = first[0].state_dict()
    assert state["samples"] == 24
    for ranks in (1, 2, 3, 4):
        again = loaders(ranks, 12 // ranks)
        for loader in again:
            loader.sampler.set_epoch(0)  # the state says which epoch it was
        assert dealt(again, state, 1) == whole[2:3]
        assert dealt(loaders(1, 12), again[0].state_dict()) == whole[3:]
        assert dealt(again, state) == whole[2:]
        assert dealt(again) == whole, "the next epoch is whole again"
