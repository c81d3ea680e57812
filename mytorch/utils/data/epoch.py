"""One epoch of a DataLoader, loaded in this process."""

from __future__ import annotations

import itertools
import warnings

from ...core.arrays import cuda_is_available
from ...tensors.generator import default_generator
from .dataset import IterableDataset
from .fetch import fetcher
from .sampler import draw_seed


class Epoch:
    """An iterator over the batches of one epoch."""

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
        self.begin(loader)

    def __iter__(self):
        return self

    def __len__(self):
        return len(self._index_sampler)

    def __next__(self):
        try:
            batch = self._next_batch()
        except StopIteration:
            self._progress[:] = None, 0, 0
            raise
        self._progress[1] += 1
        return batch

    def begin(self, loader):
        """Begin an epoch, or go on with the one that ``load_state_dict`` has restored."""
        generator = loader.generator or default_generator
        resume, loader._mytorch_resume = loader._mytorch_resume, None
        if resume is None:
            self._start(loader, self._draw(loader, generator))
        else:
            self._resume(loader, generator, resume)

    def _draw(self, loader, generator, given=0, skipped=0, before=0):
        """Draw the order of the epoch; returns the seed of its workers. Of a resumed one ``given`` batches,
        with the indices ``skipped``, or ``before`` samples of all ranks were loaded before.
        """
        loader._mytorch_progress = self._progress = [generator.get_state(), given, before]
        self._index_sampler = loader.sampler if loader.batch_sampler is None else loader.batch_sampler
        indices = iter(self._index_sampler)
        seed = draw_seed(generator)
        taken = list(itertools.islice(indices, skipped + 1))  # the first index draws the order
        self._indices = itertools.chain(taken[skipped:], indices)
        return seed

    def _resume(self, loader, generator, state):
        """Draw again what the interrupted epoch drew, and pass over the batches that it gave."""
        present, given, before = generator.get_state(), state["batches"], 0
        if hasattr(loader.sampler, "start"):  # of several ranks, maybe of another number than now
            given, before = 0, state["samples"]
            loader.sampler.start = before
            loader.sampler.set_epoch(state["sampler_epoch"])
        is_stream = isinstance(loader.dataset, IterableDataset)
        generator.set_state(state["epoch_began"])
        self._start(loader, self._draw(loader, generator, given, 0 if is_stream else given, before))
        if is_stream:  # its samples have no indices: they are loaded again
            for _ in range(given):
                self._next_batch()
        generator.set_state(present)

    # ---- what loading by workers does otherwise ---------------------------------------------------

    def _open(self, loader):
        """Prepare what all epochs of this iterator share."""

    def _start(self, loader, seed):
        """Prepare to load the batches of ``self._indices``."""
        batched = loader.batch_sampler is not None
        self._fetch = fetcher(loader.dataset, batched, loader.collate_fn, loader.drop_last)

    def _next_batch(self):
        return self._fetch(next(self._indices))
