"""The DataLoader: batches of a dataset, loaded in this process or by workers."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import multiprocessing.context
import os
import warnings
import weakref
from collections import deque
from multiprocessing import connection
from typing import Generic, TypeVar

from ...core.arrays import cuda_is_available
from ...tensors.generator import default_generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .fetch import fetcher
from .sampler import BatchSampler, RandomSampler, SequentialSampler, draw_seed
from .worker import DATA, END, FAILED, Task, Worker, start_context, stop

T_co = TypeVar("T_co", covariant=True)


class DataLoader(Generic[T_co]):
    """Batches of ``dataset``, with torch's arguments, defaults and errors. Iterating begins an epoch.

    ``batch_size=None`` loads single samples. ``shuffle``, ``sampler`` or ``batch_sampler`` set the order.
    ``num_workers`` processes load ahead, ``prefetch_factor`` (2) batches each; the order of the batches
    stays. An exception in a worker is raised here with its type and traceback, a dead worker or a wait of
    more than ``timeout`` seconds is a RuntimeError. ``worker_init_fn(id)`` runs in each worker when it
    starts; ``persistent_workers`` live until the loader goes. ``multiprocessing_context`` (``"fork"``,
    ``"spawn"``, ``"forkserver"`` or a context) is how they start: by default as
    ``multiprocessing.set_start_method`` says, or else by a fork on Linux (after CUDA or MPI has been
    initialised: by spawning, with a warning) and as Python does it elsewhere. ``pin_memory`` warns where
    there is no GPU and changes nothing where there is one. ValueError or TypeError for settings that
    contradict.

    **Randomness.** Each epoch draws a seed for the workers, then the order, from ``generator``, or from
    mytorch's default one. Worker ``i`` seeds ``random``, NumPy and mytorch with that seed + ``i`` at the
    start of each epoch. So the same generator state gives the same
    epoch: between epochs, saving and restoring it (``generator.get_state()``, or ``mytorch.get_rng_state()``)
        is all that a resume needs.

    **Resuming within an epoch.** Save :meth:`state_dict` (and the default generator's state, if no
    ``generator`` is given); later restore both. The next iteration goes on with the very batches that were
    left, without loading those before. Samples that a worker draws at random are
    the exception: they are drawn anew.
    """

    __protected = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
    __initialized = False

    def __init__(
        self,
        dataset,
        batch_size=1,
        shuffle=None,
        sampler=None,
        batch_sampler=None,
        num_workers=0,
        collate_fn=None,
        pin_memory=False,
        drop_last=False,
        timeout=0,
        worker_init_fn=None,
        multiprocessing_context=None,
        generator=None,
        *,
        prefetch_factor=None,
        persistent_workers=False,
        pin_memory_device="",
        in_order=True,
    ):
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        iterable = isinstance(dataset, IterableDataset)
        _check_order(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers, self.in_order, self.generator = persistent_workers, in_order, generator
        if sampler is None:
            sampler = (
                itertools.repeat(None)
                if iterable
                else RandomSampler(dataset, generator=generator)
                if shuffle
                else SequentialSampler(dataset)
            )
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last, self.sampler, self.batch_sampler = (
            batch_size,
            drop_last,
            sampler,
            batch_sampler,
        )
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._iterator = self._mytorch_resume = None
        # the generator's state when the current epoch began (None: no epoch is under way), batches given
        # since
        self._mytorch_progress = [None, 0]
        self.__initialized = True

    def __setattr__(self, name, value):
        if self.__initialized and name in self.__protected:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self):
        """How the workers start; None: see :class:`DataLoader`."""
        return self.__context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context):
        if context is not None and not self.num_workers:
            raise ValueError(
                "multiprocessing_context can only be used with multi-process loading (num_workers > "
                f"0), but got num_workers={self.num_workers}"
            )
        if isinstance(context, str):
            valid = multiprocessing.get_all_start_methods()
            if context not in valid:
                raise ValueError(
                    f"multiprocessing_context option should specify a valid start method in {valid!r}, "
                    f"but got multiprocessing_context={context!r}"
                )
            context = multiprocessing.get_context(context)
        if not isinstance(context, (multiprocessing.context.BaseContext, type(None))):
            raise TypeError(
                "multiprocessing_context option should be a valid context object or a string "
                "specifying the start method, "
                f"but got multiprocessing_context={context}"
            )
        self.__context = context

    def __len__(self):
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        length = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else math.ceil(length / self.batch_size)

    def __iter__(self):
        if not (self.persistent_workers and self.num_workers):
            return _WorkersIterator(self) if self.num_workers else _Iterator(self)
        if self._iterator is None or self._iterator.is_closed:
            self._iterator = _WorkersIterator(self)
        else:
            self._iterator.begin_epoch(self)
        return self._iterator

    def state_dict(self) -> dict:
        """Where this loader stands: in the epoch (of the newest iterator), and its own generator's state, if
        it has one.
        """
        began, batches = self._mytorch_progress
        return {
            "epoch_began": began,
            "batches": batches,
            "generator": None if self.generator is None else self.generator.get_state(),
        }

    def load_state_dict(self, state) -> None:
        """Go on from ``state``: the next iteration gives what was left of its epoch."""
        self._mytorch_resume = state if state["epoch_began"] is not None else None
        if state["generator"] is not None:
            self.generator.set_state(state["generator"])


def _check_workers(num_workers, timeout, prefetch_factor, persistent_workers):
    if num_workers < 0:
        raise ValueError(
            "num_workers option should be non-negative; use num_workers=0 to disable multiprocessing."
        )
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if num_workers == 0 and prefetch_factor is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing."
            "let num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch_factor is not None and prefetch_factor < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent_workers and num_workers == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if num_workers > cores:
        warnings.warn(
            f"This DataLoader will create {num_workers} worker processes in total. Our suggested max "
            f"number of worker in current system is {cores}, "
            "which is smaller than what this DataLoader is going to create. Please be aware that "
            "excessive worker creation might get DataLoader "
            "running slow or even freeze, lower the worker number to avoid potential slowness/freeze "
            "if necessary.",
            stacklevel=3,
        )


def _check_order(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last):
    if iterable:
        for name, value in (
            ("shuffle", shuffle or None),
            ("sampler", sampler),
            ("batch_sampler", batch_sampler),
        ):
            if value is not None:
                raise ValueError(
                    f"DataLoader with IterableDataset: expected unspecified {name} option, but got "
                    f"{name}={value}"
                )
    if sampler is not None and shuffle:
        raise ValueError("sampler option is mutually exclusive with shuffle")
    if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
        raise ValueError(
            "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"
        )
    if batch_sampler is None and batch_size is None and drop_last:
        raise ValueError(
            "batch_size=None option disables auto-batching and is mutually exclusive with drop_last"
        )


class _Iterator:
    """One epoch, loaded in this process."""

    def __init__(self, loader):
        if loader.timeout and not loader.num_workers:
            raise AssertionError(f"timeout={loader.timeout} needs workers (num_workers > 0)")
        if loader.pin_memory and not cuda_is_available():
            warnings.warn(
                "'pin_memory' argument is set as true but no accelerator is found, then device pinned "
                "memory won't be used.",
                stacklevel=3,
            )
        self._open(loader)
        self.begin_epoch(loader)

    def _open(self, loader):
        """What is done once, however many epochs there will be."""

    def begin_epoch(self, loader):
        """Draw the seed of the epoch and its order.

        Of an interrupted epoch, draw what it drew and pass over what it gave.
        """
        generator, stream = (
            loader.generator or default_generator,
            isinstance(loader.dataset, IterableDataset),
        )
        resume, loader._mytorch_resume = loader._mytorch_resume, None
        given = 0 if resume is None else resume["batches"]
        if resume is not None:
            left_off = generator.get_state()
            generator.set_state(resume["epoch_began"])
        loader._mytorch_progress = self._mytorch_progress = [generator.get_state(), given]
        self._index_sampler = loader.sampler if loader.batch_sampler is None else loader.batch_sampler
        indices = iter(self._index_sampler)
        seed = draw_seed(generator)
        skipped = 0 if stream else given
        passed = list(itertools.islice(indices, skipped + 1))  # one more, for the first one draws the order
        self._indices = itertools.chain(passed[skipped:], indices)
        self._start(loader, seed)
        for _ in range(given if stream else 0):
            self._next_data()
        if resume is not None:
            generator.set_state(left_off)

    def _start(self, loader, seed):
        self._fetch = fetcher(
            loader.dataset, loader.batch_sampler is not None, loader.collate_fn, loader.drop_last
        )

    def _next_data(self):
        return self._fetch(next(self._indices))

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._index_sampler)

    def __next__(self):
        try:
            data = self._next_data()
        except StopIteration:
            self._mytorch_progress[:] = None, 0
            raise
        self._mytorch_progress[1] += 1
        return data


class _WorkersIterator(_Iterator):
    """One epoch, or with persistent workers one after the other, loaded by worker processes.

    Batch by batch the workers are asked in turn; ``_due`` holds whose answers are still to come, in that
    order.
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
        self._timeout, self._in_order, self._persistent = (
            loader.timeout,
            loader.in_order,
            loader.persistent_workers,
        )
        self._ahead = loader.num_workers * max(1, loader.prefetch_factor)
        self._workers = []
        self._due = deque()
        # when this iterator goes, or the interpreter
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
        """Ask the next worker that has more to give for the next batch, if there is one."""
        active = [w for w in self._workers if w.active]
        if not active or (indices := next(self._indices, self)) is self:
            return
        worker = (
            next(w for w in self._turns if w.active) if self._in_order else min(active, key=self._due.count)
        )
        worker.ask(None, indices)
        self._due.append(worker)

    def _next_data(self):
        while self._due:
            try:
                worker = self._due[0] if self._in_order else self._first_ready()
                status, value = worker.answer(self._timeout)
            except TimeoutError:
                raise RuntimeError(f"DataLoader timed out after {self._timeout} seconds") from None
            except BaseException:  # a dead worker, or an interrupt in the middle of an answer
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
        ready = connection.wait({w.pipe for w in self._due}, self._timeout or None)
        if not ready:
            raise TimeoutError
        return next(w for w in self._due if w.pipe in ready)
