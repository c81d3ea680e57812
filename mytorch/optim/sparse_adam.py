"""Adam for gradients of which few elements are stored, such as those of large tables."""

from __future__ import annotations

import math

from .arguments import check, check_betas, numbers_checked
from .per_tensor import PerTensor


class SparseAdam(PerTensor):
    """Adam of the elements alone that the sparse gradient has: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
    p ← p − lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + eps) (Kingma and Ba, 2015).

    The averages of all other elements stay as they are. For a table read with ``embedding(sparse=True)``.
    RuntimeError for a dense gradient, ValueError for values out of range.

    Example:
        >>> table = nn.Embedding(1000, 2, sparse=True)
        >>> optimizer = optim.SparseAdam(table.parameters(), lr=0.1)
        >>> table(mytorch.tensor([3, 5])).sum().backward()
        >>> optimizer.step()
        >>> optimizer.state[table.weight]["exp_avg"][[3, 4]]
        tensor([[0.1000, 0.1000],
                [0.0000, 0.0000]])
    """

    __scalars__ = ()  # the step count is a number, as in torch

    @numbers_checked
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, maximize=False):
        check(lr > 0, "learning rate", lr)
        check(eps > 0, "epsilon value", eps)
        check_betas(betas)
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, maximize=maximize))

    def __sparse__(self, p, g, group):
        return g

    def __change__(self, p, g, state, group):
        if not g.is_sparse:
            raise RuntimeError("SparseAdam does not support dense gradients, please consider Adam instead")
        if not state:
            state |= dict(step=0, exp_avg=p.new_zeros(p.shape), exp_avg_sq=p.new_zeros(p.shape))
        state["step"] += 1
        g, (beta1, beta2) = g.coalesce(), group["betas"]
        at, values = tuple(g.indices()), g.values()
        m = state["exp_avg"][at].lerp(values, 1 - beta1)
        v = state["exp_avg_sq"][at].lerp(values * values, 1 - beta2)
        state["exp_avg"][at], state["exp_avg_sq"][at] = m, v
        step = math.sqrt(1 - beta2 ** state["step"]) / (1 - beta1 ** state["step"])
        p[at] -= float(group["lr"]) * step * m / (v.sqrt() + group["eps"])
