"""Stochastic gradient descent, with and without momentum."""

from __future__ import annotations

from ..core.arrays import xp
from ..core.grad_mode import no_grad
from .arguments import check, check_not_negative, numbers_checked
from .optimizer import Optimizer


class SGD(Optimizer):
    """p ← p − lr · g (Robbins and Monro, 1951); with momentum b ← momentum · b + (1 − dampening) · g and
    p ← p − lr · b (Polyak, 1964).

    The first b is g. ``nesterov`` steps along g + momentum · b (Sutskever et al., 2013). ``weight_decay``
    adds weight_decay · p to the gradient. ``lr_decay`` sets lr ← lr · (1 − lr_decay)^(epoch // 100) before
    step number epoch = 1, 2, …, so the 100th step is the first with a smaller learning rate; lr and epoch are
    options of the group and are saved with it. ValueError for negative values.

    Args:
        momentum (float): the factor of the accumulated gradients; 0 for none
        dampening (float): how much of a new gradient is left out of the accumulated ones
        nesterov (bool): whether to look ahead along the accumulated gradients
        lr_decay (float): how fast the learning rate falls, as said above

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
        >>> for _ in range(3):
        ...     optimizer.zero_grad()
        ...     (w * w).sum().backward()
        ...     optimizer.step()
        >>> w.detach()
        tensor([0.0620])
    """

    __scalars__ = ()

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-3,
        momentum=0,
        dampening=0,
        weight_decay=0,
        nesterov=False,
        *,
        maximize=False,
        foreach=None,
        differentiable=False,
        fused=None,
        lr_decay=0,
    ):
        check_not_negative(lr=lr, momentum=momentum, weight_decay=weight_decay)
        check(0 <= lr_decay <= 1, "lr_decay value", lr_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = dict(
            lr=lr, momentum=momentum, dampening=dampening, weight_decay=weight_decay, nesterov=nesterov
        )
        defaults |= dict(maximize=maximize, foreach=foreach, differentiable=differentiable, fused=fused)
        if lr_decay:
            defaults |= dict(lr_decay=lr_decay, epoch=0)
        super().__init__(params, defaults)

    def __kept__(self, group):
        return {"momentum_buffer": 0} if group["momentum"] else {}

    @no_grad()
    def __sparse__(self, p, g, group):
        if group["weight_decay"]:
            raise RuntimeError("SGD: weight_decay is not supported with sparse gradients")
        if group["momentum"]:  # moves all elements
            return g.to_dense()
        step = float(group["lr"]) * (1 if group["maximize"] else -1)
        p.index_put_(tuple(g._indices()), g._values() * step, accumulate=True)
        return None

    def step(self, closure=None):
        """As in :class:`Optimizer`. Decays the learning rates of groups with ``lr_decay`` first."""
        for group in self.param_groups:
            if group.get("lr_decay"):
                group["epoch"] += 1
                group["lr"] *= (1 - group["lr_decay"]) ** (group["epoch"] // 100)
        return super().step(closure)

    def __begin__(self, group, step, scalars):
        return float(group["lr"]), group["momentum"], 1 - group["dampening"], group["nesterov"], step == 1

    def __update__(self, p, g, state, now, t, u):
        lr, momentum, share, nesterov, first = now
        array = xp(p)
        if momentum:
            buffer = state["momentum_buffer"]
            if first:
                buffer[...] = g
            else:
                buffer *= momentum
                buffer += g if share == 1 else array.multiply(g, share, out=t)
            g = array.add(g, array.multiply(buffer, momentum, out=t), out=t) if nesterov else buffer
        p -= array.multiply(g, lr, out=t)


class Momentum(SGD):
    """:class:`SGD` with momentum 0.9 by default: b ← momentum · b + g, p ← p − lr · b (Polyak, 1964).

    Args:
        momentum (float): the factor of the accumulated gradients
        options: the other options of SGD

    Example:
        >>> optim.Momentum([nn.Parameter(mytorch.zeros(1))], lr=0.1).defaults["momentum"]
        0.9
    """

    def __init__(self, params, lr=1e-3, momentum=0.9, **options):
        super().__init__(params, lr, momentum, **options)
