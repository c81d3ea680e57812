"""Distances as modules."""

from __future__ import annotations

from . import functional as F
from .module import Module


class PairwiseDistance(Module):
    """The norm of order ``p`` of x1 - x2 + eps over the last dimension."""

    def __init__(self, p=2.0, eps=1e-6, keepdim=False):
        super().__init__()
        self.norm, self.eps, self.keepdim = p, eps, keepdim

    def forward(self, x1, x2):
        """(…, D), (…, D) -> (…)."""
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between x1 and x2 along ``dim``."""

    def __init__(self, dim=1, eps=1e-8):
        super().__init__()
        self.dim, self.eps = dim, eps

    def forward(self, x1, x2):
        """The broadcast shape of both without ``dim``."""
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
