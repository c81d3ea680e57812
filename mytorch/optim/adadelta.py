"""Adadelta: steps scaled by the ratio of two running averages, with no learning rate to choose."""

from __future__ import annotations

from ..core.arrays import xp
from .arguments import check, check_not_negative, numbers_checked
from .averages import follow_square
from .optimizer import Optimizer


class Adadelta(Optimizer):
    """v ← rho · v + (1 − rho) · g², p ← p − lr · d with d = √(a + eps) / √(v + eps) · g (Zeiler, 2012).

    a ← rho · a + (1 − rho) · d² averages the squares of the steps. ValueError for values out of range.

    Args:
        rho (float): how much of the averages of squares is kept in a step

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.Adadelta([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool(w < 1)
        True
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1.0,
        rho=0.9,
        eps=1e-6,
        weight_decay=0,
        foreach=None,
        *,
        capturable=False,
        maximize=False,
        differentiable=False,
    ):
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check(0 <= rho <= 1, "rho value", rho)
        defaults = dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)
        super().__init__(
            params, defaults | dict(capturable=capturable, foreach=foreach, differentiable=differentiable)
        )

    def __kept__(self, group):
        return {"step": 0, "square_avg": 0, "acc_delta": 0}

    def __begin__(self, group, step, scalars):
        return float(group["lr"]), group["rho"], group["eps"]

    def __update__(self, p, g, state, now, t, u):
        lr, rho, eps = now
        square, steps, array = state["square_avg"], state["acc_delta"], xp(p)
        follow_square(square, g, rho, t)
        array.sqrt(array.add(square, eps, out=t), out=t)
        array.sqrt(array.add(steps, eps, out=u), out=u)
        u /= t
        u *= g
        follow_square(steps, u, rho, t)
        u *= lr
        p -= u
