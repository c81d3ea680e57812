"""The DataLoader: batches of a dataset, loaded in this process or by worker processes."""

from __future__ import annotations

import itertools
import math
from typing import Generic, TypeVar

from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .epoch import Epoch
from .loader_arguments import check_order, check_workers, checked_context
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .worker_epoch import WorkerEpoch

T_co = TypeVar("T_co", covariant=True)


class DataLoader(Generic[T_co]):
    """An iterable over batches of ``dataset``, with torch's arguments, defaults and errors.

    Every iteration is an epoch. ``batch_size=None`` loads single samples. ``shuffle``, ``sampler`` or
    ``batch_sampler`` set the order.

    Workers: ``num_workers`` processes load ahead, ``prefetch_factor`` (2) batches each; the batches keep
    their order. An exception in a worker is raised here with its type and traceback; a dead worker, or a wait
    of more than ``timeout`` seconds, is a RuntimeError. ``worker_init_fn(id)`` runs in each worker when it
    starts; ``persistent_workers`` live as long as the loader. ``multiprocessing_context`` (``"fork"``,
    ``"spawn"``, ``"forkserver"`` or a context) says how workers start. The default is that of
    ``multiprocessing.set_start_method``, else fork on Linux (spawn, with a warning, once CUDA or MPI is
    initialised) and Python's default elsewhere.

    ``pin_memory`` has no effect; it warns where there is no GPU. ValueError or TypeError for
    contradictory settings.

    Randomness: each epoch draws a seed for the workers, then the order, from ``generator`` or the default
    generator. Worker ``i`` seeds ``random``, NumPy and mytorch with that seed + ``i`` at the start of each
    epoch. So the same generator state gives the same epoch. Between epochs a resume needs only this state:
    ``generator.get_state()`` or ``mytorch.get_rng_state()``.

    Resuming within an epoch: save :meth:`state_dict` (and the default generator's state, if no
    ``generator`` is given) and restore both later. The next iteration gives exactly the remaining batches,
    without loading those before. Only samples that a worker draws at random are drawn anew.

    Args:
        dataset (Dataset): where the samples come from
        batch_size (int): how many samples a batch has; None loads single samples
        shuffle (bool): whether the order is random
        sampler (iterable of int): the order of the indices; excludes ``shuffle``
        batch_sampler (iterable of list): lists of indices, one per batch; excludes ``batch_size``,
            ``shuffle``, ``sampler`` and ``drop_last``
        num_workers (int): how many processes load; 0 loads here
        collate_fn (callable): makes a batch of a list of samples; None is ``default_collate``
        pin_memory (bool): without effect; it warns where there is no GPU
        drop_last (bool): whether a shorter last batch is left out
        timeout (float): how many seconds to wait for a batch of the workers; 0 is for ever
        worker_init_fn (callable): called in each worker with its number when it starts
        multiprocessing_context (str or context): how workers start
        generator (Generator): the source of the seeds; None is the default generator
        prefetch_factor (int): how many batches each worker loads ahead; None is 2
        persistent_workers (bool): whether workers live on after an epoch
        pin_memory_device (str): accepted without effect
        in_order (bool): whether batches come in order, rather than as workers finish them

    Example:
        >>> data = mytorch.utils.data.TensorDataset(mytorch.arange(5.0), mytorch.arange(5))
        >>> for x, y in mytorch.utils.data.DataLoader(data, batch_size=2):
        ...     print(x, y)
        tensor([0., 1.]) tensor([0, 1])
        tensor([2., 3.]) tensor([2, 3])
        tensor([4.]) tensor([4])
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
        check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        iterable = isinstance(dataset, IterableDataset)
        check_order(iterable, batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.dataset, self.num_workers, self.timeout = dataset, num_workers, timeout
        self.pin_memory, self.pin_memory_device = pin_memory, pin_memory_device
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.persistent_workers, self.in_order, self.generator = persistent_workers, in_order, generator
        if sampler is None:
            sampler = _default_sampler(dataset, shuffle, generator)
        if batch_sampler is not None:
            batch_size, drop_last = None, False
        elif batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size, self.drop_last = batch_size, drop_last
        self.sampler, self.batch_sampler = sampler, batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self._iterator = self._mytorch_resume = None
        # [the generator's state at the start of the current epoch, or None between epochs; batches given;
        # samples that all ranks had been given before]
        self._mytorch_progress = [None, 0, 0]
        self.__initialized = True

    def __setattr__(self, name, value):
        if self.__initialized and name in self.__protected:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self):
        """How the workers start; None for the default, see :class:`DataLoader`."""
        return self.__context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context):
        self.__context = checked_context(context, self.num_workers)

    def __len__(self):
        if not isinstance(self.dataset, IterableDataset):
            return len(self.sampler if self.batch_sampler is None else self.batch_sampler)
        length = len(self.dataset)
        if self.batch_size is None:
            return length
        return length // self.batch_size if self.drop_last else math.ceil(length / self.batch_size)

    def __iter__(self):
        if not self.num_workers:
            return Epoch(self)
        if not self.persistent_workers:
            return WorkerEpoch(self)
        if self._iterator is None or self._iterator.is_closed:
            self._iterator = WorkerEpoch(self)
        else:
            self._iterator.begin(self)
        return self._iterator

    def state_dict(self) -> dict:
        """The position in the epoch of the newest iterator, and the state of the loader's own generator.

        With a DistributedSampler, ``samples`` is the position in the order of all ranks: the rest of the
        epoch can be dealt out to another number of ranks, or in batches of another size.
        """
        began, batches, before = self._mytorch_progress
        per_batch = (self.batch_size or 1) * getattr(self.sampler, "num_replicas", 1)
        return {
            "epoch_began": began,
            "batches": batches,
            "samples": before + batches * per_batch,
            "sampler_epoch": getattr(self.sampler, "epoch", None),
            "generator": None if self.generator is None else self.generator.get_state(),
        }

    def load_state_dict(self, state) -> None:
        """Restore ``state``: the next iteration gives the rest of its epoch."""
        self._mytorch_resume = state if state["epoch_began"] is not None else None
        if state["generator"] is not None:
            self.generator.set_state(state["generator"])


def _default_sampler(dataset, shuffle, generator):
    if isinstance(dataset, IterableDataset):
        return itertools.repeat(None)
    return RandomSampler(dataset, generator=generator) if shuffle else SequentialSampler(dataset)
