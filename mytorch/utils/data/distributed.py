"""The sampler that gives each of several processes its own part of a dataset."""

from __future__ import annotations

import math

from ...tensors.generator import Generator
from ...tensors.random_creation import randperm
from .sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index from the ``rank``-th on, after a shuffle that ``seed`` and
    :meth:`set_epoch` determine.

    The last ones are repeated from the front so that all parts are of one length, or left out with
    ``drop_last``. ValueError for a rank outside of [0, num_replicas); RuntimeError without both, as there are
    no process groups to ask.
    """

    def __init__(self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False):
        if num_replicas is None or rank is None:
            raise RuntimeError("Requires distributed package to be available: give num_replicas and rank")
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank, self.shuffle, self.seed, self.drop_last = (
            dataset,
            num_replicas,
            rank,
            shuffle,
            seed,
            drop_last,
        )
        self.epoch, n = 0, len(dataset)
        self.num_samples = n // num_replicas if drop_last else math.ceil(n / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self):
        n = len(self.dataset)
        order = (
            randperm(n, generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
            if self.shuffle
            else list(range(n))
        )
        if not self.drop_last and n:
            order = (order * math.ceil(self.total_size / n))[: self.total_size]
        return iter(order[self.rank : self.total_size : self.num_replicas])

    def __len__(self):
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Shuffle differently from now on."""
        self.epoch = epoch
