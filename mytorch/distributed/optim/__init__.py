# Names only: there is nothing to read here.
"""``torch.distributed.optim``: the optimizer whose state is shared out over the ranks."""

from __future__ import annotations

from ...tensors.public_names import lookup as _lookup
from .zero import ZeroRedundancyOptimizer

__getattr__ = _lookup(__name__)
