"""What packages take from ``torch.utils.data.dataloader`` beside the DataLoader."""

from typing import Callable

from .....utils.data.epoch import Epoch as _BaseDataLoaderIter
from .....utils.data.epoch import Epoch as _SingleProcessDataLoaderIter
from .....utils.data.worker_epoch import WorkerEpoch as _MultiProcessingDataLoaderIter

__all__ = """
    _BaseDataLoaderIter _DatasetKind _MultiProcessingDataLoaderIter _SingleProcessDataLoaderIter
    _collate_fn_t _worker_init_fn_t
""".split()


_collate_fn_t = _worker_init_fn_t = Callable


class _DatasetKind:
    """Whether a dataset has indices."""

    Map, Iterable = 0, 1
