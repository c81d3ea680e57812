# Names only: there is nothing to read here.
"""``torch.distributed.algorithms.ddp_comm_hooks.default_hooks``: see ``communication_hooks.py``."""

from __future__ import annotations

from ....tensors.public_names import lookup as _lookup
from ...communication_hooks import (
    allreduce_hook,
    bf16_compress_hook,
    bf16_compress_wrapper,
    fp16_compress_hook,
    fp16_compress_wrapper,
)

__all__ = [
    "allreduce_hook",
    "bf16_compress_hook",
    "bf16_compress_wrapper",
    "fp16_compress_hook",
    "fp16_compress_wrapper",
]

__getattr__ = _lookup(__name__)
