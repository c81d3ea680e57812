"""Threads: splitting array work over the cores. NumPy releases the GIL inside its loops and products, so threads help.

The pieces of a job are fixed by the caller and each writes its own memory, so that results never depend on timing.
"""

from __future__ import annotations

import os
import queue
import threading

import threadpoolctl

from .backend import QUIET, float_errors


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_threads = [min(available_cores(), int(os.environ.get("OMP_NUM_THREADS") or available_cores()))]


def get_num_threads() -> int:
    """How many threads one operation may use."""
    return _threads[0]


def set_num_threads(n: int) -> None:
    """Let one operation use ``n`` threads, those of the BLAS included. RuntimeError unless ``n`` is positive.

    TypeError unless it is an int.
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n <= 0:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {n}")
    _threads[0] = n
    for library in _blas.libraries():
        library.set_num_threads(n)


class _Blas:
    """Holds the BLAS to one thread while our own threads call it, and gives it its threads back after the last job."""

    def __init__(self):
        self._libraries, self._jobs, self._before, self._lock = None, 0, (), threading.Lock()

    def libraries(self):
        if self._libraries is None:
            self._libraries = threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers
        return self._libraries

    def __enter__(self):
        with self._lock:
            self._jobs += 1
            if self._jobs == 1:
                self._before = [library.get_num_threads() for library in self.libraries()]
                for library in self._libraries:
                    library.set_num_threads(1)

    def __exit__(self, *exc_info):
        with self._lock:
            self._jobs -= 1
            if self._jobs == 0:
                for library, n in zip(self._libraries, self._before):
                    library.set_num_threads(n)


class _Job:
    """Pieces of work that several threads take in turn."""

    def __init__(self, function, pieces):
        self.function, self.todo, self.left, self.error = function, iter(pieces), len(pieces), None
        self.lock, self.finished = threading.Lock(), threading.Event()

    def work(self):
        while True:
            with self.lock:
                piece = next(self.todo, self)
            if piece is self:
                return
            try:
                if self.error is None:
                    self.function(piece)
            except BaseException as error:  # handed to the caller
                self.error = error
            with self.lock:
                self.left -= 1
                if self.left == 0:
                    self.finished.set()


class _Workers:
    """The threads that wait for jobs; started when first needed, started anew after a fork."""

    def __init__(self):
        self.jobs, self.count, self.inside = queue.SimpleQueue(), 0, threading.local()

    def start(self, count):
        while self.count < count:
            self.count += 1
            threading.Thread(target=self._serve, args=(self.jobs,), name=f"mytorch-{self.count}", daemon=True).start()

    def _serve(self, jobs):
        self.inside.worker = True
        float_errors.set(QUIET)
        while True:
            job = jobs.get()
            job.work()
            del job  # while waiting, hold on to no array


_blas, _workers = _Blas(), _Workers()


def _after_fork():
    global _blas, _workers
    _blas, _workers = _Blas(), _Workers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def parallel_for(function, pieces) -> None:
    """Call ``function(piece)`` for every one of ``pieces`` (a list), on several threads. The first error is raised here.

    ``function`` must write only memory that belongs to its piece. It pays from about 100 µs of work.
    """
    threads = min(_threads[0], len(pieces))
    if threads <= 1 or getattr(_workers.inside, "worker", False):
        for piece in pieces:
            function(piece)
        return
    job = _Job(function, pieces)
    _workers.start(threads - 1)
    with _blas:
        for _ in range(threads - 1):
            _workers.jobs.put(job)
        job.work()
        job.finished.wait()
    if job.error is not None:
        raise job.error


def spans(n: int, count: int) -> list[tuple[int, int]]:
    """``range(n)`` cut into at most ``count`` contiguous spans (start, stop) of nearly equal length, none empty."""
    count = max(min(n, count), 1)
    return [(i * n // count, (i + 1) * n // count) for i in range(count) if n]
