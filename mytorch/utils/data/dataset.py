"""Datasets: samples by index or as a stream."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from typing import Generic, TypeVar

import numpy

from ...core.arrays import move
from ...tensors.creation import as_tensor
from ...tensors.generator import default_generator

T_co = TypeVar("T_co", covariant=True)


def fast_path(obj, name, *plain):
    """The method ``name`` of ``obj``, a faster form of its methods ``plain``, or None.

    A subclass that overrides a plain method but not the fast one has none.
    """
    for cls in type(obj).__mro__:
        if name in vars(cls):
            return getattr(obj, name)
        if any(p in vars(cls) for p in plain):
            return None
    return None


def batch_reader(dataset):
    """``dataset.__getbatch__``, or None if a subclass overrides ``__getitem__`` without it."""
    return fast_path(dataset, "__getbatch__", "__getitem__", "__getitems__")


class Dataset(Generic[T_co]):
    """A map from keys to samples. Subclasses define ``__getitem__`` and mostly ``__len__``.

    Two optional methods make loading faster. ``__getitems__(indices)`` returns a list of samples, as in
    torch. ``__getbatch__(indices)`` returns the batch that ``default_collate`` would make of them, or
    NotImplemented; only the default ``collate_fn`` uses it.

    Example:
        >>> class Squares(mytorch.utils.data.Dataset):
        ...     def __getitem__(self, i):
        ...         return i * i
        ...     def __len__(self):
        ...         return 4
        >>> list(mytorch.utils.data.DataLoader(Squares(), batch_size=2))
        [tensor([0, 1]), tensor([4, 9])]
    """

    def __getitem__(self, index) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other):
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """A stream of samples. Subclasses define ``__iter__``.

    Each worker has its own copy: split the work by :func:`get_worker_info`, or every sample comes once per
    worker.

    Example:
        >>> class Count(mytorch.utils.data.IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(3))
        >>> list(mytorch.utils.data.DataLoader(Count(), batch_size=2))
        [tensor([0, 1]), tensor([2])]
    """

    def __iter__(self):
        raise NotImplementedError("Subclasses of IterableDataset should implement __iter__.")

    def __add__(self, other):
        return ChainDataset([self, other])


class TensorDataset(Dataset):
    """Samples ``(tensor[i], ...)`` of tensors or arrays; AssertionError if their first dimensions differ.

    Args:
        tensors (Tensor): tensors or arrays whose first dimensions agree

    Example:
        >>> data = mytorch.utils.data.TensorDataset(mytorch.zeros(4, 2), mytorch.arange(4))
        >>> data[3]
        (tensor([0., 0.]), tensor(3))
    """

    def __init__(self, *tensors):
        self.tensors = tuple(as_tensor(t) for t in tensors)
        if any(t.size(0) != self.tensors[0].size(0) for t in self.tensors):
            raise AssertionError(f"Size mismatch between tensors: {[list(t.shape) for t in self.tensors]}")

    def __getitem__(self, index):
        return tuple(t[index] for t in self.tensors)

    def __getbatch__(self, indices):
        rows = numpy.asarray(indices)
        return [t[move(rows, t.device)] for t in self.tensors] if rows.dtype.kind in "iu" else NotImplemented

    def __len__(self):
        return self.tensors[0].size(0)


class StackDataset(Dataset):
    """Samples ``(a[i], b[i], ...)`` of several datasets, or dicts if the datasets are given by keyword.

    ValueError if their lengths differ.

    Args:
        args (Dataset): the datasets
        kwargs (Dataset): the datasets by name

    Example:
        >>> mytorch.utils.data.StackDataset("ab", "cd")[0]
        ('a', 'c')
    """

    def __init__(self, *args, **kwargs):
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or ``dict``- (via ``kwargs``) like "
                "input/output, but both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        lengths = [len(d) for d in self._parts()]
        if len(set(lengths)) > 1:
            raise ValueError(f"Size mismatch between datasets: {lengths}")

    def _parts(self):
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def _joined(self, samples):
        return dict(zip(self.datasets, samples)) if isinstance(self.datasets, dict) else tuple(samples)

    def __getitem__(self, index):
        return self._joined([d[index] for d in self._parts()])

    def __getitems__(self, indices):
        return [self._joined(samples) for samples in zip(*(_samples(d, indices) for d in self._parts()))]

    def __len__(self):
        return len(next(iter(self._parts())))


class ConcatDataset(Dataset[T_co]):
    """The samples of several datasets, one after the other.

    Args:
        datasets (iterable of Dataset): the datasets

    Example:
        >>> list(mytorch.utils.data.ConcatDataset(["ab", "cd"]))
        ['a', 'b', 'c', 'd']
    """

    def __init__(self, datasets):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(d, IterableDataset) for d in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(itertools.accumulate(len(d) for d in self.datasets))

    def __len__(self):
        return self.cumulative_sizes[-1]

    def __getitem__(self, index):
        if not -len(self) <= index < len(self):
            raise (ValueError if index < 0 else IndexError)(
                f"absolute value of index should not exceed dataset length: {index} of {len(self)} samples"
            )
        index = index % len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[which - 1] if which else 0
        return self.datasets[which][index - before]


class ChainDataset(IterableDataset):
    """Several streams, one after the other; AssertionError for a dataset that is not an IterableDataset.

    Args:
        datasets (iterable of IterableDataset): the streams

    Example:
        >>> class Count(mytorch.utils.data.IterableDataset):
        ...     def __iter__(self):
        ...         return iter(range(2))
        >>> list(mytorch.utils.data.ChainDataset([Count(), Count()]))
        [0, 1, 0, 1]
    """

    def __init__(self, datasets):
        self.datasets = datasets

    def _streams(self):
        for d in self.datasets:
            if not isinstance(d, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield d

    def __iter__(self):
        for d in self._streams():
            yield from d

    def __len__(self):
        return sum(len(d) for d in self._streams())


class Subset(Dataset[T_co]):
    """The samples of ``dataset`` at ``indices``.

    Args:
        dataset (Dataset): the whole dataset
        indices (sequence of int): which samples

    Example:
        >>> list(mytorch.utils.data.Subset("abcd", [3, 0]))
        ['d', 'a']
    """

    def __init__(self, dataset, indices):
        self.dataset, self.indices = dataset, indices
        if fast_path(self, "__getitems__", "__getitem__") is None:
            raise NotImplementedError(
                f"{type(self).__name__} overrides __getitem__ but not __getitems__. When subclassing "
                "Subset and overriding __getitem__, you must also override __getitems__ to ensure DataLoader "
                "works correctly with your custom logic. A simple implementation:\n\n"
                "def __getitems__(self, indices):\n    return [self.__getitem__(idx) for idx in indices]"
            )

    def __getitem__(self, index):
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices):
        return _samples(self.dataset, [self.indices[i] for i in indices])

    def __getbatch__(self, indices):
        read = batch_reader(self.dataset)
        return NotImplemented if read is None else read([self.indices[i] for i in indices])

    def __len__(self):
        return len(self.indices)


def _samples(dataset, indices):
    """A list of the samples at ``indices``, by ``__getitems__`` if the dataset has it.

    ValueError if that returns another number of samples.
    """
    if not callable(getattr(dataset, "__getitems__", None)):
        return [dataset[i] for i in indices]
    samples = dataset.__getitems__(indices)
    if len(samples) != len(indices):
        raise ValueError(
            f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(samples)}"
        )
    return samples


def random_split(dataset, lengths, generator=default_generator):
    """Split ``dataset`` at random into a list of :class:`Subset` of the given lengths.

    ``lengths`` may also be fractions that sum to 1: they are rounded down, and the remaining samples go one
    each to the first parts. ValueError if the lengths do not sum to ``len(dataset)``.

    Args:
        dataset (Dataset): the whole dataset
        lengths (sequence of int or float): the number of samples of each part, or fractions that sum to 1
        generator (Generator): the source of the random numbers

    Example:
        >>> [len(part) for part in mytorch.utils.data.random_split(range(10), [0.8, 0.2])]
        [8, 2]
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1")
        lengths = [math.floor(total * fraction) for fraction in lengths]
        for i in range(total - sum(lengths)):
            lengths[i % len(lengths)] += 1
        for i, length in enumerate(lengths):
            if length == 0:
                warnings.warn(
                    f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=2
                )
    if sum(lengths) != total:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = iter((generator or default_generator).numpy.permutation(total).tolist())
    return [Subset(dataset, list(itertools.islice(order, length))) for length in lengths]
