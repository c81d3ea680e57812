# Names only: there is nothing to read here.
"""The standard library's ``multiprocessing``, under torch's name.

Tensors that travel between processes are copied, not shared.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import *  # noqa: F403  (all of it, that is the point)

from .distributed import mpi
from .tensors.public_names import lookup as _lookup


def get_all_sharing_strategies() -> set:
    """The ways to send tensors to other processes: through a file descriptor, by value."""
    return {"file_descriptor"}


def get_sharing_strategy() -> str:
    """The way in which tensors are sent."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Nothing. ValueError for another strategy than that of :func:`get_all_sharing_strategies`."""
    if new_strategy not in get_all_sharing_strategies():
        raise ValueError(f"unknown sharing strategy {new_strategy!r}: there is {get_sharing_strategy()!r}")


def spawn(fn, args=(), nprocs=1, join=True, daemon=False, start_method="spawn"):
    """Run ``fn(i, *args)`` in ``nprocs`` processes; the list of them if not ``join``. RuntimeError if one of
    them fails.

    Under ``mpiexec`` the processes are there already: each runs ``fn(its rank, *args)`` in itself.
    RuntimeError if ``nprocs`` is another number than that of the ranks.
    """
    if mpi.launched() is not None and mpi.launched() > 1:
        return _run_as_rank(fn, args, nprocs)
    context = multiprocessing.get_context(start_method)
    processes = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]
    for process in processes:
        process.start()
    return _finished(processes) if join else processes


def _finished(processes):
    """Wait for ``processes``."""
    for i, process in enumerate(processes):
        process.join()
        if process.exitcode:
            raise RuntimeError(f"process {i} terminated with exit code {process.exitcode}")


def _run_as_rank(fn, args, nprocs):
    """``fn`` of this rank, one of those that a launcher has started."""
    if nprocs != mpi.launched():
        raise RuntimeError(f"spawn: nprocs={nprocs}, but the launcher has started {mpi.launched()} ranks")
    fn(mpi.launched(mpi.RANKS), *args)


__getattr__ = _lookup(__name__)
