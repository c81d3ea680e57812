"""Muon: steps along the momentum with all its singular values set to about 1."""

from __future__ import annotations

import math

from .arguments import check_not_negative, numbers_checked
from .per_tensor import PerTensor


class Muon(PerTensor):
    """b ← momentum · b + (1 − momentum) · g, p ← (1 − lr · weight_decay) p − lr · ratio · U Vᵀ, U S Vᵀ = b
    (Jordan, 2024, https://kellerjordan.github.io/posts/muon/).

    For the matrices of hidden layers. ``nesterov`` takes U S Vᵀ = (1 − momentum) · g + momentum · b. U Vᵀ is
    approximated by ``ns_steps`` of X ← a X + (b A + c A²) X, A = X Xᵀ, with ``ns_coefficients`` (a, b, c).
    The ratio is √max(1, rows / columns), or 0.2 √max(rows, columns) for ``adjust_lr_fn="match_rms_adamw"``.
    ValueError for values out of range and for parameters that are not matrices.

    Args:
        momentum (float): how much of the accumulated gradients is kept in a step
        nesterov (bool): whether to look ahead along the accumulated gradients
        ns_coefficients (tuple of float): (a, b, c) of the Newton-Schulz iteration
        eps (float): the smallest norm to divide by
        ns_steps (int): how many iterations
        adjust_lr_fn (str): None, ``"original"`` or ``"match_rms_adamw"``

    Example:
        >>> w = nn.Parameter(mytorch.eye(2))
        >>> optimizer = optim.Muon([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool(w.trace() < 2)
        True
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-3,
        weight_decay=0.1,
        momentum=0.95,
        nesterov=True,
        ns_coefficients=(3.4445, -4.7750, 2.0315),
        eps=1e-7,
        ns_steps=5,
        adjust_lr_fn=None,
    ):
        check_not_negative(lr=lr)
        if momentum < 0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if weight_decay < 0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = dict(
            lr=lr,
            weight_decay=weight_decay,
            momentum=momentum,
            nesterov=nesterov,
            ns_coefficients=ns_coefficients,
            eps=eps,
        )
        super().__init__(params, defaults | dict(ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn))
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        f"Muon only supports 2D parameters whereas we found a parameter with size: {p.shape}"
                    )

    def __change__(self, p, g, state, group):
        lr, momentum = float(group["lr"]), group["momentum"]
        buffer = state.setdefault("momentum_buffer", p.new_zeros(p.shape)).lerp_(g, 1 - momentum)
        matrix = g.lerp(buffer, momentum) if group["nesterov"] else buffer
        update = orthogonalized(matrix, group["ns_coefficients"], group["ns_steps"], group["eps"])
        rows, columns = p.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            ratio = 0.2 * math.sqrt(max(rows, columns))
        else:
            ratio = math.sqrt(max(1, rows / columns))
        p *= 1 - lr * group["weight_decay"]
        p.sub_(update, alpha=lr * ratio)


def orthogonalized(x, coefficients, steps, eps):
    """The matrix with the singular vectors of ``x`` and singular values near 1, by Newton-Schulz iteration
    in the dtype of ``x`` (torch does it in bfloat16).

    ValueError for 100 or more steps, or other than three coefficients.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    tall = x.shape[0] > x.shape[1]
    x = x.mT if tall else x
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x
