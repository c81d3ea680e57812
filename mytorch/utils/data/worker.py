"""Worker processes that load batches.

Each worker has its own pipe and answers requests in order, so the loader gets the batches in order. No lock
is shared that a killed worker could hold: its pipe closes, which is an error when its answer is due. Arrays
are sent outside of the pickle. Shared memory would save one copy of each, but leak when a process is killed.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import pickle
import queue
import random
import signal
import sys
import threading
import time
import traceback
import warnings
import weakref
from multiprocessing import connection
from typing import Any

import numpy
from threadpoolctl import threadpool_limits

from ...core.arrays import modules
from ...kernels.threads import set_num_threads
from ...tensors.generator import manual_seed
from .fetch import fetcher

DATA, FAILED, END = range(3)  # the kinds of answers: a batch, a Failure, the end of the data
GRACE = 1.0  # seconds that a worker gets to finish its sample when it is stopped
LOOK = 5.0  # seconds between checks that the process at the other end of a pipe is alive


@dataclasses.dataclass
class WorkerInfo:
    """A worker, as :func:`get_worker_info` describes it; ``dataset`` is the worker's own copy."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None
_main_ends: weakref.WeakSet = weakref.WeakSet()  # the main process's ends of the pipes to all workers


def get_worker_info() -> WorkerInfo | None:
    """In a worker of a DataLoader its :class:`WorkerInfo`; None in the main process."""
    return _info


@dataclasses.dataclass
class Task:
    """The settings that all workers of a loader share."""

    dataset: Any
    batched: bool
    collate_fn: Any
    drop_last: bool
    init_fn: Any
    num_workers: int


class Failure:
    """An exception of a worker in a form that can be sent: its type and the text of its traceback."""

    def __init__(self, error, worker_id):
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.kind = type(error)
        self.text = f"Caught {self.kind.__name__} in DataLoader worker process {worker_id}.\nOriginal {text}"

    def reraise(self):
        """Raise the original type of exception, or RuntimeError if it cannot be made from a message."""
        try:
            error = self.kind(_Verbatim(self.text) if issubclass(self.kind, KeyError) else self.text)
        except Exception:
            raise RuntimeError(self.text) from None
        raise error


class _Verbatim(str):
    """A text whose repr is itself, because KeyError shows the repr of its message."""

    def __repr__(self):
        return str(self)


# ---- in the worker -------------------------------------------------------------------------------


def run(pipe, worker_id, task):
    """The main loop of a worker: answer requests until the pipe closes.

    ``(seed, None)`` begins an epoch and has no answer; ``(None, indices)`` asks for a batch.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the main one handles it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # close the copies that a fork has made: a pipe only ends when every copy of the main end is closed
    for end in _main_ends:
        end.close()
    set_num_threads(1)  # the other cores are for the other workers
    threadpool_limits(1)
    answers = queue.SimpleQueue()
    # a thread sends, so that the next batch is loaded meanwhile
    threading.Thread(target=_send_all, args=(pipe, answers), daemon=True).start()
    fetch = None
    while (question := _next_question(pipe)) is not None:
        seed, indices = question
        if seed is not None:
            fetch = _begin_epoch(seed, worker_id, task)
        else:
            answers.put(_packed(*_answer(fetch, indices, worker_id), worker_id))


def _next_question(pipe):
    """The next request; None when the main process has closed the pipe or is dead."""
    parent = os.getppid()
    try:
        while not pipe.poll(LOOK):
            if os.getppid() != parent:
                return None
        return pipe.recv()
    except (EOFError, OSError):
        return None


def _begin_epoch(seed, worker_id, task):
    """Seed all generators and return the function that loads batches, or a Failure to answer with."""
    global _info
    high, low = divmod(seed - worker_id, 2**32)
    random.seed(seed)
    manual_seed(seed)
    numpy.random.seed(numpy.random.SeedSequence([worker_id, low, high, 0]).generate_state(4))
    _info = WorkerInfo(worker_id, task.num_workers, seed, task.dataset)
    try:
        if task.init_fn is not None:
            task.init_fn(worker_id)
            task.init_fn = None  # only when the worker starts
        return fetcher(task.dataset, task.batched, task.collate_fn, task.drop_last)
    except Exception as error:
        return Failure(error, worker_id)


def _answer(fetch, indices, worker_id):
    if isinstance(fetch, Failure):
        return FAILED, fetch
    try:
        return DATA, fetch(indices)
    except StopIteration:
        return END, None
    except Exception as error:
        return FAILED, Failure(error, worker_id)


def _packed(status, value, worker_id):
    """The answer as a list of bytes: its pickle, then the memory of each array in it."""
    arrays = []
    try:
        head = pickle.dumps((status, value), 5, buffer_callback=arrays.append)
    except Exception as error:
        if status == FAILED:  # an exception type that cannot be pickled
            value.kind = RuntimeError
            return _packed(status, value, worker_id)
        return _packed(FAILED, Failure(error, worker_id), worker_id)
    return [head, *(bytes(a.raw()) for a in arrays)]  # copies: the dataset may reuse its arrays


def _send_all(pipe, answers):
    try:
        while True:
            head, *arrays = answers.get()
            pipe.send((head, len(arrays)))
            for array in arrays:
                pipe.send_bytes(array)
    except OSError:  # the main process has closed the pipe
        pass


# ---- in the main process -------------------------------------------------------------------------


class Worker:
    """A worker process, seen from the main process."""

    def __init__(self, context, worker_id, task):
        self.pipe, theirs = context.Pipe()
        _main_ends.add(self.pipe)
        self.active = True  # whether it may have more data
        self.stale = 0  # answers of an earlier epoch that are still to come
        self.process = context.Process(target=run, args=(theirs, worker_id, task), daemon=True)
        try:
            with warnings.catch_warnings():
                # Python 3.12 warns about a fork beside any thread, such as tqdm's monitor. The threads of
                # mytorch stop before a fork; others are as dangerous as in torch.
                warnings.filterwarnings(
                    "ignore", "This process .* is multi-threaded, use of fork", DeprecationWarning
                )
                self.process.start()
        finally:
            theirs.close()

    def ask(self, seed, indices):
        """Send a request. A dead worker is reported when its answer is due."""
        try:
            self.pipe.send((seed, indices))
        except OSError:
            pass

    def answer(self, timeout):
        """(status, value) of its next answer.

        TimeoutError after ``timeout`` seconds (0: no limit), RuntimeError if the process is dead.
        """
        deadline = time.monotonic() + timeout if timeout > 0 else float("inf")
        while True:
            self._wait(deadline)
            try:
                head, count = self.pipe.recv()
                arrays = [bytearray(self.pipe.recv_bytes()) for _ in range(count)]
            except (EOFError, OSError):
                raise self._death() from None
            if not self.stale:
                return pickle.loads(head, buffers=arrays)
            self.stale -= 1

    def _wait(self, deadline):
        while not self.pipe.poll():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            ready = connection.wait([self.pipe, self.process.sentinel], min(LOOK, left))
            if self.pipe not in ready and not self.process.is_alive() and not self.pipe.poll():
                raise self._death()

    def _death(self):
        self.process.join(GRACE)
        code = self.process.exitcode
        if code is not None and code < 0:
            name = {s.value: s.name for s in signal.Signals}.get(-code, str(-code))
            how = f"killed by signal {name}"
            if name == "SIGKILL":
                how += " (perhaps by the system, for want of memory)"
        else:
            how = (
                f"exit code {code}; its own message, if any, is on stderr. Where workers are not forked, the "
                "main part of a script must be under `if __name__ == '__main__':`"
            )
        return RuntimeError(f"DataLoader worker (pid(s) {self.process.pid}) exited unexpectedly: {how}")


def stop(workers, owner):
    """End the processes, by force after :data:`GRACE` seconds."""
    if os.getpid() != owner:  # in a forked copy of the process that owns them
        return
    for w in workers:
        w.pipe.close()
    deadline = time.monotonic() + GRACE
    for w in workers:
        w.process.join(max(0.0, deadline - time.monotonic()))
    for w in workers:
        for force in (w.process.terminate, w.process.kill):
            if w.process.is_alive():
                force()
                w.process.join(GRACE)


def start_context(chosen):
    """The multiprocessing context: ``chosen``, or that of ``multiprocessing.set_start_method``.

    Without either it is fork on Linux, as in torch, and Python's default elsewhere. A forked worker needs
    neither a guarded main module nor a picklable dataset. The threads of mytorch and of OpenBLAS stop before
    a fork. CUDA and MPI do not survive one, so the default is spawn once they are initialised.
    """
    if chosen is not None:
        return chosen
    if multiprocessing.get_start_method(allow_none=True) is not None or sys.platform != "linux":
        return multiprocessing.get_context()
    if (library := _unfit_for_a_fork()) is None:
        return multiprocessing.get_context("fork")
    warnings.warn(
        f"DataLoader: {library} has been initialised in this process and does not survive a fork, so the "
        "workers are spawned: the dataset must be picklable, and the main part of a script under "
        "`if __name__ == '__main__':`. multiprocessing_context='fork' forks all the same, for workers that "
        f"do not use {library}.",
        stacklevel=5,
    )
    return multiprocessing.get_context("spawn")


def cuda_is_initialized() -> bool:
    """Whether this thread has a CUDA context, made when the first array went to a GPU."""
    gpu = sys.modules.get("cupy")
    return gpu is not None and gpu.ndarray in modules and gpu.cuda.driver.ctxGetCurrent() != 0


def _unfit_for_a_fork():
    """The name of an initialised library that does not survive a fork, or None."""
    if cuda_is_initialized():
        return "CUDA"
    mpi = sys.modules.get("mpi4py.MPI")
    return "MPI" if mpi is not None and mpi.Is_initialized() else None
