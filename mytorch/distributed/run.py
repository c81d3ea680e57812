"""``python -m mytorch.distributed.run --nproc-per-node 2 train.py``: start a script on several processes.

The words are torchrun's; what starts the processes is the ``mpiexec`` of the installed MPI. Each process is
this module again, which sets RANK, LOCAL_RANK, WORLD_SIZE and LOCAL_WORLD_SIZE and runs the script in itself:
a script that fails at any time, also before ``init_process_group``, ends all of them.
"""

from __future__ import annotations

import argparse
import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

from . import faults, mpi

PROGRAM = "mytorch.distributed.run"
MARK = "MYTORCH_RUN"  # set in the environment of the processes


def arguments(argv=None):
    """What was asked for; the script's own arguments are left alone."""
    parser = argparse.ArgumentParser(f"python -m {PROGRAM}", description=__doc__.split("\n")[0])

    def option(name, **settings):
        parser.add_argument(f"--{name}", f"--{name.replace('-', '_')}", **settings)

    option("nproc-per-node", default="1", help="processes: a number, or 'auto' for one per core")
    several = "1: several machines take `srun` or `mpiexec -hosts` with the script itself"
    option("nnodes", default="1", help=several)
    for name in ("node-rank", "master-addr", "master-port", "rdzv-backend", "rdzv-endpoint", "rdzv-id"):
        option(name, help="no effect: processes find each other through MPI")
    option("max-restarts", help="no effect: a failed run ends")
    parser.add_argument("--standalone", action="store_true", help="no effect")
    is_module = "the script is a module, as with python -m"
    parser.add_argument("-m", "--module", action="store_true", help=is_module)
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    args = parser.parse_args(argv)
    if args.nnodes.partition(":")[0] != "1":
        parser.error(
            f"argument --nnodes: this starts processes on one machine; for {args.nnodes} run `srun python "
            f"{args.script} …` or `mpiexec -n … -hosts … python {args.script} …`"
        )
    if args.nproc_per_node in ("auto", "cpu", "gpu"):
        args.nproc_per_node = str(mpi.available_cores())
    if not args.nproc_per_node.isdigit() or args.nproc_per_node == "0":
        parser.error(
            f"argument --nproc-per-node: expected a number of processes, got {args.nproc_per_node!r}"
        )
    return args


def start(argv) -> int:
    """Start the processes, and wait for them; returns the exit status. One runs in this process."""
    count = int(arguments(argv).nproc_per_node)
    if count == 1:
        os.environ[MARK] = "1"
        run_script(argv)
        return 0
    try:
        launcher = mpi.mpiexec()
    except FileNotFoundError as error:
        raise SystemExit(str(error)) from None
    environment = os.environ | {MARK: str(count)}
    environment.setdefault("OMP_NUM_THREADS", str(max(1, mpi.available_cores() // count)))
    command = [*launcher, "-n", str(count), sys.executable, "-m", PROGRAM, *argv]
    process = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())  # mpiexec ends its ranks
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the terminal sends Ctrl-C to the launcher too, which passes it on
            continue


def run_script(argv) -> None:
    """Run the script in this process, which is one of several."""
    args = arguments(argv)
    size = int(args.nproc_per_node)
    rank, local = mpi.launched(mpi.RANKS) or 0, mpi.launched(mpi.LOCAL_RANKS)
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank if local is None else local)}
    os.environ |= {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size)}
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29500")
    if size > 1:
        faults.install(mpi.world(size))
    sys.argv = [args.script, *args.arguments]
    if args.module:
        runpy.run_module(args.script, run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(args.script).resolve().parent)
        runpy.run_path(args.script, run_name="__main__")


if __name__ == "__main__":
    if MARK in os.environ:
        run_script(sys.argv[1:])
    else:
        raise SystemExit(start(sys.argv[1:]))
