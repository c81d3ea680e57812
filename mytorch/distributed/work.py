"""Waiting: what is under way (``Work``), and its result as a future.

Communication is a generator of requests (``transport.py``). A Work runs it as far as it goes without waiting
whenever somebody asks; nothing moves between two such looks.
"""

from __future__ import annotations

import os
import time

# A wait spins for SPIN seconds, then sleeps NAP seconds after every few LOOKS: so a large transfer still gets
# on, and beside busy processes a rank that wakes up gets a core sooner than one that offered its own.
SPIN, NAP, LOOKS = 2e-3, 5e-5, 64
failed: list = []  # the Works that failed, kept since MPI may still write into their memory


class DistError(RuntimeError):
    """Communication between processes failed."""


class DistNetworkError(DistError):
    """In PyTorch, an error of its own network code; not raised here."""


class DistStoreError(DistError):
    """A store lacks a key."""


class DistBackendError(DistError):
    """The MPI or NCCL underneath reports an error, or other ranks did not come in time."""


class Work:
    """Communication that may still be under way; what ``async_op=True`` returns.

    ``steps`` is a generator of requests of ``transport``; what it returns is the result. ``about``, a text or
    a function that gives one, says what it is, for errors. Collectives of one transport begin in the same
    order on all ranks: one that goes in several steps ends before the next one begins. Messages may begin at
    any time.
    """

    def __init__(self, steps, timeout, about, transport=None, result=None, is_message=False):
        self._steps, self._request, self._timeout = steps, None, timeout
        self._about, self._result = about, result
        self._crowded = transport is not None and transport.crowded
        self._done, self._error = False, None
        if transport is None or is_message:
            self.is_completed()
            return
        earlier, transport.unfinished = transport.unfinished, None
        if earlier is not None and earlier.exception() is None:
            earlier.wait()
        transport.in_steps = False
        self.is_completed()
        if transport.in_steps and not self._done:
            transport.unfinished = self

    def is_completed(self) -> bool:
        """Whether it is done; makes progress, as far as it goes without waiting."""
        if self._error is not None:
            raise self._error
        try:
            while not self._done and (self._request is None or self._request.Test()):
                self._request = next(self._steps)
        except StopIteration as end:
            self._done, self._request = True, None
            self._result = self._result if end.value is None else end.value
        except Exception as error:
            from_below = type(error).__module__.startswith(("mpi4py", "cupy"))
            raise (self._failed(f"failed: {error}") if from_below else self._failed(error)) from error
        return self._done

    def _failed(self, error):
        """``error``, or a DistBackendError of what a text says of this call, kept as the end of this Work."""
        if isinstance(error, str):
            error = DistBackendError(f"{self._about() if callable(self._about) else self._about} {error}")
        self._error = error
        failed.append(self)
        return error

    def wait(self, timeout=None) -> bool:
        """Wait until it is done; True. DistBackendError after ``timeout``, by default that of the group."""
        start, polls, looks = time.perf_counter(), 0, self.is_completed
        limit = self._timeout if timeout is None else getattr(timeout, "total_seconds", lambda: timeout)()
        while not looks():
            if (order := getattr(self._request, "order", None)) is not None:  # on a GPU's stream
                order()
                self._request = None
                continue
            polls += 1
            if polls % LOOKS:
                if self._crowded:  # let another process run on this core, if one waits for it
                    os.sched_yield() if hasattr(os, "sched_yield") else time.sleep(0)
                continue
            waited = time.perf_counter() - start
            if waited > limit:
                raise self._failed(
                    f"is not done after {limit:g} s: other ranks did not take part (they have ended or hang; "
                    "MYTORCH_DISTRIBUTED_DEBUG=1 names them)"
                )
            if waited > SPIN:
                time.sleep(NAP)
        return True

    def is_success(self) -> bool:
        """Whether it is done without an error."""
        return self._done and self._error is None

    def exception(self):
        """The error that it ended with, or None."""
        return self._error

    def result(self):
        """The tensors that it has written, as a list."""
        self.wait()
        return self._result if isinstance(self._result, list) else [self._result]

    def source_rank(self) -> int:
        """Of a receive: the rank that has sent."""
        self.wait()
        return self._result

    def get_future(self) -> Future:
        """The result as a :class:`Future`."""
        return Future(self)


def done(result=None):
    """A Work that is done."""
    return Work(iter(()), 0, "", result=result)


class Future:
    """A value that comes later: that of a Work, of another Future, or one given by :meth:`set_result`."""

    def __init__(self, work=None, *, devices=None):
        self._values: list = []  # empty until there is one
        self._ready = self._make = None  # whether there can be one, and what makes it
        if work is not None:
            self._ready, self._make = work.is_completed, work.result

    def set_result(self, value) -> None:
        """Give the value. RuntimeError if it has one."""
        if self._values or self._make is not None:
            raise RuntimeError("Future can only be set once")
        self._values = [value]

    def done(self) -> bool:
        """Whether the value is there."""
        return bool(self._values) or (self._ready is not None and self._ready())

    def wait(self):
        """The value, as soon as it is there. RuntimeError if nothing will ever give one."""
        if not self._values:
            if self._make is None:
                raise RuntimeError("this Future waits for nothing: call set_result first")
            self._values = [self._make()]
        return self._values[0]

    value = wait

    def then(self, callback) -> Future:
        """A Future of ``callback(this future)``."""
        later = Future()
        later._ready, later._make = self.done, lambda: (self.wait(), callback(self))[1]
        return later
