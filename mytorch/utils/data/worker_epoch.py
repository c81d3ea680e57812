"""Epochs of a DataLoader, loaded by worker processes."""

from __future__ import annotations

import itertools
import os
import weakref
from collections import deque
from multiprocessing import connection

from .epoch import Epoch
from .worker import DATA, END, FAILED, Task, Worker, start_context, stop

_NO_MORE = object()


class WorkerEpoch(Epoch):
    """An iterator over the batches of one epoch, or with persistent workers of one epoch after the other.

    The workers are asked for batches in turn. ``_due`` holds the workers whose answers are still to come, in
    the order of the requests.
    """

    def _open(self, loader):
        task = Task(
            loader.dataset,
            loader.batch_sampler is not None,
            loader.collate_fn,
            loader.drop_last,
            loader.worker_init_fn,
            loader.num_workers,
        )
        self._timeout, self._in_order = loader.timeout, loader.in_order
        self._persistent = loader.persistent_workers
        self._ahead = loader.num_workers * max(1, loader.prefetch_factor)
        self._workers = []
        self._due = deque()
        # runs when this iterator is collected or the interpreter exits
        self._close = weakref.finalize(self, stop, self._workers, os.getpid())
        context = start_context(loader.multiprocessing_context)
        for worker_id in range(loader.num_workers):
            self._workers.append(Worker(context, worker_id, task))

    @property
    def is_closed(self) -> bool:
        """Whether the workers have been stopped."""
        return not self._close.alive

    def _start(self, loader, seed):
        for worker_id, worker in enumerate(self._workers):
            worker.stale += self._due.count(worker)
            worker.active = True
            worker.ask(seed + worker_id, None)
        self._due.clear()
        self._turns = itertools.cycle(self._workers)
        for _ in range(self._ahead):
            self._ask()

    def _ask(self):
        """Ask the next active worker for the next batch, if there is one."""
        active = [w for w in self._workers if w.active]
        if not active:
            return
        indices = next(self._indices, _NO_MORE)
        if indices is _NO_MORE:
            return
        if self._in_order:
            worker = next(w for w in self._turns if w.active)
        else:
            worker = min(active, key=self._due.count)
        worker.ask(None, indices)
        self._due.append(worker)

    def _next_batch(self):
        while self._due:
            try:
                worker = self._due[0] if self._in_order else self._first_ready()
                status, value = worker.answer(self._timeout)
            except TimeoutError:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds") from None
            except BaseException:  # a dead worker, or an interrupt while an answer arrives
                self._due.clear()
                self._close()
                raise
            self._due.remove(worker)
            if status == END:
                worker.active = False
            self._ask()
            if status == DATA:
                return value
            if status == FAILED:
                value.reraise()
        if not self._persistent:
            self._close()
        raise StopIteration

    def _first_ready(self):
        """A worker whose answer has arrived. TimeoutError if there is none in time."""
        ready = connection.wait({w.pipe for w in self._due}, self._timeout or None)
        if not ready:
            raise TimeoutError
        return next(w for w in self._due if w.pipe in ready)
