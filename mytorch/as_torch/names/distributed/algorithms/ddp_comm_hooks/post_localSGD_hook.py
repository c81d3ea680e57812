"""``torch.distributed.algorithms.ddp_comm_hooks.post_localSGD_hook``: averages within a machine alone."""

from .....refused import classes, functions

_HOME = "torch.distributed.algorithms.ddp_comm_hooks.post_localSGD_hook"
_REASON = "gradients are averaged over all ranks; `no_sync` leaves them as they are for some steps"
globals().update(classes(_HOME, "PostLocalSGDState", _REASON))
globals().update(functions(_HOME, "post_localSGD_hook", _REASON))
