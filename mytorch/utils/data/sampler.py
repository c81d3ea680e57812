"""Samplers: the order in which samples are visited.

A sampler draws all its random numbers when its first index is taken. So a generator's state and the number of
indices taken determine its position.
"""

from __future__ import annotations

import itertools
from typing import Generic, TypeVar

import numpy

from ...core.sums import summed
from ...tensors.creation import as_tensor
from ...tensors.generator import Generator, default_generator

T_co = TypeVar("T_co", covariant=True)


def draw_seed(generator=None) -> int:
    """A seed for other generators, from ``generator`` or the default one."""
    return int((generator or default_generator).numpy.integers(2**62))


def _is_count(n):
    return isinstance(n, int) and not isinstance(n, bool) and n > 0


class Sampler(Generic[T_co]):
    """An iterable of indices, or of lists of them for batches.

    Subclasses define ``__iter__`` and, for ``len(loader)``, ``__len__``.

    Example:
        >>> class Reversed(mytorch.utils.data.Sampler):
        ...     def __iter__(self):
        ...         return iter([2, 1, 0])
        >>> list(mytorch.utils.data.DataLoader("abc", sampler=Reversed(), batch_size=None))
        ['c', 'b', 'a']
    """

    def __iter__(self):
        raise NotImplementedError("Subclasses of Sampler should implement __iter__.")


class SequentialSampler(Sampler[int]):
    """0, 1, ..., len(data_source) - 1.

    Args:
        data_source (sized): the dataset

    Example:
        >>> list(mytorch.utils.data.SequentialSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source):
        self.data_source = data_source

    def __iter__(self):
        return iter(range(len(self.data_source)))

    def __len__(self):
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices of ``data_source`` in random order: permutations, or drawn independently with ``replacement``.

    ``num_samples`` is their number, by default the length of ``data_source``. Without ``generator`` the
    default generator seeds a new one for each pass. TypeError if ``replacement`` is not a bool, ValueError
    unless ``num_samples`` is a positive integer.

    Args:
        data_source (sized): the dataset
        replacement (bool): whether an index may come several times
        num_samples (int): how many indices; None is the length of ``data_source``
        generator (Generator): the source of the random numbers; None seeds a new one for each pass

    Example:
        >>> sorted(mytorch.utils.data.RandomSampler("abc"))
        [0, 1, 2]
    """

    def __init__(self, data_source, replacement=False, num_samples=None, generator=None):
        self.data_source, self.generator = data_source, generator
        self.replacement, self._num_samples = replacement, num_samples
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={self.num_samples}"
            )

    @property
    def num_samples(self) -> int:
        """The number of indices in one pass."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self):
        n, count = len(self.data_source), self.num_samples
        if self.replacement:  # in pieces, from its own generator: num_samples may be huge
            source = Generator().manual_seed(draw_seed(self.generator)).numpy
            for done in range(0, count, 4096):
                yield from source.integers(n, size=min(4096, count - done)).tolist()
        else:
            source = (self.generator or Generator().manual_seed(draw_seed())).numpy
            passes = [source.permutation(n) for _ in range(-(-count // n))]
            yield from numpy.concatenate(passes)[:count].tolist()

    def __len__(self):
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """The given ``indices`` in random order.

    Args:
        indices (sequence of int): the indices

    Example:
        >>> sorted(mytorch.utils.data.SubsetRandomSampler([4, 7]))
        [4, 7]
    """

    def __init__(self, indices, generator=None):
        self.indices, self.generator = indices, generator

    def __iter__(self):
        for i in (self.generator or default_generator).numpy.permutation(len(self.indices)).tolist():
            yield self.indices[i]

    def __len__(self):
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """``num_samples`` indices, each with probability proportional to its weight.

    Without ``replacement`` no index comes twice. ValueError for a wrong argument; iterating raises
    RuntimeError for weights that are negative, not finite, all zero, or too few to draw from.

    Args:
        weights (sequence of float): the weight of each index
        num_samples (int): how many indices
        replacement (bool): whether an index may come several times

    Example:
        >>> list(mytorch.utils.data.WeightedRandomSampler([0.0, 1.0], 3))
        [1, 1, 1]
    """

    def __init__(self, weights, num_samples, replacement=True, generator=None):
        if not _is_count(num_samples):
            raise ValueError(
                f"num_samples should be a positive integer value, but got num_samples={num_samples}"
            )
        if not isinstance(replacement, bool):
            raise ValueError(f"replacement should be a boolean value, but got replacement={replacement}")
        self.weights = as_tensor(weights, dtype="float64").cpu()
        if self.weights.ndim != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples, self.replacement, self.generator = num_samples, replacement, generator

    def __iter__(self):
        weights = self.weights.array
        total = summed(weights)
        if not numpy.isfinite(total) or (weights < 0).any():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        possible = numpy.count_nonzero(weights)
        if not possible:
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
        if not self.replacement and self.num_samples > possible:
            raise RuntimeError(
                f"cannot draw {self.num_samples} different samples: {possible} of {len(weights)} "
                "weights are not zero"
            )
        source = (self.generator or default_generator).numpy
        yield from source.choice(len(weights), self.num_samples, self.replacement, weights / total).tolist()

    def __len__(self):
        return self.num_samples


class BatchSampler(Sampler[list]):
    """Lists of ``batch_size`` indices of ``sampler``; ``drop_last`` leaves out a shorter last one.

    ValueError unless ``batch_size`` is a positive integer and ``drop_last`` a bool.

    Args:
        sampler (iterable of int): the indices
        batch_size (int): how many a batch has
        drop_last (bool): whether a shorter last batch is left out

    Example:
        >>> list(mytorch.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler, batch_size, drop_last):
        if not _is_count(batch_size):
            raise ValueError(
                f"batch_size should be a positive integer value, but got batch_size={batch_size}"
            )
        if not isinstance(drop_last, bool):
            raise ValueError(f"drop_last should be a boolean value, but got drop_last={drop_last}")
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self):
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self):
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full if self.drop_last or not rest else full + 1
