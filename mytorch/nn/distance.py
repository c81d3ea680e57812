"""Distances as modules."""

from __future__ import annotations

from . import functional as F
from .module import Module


class PairwiseDistance(Module):
    """The norm of order ``p`` of x1 - x2 + eps over the last dimension.

    Args:
        p (float): the order of the norm
        eps (float): what is added to each difference
        keepdim (bool): whether the last dimension stays, with size 1

    Example:
        >>> nn.PairwiseDistance()(mytorch.zeros(1, 2), mytorch.tensor([[3.0, 4.0]]))
        tensor([5.0000])
    """

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1, x2):
        """(…, D), (…, D) -> (…)."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between x1 and x2 along ``dim``.

    Args:
        dim (int): the dimension of a vector
        eps (float): the smallest norm to divide by

    Example:
        >>> nn.CosineSimilarity()(mytorch.tensor([[1.0, 0.0]]), mytorch.tensor([[1.0, 1.0]]))
        tensor([0.7071])
    """

    def __init__(self, dim=1, eps=1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1, x2):
        """The broadcast shape of both without ``dim``."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
