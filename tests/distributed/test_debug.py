"""Ranks that do not call the same: MYTORCH_DISTRIBUTED_DEBUG=1 names both calls and lines; without it, a
time-out.
"""

import datetime

import pytest

import mytorch
import mytorch.distributed as dist
from mytorch.distributed import debug
from tests.distributed.launch import checks

SOON = datetime.timedelta(seconds=0.5)


@pytest.fixture(autouse=True, scope="module")
def compared():
    """What the runs of this file find in their environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MYTORCH_DISTRIBUTED_DEBUG", "1")
        yield


def c_calls_that_differ_are_named(rank, size):
    assert debug.enabled()
    x = mytorch.ones(3)
    for calls in (
        (lambda: dist.all_reduce(x), lambda: dist.broadcast(x, src=0)),
        (lambda: dist.all_reduce(x), lambda: dist.all_reduce(mytorch.ones(4))),
        (lambda: dist.all_reduce(x), lambda: dist.all_reduce(x.double())),
        (lambda: dist.all_reduce(x), lambda: dist.all_reduce(x, dist.ReduceOp.MAX)),
        (lambda: dist.broadcast(x, src=0), lambda: dist.broadcast(x, src=1)),
        (lambda: dist.barrier(), lambda: dist.all_reduce(x)),
    ):
        with pytest.raises(dist.DistBackendError) as caught:
            calls[rank == 1]()
        text = str(caught.value)
        assert "do not call the same" in text and "test_debug.py:" in text, text
        assert all(f"rank {r}: " in text for r in range(size))
    text = str(caught.value)
    assert "rank 0: barrier()" in text and "rank 1: all_reduce(float32 [3], SUM)" in text
    dist.all_reduce(x)
    assert (x == size).all(), "the ranks go on together"


def c_a_rank_that_is_missing_is_named(rank, size):
    group = dist.new_group(timeout=SOON)
    if rank == 0:
        with pytest.raises(dist.DistBackendError, match=rf"ranks \[{size - 1}\] called nothing within 0.5 s"):
            dist.all_reduce(mytorch.ones(3), group=group)
    elif rank != size - 1:
        with pytest.raises(dist.DistBackendError, match="called nothing"):
            dist.all_reduce(mytorch.ones(3), group=group)


@checks(globals(), ranks=(2, 3))
def test_on_ranks(outcome):
    outcome()
