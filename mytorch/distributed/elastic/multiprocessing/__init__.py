# Names only: there is nothing to read here.
"""``torch.distributed.elastic.multiprocessing``: where ``errors.record`` is."""

from __future__ import annotations

from ....tensors.public_names import lookup as _lookup
from . import errors

__getattr__ = _lookup(__name__)
