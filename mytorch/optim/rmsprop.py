"""RMSprop: the gradient divided by a running root mean square of itself."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import xp
from .averages import follow, follow_square
from .optimizer import Optimizer, check, check_lr, numbers_checked


class RMSprop(Optimizer):
    """v ← alpha · v + (1 − alpha) · g², p ← p − lr · g / (√v + eps) (Hinton, 2012).

    ``centered`` takes the running variance instead of v (Graves, 2013); ``momentum`` sums the steps.
    ValueError for negative values.
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
        check_lr(lr)
        check(eps >= 0, "epsilon value", eps)
        check(momentum >= 0, "momentum value", momentum)
        check(weight_decay >= 0, "weight_decay value", weight_decay)
        check(alpha >= 0, "alpha value", alpha)
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
            # where both overflow, v still is the larger one
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
