"""RAdam: Adam that waits with its adaptive step until the running variance can be trusted."""

from __future__ import annotations

from ..core.arrays import xp
from .adam import check_betas
from .averages import follow, follow_square
from .optimizer import Optimizer, check, check_lr, numbers_checked


class RAdam(Optimizer):
    """p ← p − lr · m̂ · r / (√v̂ + eps), r the rectification of the variance; p ← p − lr · m̂ in the first
    steps (Liu et al., 2020).
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        decoupled_weight_decay=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
    ):
        check_lr(lr)
        check(eps >= 0, "epsilon value", eps)
        check_betas(betas)
        check(weight_decay >= 0, "weight_decay value", weight_decay)
        defaults = dict(
            lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize, foreach=foreach
        )
        super().__init__(
            params,
            defaults
            | dict(
                capturable=capturable,
                decoupled_weight_decay=decoupled_weight_decay,
                differentiable=differentiable,
            ),
        )

    def __kept__(self, group):
        return {"step": 0, "exp_avg": 0, "exp_avg_sq": 0}

    def __begin__(self, group, step, scalars):
        beta1, beta2 = group["betas"]
        correction1, correction2 = 1 - beta1**step, 1 - beta2**step
        limit = 2 / (1 - beta2) - 1  # length of the moving average in the limit, and now
        length = limit - 2 * step * beta2**step / correction2
        rectified = None
        if length > 5:
            rectified = (
                (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length)
            ) ** 0.5 * correction2**0.5
        return beta1, beta2, group["eps"], float(group["lr"]) / correction1, rectified

    def __update__(self, p, g, state, now, t, u):
        beta1, beta2, eps, lr, rectified = now
        mean, square, array = state["exp_avg"], state["exp_avg_sq"], xp(p)
        follow(mean, g, beta1, t)
        follow_square(square, g, beta2, t)
        if rectified is None:
            array.multiply(mean, lr, out=t)
        else:
            array.sqrt(square, out=t)
            t += eps
            array.divide(mean, t, out=t)
            t *= lr * rectified
        p -= t
