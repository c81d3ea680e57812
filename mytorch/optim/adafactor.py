"""Adafactor: the average of squared gradients of a matrix is kept as one number per row and one per
column."""

from __future__ import annotations

from ..core.dtypes import finfo
from ..tensors.creation import tensor
from .optimizer import check_lr, numbers_checked
from .per_tensor import PerTensor


class Adafactor(PerTensor):
    """v ← v + step^beta2_decay · (g² − v), p ← p − ρ · max(eps₂, rms(p)) · u / max(1, rms(u) / d), u = g /
    √v, ρ = min(lr, 1 / √step).

    Of parameters with two and more dimensions v is not kept but v̂ = r c / mean(r), from averages of the
    means r of rows and c of columns (Shazeer and Stern, 2018). ``eps``: the least mean of r and the least √v̂
    (the dtype's resolution if None), the least rms(p). ``weight_decay`` is decoupled. ValueError for values
    out of range.
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
        check_lr(lr)
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
            shapes = (
                {"row_var": (*p.shape[:-1], 1), "col_var": (*p.shape[:-2], 1, p.shape[-1])}
                if p.ndim > 1
                else {"variance": p.shape}
            )
            state.update((name, p.new_zeros(shape)) for name, shape in shapes.items())
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
    """The root of the mean square; 0 of nothing."""
    return x.norm().item() / max(x.numel(), 1) ** 0.5
