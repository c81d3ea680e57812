"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from ..core.arrays import xp
from .adam import check_betas
from .averages import follow, follow_square
from .optimizer import Optimizer, check, check_lr, numbers_checked


class NAdam(Optimizer):
    """Adam that steps along the momentum of the next step, with a schedule for it (Dozat, 2016).

    μ = β₁ (1 − 0.96^(step · momentum_decay) / 2), μ' the same at step + 1, Π the product of all μ so far:
    p ← p − lr / (√v̂ + eps) · ((1 − μ) / (1 − Π) · g + μ' / (1 − Π μ') · m).
    """

    __scalars__ = ("step", "mu_product")

    @numbers_checked
    def __init__(
        self,
        params,
        lr=2e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        momentum_decay=4e-3,
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
        check(momentum_decay >= 0, "momentum_decay value", momentum_decay)
        defaults = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults |= dict(decoupled_weight_decay=decoupled_weight_decay, maximize=maximize, foreach=foreach)
        super().__init__(params, defaults | dict(capturable=capturable, differentiable=differentiable))

    def __kept__(self, group):
        return {"step": 0, "mu_product": 1, "exp_avg": 0, "exp_avg_sq": 0}

    def __begin__(self, group, step, scalars):
        (beta1, beta2), lr, decay = group["betas"], float(group["lr"]), group["momentum_decay"]
        mu = beta1 * (1 - 0.5 * 0.96 ** (step * decay))
        following = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * decay))
        scalars["mu_product"] *= mu
        product = scalars["mu_product"][0].item()
        along_g, along_mean = lr * (1 - mu) / (1 - product), lr * following / (1 - product * following)
        return beta1, beta2, group["eps"], 1 - beta2**step, along_g, along_mean

    def __update__(self, p, g, state, now, t, u):
        beta1, beta2, eps, correction, along_g, along_mean = now
        mean, square, array = state["exp_avg"], state["exp_avg_sq"], xp(p)
        follow(mean, g, beta1, t)
        follow_square(square, g, beta2, t)
        array.sqrt(array.divide(square, correction, out=t), out=t)
        t += eps
        array.divide(g, t, out=u)
        u *= along_g
        p -= u
        array.divide(mean, t, out=u)
        u *= along_mean
        p -= u
