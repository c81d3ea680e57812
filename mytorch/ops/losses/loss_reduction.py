"""What losses do with the loss of each element: keep it, sum or average."""

from __future__ import annotations

import math
import warnings

from ...core.sums import summed
from ..reduce import mean


def chosen(reduction, size_average=None, reduce=None):
    """ "none", "mean" or "sum"; torch's old flags, where given, override ``reduction``. ValueError for
    anything else.
    """
    if size_average is not None or reduce is not None:
        each, total = reduce is not None and not reduce, size_average is not None and not size_average
        chosen = "none" if each else "sum" if total else "mean"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{chosen}' instead.",
            stacklevel=3,
        )
        return chosen
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(losses, reduction):
    """The sum or the mean of ``losses`` (nan of none), or ``losses`` as they are."""
    if reduction == "none":
        return losses
    return summed(losses) if reduction == "sum" else mean(losses)


def share(g, shape, reduction):
    """The gradient of each of the losses of ``shape`` from that of the reduced one."""
    return g * (1 / (math.prod(shape) or math.nan)) if reduction == "mean" else g
