"""From indices to a batch, in a worker process or in the loader's own."""

from __future__ import annotations

import itertools

from .collate import default_collate
from .dataset import IterableDataset, batch_reader


def fetcher(dataset, batched, collate_fn, drop_last):
    """The function that loads one batch from a list of indices, or one sample if not ``batched``.

    For an IterableDataset only the number of indices counts; StopIteration is raised at its end.
    """
    if isinstance(dataset, IterableDataset):
        return _from_stream(iter(dataset), batched, collate_fn, drop_last)
    read = batch_reader(dataset) if batched and collate_fn is default_collate else None

    def fetch(indices):
        try:
            if read is not None and (batch := read(indices)) is not NotImplemented:
                return batch
            return collate_fn(_load(dataset, indices) if batched else dataset[indices])
        except StopIteration as error:  # it would end the epoch in silence
            raise RuntimeError(
                "the dataset raised StopIteration; only an IterableDataset may end by it"
            ) from error

    return fetch


def _load(dataset, indices):
    """A list of the samples at ``indices``."""
    load_all = getattr(dataset, "__getitems__", None)
    return load_all(indices) if load_all else [dataset[i] for i in indices]


def _from_stream(stream, batched, collate_fn, drop_last):
    if not batched:
        return lambda index: collate_fn(next(stream))

    def fetch(indices):
        samples = list(itertools.islice(stream, len(indices)))
        if not samples or (drop_last and len(samples) < len(indices)):
            raise StopIteration
        return collate_fn(samples)

    return fetch
