# Names only: there is nothing to read here.
"""Losses that ``torch`` and ``torch.nn.functional`` both have, as ``torch`` takes their arguments.

Reductions are numbers: 0 for none, 1 for the mean, 2 for the sum.
"""

from __future__ import annotations

from . import functional as F

_REDUCTIONS = ("none", "mean", "sum")


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
