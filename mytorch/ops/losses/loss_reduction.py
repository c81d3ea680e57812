"""What losses do with the loss of each element: keep it, sum or average."""

from __future__ import annotations

import math
import warnings

from ...core.sums import summed
from ..reduce import mean


def chosen(reduction, size_average=None, reduce=None):
    """The reduction that a loss is called with: "none", "mean" or "sum". ValueError for anything else.

    torch's old flags, where given, override ``reduction``.
    """
    if size_average is not None or reduce is not None:
        return _by_flags(size_average, reduce)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def _by_flags(size_average, reduce):
    """The reduction that torch's old flags mean; None counts as True."""
    if reduce is not None and not reduce:
        reduction = "none"
    else:
        reduction = "sum" if size_average is not None and not size_average else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
        stacklevel=4,
    )
    return reduction


def reduced(losses, reduction):
    """The sum or the mean of ``losses`` (nan of none), or ``losses`` as they are."""
    if reduction == "none":
        return losses
    return summed(losses) if reduction == "sum" else mean(losses)


def reduced_vjp(g, shape, reduction):
    """The gradient of each loss of an array of ``shape``, from that of the reduced one."""
    return g * (1 / (math.prod(shape) or math.nan)) if reduction == "mean" else g
