"""TransformedDistribution and its subclasses: LogNormal, Gumbel, Weibull, Pareto, Kumaraswamy,
LogisticNormal.
"""

from __future__ import annotations

import math

from ..ops.dtype_info import finfo
from ..ops.elementwise import where
from ..ops.special.gamma import digamma, lgamma
from ..tensors.creation import full_like, ones_like, zeros_like
from ..tensors.tensor import Size
from . import constraints
from .continuous import Exponential, Normal, Uniform
from .distribution import Distribution, broadcast_all
from .gammas import log_beta
from .independent import Independent, sum_rightmost
from .transforms import (
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    PowerTransform,
    StickBreakingTransform,
    Transform,
)

_EULER = 0.57721566490153286061


class TransformedDistribution(Distribution):
    """y = t(x) for x of ``base_distribution``: p(y) = p(x) / |dy/dx|.

    ``transforms`` is one transform, or a list of which the first is applied first.
    ValueError for anything but transforms, and for a base with too few dimensions.

    Args:
        base_distribution (Distribution): the distribution of x
        transforms (Transform or list of Transform): t, the first applied first

    Example:
        >>> base = mytorch.distributions.Normal(0.0, 1.0)
        >>> exp = mytorch.distributions.ExpTransform()
        >>> mytorch.distributions.TransformedDistribution(base, exp).log_prob(mytorch.tensor(1.0))
        tensor(-0.9189)
    """

    def __init__(self, base_distribution, transforms, validate_args=None):
        transforms = [transforms] if isinstance(transforms, Transform) else transforms
        if not isinstance(transforms, list) or not all(isinstance(t, Transform) for t in transforms):
            raise ValueError(f"transforms must be a Transform or a list of Transforms, but was {transforms}")
        self.transforms, chain = transforms, ComposeTransform(transforms)
        domain, codomain = chain.domain.event_dim, chain.codomain.event_dim
        shape, own = (
            base_distribution.batch_shape + base_distribution.event_shape,
            len(base_distribution.event_shape),
        )
        if len(shape) < domain:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {domain}, but got {shape}."
            )
        result = chain.forward_shape(shape)
        needed = chain.inverse_shape(result)
        if tuple(needed) != tuple(shape):  # the transforms have batches of their own
            base_distribution = base_distribution.expand(needed[: len(needed) - own])
        self.base_dist = Independent(base_distribution, domain - own) if domain > own else base_distribution
        cut = len(result) - max(codomain, own + codomain - domain)
        super().__init__(result[:cut], result[cut:], validate_args=validate_args)

    def _expanded(self, batch_shape):
        shape = Size((*batch_shape, *self._event_shape))
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        return self._with(
            batch_shape,
            base_dist=self.base_dist.expand(shape[: len(shape) - len(self.base_dist.event_shape)]),
        )

    has_rsample = property(
        lambda self: self.base_dist.has_rsample, doc="Whether the base has reparameterised samples."
    )

    @property
    def support(self):
        """The codomain of the last transform."""
        if not self.transforms:
            return self.base_dist.support
        support, dims = self.transforms[-1].codomain, len(self._event_shape)
        return (
            constraints.independent(support, dims - support.event_dim)
            if dims > support.event_dim
            else support
        )

    def _forward(self, x):
        for transform in self.transforms:
            x = transform(x)
        return x

    def sample(self, sample_shape=()):
        return self._forward(self.base_dist.sample(sample_shape)).detach()

    def rsample(self, sample_shape=()):
        return self._forward(self.base_dist.rsample(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        dims, total, y = len(self._event_shape), 0.0, value
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            dims += transform.domain.event_dim - transform.codomain.event_dim
            total = total - sum_rightmost(
                transform.log_abs_det_jacobian(x, y), dims - transform.domain.event_dim
            )
            y = x
        return total + sum_rightmost(self.base_dist.log_prob(y), dims - len(self.base_dist.event_shape))

    def _rising(self, probability):
        """``probability``, or 1 - probability where the transforms reverse the order."""
        sign = math.prod(transform.sign for transform in self.transforms)
        return probability if isinstance(sign, int) and sign == 1 else sign * (probability - 0.5) + 0.5

    def cdf(self, value):
        for transform in reversed(self.transforms):
            value = transform.inv(value)
        return self._rising(self.base_dist.cdf(value))

    def icdf(self, value):
        return self._forward(self.base_dist.icdf(self._rising(value)))


class LogNormal(TransformedDistribution):
    """exp(x) for x of Normal(loc, scale).

    Args:
        loc (float or Tensor): the mean of the logarithm
        scale (float or Tensor): the standard deviation of the logarithm, positive

    Example:
        >>> mytorch.distributions.LogNormal(0.0, 1.0).mean
        tensor(1.6487)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        super().__init__(
            Normal(loc, scale, validate_args=validate_args), ExpTransform(), validate_args=validate_args
        )

    loc = property(lambda self: self.base_dist.loc, doc="The mean of the logarithm.")
    scale = property(lambda self: self.base_dist.scale, doc="The standard deviation of the logarithm.")
    mean = property(lambda self: (self.loc + self.scale**2 / 2).exp(), doc="exp(loc + scale² / 2)")
    mode = property(lambda self: (self.loc - self.scale**2).exp(), doc="exp(loc - scale²)")
    variance = property(
        lambda self: (self.scale**2).expm1() * (2 * self.loc + self.scale**2).exp(),
        doc="(exp(scale²) - 1) exp(2 loc + scale²)",
    )

    def entropy(self):
        return self.base_dist.entropy() + self.loc


class Gumbel(TransformedDistribution):
    """loc - scale · log(-log u) for u uniform on [0, 1]: the distribution of the maximum of many samples.

    Args:
        loc (float or Tensor): the most frequent value
        scale (float or Tensor): the scale, positive

    Example:
        >>> mytorch.distributions.Gumbel(0.0, 1.0).mean
        tensor(0.5772)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real

    def __init__(self, loc, scale, validate_args=None):
        self.loc, self.scale = broadcast_all(loc, scale)
        info = finfo(self.loc.dtype)
        base = Uniform(
            full_like(self.loc.detach(), info.tiny),
            full_like(self.loc.detach(), 1 - info.eps),
            validate_args=validate_args,
        )
        steps = [
            ExpTransform().inv,
            AffineTransform(0, -ones_like(self.scale.detach())),
            ExpTransform().inv,
            AffineTransform(self.loc, -self.scale),
        ]
        super().__init__(base, steps, validate_args=validate_args)

    def _expanded(self, batch_shape):
        return Gumbel(
            self.loc.expand(batch_shape),
            self.scale.expand(batch_shape),
            validate_args=self._validate_args,
        )

    mode = property(lambda self: self.loc, doc="loc")
    mean = property(lambda self: self.loc + self.scale * _EULER, doc="loc + γ scale")
    stddev = property(lambda self: math.pi / math.sqrt(6) * self.scale, doc="π / √6 · scale")
    variance = property(lambda self: self.stddev**2, doc="π² / 6 · scale²")

    def log_prob(self, value):
        self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return y - y.exp() - self.scale.log()

    def entropy(self):
        return self.scale.log() + (1 + _EULER)


class Weibull(TransformedDistribution):
    """scale · x^(1 / concentration) for x of Exponential(1); both are numbers or tensors > 0.

    Args:
        scale (float or Tensor): the scale, positive
        concentration (float or Tensor): the shape of the density, positive

    Example:
        >>> mytorch.distributions.Weibull(1.0, 1.0).mean
        tensor(1.)
    """

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(self, scale, concentration, validate_args=None):
        self.scale, self.concentration = broadcast_all(scale, concentration)
        base = Exponential(ones_like(self.scale.detach()), validate_args=validate_args)
        steps = [PowerTransform(self.concentration.reciprocal()), AffineTransform(0, self.scale)]
        super().__init__(base, steps, validate_args=validate_args)

    def _expanded(self, batch_shape):
        return Weibull(
            self.scale.expand(batch_shape),
            self.concentration.expand(batch_shape),
            validate_args=self._validate_args,
        )

    def _moment(self, k):
        return lgamma(1 + k * self.concentration.reciprocal()).exp()

    mean = property(lambda self: self.scale * self._moment(1), doc="scale · Γ(1 + 1 / concentration)")
    variance = property(
        lambda self: self.scale**2 * (self._moment(2) - self._moment(1) ** 2),
        doc="scale² (Γ(1 + 2/k) - Γ(1 + 1/k)²)",
    )

    @property
    def mode(self):
        """scale · ((k - 1) / k)^(1 / k), 0 up to concentration k = 1."""
        k = self.concentration
        return where(k > 1, self.scale * ((k - 1).clamp(min=0) / k) ** k.reciprocal(), 0.0)

    def entropy(self):
        k = self.concentration
        return _EULER * (1 - k.reciprocal()) + (self.scale * k.reciprocal()).log() + 1


class Pareto(TransformedDistribution):
    """scale · exp(x / alpha) for x of Exponential(1); both are numbers or tensors > 0.

    Args:
        scale (float or Tensor): the smallest value, positive
        alpha (float or Tensor): how fast the tail falls, positive

    Example:
        >>> mytorch.distributions.Pareto(1.0, 3.0).mean
        tensor(1.5000)
    """

    arg_constraints = {"alpha": constraints.positive, "scale": constraints.positive}

    def __init__(self, scale, alpha, validate_args=None):
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        super().__init__(base, [ExpTransform(), AffineTransform(0, self.scale)], validate_args=validate_args)

    def _expanded(self, batch_shape):
        return Pareto(
            self.scale.expand(batch_shape),
            self.alpha.expand(batch_shape),
            validate_args=self._validate_args,
        )

    support = property(lambda self: constraints.greater_than_eq(self.scale.detach()), doc="[scale, ∞)")
    mode = property(lambda self: self.scale, doc="scale")

    @property
    def mean(self):
        """alpha · scale / (alpha - 1), infinite up to alpha = 1."""
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def variance(self):
        """scale² alpha / ((alpha - 1)² (alpha - 2)), infinite up to alpha = 2."""
        a = self.alpha.clamp(min=2)
        return self.scale**2 * a / ((a - 1) ** 2 * (a - 2))

    def entropy(self):
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())


class Kumaraswamy(TransformedDistribution):
    """(1 - u^(1 / concentration0))^(1 / concentration1) for u uniform on [0, 1].

    It is similar to Beta, but its cdf has a closed form.

    Args:
        concentration1 (float or Tensor): the first exponent, positive
        concentration0 (float or Tensor): the second exponent, positive

    Example:
        >>> mytorch.distributions.Kumaraswamy(1.0, 1.0).mean
        tensor(0.5000)
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval

    def __init__(self, concentration1, concentration0, validate_args=None):
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        base = Uniform(
            zeros_like(self.concentration0.detach()),
            ones_like(self.concentration0.detach()),
            validate_args=validate_args,
        )
        steps = [
            PowerTransform(self.concentration0.reciprocal()),
            AffineTransform(1.0, -1.0),
            PowerTransform(self.concentration1.reciprocal()),
        ]
        super().__init__(base, steps, validate_args=validate_args)

    def _expanded(self, batch_shape):
        return Kumaraswamy(
            self.concentration1.expand(batch_shape),
            self.concentration0.expand(batch_shape),
            validate_args=self._validate_args,
        )

    def _moment(self, n):
        """E[xⁿ] = b · B(1 + n / a, b)."""
        a, b = self.concentration1, self.concentration0
        return b * log_beta(1 + n / a, b).exp()

    mean = property(lambda self: self._moment(1), doc="b · B(1 + 1 / a, b)")
    variance = property(lambda self: self._moment(2) - self._moment(1) ** 2, doc="E[x²] - E[x]²")

    @property
    def mode(self):
        """((a - 1) / (a b - 1))^(1 / a), nan where a or b is below 1."""
        a, b = self.concentration1, self.concentration0
        return where((a < 1) | (b < 1), math.nan, ((a - 1) / (a * b - 1)) ** a.reciprocal())

    def entropy(self):
        a, b = self.concentration1, self.concentration0
        harmonic = digamma(b + 1) + _EULER
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic - a.log() - b.log()


class LogisticNormal(TransformedDistribution):
    """Probabilities (…, K + 1) that :class:`StickBreakingTransform` makes of Normal(loc, scale) (…, K).

    Args:
        loc (Tensor): the mean before the transform, (…, K)
        scale (Tensor): the standard deviation before the transform, (…, K), positive

    Example:
        >>> mytorch.distributions.LogisticNormal(mytorch.zeros(2), mytorch.ones(2)).sample().sum()
        tensor(1.)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, loc, scale, validate_args=None):
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    loc = property(lambda self: self.base_dist.base_dist.loc, doc="The means before the transform.")
    scale = property(
        lambda self: self.base_dist.base_dist.scale, doc="The standard deviations before the transform."
    )
