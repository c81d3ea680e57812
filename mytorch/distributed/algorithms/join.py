# Names only: there is nothing to read here.
"""``torch.distributed.algorithms.join``; the code is in ``distributed/join.py``."""

from __future__ import annotations

from ...tensors.public_names import lookup as _lookup
from ..join import Join, Joinable, JoinHook

__all__ = [
    "Join",
    "Joinable",
    "JoinHook",
]

__getattr__ = _lookup(__name__)
