"""NAdam: Adam with Nesterov momentum."""

from __future__ import annotations

from ..core.arrays import xp
from .arguments import check_betas, check_not_negative, numbers_checked
from .averages import follow, follow_square
from .optimizer import Optimizer


class NAdam(Optimizer):
    """p ← p − lr / (√v̂ + eps) · ((1 − μ) / (1 − Π) · g + μ' / (1 − Π μ') · m), m and v̂ as in Adam (Dozat,
    2016).

    μ = β₁ (1 − 0.96^(step · momentum_decay) / 2), μ' is μ of the next step, Π the product of all μ so far.
    ValueError for values out of range.

    Args:
        momentum_decay (float): how fast the momentum approaches β₁
        decoupled_weight_decay (bool): whether weights decay as in AdamW

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.NAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool(w < 1)
        True
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
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay)
        check_betas(betas)
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
