"""GeneralizedPareto: the tails of other distributions."""

from __future__ import annotations

import math

from ..ops.elementwise import where
from . import constraints
from .distribution import Distribution, broadcast_all


class GeneralizedPareto(Distribution):
    """P(X > x) = (1 + c z)^(-1 / c), z = (x - loc) / scale ≥ 0, for ``concentration`` c; exp(-z) for c = 0.

    Numbers or tensors that broadcast. c = 0 is the exponential distribution, c = -1 the uniform one. For c <
    0 the support ends at loc - scale / c.

    Args:
        loc (float or Tensor): the smallest value
        scale (float or Tensor): the scale, positive
        concentration (float or Tensor): c, how heavy the tail is

    Example:
        >>> mytorch.distributions.GeneralizedPareto(0.0, 1.0, 0.0).log_prob(mytorch.tensor(2.0))
        tensor(-2.)
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True

    def __init__(self, loc, scale, concentration, validate_args=None):
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self):
        """From loc on, for a negative concentration up to loc - scale / concentration."""
        c = self.concentration
        return constraints.interval(
            self.loc, where(c < 0, self.loc - self.scale / where(c < 0, c, -1.0), math.inf)
        )

    def _shape(self):
        """(whether the concentration is close to 0, the concentration with another value there)."""
        flat = self.concentration.detach().abs() <= 1e-8
        return flat, where(flat, 1.0, self.concentration)

    mode = property(lambda self: self.loc, doc="loc")

    @property
    def mean(self):
        """loc + scale / (1 - concentration), nan from concentration 1 on."""
        c = self.concentration
        return where(c < 1, self.loc + self.scale / (1 - where(c < 1, c, 0.5)), math.nan)

    @property
    def variance(self):
        """scale² / ((1 - c)² (1 - 2c)), nan from concentration c = 1/2 on."""
        c = where(self.concentration < 0.5, self.concentration, 0.25)
        return where(self.concentration < 0.5, self.scale**2 / ((1 - c) ** 2 * (1 - 2 * c)), math.nan)

    def rsample(self, sample_shape=()):
        return self.icdf(self.loc.detach().new_empty(self._extended_shape(sample_shape)).uniform_())

    def log_survival_function(self, value):
        """log P(X > value)."""
        self._validate_sample(value)
        z, (flat, c) = (value - self.loc) / self.scale, self._shape()
        return where(flat, -z, -(c * z).log1p() / c)

    def log_cdf(self, value):
        """log P(X ≤ value)."""
        return (-self.log_survival_function(value).exp()).log1p()

    def log_prob(self, value):
        self._validate_sample(value)
        z, (flat, c) = (value - self.loc) / self.scale, self._shape()
        power = 1 / c + 1
        return -self.scale.log() - where(flat, z, where(power == 0, power, power * (c * z).log1p()))

    def cdf(self, value):
        return self.log_cdf(value).exp()

    def icdf(self, value):
        log_rest, (flat, c) = (-value).log1p(), self._shape()
        return self.loc + self.scale * where(flat, -log_rest, (-c * log_rest).expm1() / c)

    def entropy(self):
        return self.scale.log() + self.concentration + 1
