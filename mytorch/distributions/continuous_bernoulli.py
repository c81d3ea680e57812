"""ContinuousBernoulli, for numbers in [0, 1] such as pixels (Loaiza-Ganem and Cunningham, 2019)."""

from __future__ import annotations

import functools
import math

from ..ops.elementwise import where
from ..ops.losses.pointwise import binary_cross_entropy_with_logits
from . import constraints
from .discrete import clamped, one_of
from .distribution import Distribution, all_true, broadcast_all


class ContinuousBernoulli(Distribution):
    """Density C · probs^x (1 - probs)^(1 - x) on [0, 1], for ``probs`` = sigmoid(``logits``), a number or a
    tensor.

    ``lims``: between them, around 1/2, Taylor series replace formulas that would divide by zero.

    Args:
        lims (tuple of float): between which probabilities Taylor series are used

    Example:
        >>> mytorch.distributions.ContinuousBernoulli(0.5).log_prob(mytorch.tensor(0.3))
        tensor(0.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, probs=None, logits=None, lims=(0.499, 0.501), validate_args=None):
        one_of(probs, logits)
        (given,) = broadcast_all(logits if probs is None else probs)
        if probs is not None:
            valid = constraints.unit_interval.check(given.detach())
            if (validate_args or self._validate_args) and not all_true(valid):
                raise ValueError("The parameter probs has invalid values")
            given = clamped(given)
        self.__dict__["logits" if probs is None else "probs"], self._lims = given, lims
        super().__init__(given.shape, validate_args=validate_args)

    @functools.cached_property
    def logits(self):
        """log(p / (1 - p))."""
        return self.probs.log() - (-self.probs).log1p()

    @functools.cached_property
    def probs(self):
        """The parameter p, which is not the mean."""
        return clamped(self.logits.sigmoid())

    param_shape = property(lambda self: self._batch_shape, doc="The shape of the parameter.")

    def _away(self):
        """(whether p is not close to 1/2, p with another value where it is)."""
        p = self.probs
        away = (p < self._lims[0]) | (p > self._lims[1])
        return away, where(away, p, self._lims[0])

    def _log_norm(self):
        """log C = log(2 atanh(1 - 2p) / (1 - 2p))."""
        away, p = self._away()
        x = self.probs - 0.5
        exact = ((-p).log1p() - p.log()).abs().log() - (1 - 2 * p).abs().log()
        return where(away, exact, math.log(2) + (4 / 3 + 104 / 45 * x**2) * x**2)

    @property
    def mean(self):
        """p / (2p - 1) + 1 / (2 atanh(1 - 2p))."""
        away, p = self._away()
        x = self.probs - 0.5
        return where(away, p / (2 * p - 1) + 1 / ((-p).log1p() - p.log()), 0.5 + (1 / 3 + 16 / 45 * x**2) * x)

    @property
    def variance(self):
        """p (p - 1) / (1 - 2p)² + 1 / (2 atanh(1 - 2p))²."""
        away, p = self._away()
        x = (self.probs - 0.5) ** 2
        return where(
            away,
            p * (p - 1) / (1 - 2 * p) ** 2 + 1 / ((-p).log1p() - p.log()) ** 2,
            1 / 12 - (1 / 15 - 128 / 945 * x) * x,
        )

    def rsample(self, sample_shape=()):
        return self.icdf(self.probs.detach().new_empty(self._extended_shape(sample_shape)).uniform_())

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none") + self._log_norm()

    def cdf(self, value):
        self._validate_sample(value)
        away, p = self._away()
        inside = where(away, (p**value * (1 - p) ** (1 - value) + p - 1) / (2 * p - 1), value)
        return where(value <= 0, 0.0, where(value >= 1, 1.0, inside))

    def icdf(self, value):
        away, p = self._away()
        return where(
            away, ((-p + value * (2 * p - 1)).log1p() - (-p).log1p()) / (p.log() - (-p).log1p()), value
        )

    def entropy(self):
        low, high = (-self.probs).log1p(), self.probs.log()
        return self.mean * (low - high) - self._log_norm() - low
