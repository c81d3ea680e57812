"""Threads: array work is split over the cores, since NumPy's loops and products release the GIL.

The caller cuts a job into pieces, and each piece writes its own memory. So results do not depend on timing.
"""

from __future__ import annotations

import collections
import os
import queue
import threading

import numpy

from ..core.arrays import QUIET, float_errors
from ..core.blas import touch_packing_buffer, use_one_thread


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


_SPIN = 4  # rows that a spin-wait reads, some 30 µs each


class _Signal:
    """A flag that one thread raises and another spin-waits for, without the GIL, in a reduction of NumPy's.

    A thread that sleeps on a lock wakes up in some 30 µs, one that spins in 3. But spinning takes a core from
    others, so it lasts a short time only; then the thread sleeps.
    """

    def __init__(self):
        self.up = numpy.zeros(1, bool)
        self.rows, self.seen = numpy.broadcast_to(self.up, (_SPIN, 1 << 17)), numpy.empty(_SPIN, bool)

    def spin(self):
        """Return when the flag is up, or after some 100 µs."""
        if _threads[0] <= _CORES:  # with more threads than cores another one needs this core
            numpy.logical_or.reduce(self.rows, axis=1, out=self.seen)


class Job:
    """Pieces of work; several threads take one after the other."""

    def __init__(self, function, pieces):
        self.function, self.todo, self.left, self.error = function, iter(pieces), len(pieces), None
        self.lock, self.finished = threading.Lock(), threading.Lock()
        self.signal = _signals.pop() if _signals else _Signal()
        self.finished.acquire()  # until the last piece is done

    def work(self):
        """Do pieces until all are begun."""
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

    def finish(self):
        """Do the pieces that nobody has begun, wait for the others, and raise the first error."""
        self.work()
        if self.left:
            self.signal.spin()
        self.finished.acquire()
        self.signal.up[0] = False
        _signals.append(self.signal)
        self.function = None  # a late worker holds no arrays
        if self.error is not None:
            raise self.error


_signals: list[_Signal] = []  # of finished jobs, for the next


class _Worker:
    """A thread that works on the jobs that it was offered, but on the newest few only if it falls behind; if
    there are none, on those of ``later``.
    """

    def __init__(self, number):
        self.jobs, self.later, self.calls = (
            collections.deque(maxlen=8),
            collections.deque(),
            queue.SimpleQueue(),
        )
        self.signal, self.stopped = _Signal(), False
        self.thread = threading.Thread(target=self._serve, name=f"mytorch-{number}", daemon=True)
        self.thread.start()

    def offer(self, job, jobs):
        jobs.append(job)
        self.signal.up[0] = True
        if self.calls.empty():  # otherwise it has not seen the last call yet
            self.calls.put(None)

    def _serve(self):
        _inside.worker = True
        float_errors.set(QUIET)
        touch_packing_buffer()
        while True:
            self.signal.spin()
            self.calls.get()
            if self.stopped:
                return
            self.signal.up[0] = False
            while jobs := self.jobs or self.later:
                jobs.popleft().work()

    def stop(self):
        """End the thread after its current piece."""
        self.stopped = True
        self.signal.up[0] = True
        self.calls.put(None)
        self.thread.join()


_workers: list[_Worker] = []  # started when first needed
_starting = threading.RLock()  # held while workers start, and while the process forks
_inside = threading.local()


def is_worker() -> bool:
    """Whether this thread does pieces of jobs."""
    return getattr(_inside, "worker", False)


def _helpers(count):
    """The first ``count`` workers, started if needed."""
    if len(_workers) < count:
        with _starting:
            while len(_workers) < count:
                _workers.append(_Worker(len(_workers) + 1))
            touch_packing_buffer()  # at the same time as the workers, so that each touches another buffer
    return _workers[:count]


def _before_fork():
    """Stop the workers: a fork copies the locks that they hold, but not them. A later job starts others."""
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
    """``for piece in pieces: function(piece)``, on several threads. The first error is raised here.

    ``function`` must write only memory of its piece. A job costs some 12 µs while the workers spin and 65 µs
    once they sleep, and each NumPy call in a piece may wait for the GIL. The caller works, too: if the other
    cores are busy it does all pieces itself, and it waits only for pieces that a worker has begun.
    """
    threads = min(_threads[0], len(pieces))
    if threads <= 1 or is_worker():
        for piece in pieces:
            function(piece)
        return
    use_one_thread()
    begin(function, pieces).finish()


def begin(function, pieces) -> Job:
    """:func:`parallel_for` that other threads may begin at once, and ``finish()`` of the result ends."""
    job = Job(function, pieces)
    if _threads[0] > 1 and not is_worker():
        for worker in _helpers(min(_threads[0] - 1, len(pieces))):
            worker.offer(job, worker.jobs)
    return job


_WAITING = 2  # jobs for each thread: they hold on to their arrays


def begin_later(function) -> Job | None:
    """A job ``function(None)`` for a thread that has nothing else to do; None if enough of them wait."""
    if _threads[0] > 1 and not is_worker():
        use_one_thread()
        for worker in _helpers(_threads[0] - 1):
            if len(worker.later) < _WAITING:
                job = Job(function, [None])
                worker.offer(job, worker.later)
                return job
    return None


def spans(n: int, count: int) -> list[tuple[int, int]]:
    """``range(n)`` as at most ``count`` spans (start, stop) of nearly equal length, none of them empty."""
    count = max(min(n, count), 1)
    return [(i * n // count, (i + 1) * n // count) for i in range(count) if n]
