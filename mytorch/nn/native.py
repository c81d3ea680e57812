# Names only: there is nothing to read here.
"""Functions that ``torch`` and ``torch.nn.functional`` both have, with ``torch``'s order of arguments.

Reductions are numbers: 0 for none, 1 for the mean, 2 for the sum.
"""

from __future__ import annotations

from . import functional as F

_PADDINGS = ("zeros", "border", "reflection")
_REDUCTIONS = ("none", "mean", "sum")


def batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, cudnn_enabled=True):
    """As :func:`mytorch.nn.functional.batch_norm`."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, cudnn_enabled=True
):
    """As :func:`mytorch.nn.functional.instance_norm`."""
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def constant_pad_nd(input, pad, value=0):
    """As :func:`mytorch.nn.functional.pad` with a constant."""
    return F.pad(input, pad, "constant", value)


def grid_sampler_2d(input, grid, interpolation_mode, padding_mode, align_corners):
    """As :func:`mytorch.nn.functional.grid_sample`; the modes are numbers."""
    mode, padding = ("bilinear", "nearest", "bicubic")[interpolation_mode], _PADDINGS[padding_mode]
    return F.grid_sample(input, grid, mode, padding, align_corners)


grid_sampler = grid_sampler_3d = grid_sampler_2d


def embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """As :func:`mytorch.nn.functional.embedding`; -1 stands for no ``padding_idx``."""
    return F.embedding(
        indices,
        weight,
        None if padding_idx == -1 else padding_idx,
        scale_grad_by_freq=scale_grad_by_freq,
        sparse=sparse,
    )


def kl_div(input, target, reduction=0, *, log_target=False):
    """As :func:`mytorch.nn.functional.kl_div`; ``reduction`` is a number."""
    return F.kl_div(input, target, reduction=_REDUCTIONS[reduction], log_target=log_target)


def binary_cross_entropy_with_logits(input, target, weight=None, pos_weight=None, reduction=0):
    """As :func:`mytorch.nn.functional.binary_cross_entropy_with_logits`; ``reduction`` is a number."""
    return F.binary_cross_entropy_with_logits(
        input, target, weight, pos_weight=pos_weight, reduction=_REDUCTIONS[reduction]
    )


def cosine_embedding_loss(input1, input2, target, margin=0.0, reduction=1):
    """As :func:`mytorch.nn.functional.cosine_embedding_loss`; ``reduction`` is a number."""
    return F.cosine_embedding_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def hinge_embedding_loss(input, target, margin=1.0, reduction=1):
    """As :func:`mytorch.nn.functional.hinge_embedding_loss`; ``reduction`` is a number."""
    return F.hinge_embedding_loss(input, target, margin, reduction=_REDUCTIONS[reduction])


def margin_ranking_loss(input1, input2, target, margin=0.0, reduction=1):
    """As :func:`mytorch.nn.functional.margin_ranking_loss`; ``reduction`` is a number."""
    return F.margin_ranking_loss(input1, input2, target, margin, reduction=_REDUCTIONS[reduction])


def poisson_nll_loss(input, target, log_input, full, eps, reduction):
    """As :func:`mytorch.nn.functional.poisson_nll_loss`; ``reduction`` is a number."""
    return F.poisson_nll_loss(input, target, log_input, full, eps=eps, reduction=_REDUCTIONS[reduction])


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2.0, eps=1e-06, swap=False, reduction=1):
    """As :func:`mytorch.nn.functional.triplet_margin_loss`; ``reduction`` is a number."""
    kind = _REDUCTIONS[reduction]
    return F.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction=kind)


def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction=1, zero_infinity=False):
    """As :func:`mytorch.nn.functional.ctc_loss`; ``reduction`` is a number."""
    kind = _REDUCTIONS[reduction]
    return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, kind, zero_infinity)
