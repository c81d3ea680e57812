"""Several ranks: all-reduce beside raw mpi4py, data parallel steps beside PyTorch's with gloo.

Each library runs in processes of its own, one thread each. Rank 0 reads a request per line and passes it on;
rounds are interleaved, and a ratio is that of one round. Every rank has the whole batch of a workload, so one
process alone does the same work per rank: the efficiency is its time over that of a step with all ranks.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from . import workloads
from .workloads import training

ROOT = Path(__file__).parent.parent
STEPS = "mlp_big", "cnn", "transformer"
SIZES = {"all_reduce of 4 KB": 1024, "all_reduce of 4 MB": 1 << 20}  # float32 numbers
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


# ---- one rank ------------------------------------------------------------------------------------


def joined(library):
    """(the library's torch or None, its torch.distributed, rank, a function that shares a request)."""
    if library == "raw":
        comm = importlib.import_module("mpi4py.MPI").COMM_WORLD

        def share_raw(request):
            for other in range(1, comm.size if comm.rank == 0 else 0):
                comm.send(request, other)
            while comm.rank and not comm.iprobe(source=0):
                time.sleep(0.005)  # a blocking call of MPI spins, on a core that the other library needs
            return comm.recv(source=0) if comm.rank else request

        return None, comm, comm.rank, share_raw
    torch = importlib.import_module("torch" if library == "torch" else "mytorch")
    dist = importlib.import_module(f"{torch.__name__}.distributed")
    torch.set_num_threads(1)
    dist.init_process_group("gloo")

    def share(request):
        requests = [request]
        dist.broadcast_object_list(requests, src=0)
        return requests[0]

    return torch, dist, dist.get_rank(), share


def calls(torch, dist, request):
    """{what: a function to time} of a request; the first one counts, the others are told apart from it."""
    name = request["name"]
    if name in SIZES:
        if torch is None:
            array = np.ones(SIZES[name], np.float32)
            in_place = importlib.import_module("mpi4py.MPI").IN_PLACE
            return {"step": lambda: dist.Allreduce(in_place, array)}
        tensor = torch.zeros(SIZES[name])
        return {"step": lambda: dist.all_reduce(tensor)}
    models = []

    def wrapped(model):
        models.append(importlib.import_module(f"{torch.__name__}.nn.parallel").DistributedDataParallel(model))
        return models[-1]

    training.prepare = wrapped if request["ranks"] > 1 else lambda model: model
    step = workloads.BY_NAME[name](torch)
    if request["ranks"] == 1:
        return {"step": step}
    gradients = [torch.zeros(tuple(p.shape)) for p in models[0].parameters()]

    def apart():
        with models[0].no_sync():
            step()

    def talk():
        for g in gradients:
            dist.all_reduce(g)

    return {"step": step, "apart": apart, "talk": talk}


def serve(library):
    """Answer the requests that rank 0 reads."""
    answers, sys.stdout = sys.stdout, sys.stderr
    torch, dist, rank, share = joined(library)
    known = {}
    barrier = dist.Barrier if torch is None else dist.barrier
    while True:
        line = sys.stdin.readline() if rank == 0 else None
        request = share(json.loads(line) if line else None)
        if request is None:
            break
        key = request["name"], request["ranks"]
        if key not in known:
            known[key] = calls(torch, dist, request)
        taken = {}
        for what, call in known[key].items():
            for _ in range(request["warm"]):
                call()
            times = []
            for _ in range(request["times"]):
                barrier()
                start = time.perf_counter()
                call()
                times.append(time.perf_counter() - start)
            taken[what] = statistics.median(times)
        if rank == 0:
            print(json.dumps(taken), file=answers, flush=True)
    if torch is not None:
        dist.destroy_process_group()


# ---- all ranks, from outside ---------------------------------------------------------------------


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return str(s.getsockname()[1])


class Ranks:
    """A library on so many ranks, in processes of their own."""

    def __init__(self, library, ranks):
        self.library, self.ranks = library, ranks
        command = [sys.executable, "-m", "benchmarks.ranks", library]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
        environment = os.environ | ONE_THREAD | {"MYTORCH_NUMBA": "0"}
        if library == "torch":
            at = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": str(ranks)}
            of_rank = [environment | at | {"RANK": str(rank)} for rank in range(ranks)]
            others = [subprocess.Popen(command, env=e, cwd=ROOT) for e in of_rank[1:]]
            self.processes = [subprocess.Popen(command, env=of_rank[0], **pipes), *others]
        else:
            from mytorch.distributed.mpi import mpiexec

            launcher = [*mpiexec(), "-n", str(ranks)] if ranks > 1 or library == "raw" else []
            self.processes = [subprocess.Popen([*launcher, *command], env=environment, **pipes)]

    def ask(self, name, times, warm=2):
        request = {"name": name, "ranks": self.ranks, "times": times, "warm": warm}
        print(json.dumps(request), file=self.processes[0].stdin, flush=True)
        line = self.processes[0].stdout.readline()
        if not line:
            raise RuntimeError(f"the ranks of {self.library} ended at {name}")
        return json.loads(line)

    def close(self):
        self.processes[0].stdin.close()
        for process in self.processes:
            process.wait()


def measure(ranks, rounds, times):
    """The rows: of every call the median seconds of each library, and the median ratios."""
    libraries = {"mytorch": ranks, "raw": ranks, "torch": ranks, "alone": 1}
    if importlib.util.find_spec("torch") is None:
        del libraries["torch"]
    started = {name: Ranks("mytorch" if name == "alone" else name, n) for name, n in libraries.items()}
    rows = []
    try:
        for name in (*SIZES, *STEPS):
            some = [n for n in started if n not in (("alone",) if name in SIZES else ("raw",))]
            for library in some:
                started[library].ask(name, 1, warm=3)
            found = {library: [] for library in some}
            for _ in range(rounds):
                for library in some:
                    found[library].append(started[library].ask(name, times))
            rows.append(row_of(name, found))
            print_row(rows[-1])
    finally:
        for library in started.values():
            library.close()
    return rows


def row_of(name, found):
    """Medians over the rounds; ratios are taken within a round."""

    def ratio(a, b):
        pairs = zip(found[a], found[b])
        return statistics.median(x["step"] / y["step"] for x, y in pairs)

    row = {"name": name} | {lib: statistics.median(a["step"] for a in asked) for lib, asked in found.items()}
    if "raw" in found:
        row["over raw"] = ratio("mytorch", "raw")
    if "torch" in found:
        row["over torch"] = ratio("mytorch", "torch")
    if "alone" in found:
        row["efficiency"] = ratio("alone", "mytorch")
        of_mine = found["mytorch"]
        row["communication"] = statistics.median(a["talk"] for a in of_mine)
        row["hidden"] = statistics.median(1 - (a["step"] - a["apart"]) / a["talk"] for a in of_mine)
    return row


def print_row(row):
    text = f"{row['name']:<20}"
    for library in ("mytorch", "raw", "torch", "alone"):
        text += f"{row[library] * 1e3:10.3f} ms" if library in row else " " * 13
    for what in ("over raw", "over torch"):
        text += f"{row[what]:12.2f}" if what in row else " " * 12
    if "efficiency" in row:
        text += f"{row['efficiency']:11.0%}{row['hidden']:9.0%} of {row['communication'] * 1e3:.2f} ms"
    print(text, flush=True)


def compare(ranks, rounds, times):
    """Print the table; returns it."""
    print(f"{ranks} ranks, one thread each; 'alone' is one rank with the same batch; times are medians")
    print(
        f"{'':<20}{'mytorch':>13}{'raw mpi4py':>13}{'torch, gloo':>13}{'alone':>13}{'over raw':>12}"
        f"{'over torch':>12}{'efficiency':>11}   hidden communication"
    )
    return {"ranks": ranks, "rows": measure(ranks, rounds, times)}


if __name__ == "__main__":
    serve(sys.argv[1])
