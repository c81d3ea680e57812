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

from ..core import blas
from ..core.arrays import QUIET, float_errors


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_CORES = available_cores()


def _default_threads():
    """As many as there are cores, or OMP_NUM_THREADS (of "4,2" the first) if that is less."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return min(_CORES, int(first)) if first.isdigit() and int(first) else _CORES


_threads = [_default_threads()]


def get_num_threads() -> int:
    """How many threads one operation may use."""
    return _threads[0]


def set_num_threads(n: int) -> None:
    """Let one operation use ``n`` threads.

    TypeError for other than integers, RuntimeError unless it is positive.
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n <= 0:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {n}")
    _threads[0] = n


_SPIN = 4  # rows to read in a spin-wait, some 30 µs each


class _Signal:
    """What one thread raises and another spin-waits for, without the GIL: in a loop of NumPy's that reads it
    over and over.

    A thread that sleeps on a lock takes some 30 µs to wake up, one that spins 3. But it keeps its core from
    others, so it spins for a short time only and then sleeps.
    """

    def __init__(self):
        self.up = numpy.zeros(1, bool)
        self.rows, self.seen = numpy.broadcast_to(self.up, (_SPIN, 1 << 17)), numpy.empty(_SPIN, bool)

    def spin(self):
        """Return when it is up, or after some 100 µs."""
        if _threads[0] <= _CORES:  # else another thread needs this core
            numpy.logical_or.reduce(self.rows, axis=1, out=self.seen)


class _Job:
    """Pieces of work that several threads take one by one."""

    def __init__(self, function, pieces):
        self.function, self.todo, self.left, self.error = function, iter(pieces), len(pieces), None
        self.lock, self.finished = threading.Lock(), threading.Lock()
        self.signal = _signals.pop() if _signals else _Signal()
        self.finished.acquire()  # until the last piece is done

    def work(self):
        """Do pieces until none is left to begin."""
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
                    self.signal.up[0] = True
                    self.finished.release()

    def wait(self):
        """Wait for the pieces that other threads have begun."""
        if self.left:
            self.signal.spin()
        self.finished.acquire()
        self.signal.up[0] = False
        _signals.append(self.signal)
        self.function = None  # a worker that comes too late holds on to no array


_signals: list[_Signal] = []  # of finished jobs, for the next


class _Worker:
    """A thread that helps with the newest job that it was offered."""

    def __init__(self, number):
        self.job, self.calls, self.signal, self.stopped = None, queue.SimpleQueue(), _Signal(), False
        self.thread = threading.Thread(target=self._serve, name=f"mytorch-{number}", daemon=True)
        self.thread.start()

    def offer(self, job):
        self.job = job
        self.signal.up[0] = True
        if self.calls.empty():  # else it has not woken up yet since the last call
            self.calls.put(None)

    def _serve(self):
        _inside.worker = True
        float_errors.set(QUIET)
        while True:
            self.signal.spin()
            self.calls.get()
            if self.stopped:
                return
            self.signal.up[0] = False
            job, self.job = self.job, None
            if job is not None:
                job.work()
            del job  # while waiting, hold on to no array

    def stop(self):
        """End the thread, after the piece that it works on."""
        self.stopped = True
        self.signal.up[0] = True
        self.calls.put(None)
        self.thread.join()


_workers: list[_Worker] = []  # started when first needed
_starting = threading.RLock()  # held while workers start, and while the process forks
_inside = threading.local()


def _helpers(count):
    """So many workers."""
    if len(_workers) < count:
        with _starting:
            while len(_workers) < count:
                _workers.append(_Worker(len(_workers) + 1))
    return _workers[:count]


def _before_fork():
    """Stop the workers: a fork would copy the locks that they hold, but not the threads to release them.

    The next job of either process starts new ones.
    """
    _starting.acquire()
    for worker in _workers:
        if worker.thread is not threading.current_thread():
            worker.stop()
    _workers.clear()


def _after_fork_in_child():
    global _starting
    _starting = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=lambda: _starting.release(),
        after_in_child=_after_fork_in_child,
    )


def parallel_for(function, pieces) -> None:
    """Call ``function(piece)`` for every one of ``pieces`` (a list), on several threads. The first error is
    raised here.

    ``function`` must write only memory that belongs to its piece. Sharing costs some 12 µs while the workers
    spin and 65 once they sleep, and every call of NumPy in a piece may wait for the GIL. The caller works,
    too: where the other cores are busy it does all pieces itself, and waits for none but those that a worker
    has begun.
    """
    threads = min(_threads[0], len(pieces))
    if threads <= 1 or getattr(_inside, "worker", False):
        for piece in pieces:
            function(piece)
        return
    blas.use_one_thread()
    job = _Job(function, pieces)
    for worker in _helpers(threads - 1):
        worker.offer(job)
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


_LARGE_MATRIX = 512 * 512  # elements; below, threads of the BLAS wait for each other more than they work


def lapack(function, x, *args, **settings):
    """``function(x, ...)``, a call of LAPACK, with threads of the BLAS where the matrices are large."""
    if type(x) is not numpy.ndarray or x.ndim < 2 or x.shape[-1] * x.shape[-2] < _LARGE_MATRIX:
        return function(x, *args, **settings)
    with blas.several_threads(1 if getattr(_inside, "worker", False) else _threads[0]):
        return function(x, *args, **settings)
