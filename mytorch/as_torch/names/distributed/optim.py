"""``torch.distributed.optim``: optimizers whose state is spread over processes."""

from ....as_torch.refused import classes

__all__ = ["ZeroRedundancyOptimizer"]
globals().update(classes("torch.distributed.optim", "ZeroRedundancyOptimizer", "there is no process group"))
