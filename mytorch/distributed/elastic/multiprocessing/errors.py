# Names only: there is nothing to read here.
"""``torch.distributed.elastic.multiprocessing.errors``: a rank's failure is on screen without it."""

from __future__ import annotations

from ....tensors.public_names import lookup as _lookup


def record(fn, error_handler=None):
    """``fn`` itself: what it raises ends all ranks, with its traceback and rank, in any case."""
    return fn


__getattr__ = _lookup(__name__)
