"""From indices to a batch: what a worker process and the loader without workers both do."""

from __future__ import annotations

import itertools

from .collate import default_collate
from .dataset import IterableDataset, batch_reader


def fetcher(dataset, batched, collate_fn, drop_last):
    """The function that makes one batch of a list of indices (one sample of one index, if not ``batched``).

    For an IterableDataset it raises StopIteration at the end, and only the number of indices counts.
    """
    if isinstance(dataset, IterableDataset):
        return _from_stream(iter(dataset), batched, collate_fn, drop_last)
    return _refuse_stop_iteration(_from_map(dataset, batched, collate_fn))


def _from_map(dataset, batched, collate_fn):
    if not batched:
        return lambda index: collate_fn(dataset[index])
    read = batch_reader(dataset) if collate_fn is default_collate else None
    samples = getattr(dataset, "__getitems__", None)

    def fetch(indices):
        if read is not None:
            batch = read(indices)
            if batch is not NotImplemented:
                return batch
        return collate_fn(samples(indices) if samples else [dataset[i] for i in indices])

    return fetch


def _refuse_stop_iteration(fetch):
    def checked(index):
        try:
            return fetch(index)
        except StopIteration as error:  # it would end the epoch in silence
            raise RuntimeError(
                "the dataset raised StopIteration; only an IterableDataset may end by it"
            ) from error

    return checked


def _from_stream(stream, batched, collate_fn, drop_last):
    if not batched:
        return lambda index: collate_fn(next(stream))

    def fetch(indices):
        samples = list(itertools.islice(stream, len(indices)))
        if not samples or (drop_last and len(samples) < len(indices)):
            raise StopIteration
        return collate_fn(samples)

    return fetch
