"""Exponential moving averages, in place on flat arrays. ``t`` is a scratch array."""

from ..core.arrays import xp


def follow(mean, g, beta, t):
    """mean ← mean + (1 − beta) · (g − mean)."""
    xp(g).subtract(g, mean, out=t)
    t *= 1 - beta
    mean += t


def follow_square(square, g, beta, t):
    """square ← beta · square + (1 − beta) · g². The factor is applied to g first, since g² may overflow."""
    square *= beta
    xp(g).multiply(g, 1 - beta, out=t)
    t *= g
    square += t
