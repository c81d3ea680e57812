"""The halves of distributions that are symmetric about 0: HalfNormal, HalfCauchy."""

from __future__ import annotations

import math

from ..ops.elementwise import where
from ..ops.special.erf import erf, erfinv
from ..tensors.creation import full_like, zeros_like
from . import constraints
from .continuous import Normal
from .heavy_tails import Cauchy
from .transformed import TransformedDistribution
from .transforms import AbsTransform


class _Half(TransformedDistribution):
    """|x| for x of a distribution that is symmetric about 0."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    scale = property(lambda self: self.base_dist.scale, doc="scale")
    mode = property(lambda self: zeros_like(self.scale), doc="0")

    def log_prob(self, value):
        self._validate_sample(value)
        return where(value >= 0, self.base_dist.log_prob(value) + math.log(2), -math.inf)

    def entropy(self):
        return self.base_dist.entropy() - math.log(2)


class HalfNormal(_Half):
    """|x| for x of Normal(0, scale).

    Args:
        scale (float or Tensor): the standard deviation of x, positive

    Example:
        >>> mytorch.distributions.HalfNormal(1.0).mean
        tensor(0.7979)
    """

    def __init__(self, scale, validate_args=None):
        super().__init__(Normal(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def cdf(self, value):
        self._validate_sample(value)
        return erf(value / (self.scale * math.sqrt(2)))

    def icdf(self, prob):
        return self.scale * erfinv(prob) * math.sqrt(2)

    mean = property(lambda self: self.scale * math.sqrt(2 / math.pi), doc="√(2 / π) · scale")
    variance = property(lambda self: self.scale**2 * (1 - 2 / math.pi), doc="(1 - 2 / π) · scale²")


class HalfCauchy(_Half):
    """|x| for x of Cauchy(0, scale).

    Args:
        scale (float or Tensor): the scale, positive

    Example:
        >>> mytorch.distributions.HalfCauchy(1.0).cdf(mytorch.tensor(1.0))
        tensor(0.5000)
    """

    def __init__(self, scale, validate_args=None):
        super().__init__(Cauchy(0, scale, validate_args=False), AbsTransform(), validate_args=validate_args)

    def cdf(self, value):
        self._validate_sample(value)
        return (value / self.scale).atan() * (2 / math.pi)

    def icdf(self, prob):
        return (prob * (math.pi / 2)).tan() * self.scale

    mean = property(lambda self: full_like(self.scale.detach(), math.inf), doc="inf")
    variance = property(lambda self: self.base_dist.variance, doc="inf")
