"""``torch.multiprocessing.spawn``: one function in several processes, which ``mpiexec`` starts where there is
one, so that they can join each other.
"""

from __future__ import annotations

import atexit
import multiprocessing
import pickle
import subprocess
import sys
import tempfile
import traceback
from multiprocessing import connection
from multiprocessing import spawn as standard
from pathlib import Path

from . import faults, mpi


def spawn(fn, args=(), nprocs=1, join=True, daemon=False, start_method="spawn"):
    """Run ``fn(i, *args)`` in ``nprocs`` processes and wait for them; if not ``join``, an object whose
    ``join(timeout)`` does, and is True when all have ended. RuntimeError, with its traceback, if one fails;
    the others are ended then.

    ``mpiexec`` starts them, so that ``init_process_group`` works in them; where there is none, for another
    ``start_method``, and where ``args`` hold a queue or lock, ``multiprocessing`` does. Under ``mpiexec`` the
    processes are there already: each runs ``fn(its rank, *args)`` in itself. RuntimeError if ``nprocs`` is
    another number than that of the ranks.
    """
    ranks = mpi.launched() or 1
    if ranks > 1:
        if nprocs != ranks:
            raise RuntimeError(f"spawn: nprocs={nprocs}, but the launcher has started {ranks} ranks")
        fn(mpi.launched(mpi.RANKS), *args)
        return None
    started = _Ranks.of(fn, args, nprocs, daemon) if start_method == "spawn" and nprocs > 1 else None
    context = started or _Processes(fn, args, nprocs, daemon, start_method)
    if not join:
        return context
    while not context.join():
        pass
    return None


class _Processes:
    """Processes of ``multiprocessing``."""

    def __init__(self, fn, args, nprocs, daemon, start_method):
        context = multiprocessing.get_context(start_method)
        self.processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
        for process in self.processes:
            process.start()

    def pids(self):
        """Their numbers."""
        return [process.pid for process in self.processes]

    def join(self, timeout=None):
        """Wait until one ends, at most ``timeout`` seconds; whether all have ended."""
        running = {p.sentinel: p for p in self.processes if p.is_alive()}
        for sentinel in connection.wait(running, timeout) if running else ():
            running[sentinel].join()
        for i, process in enumerate(self.processes):
            if process.exitcode:
                for other in running.values():
                    other.terminate()
                    other.join()
                raise RuntimeError(f"process {i} terminated with exit code {process.exitcode}")
        return not any(process.is_alive() for process in self.processes)


class _Ranks:
    """Processes of ``mpiexec``, which read the function from a file in ``folder``."""

    def __init__(self, command, folder, daemon):
        self.folder = folder
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        if daemon:
            atexit.register(self.process.terminate)

    @classmethod
    def of(cls, fn, args, nprocs, daemon):
        """Start ``fn``; None without MPI, or if plain pickle cannot send it."""
        try:
            content = pickle.dumps((fn, args))
            launcher = mpi.mpiexec() if mpi.is_installed() else None
        except Exception:
            return None
        if launcher is None:
            return None
        folder = tempfile.TemporaryDirectory(prefix="spawn-")
        preparation = standard.get_preparation_data("spawn")
        preparation.pop("authkey", None)  # is not to be written
        file = Path(folder.name, "call")
        file.write_bytes(pickle.dumps(preparation) + content)
        return cls([*launcher, "-n", str(nprocs), sys.executable, "-m", __name__, str(file)], folder, daemon)

    def pids(self):
        """The number of the launcher."""
        return [self.process.pid]

    def join(self, timeout=None):
        """Wait until all end, at most ``timeout`` seconds; whether they have."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        except BaseException:
            self.process.terminate()
            raise
        reports = sorted(Path(self.folder.name).glob("failed.*"))
        said = [f"process {path.suffix[1:]} failed:\n{path.read_text()}" for path in reports]
        self.folder.cleanup()
        if status:
            raise RuntimeError("\n".join(said) or f"a process terminated with exit code {status}")
        return True


def _run(file):
    """What each process of ``mpiexec`` does."""
    rank = mpi.launched(mpi.RANKS)
    faults.install(mpi.world(mpi.launched()))  # while all are there: one that fails ends the others
    with open(file, "rb") as content:
        standard.prepare(pickle.load(content))
        fn, args = pickle.load(content)
    try:
        fn(rank, *args)
    except Exception:
        Path(file).with_name(f"failed.{rank}").write_text(traceback.format_exc())
        raise


if __name__ == "__main__":
    _run(sys.argv[1])
