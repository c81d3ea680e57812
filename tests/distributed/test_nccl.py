"""NCCL, against the strict stand-in: every collective on streams, data parallel training, what NCCL lacks."""

import contextlib

import numpy as np
import pytest

import mytorch
import mytorch.distributed as dist
from mytorch import nn
from mytorch.distributed import ReduceOp
from mytorch.nn.parallel import DistributedDataParallel as DDP
from tests.distributed import nccl_stand_in
from tests.distributed.launch import checks

DTYPES = "float16 float32 float64 int8 uint8 int32 uint32 int64 uint64 bool complex64 complex128".split()


@contextlib.contextmanager
def on_gpus():
    """All ranks in a group of backend "nccl"; afterwards in one of MPI again."""
    dist.destroy_process_group()
    try:
        with nccl_stand_in.installed():
            dist.init_process_group("nccl")
            try:
                yield
            finally:
                dist.destroy_process_group()
    finally:
        dist.init_process_group()


def drawn(shape, dtype, rank):
    values = np.random.default_rng(rank).integers(0, 2 if dtype == "bool" else 5, shape)
    return mytorch.tensor(values).to(getattr(mytorch, dtype)).to("cuda")


def same(a, b):
    assert a.dtype == b.dtype and a.device.type == "cuda"
    np.testing.assert_allclose(a.cpu().numpy(), b.cpu().numpy(), rtol=1e-3)


def c_collectives(rank, size):
    with on_gpus():
        assert dist.get_backend() == "nccl" and dist.is_nccl_available()
        for dtype in DTYPES:
            root, of_all = len(dtype) % size, [drawn((size, 3), dtype, r) for r in range(size)]
            t = of_all[rank].clone()
            dist.broadcast(t, root)
            same(t, of_all[root])
            whole = mytorch.zeros(size * size, 3, dtype=t.dtype, device="cuda")
            dist.all_gather_into_tensor(whole, of_all[rank])
            same(whole, mytorch.cat(of_all))
            parts = [mytorch.zeros_like(t) for _ in range(size)] if rank == root else None
            dist.gather(of_all[rank], parts, dst=root)
            for a, b in zip(parts or (), of_all):
                same(a, b)
            dist.scatter(t, of_all if rank == root else None, src=root)
            same(t, of_all[rank])
            out = mytorch.zeros_like(t)
            dist.all_to_all_single(out, of_all[rank])
            same(out, mytorch.stack([x[rank] for x in of_all]))
            total = sum(x.double() if dtype == "bool" else x for x in of_all)
            total = (total > 0) if dtype == "bool" else total.to(t.dtype)
            t = of_all[rank].clone()
            dist.all_reduce(t)
            same(t, total)
            t = of_all[rank].clone()
            dist.reduce(t, root)
            same(t, total if rank == root else of_all[rank])
            part = mytorch.zeros(1, 3, dtype=t.dtype, device="cuda")
            dist.reduce_scatter_tensor(part, of_all[rank])
            same(part, total[rank : rank + 1])
        t = drawn((4,), "float32", rank)
        dist.all_reduce(t, ReduceOp.AVG)
        same(t, sum(drawn((4,), "float32", r) for r in range(size)) / size)
        dist.barrier()


def c_messages_and_groups(rank, size):
    with on_gpus():
        t = mytorch.full((3,), float(rank), device="cuda")
        if rank == 0:
            dist.send(t, 1)
        elif rank == 1:
            assert dist.recv(t, 0) == 0 and (t == 0).all()
            with pytest.raises(ValueError, match="named"):
                dist.recv(t)
        group = dist.new_group([0, 1])
        if rank < 2:
            t = mytorch.ones(3, device="cuda")
            dist.all_reduce(t, group=group)
            assert (t == 2).all()
        host = mytorch.ones(2)  # of the host: copied there and back
        dist.all_reduce(host)
        assert (host == size).all() and host.device.type == "cpu"
        objects = [{"a": 1}] if rank == 0 else [None]
        dist.broadcast_object_list(objects, src=0)
        assert objects == [{"a": 1}]


def c_nothing_is_there_before_the_wait(rank, size):
    """The stand-in works off a stream only when somebody waits for it."""
    with on_gpus():
        t = mytorch.ones(3, device="cuda")
        work = dist.all_reduce(t, async_op=True)
        assert (t == 1).all() and not work.is_completed()
        work.wait()
        assert (t == size).all() and work.is_completed()


def c_data_parallel(rank, size):
    def trained(device, share):
        mytorch.manual_seed(0)
        net = (
            nn.Sequential(nn.Linear(300, 300), nn.ReLU(), nn.BatchNorm1d(300), nn.Linear(300, 2))
            .double()
            .to(device)
        )
        model = DDP(net, device_ids=[0]) if share else net
        net.eval()
        optimizer = mytorch.optim.SGD(model.parameters(), lr=0.05)
        for step in range(3):
            x = mytorch.tensor(np.random.default_rng(step).standard_normal((4 * size, 300)))
            x = x[rank::size] if share else x.to(device)  # the wrapper moves it
            optimizer.zero_grad()
            model(x).square().mean().backward()
            optimizer.step()
        return [p.detach().cpu() for p in net.parameters()]

    with on_gpus():
        together = trained("cuda", True)
    for a, b in zip(together, trained("cpu", False)):
        assert (a - b).abs().max().item() < 1e-12


def c_what_nccl_lacks(rank, size):
    with on_gpus():
        x = mytorch.ones(3, device="cuda").long()
        with pytest.raises(RuntimeError, match=r"no ReduceOp\.BAND"):
            dist.all_reduce(x, ReduceOp.BAND)
        with pytest.raises(RuntimeError, match="int16"):
            dist.all_reduce(x.short())


@checks(globals(), ranks=(2,))
def test_on_ranks(outcome):
    outcome()


def test_without_a_gpu():
    assert not dist.is_nccl_available()
    with pytest.raises(RuntimeError, match="no GPUs found"):
        dist.init_process_group("nccl")
