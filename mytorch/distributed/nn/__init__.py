# Names only: there is nothing to read here.
"""``torch.distributed.nn``: collectives that pass gradients."""

from __future__ import annotations

from ...tensors.public_names import lookup as _lookup
from . import functional
from .functional import (
    all_gather,
    all_reduce,
    all_to_all,
    all_to_all_single,
    broadcast,
    gather,
    reduce,
    reduce_scatter,
    scatter,
)

__getattr__ = _lookup(__name__)
