"""AdaGrad: each element's step shrinks with the sum of its squared gradients."""

from __future__ import annotations

from ..core.arrays import xp
from ..core.grad_mode import no_grad
from .arguments import check_not_negative, numbers_checked
from .optimizer import Optimizer


class Adagrad(Optimizer):
    """s ← s + g², p ← p − lr / (1 + (step − 1) · lr_decay) · g / (√s + eps) (Duchi et al., 2011).

    ValueError for negative values.

    Args:
        lr_decay (float): how fast the learning rate falls with the steps
        initial_accumulator_value (float): s at the start

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.Adagrad([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.detach()
        tensor([0.9000])
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-2,
        lr_decay=0,
        weight_decay=0,
        initial_accumulator_value=0,
        eps=1e-10,
        foreach=None,
        *,
        maximize=False,
        differentiable=False,
        fused=None,
    ):
        check_not_negative(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
        )
        defaults = dict(
            lr=lr,
            lr_decay=lr_decay,
            eps=eps,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
        )
        super().__init__(
            params,
            defaults | dict(foreach=foreach, maximize=maximize, differentiable=differentiable, fused=fused),
        )
        for group in self.param_groups:  # as in torch, the state exists before the first step
            for p in group["params"]:
                self._mytorch_init_state(p, self.__kept__(group))

    def __kept__(self, group):
        return {"step": 0, "sum": group["initial_accumulator_value"]}

    def __begin__(self, group, step, scalars):
        return float(group["lr"]) / (1 + (step - 1) * group["lr_decay"]), group["eps"]

    @no_grad()
    def __sparse__(self, p, g, group):
        if group["weight_decay"]:
            raise RuntimeError("weight_decay option is not compatible with sparse gradients")
        state, g = self.state[p], (-g if group["maximize"] else g).coalesce()
        at, values = tuple(g.indices()), g.values()
        state["step"] += 1
        lr, eps = self.__begin__(group, state["step"].item(), None)
        state["sum"][at] += values * values
        p[at] -= lr * values / (state["sum"][at].sqrt() + eps)

    def __update__(self, p, g, state, now, t, u):
        (lr, eps), total, array = now, state["sum"], xp(p)
        total += array.multiply(g, g, out=t)
        array.sqrt(total, out=t)
        t += eps
        array.divide(g, t, out=t)
        t *= lr
        p -= t


AdaGrad = Adagrad
