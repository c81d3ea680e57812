# Names only: there is nothing to read here.
"""``torch.distributed.elastic``: what scripts import of torchrun's own package. Ranks are not restarted."""

from __future__ import annotations

from ...tensors.public_names import lookup as _lookup
from . import multiprocessing

__getattr__ = _lookup(__name__)
