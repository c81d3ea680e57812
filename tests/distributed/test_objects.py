"""Objects between ranks: plain data and tensors; the rest only where pickles are allowed."""

import tempfile

import pytest

import mytorch
import mytorch.distributed as dist
from tests.distributed.launch import checks

PLAIN = {"a": [1, 2.5, None], ("t",): {"x": True}, "bytes": b"\0\1"}


class Odd:
    def __init__(self, value):
        self.value = value


def c_plain_objects(rank, size):
    root = size - 1
    found = [None] * size
    dist.all_gather_object(found, {"rank": rank, "text": "x" * rank * 1000, **PLAIN})
    assert [f["rank"] for f in found] == list(range(size))
    assert all(f | PLAIN == f and len(f["text"]) == 1000 * r for r, f in enumerate(found))
    found = [None] * size if rank == root else None
    dist.gather_object(mytorch.full((rank,), rank), found, dst=root)
    assert found is None or [f.tolist() for f in found] == [[r] * r for r in range(size)]
    objects = [PLAIN, "words", 3] if rank == root else [None] * 3
    dist.broadcast_object_list(objects, src=root)
    assert objects == [PLAIN, "words", 3]
    mine = [None]
    dist.scatter_object_list(mine, [{"for": r} for r in range(size)] if rank == root else None, src=root)
    assert mine == [{"for": rank}]
    if rank == 0:
        dist.send_object_list([1, "two"], dst=1)
    elif rank == 1:
        objects = [None, None]
        assert dist.recv_object_list(objects, src=0) == 0 and objects == [1, "two"]


def c_what_does_not_fit(rank, size):
    with pytest.raises(TypeError, match="allow_pickle=True"):
        dist.all_gather_object([None] * size, Odd(1))
    trusting = dist.new_group(allow_pickle=True)
    found = [None] * size
    dist.all_gather_object(found, Odd(rank), trusting)
    assert [f.value for f in found] == list(range(size))


def c_a_pickle_from_a_rank_that_allows_it_is_refused(rank, size):
    """Only this rank's own group decides what is unpickled here."""
    group = dist.new_group(allow_pickle=rank == 0)
    objects = [Odd(1) if rank == 0 else None]
    if rank == 0:
        dist.broadcast_object_list(objects, src=0, group=group)
    else:
        with pytest.raises(RuntimeError, match="pickle can run any code"):
            dist.broadcast_object_list(objects, src=0, group=group)


def c_refusals(rank, size):
    with pytest.raises(ValueError, match="object_gather_list"):
        dist.gather_object(1, None if rank == 0 else [None] * size)
    with pytest.raises(ValueError, match="size at least 1"):
        dist.scatter_object_list([])


def c_ranks_share_a_file(rank, size):
    """Each call of a FileStore has the file for itself."""
    with tempfile.TemporaryDirectory() as folder:
        of_all = [None] * size
        dist.all_gather_object(of_all, folder)
        store = dist.PrefixStore("run", dist.FileStore(f"{of_all[0]}/values", size))
        for _ in range(50):
            store.add("n", 1)
        store.set(f"rank {rank}", str(rank))
        assert [store.get(f"rank {r}") for r in range(size)] == [b"%d" % r for r in range(size)]
        assert store.get("n") == b"%d" % (50 * size)
        dist.barrier()


@checks(globals(), ranks=(2, 3))
def test_on_ranks(outcome):
    outcome()
