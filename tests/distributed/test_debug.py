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


def differing_calls(size):
    """Pairs of calls that do not go together."""
    x, y, z = mytorch.ones(3), mytorch.ones(4), mytorch.ones(3).double()
    wide, copies = lambda t: mytorch.cat([t] * size), lambda t: [t.clone() for _ in range(size)]
    of_one = (
        lambda t: dist.all_reduce(t),
        lambda t: dist.reduce(t, 0),
        lambda t: dist.broadcast(t, src=0),
        lambda t: dist.gather(t, copies(t) if dist.get_rank() == 0 else None),
        lambda t: dist.scatter(t, copies(t) if dist.get_rank() == 0 else None),
        lambda t: dist.all_gather(copies(t), t),
        lambda t: dist.all_gather_into_tensor(wide(t), t),
        lambda t: dist.reduce_scatter(t, copies(t)),
        lambda t: dist.reduce_scatter_tensor(t, wide(t)),
    )
    for call in of_one:
        for a, b in ((x, y), (y, x), (x, z), (x, x.int()), (x.half(), x)):
            yield lambda call=call, a=a: call(a), lambda call=call, b=b: call(b)
    later = lambda t: dist.all_reduce(t, async_op=True).wait()
    yield lambda: later(x), lambda: later(x.int())
    yield lambda: dist.all_to_all(copies(x), copies(x)), lambda: dist.all_to_all(copies(z), copies(z))
    yield lambda: dist.all_reduce(mytorch.ones(1 << 20)), lambda: dist.all_reduce(mytorch.ones(1 << 19))
    yield lambda: dist.all_reduce(x), lambda: dist.broadcast(x, src=0)
    yield lambda: dist.all_reduce(x), lambda: dist.all_reduce(x, dist.ReduceOp.MAX)
    yield lambda: dist.broadcast(x, src=0), lambda: dist.broadcast(x, src=1)
    yield lambda: dist.barrier(), lambda: dist.all_reduce(x)


def calls_that_differ_are_named(rank, size):
    for calls in differing_calls(size):
        with pytest.raises(dist.DistBackendError) as caught:
            calls[rank == 1]()
        text = str(caught.value)
        assert "do not call the same" in text and "test_debug.py:" in text, text
        assert all(f"rank {r}: " in text for r in range(size))
    text = str(caught.value)
    assert "rank 0: barrier()" in text and "rank 1: all_reduce(float32 [3], SUM)" in text
    x = mytorch.ones(3)
    dist.all_reduce(x)
    assert (x == size).all(), "the ranks go on together"


def c_calls_that_differ_are_named(rank, size):
    assert debug.enabled()
    calls_that_differ_are_named(rank, size)


def c_names_of_files_in_any_letters(rank, size):
    """A long one is cut, also within a letter."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(debug, "caller", lambda: "目录" * 100 + ".py:1")
        with pytest.raises(dist.DistBackendError, match="do not call the same"):
            dist.barrier() if rank else dist.all_reduce(mytorch.ones(3))


def c_a_rank_that_is_missing_is_named(rank, size):
    group = dist.new_group(timeout=SOON)
    if rank == 0:
        with pytest.raises(dist.DistBackendError, match=rf"ranks \[{size - 1}\] called nothing within 0.5 s"):
            dist.all_reduce(mytorch.ones(3), group=group)
    elif rank != size - 1:
        with pytest.raises(dist.DistBackendError, match="called nothing"):
            dist.all_reduce(mytorch.ones(3), group=group)


@checks(globals(), ranks=(2, 3), env=(("MYTORCH_DISTRIBUTED_DEBUG", "1"),))
def test_on_ranks(outcome):
    outcome()
