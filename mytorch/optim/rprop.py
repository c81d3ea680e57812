"""Resilient backpropagation: only the sign of the gradient counts."""

from __future__ import annotations

from ..core.arrays import xp
from .arguments import check, check_not_negative, numbers_checked
from .optimizer import Optimizer


class Rprop(Optimizer):
    """p ← p − sign(g) · s, with a step size s for each element (Riedmiller and Braun, 1993).

    s is multiplied by etas[1] while the gradient keeps its sign and by etas[0] when the sign changes, and
    limited to ``step_sizes``. After a change of sign the element is not updated for one step. ValueError for
    values out of range.

    Args:
        lr (float): the step sizes at the start
        etas (tuple of float): the factors of a step size after a change of sign and without one
        step_sizes (tuple of float): the smallest and the largest step size

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.Rprop([w], lr=0.1)
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
        etas=(0.5, 1.2),
        step_sizes=(1e-6, 50),
        *,
        capturable=False,
        foreach=None,
        maximize=False,
        differentiable=False,
    ):
        check_not_negative(lr=lr)
        check(0 < etas[0] < 1 < etas[1], "eta values", f"{etas[0]}, {etas[1]}")
        defaults = dict(lr=lr, etas=etas, step_sizes=step_sizes, foreach=foreach, maximize=maximize)
        super().__init__(params, defaults | dict(differentiable=differentiable, capturable=capturable))

    def __kept__(self, group):
        return {"step": 0, "prev": 0, "step_size": float(group["lr"])}

    def __begin__(self, group, step, scalars):
        return *group["etas"], *group["step_sizes"]

    def __update__(self, p, g, state, now, t, u):
        shrink, grow, smallest, largest = now
        previous, sizes, array = state["prev"], state["step_size"], xp(p)
        array.multiply(g, previous, out=t)
        turned, kept = t < 0, t > 0
        t[...] = 1  # also where the gradient is nan
        t[kept] = grow
        t[turned] = shrink
        sizes *= t
        array.clip(sizes, smallest, largest, out=sizes)
        previous[...] = g
        previous[turned] = 0
        array.sign(previous, out=t)
        t[t != t] = 0  # no step where the gradient is nan
        t *= sizes
        p -= t
