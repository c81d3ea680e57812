# Names only: there is nothing to read here.
"""``torch.distributed.algorithms``: loops of uneven length, communication hooks."""

from __future__ import annotations

from ...tensors.public_names import lookup as _lookup
from . import join
from .join import Join, Joinable, JoinHook

__getattr__ = _lookup(__name__, later=("ddp_comm_hooks",))
