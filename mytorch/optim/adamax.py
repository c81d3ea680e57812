"""Adamax: Adam with the (decayed) largest gradient in place of the root mean square."""

from __future__ import annotations

from ..core.arrays import xp
from .arguments import check_betas, check_not_negative, numbers_checked
from .averages import follow
from .optimizer import Optimizer


class Adamax(Optimizer):
    """m ← β₁ m + (1 − β₁) g, w ← max(β₂ w, |g| + eps), p ← p − lr / (1 − β₁^step) · m / w (Kingma and Ba,
    2015, section 7.1).

    ValueError for values out of range.

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.Adamax([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.9000])
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, foreach=foreach)
        super().__init__(
            params, defaults | dict(maximize=maximize, differentiable=differentiable, capturable=capturable)
        )

    def __kept__(self, group):
        return {"step": 0, "exp_avg": 0, "exp_inf": 0}

    def __begin__(self, group, step, scalars):
        beta1, beta2 = group["betas"]
        return beta1, beta2, group["eps"], float(group["lr"]) / (1 - beta1**step)

    def __update__(self, p, g, state, now, t, u):
        beta1, beta2, eps, lr = now
        mean, largest, array = state["exp_avg"], state["exp_inf"], xp(p)
        follow(mean, g, beta1, t)
        largest *= beta2
        array.abs(g, out=t)
        t += eps
        array.maximum(largest, t, out=largest)
        array.divide(mean, largest, out=t)
        t *= lr
        p -= t
