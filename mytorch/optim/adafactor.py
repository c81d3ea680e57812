"""Adafactor: the average of a matrix's squared gradients is kept as one number per row and per column."""

from __future__ import annotations

from ..ops.dtype_info import finfo
from ..tensors.creation import tensor
from .arguments import check_not_negative, numbers_checked
from .per_tensor import PerTensor


class Adafactor(PerTensor):
    """p ← p − ρ · max(eps₂, rms(p)) · u / max(1, rms(u) / d), u = g / √v (Shazeer and Stern, 2018).

    ρ = min(lr, 1 / √step), and v ← v + step^beta2_decay · (g² − v). For parameters with two or more
    dimensions v is approximated by r c / mean(r), where r and c are averages, in the same way, of the means
    of g² over rows and columns. ``eps``: the smallest mean(r) and √v (the dtype's resolution if None), and
    the smallest rms(p). ``weight_decay`` is decoupled. ValueError for values out of range.

    Args:
        lr (float): the largest relative step
        beta2_decay (float): how fast the averages become slow
        eps (tuple of float): (eps₁, eps₂), the smallest mean square and the smallest scale
        d (float): the largest root mean square of a step

    Example:
        >>> w = nn.Parameter(mytorch.ones(2, 2))
        >>> optimizer = optim.Adafactor([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool((w < 1).all())
        True
    """

    @numbers_checked
    def __init__(
        self,
        params,
        lr=1e-2,
        beta2_decay=-0.8,
        eps=(None, 1e-3),
        d=1.0,
        weight_decay=0.0,
        *,
        foreach=None,
        maximize=False,
    ):
        check_not_negative(lr=lr)
        for holds, text in (
            (beta2_decay <= 0, f"beta2_decay should be <= 0 but is: {beta2_decay}"),
            (eps[0] is None or eps[0] >= 0, f"epsilon1 should be >= 0 but is: {eps[0]}"),
            (eps[1] >= 0, f"epsilon2 should be >= 0 but is: {eps[1]}"),
            (d >= 1, f"Clipping threshold d should be >= 1 but is: {d}"),
            (weight_decay >= 0, f"weight_decay should be >= 0 but is: {weight_decay}"),
        ):
            if not holds:
                raise ValueError(text)
        defaults = dict(
            lr=lr,
            beta2_decay=beta2_decay,
            eps=eps,
            d=d,
            weight_decay=weight_decay,
            foreach=foreach,
            maximize=maximize,
        )
        super().__init__(params, defaults)

    def __change__(self, p, g, state, group):
        if not state:
            state["step"] = tensor(0.0)
            if p.ndim > 1:
                state["row_var"] = p.new_zeros((*p.shape[:-1], 1))
                state["col_var"] = p.new_zeros((*p.shape[:-2], 1, p.shape[-1]))
            else:
                state["variance"] = p.new_zeros(p.shape)
        lr, least = float(group["lr"]), group["eps"][0]
        least = finfo(p.dtype).eps if least is None else least
        state["step"] += 1
        step = state["step"].item()
        share = step ** group["beta2_decay"]
        rate = min(lr, step**-0.5) * max(group["eps"][1], _rms(p))
        if group["weight_decay"]:
            p *= 1 - lr * group["weight_decay"]
        if p.ndim > 1:
            rows, columns = state["row_var"], state["col_var"]
            rows.lerp_((g * g).mean(-1, True), share)
            columns.lerp_((g * g).mean(-2, True), share)
            square = rows @ columns / rows.mean(-2, True).clamp(min=least)
        else:
            square = state["variance"].lerp_(g * g, share)
        update = g * square.clamp(min=least * least).rsqrt()
        p.sub_(update, alpha=rate / max(1.0, _rms(update) / group["d"]))


def _rms(x):
    """The root mean square; 0 for an empty tensor."""
    return x.norm().item() / max(x.numel(), 1) ** 0.5
