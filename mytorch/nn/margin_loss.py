"""Losses that ask for a margin, as modules."""

from __future__ import annotations

from . import functional as F
from .distance import PairwiseDistance
from .loss import _Loss, _WeightedLoss


class HingeEmbeddingLoss(_Loss):
    """``input`` where the target is 1, max(0, margin - input) where it is -1, reduced.

    Example:
        >>> nn.HingeEmbeddingLoss()(mytorch.tensor([0.2, 0.3]), mytorch.tensor([1.0, -1.0]))
        tensor(0.4500)
    """

    def __init__(self, margin=1.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input, target):
        """The loss; see :func:`functional.hinge_embedding_loss`."""
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    """1 - cos(input1, input2) where the target is 1, max(0, cos - margin) where it is -1, reduced.

    Example:
        >>> x = mytorch.tensor([[1.0, 0.0]])
        >>> nn.CosineEmbeddingLoss()(x, x, mytorch.tensor([-1.0]))
        tensor(1.)
    """

    def __init__(self, margin=0.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        """The loss; see :func:`functional.cosine_embedding_loss`."""
        return F.cosine_embedding_loss(input1, input2, target, self.margin, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    """max(0, margin - target · (input1 - input2)), reduced.

    Example:
        >>> loss = nn.MarginRankingLoss(margin=1.0)
        >>> loss(mytorch.tensor([2.0]), mytorch.tensor([1.5]), mytorch.tensor([1.0]))
        tensor(0.5000)
    """

    def __init__(self, margin=0.0, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1, input2, target):
        """The loss; see :func:`functional.margin_ranking_loss`."""
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class SoftMarginLoss(_Loss):
    """log(1 + exp(-target · input)), reduced.

    Example:
        >>> nn.SoftMarginLoss()(mytorch.tensor([1.0, -1.0]), mytorch.tensor([1.0, -1.0]))
        tensor(0.3133)
    """

    def forward(self, input, target):
        """The loss; see :func:`functional.soft_margin_loss`."""
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    """Σ over the wrong classes of max(0, margin - x[target] + x)ᵖ / C, reduced.

    Args:
        p (int): 1 or 2

    Example:
        >>> nn.MultiMarginLoss()(mytorch.tensor([[0.1, 0.2, 0.9]]), mytorch.tensor([2]))
        tensor(0.1667)
    """

    def __init__(self, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        if weight is not None and weight.ndim != 1:
            raise ValueError(
                f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.ndim}D instead"
            )
        self.p, self.margin = p, margin

    def forward(self, input, target):
        """The loss; see :func:`functional.multi_margin_loss`."""
        return F.multi_margin_loss(input, target, self.p, self.margin, self.weight, reduction=self.reduction)


class MultiLabelMarginLoss(_Loss):
    """Σ over right classes r and wrong classes w of max(0, 1 - x[r] + x[w]) / C, reduced.

    Example:
        >>> nn.MultiLabelMarginLoss()(mytorch.tensor([[0.1, 0.2, 0.9]]), mytorch.tensor([[2, -1, 0]]))
        tensor(0.1667)
    """

    def forward(self, input, target):
        """The loss; see :func:`functional.multilabel_margin_loss`."""
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    """Binary cross entropy of sigmoid(input), averaged over the classes, reduced.

    Example:
        >>> nn.MultiLabelSoftMarginLoss()(mytorch.tensor([[1.0, -1.0]]), mytorch.tensor([[1.0, 0.0]]))
        tensor(0.3133)
    """

    def forward(self, input, target):
        """The loss; see :func:`functional.multilabel_soft_margin_loss`."""
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    """max(0, margin + ‖anchor - positive‖ₚ - ‖anchor - negative‖ₚ), reduced.

    Args:
        p (float): the order of the norm of the distance
        eps (float): what is added to each difference

    Example:
        >>> a, b, c = mytorch.zeros(1, 2), mytorch.tensor([[0.0, 1.0]]), mytorch.tensor([[3.0, 0.0]])
        >>> nn.TripletMarginLoss(margin=2.5)(a, b, c)
        tensor(0.5000)
    """

    def __init__(
        self, margin=1.0, p=2.0, eps=1e-6, swap=False, size_average=None, reduce=None, reduction="mean"
    ):
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin, self.p, self.eps, self.swap = margin, p, eps, swap

    def forward(self, anchor, positive, negative):
        """The loss; see :func:`functional.triplet_margin_loss`."""
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap, reduction=self.reduction
        )


class TripletMarginWithDistanceLoss(_Loss):
    """max(0, margin + distance(anchor, positive) - distance(anchor, negative)), reduced.

    Args:
        distance_function (callable): the distance of two batches; None is ``PairwiseDistance``

    Example:
        >>> a, b, c = mytorch.zeros(1, 2), mytorch.tensor([[0.0, 1.0]]), mytorch.tensor([[3.0, 0.0]])
        >>> nn.TripletMarginWithDistanceLoss(margin=2.5)(a, b, c)
        tensor(0.5000)
    """

    def __init__(self, *, distance_function=None, margin=1.0, swap=False, reduction="mean"):
        super().__init__(reduction=reduction)
        if margin <= 0:
            raise ValueError(
                f"TripletMarginWithDistanceLoss: expected margin to be greater than 0, got {margin} instead"
            )
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin, self.swap = margin, swap

    def forward(self, anchor, positive, negative):
        """The loss; see :func:`functional.triplet_margin_with_distance_loss`."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
