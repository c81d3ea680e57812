"""Cauchy, and VonMises on the circle."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import CPU, device_of, move
from ..core.graph import wrap
from ..ops.binary import atan2
from ..ops.special.bessel import i0e, i1e
from ..tensors.creation import full_like, ones_like
from ..tensors.from_data import as_type
from ..tensors.generator import source_of
from . import constraints
from .distribution import Distribution, broadcast_all


class Cauchy(Distribution):
    """1 / (π scale (1 + ((x - loc) / scale)²)): it has no mean.

    Args:
        loc (float or Tensor): the median
        scale (float or Tensor): half the width at half the height, positive

    Example:
        >>> mytorch.distributions.Cauchy(0.0, 1.0).cdf(mytorch.tensor(1.0))
        tensor(0.7500)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = property(lambda self: full_like(self.loc.detach(), math.nan), doc="nan")
    mode = property(lambda self: self.loc, doc="loc")
    variance = property(lambda self: full_like(self.loc.detach(), math.inf), doc="inf")

    def rsample(self, sample_shape=()):
        return (
            self.loc + self.loc.detach().new_empty(self._extended_shape(sample_shape)).cauchy_() * self.scale
        )

    def log_prob(self, value):
        self._validate_sample(value)
        return -math.log(math.pi) - self.scale.log() - (((value - self.loc) / self.scale) ** 2).log1p()

    def cdf(self, value):
        self._validate_sample(value)
        distance = (self.loc - value) / self.scale  # atan(…) + 1/2 would cancel for small values
        return atan2(ones_like(distance), distance) / math.pi

    def icdf(self, value):
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self):
        return math.log(4 * math.pi) + self.scale.log()


class VonMises(Distribution):
    """exp(concentration · cos(x - loc)) / (2π I₀(concentration)) on [-π, π): like a normal, on the circle.

    Args:
        loc (float or Tensor): the mean angle
        concentration (float or Tensor): how narrow it is, positive

    Example:
        >>> mytorch.distributions.VonMises(0.0, 1.0).log_prob(mytorch.tensor(0.0))
        tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real

    def __init__(self, loc, concentration, validate_args=None):
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = mode = property(lambda self: self.loc, doc="loc")
    variance = property(
        lambda self: 1 - i1e(self.concentration) / i0e(self.concentration),
        doc="1 - I₁ / I₀, the circular variance",
    )

    def sample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        loc, kappa = (
            move(v.detach().expand(shape).array, CPU).astype("float64")
            for v in (self.loc, self.concentration)
        )
        drawn = as_type(
            numpy.asarray(source_of(None).vonmises(numpy.angle(numpy.exp(1j * loc)), kappa)),
            self.loc.array.dtype,
        )
        return wrap(move(drawn, device_of(self.loc.array)))

    def log_prob(self, value):
        self._validate_sample(value)
        k = self.concentration
        return k * ((value - self.loc).cos() - 1) - math.log(2 * math.pi) - i0e(k).log()
