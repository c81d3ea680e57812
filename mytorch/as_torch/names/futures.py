"""``torch.futures``: values that are there later."""

from __future__ import annotations

import threading
from concurrent import futures

__all__ = ["Future", "collect_all", "wait_all"]


class Future:
    """A value that somebody sets, from any thread, and others wait for."""

    def __init__(self, *, devices=None):
        self._inner: futures.Future = futures.Future()

    @classmethod
    def __class_getitem__(cls, item):
        return cls

    def done(self):
        """Whether the value, or an error in its place, is there."""
        return self._inner.done()

    def wait(self):
        """The value, once it is there; an error in its place is raised."""
        return self._inner.result()

    def value(self):
        """The value. RuntimeError if it is not there yet."""
        if not self.done():
            raise RuntimeError("Future::value() called before the future was completed; use wait()")
        return self.wait()

    def set_result(self, result):
        """The value is ``result``. RuntimeError if there is one already."""
        self._complete(self._inner.set_result, result)

    def set_exception(self, result):
        """There will be no value: who waits for it gets the error ``result``."""
        if not isinstance(result, Exception):
            raise AssertionError(f"{result} is of type {type(result)}, not an Exception.")
        self._complete(self._inner.set_exception, result)

    def _complete(self, setter, result):
        try:
            setter(result)
        except futures.InvalidStateError:
            raise RuntimeError(
                "Future can only be marked complete once: it has a value or an error already"
            ) from None

    def then(self, callback):
        """The Future of ``callback(self)``, which runs once the value is there."""
        coming = Future()

        def run(future):
            try:
                coming.set_result(callback(future))
            except Exception as error:
                coming.set_exception(error)

        self.add_done_callback(run)
        return coming

    def add_done_callback(self, callback):
        """Call ``callback(self)`` once the value is there, at once if it is."""
        self._inner.add_done_callback(lambda _: callback(self))


def collect_all(futures):
    """The Future of the list ``futures``, which is there when all of them have their values."""
    futures, whole, lock = list(futures), Future(), threading.Lock()
    missing = [len(futures)]

    def one_more(_):
        with lock:
            missing[0] -= 1
            last = not missing[0]
        if last:
            whole.set_result(futures)

    for future in futures:
        future.add_done_callback(one_more)
    if not futures:
        whole.set_result(futures)
    return whole


def wait_all(futures):
    """The values of ``futures``, once all are there; the first error in the place of one is raised."""
    return [future.wait() for future in collect_all(futures).wait()]
