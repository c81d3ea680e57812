"""``torch.distributed.algorithms.ddp_comm_hooks.powerSGD_hook``: gradients as products of thin matrices."""

from .....refused import classes, functions

_HOME = "torch.distributed.algorithms.ddp_comm_hooks.powerSGD_hook"
_REASON = "hooks here send gradients whole, or in 16 bits: default_hooks.fp16_compress_hook"
globals().update(classes(_HOME, "PowerSGDState", _REASON))
globals().update(functions(_HOME, "batched_powerSGD_hook powerSGD_hook", _REASON))
