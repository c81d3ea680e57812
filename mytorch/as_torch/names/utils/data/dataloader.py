"""What packages take from ``torch.utils.data.dataloader`` beside the DataLoader."""

from typing import Callable

from .....utils.data.collate import default_collate, default_convert
from .....utils.data.epoch import Epoch as _BaseDataLoaderIter
from .....utils.data.epoch import Epoch as _SingleProcessDataLoaderIter
from .....utils.data.worker import get_worker_info
from .....utils.data.worker_epoch import WorkerEpoch as _MultiProcessingDataLoaderIter
from ....refused import classes, functions

_REASON = "the loader here is another one"
_REFUSED = {
    **classes("torch.utils.data.dataloader", "_InfiniteConstantSampler", _REASON),
    **functions(
        "torch.utils.data.dataloader",
        "_get_distributed_settings _share_dist_seed _sharding_worker_init_fn",
        _REASON,
    ),
}
globals().update(_REFUSED)

__all__ = [
    *_REFUSED,
    *"""
    _BaseDataLoaderIter _DatasetKind _MultiProcessingDataLoaderIter _SingleProcessDataLoaderIter
    _collate_fn_t _worker_init_fn_t default_collate default_convert get_worker_info
    """.split(),
]

_collate_fn_t = _worker_init_fn_t = Callable


class _DatasetKind:
    """Whether a dataset has indices."""

    Map, Iterable = 0, 1
