"""Threads: splitting array work over the cores. NumPy releases the GIL inside its loops and products, so
threads help.

The pieces of a job are fixed by the caller and each writes its own memory, so that results never depend on
timing.
"""

from __future__ import annotations

import os
import queue
import threading

import numpy
import threadpoolctl

from ..core.arrays import QUIET, float_errors


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_CORES = available_cores()
_threads = [min(_CORES, int(os.environ.get("OMP_NUM_THREADS") or _CORES))]


def get_num_threads() -> int:
    """How many threads one operation may use."""
    return _threads[0]


def set_num_threads(n: int) -> None:
    """Let one operation use ``n`` threads, those of the BLAS included.

    TypeError for other than integers, RuntimeError unless it is positive.
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n <= 0:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {n}")
    _threads[0] = n
    _free_blas()
    threadpoolctl.threadpool_limits(n, user_api="blas")


_PATIENCE = 1000  # operations
_held, _holding, _unshared = None, threading.Lock(), 0


def _hold_blas():
    """Keep the BLAS at one thread: its own threads go on spinning for a while, on the cores that ours
    need."""
    global _held, _unshared
    _unshared = 0
    if _held is None:
        with _holding:
            _held = _held or threadpoolctl.threadpool_limits(1, user_api="blas")


def _free_blas():
    """Give the BLAS the threads back that it had."""
    global _held
    with _holding:
        if _held is not None:
            _held.restore_original_limits()
            _held = None


def blas_is_held() -> bool:
    """Whether our threads are in use, and so those of the BLAS are not."""
    return _held is not None


def blas_is_threaded() -> bool:
    """Whether a product may use several threads of the BLAS."""
    return _threads[0] > 1 and _held is None


def unshared():
    """Note work that is too small for our threads: after much of it in a row the BLAS gets its own back."""
    global _unshared
    _unshared += 1
    if _unshared > _PATIENCE and _held is not None:
        _free_blas()


class _Flag:
    """What one thread raises and another waits for without the GIL, awake in a loop of NumPy's that reads the
    flag over and over.

    A thread that sleeps on a lock takes some 30 µs to wake up, this one 3. Each of the rows is read until the
    flag is up, or to its end: 3 ms in all. By the time that the rest of the rows is seen, too, the thread
    that raised it has left the GIL to its own work.
    """

    def __init__(self):
        self.up = numpy.zeros(1, bool)
        self.rows, self.seen = numpy.broadcast_to(self.up, (100, 1 << 17)), numpy.empty(100, bool)

    def wait(self):
        """Until it is up, or for long enough: what it stands for is then to be taken from a lock or a
        queue."""
        if _threads[0] <= _CORES:  # or else it would keep another from its work
            numpy.logical_or.reduce(self.rows, axis=1, out=self.seen)


class _Job:
    """Pieces of work that several threads take in turn."""

    def __init__(self, function, pieces):
        self.function, self.todo, self.left, self.error = function, iter(pieces), len(pieces), None
        self.lock, self.finished, self.flag = (
            threading.Lock(),
            threading.Lock(),
            _flags.pop() if _flags else _Flag(),
        )
        self.finished.acquire()  # until the last piece is done

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
                    self.flag.up[0] = True
                    self.finished.release()

    def wait(self):
        if self.left:
            self.flag.wait()
        self.finished.acquire()
        self.flag.up[0] = False
        _flags.append(self.flag)


_flags: list[_Flag] = []  # of finished jobs, for the next


class _Worker:
    """A thread that waits for jobs."""

    def __init__(self, number):
        self.jobs, self.flag = queue.SimpleQueue(), _Flag()
        threading.Thread(target=self._serve, name=f"mytorch-{number}", daemon=True).start()

    def take(self, job):
        self.jobs.put(job)
        self.flag.up[0] = True

    def _serve(self):
        _inside.worker = True
        float_errors.set(QUIET)
        while True:
            if self.jobs.empty():
                self.flag.wait()
            job = self.jobs.get()
            self.flag.up[0] = False
            job.work()
            del job  # while waiting, hold on to no array


_workers: list[_Worker] = []  # started when first needed
_inside = threading.local()


def _after_fork():
    global _holding
    _holding = threading.Lock()
    _workers.clear()  # the threads are not in the new process


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def parallel_for(function, pieces) -> None:
    """Call ``function(piece)`` for every one of ``pieces`` (a list), on several threads. The first error is
    raised here.

    ``function`` must write only memory that belongs to its piece. Sharing costs some 12 µs, and every call of
    NumPy in a piece may wait for the GIL.
    """
    threads = min(_threads[0], len(pieces))
    if threads <= 1:
        unshared()
    if threads <= 1 or getattr(_inside, "worker", False):
        for piece in pieces:
            function(piece)
        return
    _hold_blas()
    while len(_workers) < threads - 1:
        _workers.append(_Worker(len(_workers) + 1))
    job = _Job(function, pieces)
    for worker in _workers[: threads - 1]:
        worker.take(job)
    job.work()
    job.wait()
    if job.error is not None:
        raise job.error


def spans(n: int, count: int) -> list[tuple[int, int]]:
    """``range(n)`` cut into at most ``count`` contiguous spans (start, stop) of nearly equal length, none
    empty.
    """
    count = max(min(n, count), 1)
    return [(i * n // count, (i + 1) * n // count) for i in range(count) if n]
