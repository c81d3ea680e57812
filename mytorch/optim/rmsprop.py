"""RMSprop: steps along the gradient divided by its running root mean square."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import xp
from .arguments import check_not_negative, numbers_checked
from .averages import follow, follow_square
from .optimizer import Optimizer


class RMSprop(Optimizer):
    """v ← alpha · v + (1 − alpha) · g², p ← p − lr · g / (√v + eps) (Hinton, 2012).

    ``centered`` divides by the running standard deviation, √(v − mean(g)²), instead (Graves, 2013);
    ``momentum`` accumulates the steps: b ← momentum · b + g / (√v + eps), p ← p − lr · b.
    ValueError for negative values.

    Args:
        alpha (float): how much of the average of squares is kept in a step
        momentum (float): the factor of the accumulated steps; 0 for none
        centered (bool): whether to divide by the standard deviation

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.RMSprop([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool(w < 1)
        True
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-2,
        alpha=0.99,
        eps=1e-8,
        weight_decay=0,
        momentum=0,
        centered=False,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        check_not_negative(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = dict(
            lr=lr, momentum=momentum, alpha=alpha, eps=eps, centered=centered, weight_decay=weight_decay
        )
        super().__init__(
            params,
            defaults
            | dict(capturable=capturable, foreach=foreach, maximize=maximize, differentiable=differentiable),
        )

    def __kept__(self, group):
        slots = {"step": 0, "square_avg": 0}
        if group["momentum"] > 0:
            slots["momentum_buffer"] = 0
        if group["centered"]:
            slots["grad_avg"] = 0
        return slots

    def __begin__(self, group, step, scalars):
        return float(group["lr"]), group["alpha"], group["eps"], group["momentum"], group["centered"]

    def __update__(self, p, g, state, now, t, u):
        lr, alpha, eps, momentum, centered = now
        square, array = state["square_avg"], xp(p)
        follow_square(square, g, alpha, t)
        if centered:
            mean = state["grad_avg"]
            follow(mean, g, alpha, t)
            array.multiply(mean, mean, out=t)
            # where both are infinite: inf − inf would be nan
            array.minimum(t, numpy.finfo(t.dtype).max if t.dtype.kind == "f" else math.inf, out=t)
            array.sqrt(array.subtract(square, t, out=t), out=t)
        else:
            array.sqrt(square, out=t)
        t += eps
        array.divide(g, t, out=t)
        if momentum > 0:
            buffer = state["momentum_buffer"]
            buffer *= momentum
            buffer += t
            array.multiply(buffer, lr, out=t)
        else:
            t *= lr
        p -= t
