"""A sampler that gives each of several processes its own part of a dataset."""

from __future__ import annotations

import math

from ...tensors import process_group as world
from ...tensors.generator import Generator
from ...tensors.random_creation import randperm
from .sampler import Sampler


class DistributedSampler(Sampler[int]):
    """Every ``num_replicas``-th index from the ``rank``-th on, shuffled by ``seed`` and :meth:`set_epoch`.

    All parts have one length: missing indices are repeated from the front, or the last ones left out with
    ``drop_last``. ValueError for a rank outside of [0, num_replicas), RuntimeError if there is no process
    group and not both are given. ``start``: how many samples of the order of all ranks the next pass leaves
    out, for they were visited before (a DataLoader's ``load_state_dict`` sets it).

    Args:
        dataset (sized): the dataset
        num_replicas (int): how many processes share it; None means those of the process group
        rank (int): which of them this is; None means that of the process group
        shuffle (bool): whether the order is random
        seed (int): the seed, the same in all processes
        drop_last (bool): whether indices are left out for equal parts, rather than repeated

    Example:
        >>> list(mytorch.utils.data.DistributedSampler(range(6), num_replicas=2, rank=0, shuffle=False))
        [0, 2, 4]
    """

    start = 0

    def __init__(self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False):
        if num_replicas is None or rank is None:
            if world.registered is None:
                raise RuntimeError(
                    "Requires distributed package to be available and init_process_group to be called, or "
                    "give num_replicas and rank"
                )
            num_replicas = world.registered.size() if num_replicas is None else num_replicas
            rank = world.registered.rank() if rank is None else rank
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.shuffle, self.seed, self.drop_last = shuffle, seed, drop_last
        self.epoch, n = 0, len(dataset)
        self.num_samples = n // num_replicas if drop_last else math.ceil(n / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self):
        n = len(self.dataset)
        order = list(range(n))
        if self.shuffle:
            order = randperm(n, generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        if not self.drop_last and n:
            order = (order * math.ceil(self.total_size / n))[: self.total_size]
        start, self.start = self.start, 0
        return iter(order[start + self.rank : self.total_size : self.num_replicas])

    def __len__(self):
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, which changes the shuffled order."""
        self.epoch = epoch
