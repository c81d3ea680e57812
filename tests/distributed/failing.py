"""A rank that fails at a moment that is given: ``python -m tests.distributed.failing KIND WHEN RANK``.

KIND: raise, kill or exit. WHEN: a number of steps of a small training, or "start" for before the ranks have
joined. What the failing rank prints last is the time.
"""

import os
import signal
import sys
import time

import mytorch
import mytorch.distributed as dist
from mytorch import nn
from mytorch.distributed import mpi


def fail(kind):
    print(f"failed at {time.time()}", flush=True)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "exit":
        sys.exit(3)
    raise ValueError("this rank is broken")


def main(kind, when, rank):
    mine = mpi.launched(mpi.RANKS)
    if when == "start" and mine == int(rank):
        fail(kind)
    dist.init_process_group()
    model = nn.parallel.DistributedDataParallel(nn.Sequential(nn.Linear(100, 100), nn.BatchNorm1d(100)))
    optimizer = mytorch.optim.SGD(model.parameters(), lr=0.1)
    step = 0
    while True:
        if str(step) == when and mine == int(rank):
            fail(kind)
        step += 1
        optimizer.zero_grad()
        model(mytorch.rand(8, 100)).sum().backward()
        optimizer.step()


main(*sys.argv[1:])
