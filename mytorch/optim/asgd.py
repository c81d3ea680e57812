"""ASGD: averaged stochastic gradient descent."""

from __future__ import annotations

from ..core.arrays import xp
from ..core.dtypes import default_numpy
from .arguments import check_not_negative, numbers_checked
from .optimizer import Optimizer


class ASGD(Optimizer):
    """p ← (1 − lambd · η) p − η g, η = lr / (1 + lambd · lr · step)^alpha (Polyak and Juditsky, 1992).

    ``state[p]["ax"]`` is the average of p from step ``t0`` on. ValueError for negative values.

    Args:
        lambd (float): how fast weights decay
        alpha (float): the exponent with which the learning rate falls
        t0 (float): the step at which averaging begins

    Example:
        >>> w = nn.Parameter(mytorch.tensor([1.0]))
        >>> optimizer = optim.ASGD([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool(w < 1)
        True
    """

    __scalars__ = ("step", "eta", "mu")

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-2,
        lambd=1e-4,
        alpha=0.75,
        t0=1e6,
        weight_decay=0,
        foreach=None,
        maximize=False,
        differentiable=False,
        capturable=False,
    ):
        check_not_negative(lr=lr, weight_decay=weight_decay)
        defaults = dict(lr=lr, lambd=lambd, alpha=alpha, t0=t0, weight_decay=weight_decay)
        super().__init__(
            params,
            defaults
            | dict(foreach=foreach, maximize=maximize, differentiable=differentiable, capturable=capturable),
        )

    def __kept__(self, group):
        return {"step": 0, "eta": float(group["lr"]), "mu": 1, "ax": 0}

    def __begin__(self, group, step, scalars):
        lr, lambd, rounded = float(group["lr"]), group["lambd"], default_numpy().type
        eta, mu = scalars["eta"][0].item(), scalars["mu"][0].item()
        # as in torch, a step uses the values that the one before it computed
        scalars["eta"][:] = rounded(lr / (1 + lambd * lr * step) ** group["alpha"])
        scalars["mu"][:] = rounded(1 / max(1, step - group["t0"]))
        return lambd, eta, mu

    def __update__(self, p, g, state, now, t, u):
        (lambd, eta, mu), average, array = now, state["ax"], xp(p)
        p *= 1 - lambd * eta
        p -= array.multiply(g, eta, out=t)
        if mu == 1:
            average[...] = p
        else:
            array.subtract(p, average, out=t)
            t *= mu
            average += t
