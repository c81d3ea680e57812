"""The sampler of several processes."""

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
