"""Losses as modules: each is a function of ``nn.functional`` with its settings."""

from __future__ import annotations

from ..ops.losses.loss_reduction import chosen
from . import functional as F
from .module import Module


class _Loss(Module):
    def __init__(self, size_average=None, reduce=None, reduction="mean"):
        super().__init__()
        if size_average is not None or reduce is not None:  # torch's old arguments
            reduction = chosen(reduction, size_average, reduce)
        self.reduction = reduction


class _WeightedLoss(_Loss):
    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean"):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """Cross entropy of scores (C,), (N, C) or (N, C, d1, …), reduced.

    The targets are classes, int64 of shape (N, d1, …), or probabilities of the shape of the scores.
    ``weight`` (C,) weighs the classes; targets equal to ``ignore_index`` do not count; ``label_smoothing``
    mixes the targets with the uniform distribution.

    Shape:
        input (N, C) or (N, C, d1, …), target (N,) or (N, d1, …); the result is a number, or with ``"none"``
            has the shape of the target's classes

    Example:
        >>> loss = nn.CrossEntropyLoss()
        >>> scores = mytorch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 5.0]], requires_grad=True)
        >>> loss(scores, mytorch.tensor([0, 2])).item()
        0.2104959487915039
        >>> loss(scores, mytorch.tensor([0, 2])).backward()
    """

    def __init__(
        self,
        weight=None,
        size_average=None,
        ignore_index=-100,
        reduce=None,
        reduction="mean",
        label_smoothing=0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input, target):
        """The loss; see :func:`functional.cross_entropy`."""
        return F.cross_entropy(
            input, target, self.weight, None, self.ignore_index, None, self.reduction, self.label_smoothing
        )


class NLLLoss(_WeightedLoss):
    """Minus the log-probability, in ``input`` (N, C, d1, …), of the class ``target`` (N, d1, …).

    Example:
        >>> scores = mytorch.tensor([[2.0, 1.0, 0.0]])
        >>> nn.NLLLoss()(scores.log_softmax(1), mytorch.tensor([0]))
        tensor(0.4076)
    """

    def __init__(self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input, target):
        """The loss; see :func:`functional.nll_loss`."""
        return F.nll_loss(input, target, self.weight, None, self.ignore_index, None, self.reduction)


class MSELoss(_Loss):
    """(input - target)², reduced.

    Example:
        >>> nn.MSELoss()(mytorch.tensor([1.0, 2.0]), mytorch.tensor([1.0, 4.0]))
        tensor(2.)
    """

    def forward(self, input, target):
        """The loss; see :func:`functional.mse_loss`."""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|input - target|, reduced.

    Example:
        >>> nn.L1Loss()(mytorch.tensor([1.0, 2.0]), mytorch.tensor([1.0, 4.0]))
        tensor(1.)
    """

    def forward(self, input, target):
        """The loss; see :func:`functional.l1_loss`."""
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """Squared error below ``beta``, absolute error above, reduced.

    Args:
        beta (float): the error at which the squared error becomes an absolute one

    Example:
        >>> nn.SmoothL1Loss()(mytorch.tensor([0.5, 4.0]), mytorch.zeros(2))
        tensor(1.8125)
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", beta=1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        """The loss; see :func:`functional.smooth_l1_loss`."""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """Squared error below ``delta``, ``delta`` times the absolute error above, reduced.

    Args:
        delta (float): the error at which the squared error becomes an absolute one

    Example:
        >>> nn.HuberLoss()(mytorch.tensor([0.5, 4.0]), mytorch.zeros(2))
        tensor(1.8125)
    """

    def __init__(self, reduction="mean", delta=1.0):
        if not isinstance(delta, (float, int)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input, target):
        """The loss; see :func:`functional.huber_loss`."""
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class BCELoss(_WeightedLoss):
    """Binary cross entropy of probabilities, times ``weight``, reduced.

    Args:
        weight (Tensor): the weight of each element; broadcasts; None is 1

    Example:
        >>> nn.BCELoss()(mytorch.tensor([0.9, 0.2]), mytorch.tensor([1.0, 0.0]))
        tensor(0.1643)
    """

    def forward(self, input, target):
        """The loss; see :func:`functional.binary_cross_entropy`."""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Binary cross entropy of sigmoid(input), without overflow, times ``weight``, reduced.

    ``pos_weight`` is a factor of the terms of positive targets.

    Args:
        weight (Tensor): the weight of each element; broadcasts; None is 1
        pos_weight (Tensor): the weight of the positive part; broadcasts; None is 1

    Example:
        >>> nn.BCEWithLogitsLoss()(mytorch.tensor([2.0, -1.0]), mytorch.tensor([1.0, 0.0]))
        tensor(0.2201)
    """

    def __init__(self, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input, target):
        """The loss; see :func:`functional.binary_cross_entropy_with_logits`."""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class PoissonNLLLoss(_Loss):
    """exp(input) - target · input (without ``log_input``: input - target · log input), reduced.

    Args:
        log_input (bool): whether ``input`` is in logarithms
        eps (float): what is added to the rates before their logarithm is taken

    Example:
        >>> nn.PoissonNLLLoss()(mytorch.tensor([0.0, 1.0]), mytorch.tensor([1.0, 3.0]))
        tensor(0.3591)
    """

    def __init__(
        self, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction="mean"
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input, target):
        """The loss; see :func:`functional.poisson_nll_loss`."""
        return F.poisson_nll_loss(
            log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    """(log var + (input - target)² / var) / 2, reduced.

    Args:
        eps (float): the smallest variance

    Example:
        >>> nn.GaussianNLLLoss()(mytorch.zeros(2), mytorch.ones(2), mytorch.ones(2))
        tensor(0.5000)
    """

    def __init__(self, *, full=False, eps=1e-6, reduction="mean"):
        super().__init__(reduction=reduction)
        self.full, self.eps = full, eps

    def forward(self, input, target, var):
        """The loss; see :func:`functional.gaussian_nll_loss`."""
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class KLDivLoss(_Loss):
    """target · (log target - input) with ``input`` in logarithms, reduced.

    Args:
        reduction (str): ``"mean"``, ``"sum"``, ``"batchmean"`` (the sum over N, which is the divergence) or
            ``"none"``
        log_target (bool): whether the target is in logarithms too

    Example:
        >>> p, q = mytorch.tensor([[0.5, 0.5]]), mytorch.tensor([[0.9, 0.1]])
        >>> nn.KLDivLoss(reduction="batchmean")(q.log(), p)
        tensor(0.5108)
    """

    def __init__(self, size_average=None, reduce=None, reduction="mean", log_target=False):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input, target):
        """The loss; see :func:`functional.kl_div`."""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class CTCLoss(_Loss):
    """-log p of label sequences over all alignments with the input (Graves et al. 2006).

    Args:
        blank (int): the label of the blank
        zero_infinity (bool): whether a target that does not fit its input loses 0 instead of infinity

    Example:
        >>> steps = mytorch.zeros(3, 1, 2).log_softmax(2)
        >>> nn.CTCLoss()(steps, mytorch.tensor([[1]]), (3,), (1,))
        tensor(0.2877)
    """

    def __init__(self, blank=0, reduction="mean", zero_infinity=False):
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(self, log_probs, targets, input_lengths, target_lengths):
        """The loss; see :func:`functional.ctc_loss`."""
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
