"""Normal, Uniform, Laplace, Exponential."""

from __future__ import annotations

import math

from ..ops.dtype_info import finfo
from ..ops.elementwise import where
from ..ops.special.normal import ndtr, ndtri
from ..tensors.creation import zeros_like
from . import constraints
from .distribution import Distribution, all_true, broadcast_all


def _noise(like, shape):
    """Memory for random numbers with the dtype and on the device of ``like``."""
    return like.detach().new_empty(shape)


class Normal(Distribution):
    """Mean ``loc`` and standard deviation ``scale`` > 0, numbers or tensors that broadcast.

    Args:
        loc (float or Tensor): the mean
        scale (float or Tensor): the standard deviation, positive

    Example:
        >>> normal = mytorch.distributions.Normal(0.0, 1.0)
        >>> normal.sample((2, 3)).shape
        mytorch.Size([2, 3])
        >>> normal.log_prob(mytorch.tensor(0.0))
        tensor(-0.9189)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = mode = property(lambda self: self.loc, doc="loc")
    stddev = property(lambda self: self.scale, doc="scale")
    variance = property(lambda self: self.scale**2, doc="scale²")

    def rsample(self, sample_shape=()):
        return self.loc + _noise(self.loc, self._extended_shape(sample_shape)).normal_() * self.scale

    def log_prob(self, value):
        self._validate_sample(value)
        return (
            -((value - self.loc) ** 2) / (2 * self.scale**2)
            - self.scale.log()
            - math.log(math.sqrt(2 * math.pi))
        )

    def cdf(self, value):
        self._validate_sample(value)
        return ndtr((value - self.loc) / self.scale)

    def icdf(self, value):
        return self.loc + self.scale * ndtri(value)

    def entropy(self):
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class Uniform(Distribution):
    """[low, high), numbers or tensors that broadcast. ValueError unless low < high.

    Args:
        low (float or Tensor): the lower end
        high (float or Tensor): the upper end, which is not part of it

    Example:
        >>> mytorch.distributions.Uniform(0.0, 2.0).log_prob(mytorch.tensor(1.0))
        tensor(-0.6931)
    """

    arg_constraints = {"low": constraints.real, "high": constraints.real}
    has_rsample = True

    def __init__(self, low, high, validate_args=None):
        self.low, self.high = broadcast_all(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate_args and not all_true(self.low < self.high):
            raise ValueError("Uniform is not defined when low>= high")

    support = property(
        lambda self: constraints.interval(self.low.detach(), self.high.detach()), doc="[low, high]"
    )
    mean = property(lambda self: (self.high + self.low) / 2, doc="(low + high) / 2")
    mode = property(lambda self: self.low * math.nan, doc="nan: no value is more probable than others")
    stddev = property(lambda self: (self.high - self.low) / 12**0.5, doc="(high - low) / √12")
    variance = property(lambda self: (self.high - self.low) ** 2 / 12, doc="(high - low)² / 12")

    def rsample(self, sample_shape=()):
        return self.low + _noise(self.low, self._extended_shape(sample_shape)).uniform_() * (
            self.high - self.low
        )

    def log_prob(self, value):
        self._validate_sample(value)
        inside = (self.low <= value).type_as(self.low) * (self.high > value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value):
        self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value):
        return value * (self.high - self.low) + self.low

    def entropy(self):
        return (self.high - self.low).log()


class Laplace(Distribution):
    """exp(-|x - loc| / scale) / (2 scale), numbers or tensors that broadcast.

    Args:
        loc (float or Tensor): the mean
        scale (float or Tensor): the mean distance from it, positive

    Example:
        >>> mytorch.distributions.Laplace(0.0, 1.0).log_prob(mytorch.tensor(0.0))
        tensor(-0.6931)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    mean = mode = property(lambda self: self.loc, doc="loc")
    variance = property(lambda self: 2 * self.scale**2, doc="2 scale²")
    stddev = property(lambda self: 2**0.5 * self.scale, doc="√2 scale")

    def rsample(self, sample_shape=()):
        u = _noise(self.loc, self._extended_shape(sample_shape)).uniform_(finfo(self.loc.dtype).eps - 1, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value):
        self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value):
        self._validate_sample(value)
        tail = 0.5 * (-(value - self.loc).abs() / self.scale).exp()
        return where(value < self.loc, tail, 1 - tail)

    def icdf(self, value):
        below = value < 0.5
        tail = (2 * where(below, value, 1 - value)).log()
        return self.loc + self.scale * where(below, tail, -tail)

    def entropy(self):
        return 1 + (2 * self.scale).log()


class Exponential(Distribution):
    """rate · exp(-rate · x) for x ≥ 0; ``rate`` > 0 is a number or a tensor.

    Args:
        rate (float or Tensor): 1 over the mean, positive

    Example:
        >>> mytorch.distributions.Exponential(2.0).mean
        tensor(0.5000)
    """

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    mean = stddev = property(lambda self: self.rate.reciprocal(), doc="1 / rate")
    mode = property(lambda self: zeros_like(self.rate), doc="0")
    variance = property(lambda self: self.rate**-2, doc="1 / rate²")

    def rsample(self, sample_shape=()):
        return _noise(self.rate, self._extended_shape(sample_shape)).exponential_() / self.rate

    def log_prob(self, value):
        self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value):
        self._validate_sample(value)
        return -(-self.rate * value).expm1()

    def icdf(self, value):
        return -(-value).log1p() / self.rate

    def entropy(self):
        return 1 - self.rate.log()
