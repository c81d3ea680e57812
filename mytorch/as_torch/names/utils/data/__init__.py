"""Pipes of data, which packages ask whether a dataset is one of."""

from ....refused import classes

_FOUND = classes(
    "torch.utils.data",
    "DFIterDataPipe DataChunk IterDataPipe MapDataPipe",
    "data comes from a Dataset or an IterableDataset",
)
globals().update(_FOUND)

__all__ = [*_FOUND]
