"""Messages from rank to rank."""

import pytest

import mytorch
import mytorch.distributed as dist
from tests.distributed.launch import checks

DTYPES = "float16 bfloat16 float32 int64 bool complex64".split()


def c_around_the_ring(rank, size):
    for dtype in DTYPES:
        t = mytorch.full((3, 2), rank).to(getattr(mytorch, dtype))
        got = mytorch.zeros(2, 3, dtype=t.dtype).t()  # not contiguous
        work = dist.isend(t, (rank + 1) % size)
        assert dist.recv(got, (rank - 1) % size) == (rank - 1) % size
        work.wait()
        assert (got == mytorch.full((3, 2), (rank - 1) % size).to(t.dtype)).all()


def c_tags_and_any_source(rank, size):
    if rank == 0:
        first, second = mytorch.zeros(1), mytorch.zeros(1)
        for other in range(1, size):
            dist.recv(second, other, tag=2)
            dist.recv(first, other, tag=1)
            assert first.item() == other and second.item() == -other
        seen = set()
        for _ in range(1, size):
            work = dist.irecv(first)
            work.wait()
            assert work.source_rank() == first.item()
            seen.add(work.source_rank())
        assert seen == set(range(1, size))
    else:
        works = [dist.isend(mytorch.tensor([float(x)]), 0, tag=tag) for tag, x in ((1, rank), (2, -rank))]
        for work in works:
            work.wait()
        dist.send(mytorch.tensor([float(rank)]), dst=0)


def c_batches(rank, size):
    sent, got = mytorch.full((4,), float(rank)), mytorch.zeros(4)
    ops = [dist.P2POp(dist.isend, sent, (rank + 1) % size), dist.P2POp(dist.irecv, got, (rank - 1) % size)]
    for work in dist.batch_isend_irecv(ops):
        work.wait()
    assert (got == (rank - 1) % size).all()
    with pytest.raises(ValueError, match="isend"):
        dist.P2POp(dist.all_reduce, sent, 0)
    with pytest.raises(ValueError, match="P2POp"):
        dist.batch_isend_irecv([])


def c_in_a_group(rank, size):
    """Ranks are those of all processes, or those of the group by ``group_dst`` and ``group_src``."""
    group = dist.new_group([1, 0], sort_ranks=False)
    t = mytorch.tensor([5.0 if rank == 1 else 0.0])
    if rank == 1:
        dist.send(t, dst=0, group=group)
        dist.send(t, group_dst=1, group=group)
    elif rank == 0:
        assert dist.recv(t, src=1, group=group) == 1 and t.item() == 5
        assert dist.recv(t, group_src=0, group=group) == 1
        with pytest.raises(ValueError, match="not part of group"):
            dist.send(t, dst=7, group=group)


@checks(globals(), ranks=(2, 3))
def test_on_ranks(outcome):
    outcome()
