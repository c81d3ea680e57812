"""``multiprocessing.spawn``: the processes join each other, as in PyTorch's tutorials."""

import multiprocessing
import os
import subprocess
import sys
import time

import pytest

import mytorch
from tests.distributed.launch import ROOT, mpiexec, needs_mpi

# the calls of PyTorch's "Getting started with DistributedDataParallel": basic, checkpoint, model parallel
TUTORIAL = """
import os, sys
import mytorch as torch
import mytorch.distributed as dist
import mytorch.nn as nn
import mytorch.optim as optim
import mytorch.multiprocessing as mp
from mytorch.nn.parallel import DistributedDataParallel as DDP

def setup(rank, world_size):
    os.environ['MASTER_ADDR'] = 'localhost'
    os.environ['MASTER_PORT'] = '12355'
    dist.init_process_group("gloo", rank=rank, world_size=world_size)

class Net(nn.Module):
    def __init__(self, first="cpu", second="cpu"):
        super().__init__()
        self.first, self.second = first, second
        self.net1, self.net2 = nn.Linear(10, 10).to(first), nn.Linear(10, 5).to(second)

    def forward(self, x):
        return self.net2(torch.relu(self.net1(x.to(self.first))).to(self.second))

def demo(rank, world_size, path):
    for kind in ("basic", "checkpoint", "parallel"):
        train(rank, world_size, path, kind)

def train(rank, world_size, path, kind):
    setup(rank, world_size)
    model = DDP(Net("cpu", "cpu:0") if kind == "parallel" else Net())
    if kind == "checkpoint":
        if rank == 0:
            torch.save(model.state_dict(), path)
        dist.barrier()
        model.load_state_dict(torch.load(path, map_location={'cuda:0': 'cuda:%d' % rank}))
    optimizer = optim.SGD(model.parameters(), lr=0.001)
    nn.MSELoss()(model(torch.randn(20, 10)), torch.randn(20, 5)).backward()
    optimizer.step()
    total = torch.tensor([float(rank + 1)])
    dist.all_reduce(total)
    print(f"{kind} on rank {rank}: {total.item():g}", flush=True)
    dist.destroy_process_group()

if __name__ == "__main__":
    mp.spawn(demo, args=(2, sys.argv[1]), nprocs=2, join=True)
"""


@pytest.fixture
def tutorial(tmp_path):
    script = tmp_path / "tutorial.py"
    script.write_text(TUTORIAL)
    return [str(script), str(tmp_path / "model.checkpoint")]


@needs_mpi
@pytest.mark.parametrize("launched", [False, True])
def test_the_tutorial(tutorial, launched):
    """Started alone, ``spawn`` starts the ranks; under mpiexec they are there already."""
    if launched:
        done = mpiexec(2, *tutorial)
    else:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, *tutorial], env=environment, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    for kind in ("basic", "checkpoint", "parallel"):
        assert all(f"{kind} on rank {rank}: 3" in done.stdout for rank in (0, 1))


@needs_mpi
def test_another_number_than_the_launcher_has_started(tutorial):
    assert "spawn: nprocs=2, but the launcher has started 3 ranks" in mpiexec(3, *tutorial).stderr


def fail(i, which):
    if i == which:
        raise KeyError("no such data")
    time.sleep(60)


def put(i, queue):
    queue.put(i)


@needs_mpi
@pytest.mark.parametrize(("method", "message"), [("spawn", "process 1 failed:.*no such data"), ("fork", "1")])
def test_a_process_that_fails_ends_the_others(method, message):
    start = time.perf_counter()
    with pytest.raises(RuntimeError, match=f"(?s){message}"):
        mytorch.multiprocessing.spawn(fail, (1,), nprocs=2, start_method=method)
    assert time.perf_counter() - start < 30


def test_queues_are_sent_by_multiprocessing():
    queue = multiprocessing.get_context("spawn").SimpleQueue()
    context = mytorch.multiprocessing.spawn(put, (queue,), nprocs=2, join=False)
    assert len(context.pids()) == 2
    while not context.join(60):
        pass
    assert sorted([queue.get(), queue.get()]) == [0, 1]
