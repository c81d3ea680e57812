"""Waiting: time-outs, futures, errors of MPI."""

import datetime

import pytest

import mytorch
import mytorch.distributed as dist
from tests.distributed.launch import checks

SOON = datetime.timedelta(seconds=0.3)


def c_time_outs(rank, size):
    """A collective that others do not call ends with an error that says which; ranks named by a barrier."""
    group = dist.new_group(timeout=SOON)
    if rank == 0:
        with pytest.raises(
            dist.DistBackendError, match=r"all_reduce\(float32 \[3\], SUM\) on rank 0 .* 0.3 s"
        ):
            dist.all_reduce(mytorch.ones(3), group=group)
    group = dist.new_group()
    if rank != size - 1:
        match = rf"Ranks {size - 1} failed to pass" if rank == 0 else "monitoredBarrier"
        with pytest.raises(RuntimeError, match=match):
            dist.monitored_barrier(group, SOON, wait_all_ranks=True)
    group = dist.new_group()
    dist.monitored_barrier(group)
    if rank == 0:
        work = dist.barrier(group, async_op=True)
        with pytest.raises(dist.DistBackendError, match="barrier"):
            work.wait(SOON)
        with pytest.raises(TypeError, match="timedelta"):
            dist.new_group(timeout="soon")


@checks(globals(), ranks=(3,))
def test_on_ranks(outcome):
    outcome()


def test_futures():
    future = dist.Future()
    later = future.then(lambda f: f.value() + 1).then(lambda f: f.wait() * 2)
    assert not future.done() and not later.done()
    with pytest.raises(RuntimeError, match="set_result"):
        future.wait()
    future.set_result(3)
    assert later.wait() == 8 and later.done() and future.done()
    with pytest.raises(RuntimeError, match="once"):
        future.set_result(4)
