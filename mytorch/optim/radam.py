"""RAdam: Adam without the division by √v while v is an average of too few steps."""

from __future__ import annotations

from ..core.arrays import xp
from .arguments import check_betas, check_not_negative, numbers_checked
from .averages import follow, follow_square
from .optimizer import Optimizer


class RAdam(Optimizer):
    """p ← p − lr · m̂ · r / (√v̂ + eps) if ρ > 5, else p ← p − lr · m̂, m̂ and v̂ as in Adam (Liu et al., 2020).

    ρ∞ = 2 / (1 − β₂) − 1, ρ = ρ∞ − 2 · step · β₂^step / (1 − β₂^step), and the rectification
    r = √((ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ)). ValueError for values out of range.

    Args:
        decoupled_weight_decay (bool): whether weights decay as in AdamW

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.RAdam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool(w < 1)
        True
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
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
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
        rho_limit = 2 / (1 - beta2) - 1  # length of the moving average, at last and now
        rho = rho_limit - 2 * step * beta2**step / correction2
        rectified = None
        if rho > 5:
            r = (rho - 4) * (rho - 2) * rho_limit / ((rho_limit - 4) * (rho_limit - 2) * rho)
            rectified = r**0.5 * correction2**0.5
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
