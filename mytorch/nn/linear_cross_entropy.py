"""The last layer of a classifier and its loss as one module."""

from __future__ import annotations

import math

from . import functional as F
from .linear import Linear
from .loss import _WeightedLoss


class LinearCrossEntropyLoss(_WeightedLoss):
    """Cross entropy of the scores that its own layer ``linear`` gives for ``input``.

    The scores of a position are those of ``num_classes`` classes; ``out_features`` are the dimensions of the
    positions. Targets, ``weight`` and the other settings are those of :class:`CrossEntropyLoss`. RuntimeError
    for a ``weight`` of another shape or a ``label_smoothing`` outside of [0, 1]; NotImplementedError for
    ``options``, which would compute the scores in parts.

    Args:
        in_features (int): the number of features of an input
        num_classes (int): the number of classes
        out_features (tuple of int): (d1, …) for targets (N, d1, …)
        options (None): no other value is taken

    Shape:
        input (in_features,) or (N, in_features), target (), (N,) or (N, d1, …); the result is a number, or
            with ``"none"`` has the shape of the target's classes

    Example:
        >>> loss = nn.LinearCrossEntropyLoss(2, 3)
        >>> with mytorch.no_grad():
        ...     _ = loss.linear.weight.zero_()
        >>> loss(mytorch.ones(4, 2), mytorch.tensor([0, 1, 2, 0])).item()
        1.0986123085021973
    """

    def __init__(
        self,
        in_features,
        num_classes,
        *,
        out_features=(),
        bias=False,
        device=None,
        dtype=None,
        reduction="mean",
        weight=None,
        ignore_index=None,
        label_smoothing=0.0,
        options=None,
    ):
        if weight is not None and tuple(weight.shape) != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, reduction=reduction)
        self.num_classes, self.out_features = num_classes, out_features
        self.ignore_index, self.label_smoothing, self.options = ignore_index, label_smoothing, options
        rows = num_classes * math.prod(out_features)
        self.linear = Linear(in_features, rows, bias=bias, device=device, dtype=dtype)

    def forward(self, input, target):
        """The loss; see :func:`functional.linear_cross_entropy`."""
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape((*shape, self.linear.in_features)),
            target,
            linear_bias=None if bias is None else bias.reshape(shape),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self):
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, "
            f"reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
