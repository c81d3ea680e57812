# Names only: there is nothing to read here.
"""``torch.distributed.algorithms.ddp_comm_hooks``: hooks that average gradients."""

from __future__ import annotations

from ....tensors.public_names import lookup as _lookup
from . import debugging_hooks, default_hooks

__getattr__ = _lookup(__name__)
