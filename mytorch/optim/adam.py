"""Adam and AdamW: steps from running averages of the gradient and of its square."""

from __future__ import annotations

import numpy

from ..core.arrays import xp
from ..kernels.numba_loops import loop, run_over
from ..tensors.tensor import Tensor
from .arguments import check_betas, check_not_negative, numbers_checked
from .averages import follow, follow_square
from .optimizer import Optimizer


@loop
def _adam(p, g, mean, square, share, beta2, share2, eps, lr):
    for i in range(p.size):
        mean[i] += (g[i] - mean[i]) * share
        square[i] = square[i] * beta2 + g[i] * share2 * g[i]
        p[i] -= mean[i] / (numpy.sqrt(square[i]) + eps) * lr


class Adam(Optimizer):
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², p ← p − lr · m̂ / (√v̂ + eps) (Kingma and Ba, 2015).

    m̂ = m / (1 − β₁^step) and v̂ = v / (1 − β₂^step) correct for the averages' start at zero;
    ``bias_correction=False`` uses m and v themselves. ``amsgrad`` divides by the largest v so far (Reddi
    et al., 2018). ``beta1`` and ``beta2`` may be given instead of ``betas``. ValueError for values out of
    range.

    Args:
        amsgrad (bool): whether to divide by the largest v so far
        decoupled_weight_decay (bool): whether weights decay as in AdamW
        beta1 (float): β₁; None takes it from ``betas``
        beta2 (float): β₂; None takes it from ``betas``
        bias_correction (bool): whether to correct for the averages' start at zero

    Example:
        >>> model = nn.Linear(2, 1)
        >>> optimizer = optim.Adam(model.parameters(), lr=0.01)
        >>> optimizer.zero_grad()
        >>> model(mytorch.ones(4, 2)).square().mean().backward()
        >>> optimizer.step()
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=0,
        amsgrad=False,
        *,
        foreach=None,
        maximize=False,
        capturable=False,
        differentiable=False,
        fused=None,
        decoupled_weight_decay=False,
        beta1=None,
        beta2=None,
        bias_correction=True,
    ):
        betas = (betas[0] if beta1 is None else float(beta1), betas[1] if beta2 is None else float(beta2))
        check_not_negative(lr=lr, eps=eps, weight_decay=weight_decay)
        check_betas(betas)
        if not any(all(isinstance(beta, kind) for beta in betas) for kind in (float, Tensor)):
            raise ValueError("betas must be either both floats or both Tensors")
        defaults = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
            foreach=foreach,
        )
        defaults |= dict(
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=decoupled_weight_decay,
        )
        if not bias_correction:
            defaults["bias_correction"] = False
        super().__init__(params, defaults)

    def __kept__(self, group):
        slots = {"step": 0, "exp_avg": 0, "exp_avg_sq": 0}
        return slots | {"max_exp_avg_sq": 0} if group["amsgrad"] else slots

    def __sparse__(self, p, g, group):
        raise RuntimeError("Adam does not support sparse gradients, please consider SparseAdam instead")

    def __begin__(self, group, step, scalars):
        beta1, beta2 = map(float, group["betas"])
        correction1, correction2 = 1.0, 1.0
        if group.get("bias_correction", True):
            correction1, correction2 = 1 - beta1**step, 1 - beta2**step
        root = correction2**0.5  # √v̂ + eps = (√v + eps · root) / root saves a pass over the memory
        return beta1, beta2, group["eps"] * root, float(group["lr"]) / correction1 * root

    def __update__(self, p, g, state, now, t, u):
        beta1, beta2, eps, lr = now
        mean, square, array = state["exp_avg"], state["exp_avg_sq"], xp(p)
        if run_over(p) and "max_exp_avg_sq" not in state:
            _adam(p, g, mean, square, *map(p.dtype.type, (1 - beta1, beta2, 1 - beta2, eps, lr)))
            return
        follow(mean, g, beta1, t)
        follow_square(square, g, beta2, t)
        if "max_exp_avg_sq" in state:
            largest = state["max_exp_avg_sq"]
            square = array.maximum(largest, square, out=largest)
        array.sqrt(square, out=t)
        t += eps
        array.divide(mean, t, out=t)
        t *= lr
        p -= t


class AdamW(Adam):
    """p ← (1 − lr · weight_decay) p, then the step of :class:`Adam` (Loshchilov and Hutter, 2019).

    So the weight decay is not part of the averages.

    Args:
        amsgrad (bool): whether to divide by the largest v so far
        beta1 (float): β₁; None takes it from ``betas``
        beta2 (float): β₂; None takes it from ``betas``
        bias_correction (bool): whether to correct for the averages' start at zero

    Example:
        >>> optimizer = optim.AdamW(nn.Linear(2, 1).parameters(), lr=0.01, weight_decay=0.1)
        >>> optimizer.param_groups[0]["weight_decay"]
        0.1
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-3,
        betas=(0.9, 0.999),
        eps=1e-8,
        weight_decay=1e-2,
        amsgrad=False,
        *,
        maximize=False,
        foreach=None,
        capturable=False,
        differentiable=False,
        fused=None,
        beta1=None,
        beta2=None,
        bias_correction=True,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
            beta1=beta1,
            beta2=beta2,
            bias_correction=bias_correction,
        )

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:  # the state may be that of an Adam, which has False
            group["decoupled_weight_decay"] = True
