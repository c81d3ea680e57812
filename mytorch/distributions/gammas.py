"""Gamma, and distributions sampled by it: Chi2, InverseGamma, Beta, Dirichlet, FisherSnedecor, StudentT.

Samples are differentiable by implicit differentiation of the gamma distribution (Figurnov et al., 2018; see
``ops/special/incomplete_gamma.py``). Densities and entropies: Johnson, Kotz and Balakrishnan, Continuous
Univariate Distributions.
"""

from __future__ import annotations

import math

from ..core.arrays import CPU, device_of, move
from ..core.graph import Variable, wrap
from ..ops.dtype_info import finfo
from ..ops.elementwise import where
from ..ops.special.gamma import digamma, lgamma
from ..ops.special.incomplete_gamma import igamma, igammac, standard_gamma
from ..tensors.creation import as_tensor
from ..tensors.from_data import as_type
from ..tensors.generator import source_of
from . import constraints
from .distribution import Distribution, broadcast_all


def gamma_noise(concentration, shape):
    """Gamma random numbers of rate 1, differentiable in ``concentration``, and never 0."""
    concentration = concentration.expand(shape)
    array = concentration.array
    drawn = as_type(
        source_of(None).standard_gamma(move(array.astype("float64"), CPU), array.shape), array.dtype
    )
    sample = wrap(move(drawn, device_of(array))).clamp(min=finfo(concentration.dtype).tiny)
    return standard_gamma(concentration, sample)


def log_beta(a, b):
    """The logarithm of the beta function."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


class Gamma(Distribution):
    """rate^concentration x^(concentration - 1) exp(-rate x) / Γ(concentration) for x ≥ 0; both are numbers or
    tensors > 0.

    Args:
        concentration (float or Tensor): the shape of the density, positive
        rate (float or Tensor): 1 over the scale, positive

    Example:
        >>> mytorch.distributions.Gamma(2.0, 4.0).mean
        tensor(0.5000)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, concentration, rate, validate_args=None):
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    mean = property(lambda self: self.concentration / self.rate, doc="concentration / rate")
    mode = property(
        lambda self: ((self.concentration - 1) / self.rate).clamp(min=0),
        doc="(concentration - 1) / rate, at least 0",
    )
    variance = property(lambda self: self.concentration / self.rate**2, doc="concentration / rate²")

    def rsample(self, sample_shape=()):
        value = gamma_noise(self.concentration, self._extended_shape(sample_shape)) / self.rate
        # the division may underflow to 0: the value becomes tiny instead, with the same gradient
        return value + (value.detach().clamp(min=finfo(value.dtype).tiny) - value.detach())

    def log_prob(self, value):
        # as in torch, the value may be a number
        value = as_tensor(value, dtype=self.rate.dtype, device=self.rate.device)
        self._validate_sample(value)
        a = self.concentration
        return a * self.rate.log() + (a - 1).xlogy(value) - self.rate * value - lgamma(a)

    def cdf(self, value):
        self._validate_sample(value)
        return igamma(self.concentration, self.rate * value)

    def entropy(self):
        a = self.concentration
        return a - self.rate.log() + lgamma(a) + (1 - a) * digamma(a)


class Chi2(Gamma):
    """The sum of ``df`` squared standard normal numbers: Gamma(df / 2, 1 / 2).

    Args:
        df (float or Tensor): the degrees of freedom, positive

    Example:
        >>> mytorch.distributions.Chi2(3.0).mean
        tensor(3.)
    """

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df, validate_args=None):
        (df,) = broadcast_all(df)
        super().__init__(0.5 * df, 0.5, validate_args=validate_args)

    df = property(lambda self: self.concentration * 2, doc="The degrees of freedom.")

    def _parameters(self):
        return {"concentration": self.concentration, "rate": self.rate}

    def __repr__(self):
        return "Chi2()"


class InverseGamma(Distribution):
    """1 / x for x of Gamma(concentration, rate).

    Args:
        concentration (float or Tensor): the concentration of the gamma distribution, positive
        rate (float or Tensor): its rate, positive

    Example:
        >>> mytorch.distributions.InverseGamma(3.0, 4.0).mean
        tensor(2.)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, concentration, rate, validate_args=None):
        self.concentration, self.rate = broadcast_all(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)

    mode = property(lambda self: self.rate / (self.concentration + 1), doc="rate / (concentration + 1)")

    @property
    def mean(self):
        """rate / (concentration - 1), infinite up to concentration 1."""
        a = self.concentration
        return where(a > 1, self.rate / (a - 1), math.inf)

    @property
    def variance(self):
        """rate² / ((concentration - 1)² (concentration - 2)), infinite up to concentration 2."""
        a = self.concentration
        return where(a > 2, self.rate**2 / ((a - 1) ** 2 * (a - 2)), math.inf)

    def rsample(self, sample_shape=()):
        return self.rate / gamma_noise(self.concentration, self._extended_shape(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        a = self.concentration
        return a * self.rate.log() - (a + 1) * value.log() - self.rate / value - lgamma(a)

    def cdf(self, value):
        self._validate_sample(value)
        return igammac(self.concentration, self.rate / value)

    def entropy(self):
        a = self.concentration
        return a + self.rate.log() + lgamma(a) - (1 + a) * digamma(a)


class Dirichlet(Distribution):
    """Probabilities (…, K) with density ∏ xᵢ^(concentrationᵢ - 1) / B(concentration); ``concentration`` (…,
    K) > 0.

    Args:
        concentration (Tensor): the weight of each category, (…, K), positive

    Example:
        >>> mytorch.distributions.Dirichlet(mytorch.ones(3)).sample().sum()
        tensor(1.)
    """

    arg_constraints = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration, validate_args=None):
        if not isinstance(concentration, Variable) or concentration.ndim < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        super().__init__(concentration.shape[:-1], concentration.shape[-1:], validate_args=validate_args)

    mean = property(
        lambda self: self.concentration / self.concentration.sum(-1, True), doc="concentration / its sum"
    )

    @property
    def mode(self):
        """(concentration - 1) / its sum; where all are below 1, the corner of the largest concentration."""
        above = (self.concentration - 1).clamp(min=0)
        corner = (self.concentration == self.concentration.amax(-1, True)).to(above.dtype)
        corner = corner * (corner.cumsum(-1) == 1).to(above.dtype)  # the first of several
        return where((self.concentration < 1).all(-1, True), corner, above / above.sum(-1, True))

    @property
    def variance(self):
        """mᵢ (1 - mᵢ) / (sum + 1), where m is the mean."""
        return self.mean * (1 - self.mean) / (self.concentration.sum(-1, True) + 1)

    def rsample(self, sample_shape=()):
        noise = gamma_noise(self.concentration, self._extended_shape(sample_shape))
        return noise / noise.sum(-1, True)

    def log_prob(self, value):
        self._validate_sample(value)
        a = self.concentration
        return (a - 1).xlogy(value).sum(-1) + lgamma(a.sum(-1)) - lgamma(a).sum(-1)

    def entropy(self):
        a = self.concentration
        total = a.sum(-1)
        return (
            lgamma(a).sum(-1)
            - lgamma(total)
            - (a.shape[-1] - total) * digamma(total)
            - ((a - 1) * digamma(a)).sum(-1)
        )


class Beta(Distribution):
    """x^(concentration1 - 1) (1 - x)^(concentration0 - 1) / B on [0, 1]; both are numbers or tensors > 0.

    Args:
        concentration1 (float or Tensor): the weight of values near 1, positive
        concentration0 (float or Tensor): the weight of values near 0, positive

    Example:
        >>> mytorch.distributions.Beta(1.0, 3.0).mean
        tensor(0.2500)
    """

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1, concentration0, validate_args=None):
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    mean = property(
        lambda self: self.concentration1 / (self.concentration1 + self.concentration0), doc="a / (a + b)"
    )

    @property
    def mode(self):
        """That of a Dirichlet distribution of (concentration1, concentration0)."""
        return Dirichlet(_pair(self.concentration1, self.concentration0)).mode[..., 0]

    @property
    def variance(self):
        """a b / ((a + b)² (a + b + 1))."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total**2 * (total + 1))

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        first, second = gamma_noise(self.concentration1, shape), gamma_noise(self.concentration0, shape)
        return first / (first + second)

    def log_prob(self, value):
        self._validate_sample(value)
        a, b = self.concentration1, self.concentration0
        return (a - 1).xlogy(value) + (b - 1).xlogy(1 - value) - log_beta(a, b)

    def entropy(self):
        a, b = self.concentration1, self.concentration0
        return log_beta(a, b) - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b)


def _pair(a, b):
    return a.unsqueeze(-1) * a.new_tensor([1.0, 0.0]) + b.unsqueeze(-1) * a.new_tensor([0.0, 1.0])


class FisherSnedecor(Distribution):
    """The ratio of two chi-square numbers, each divided by its degrees of freedom, ``df1`` and ``df2``.

    Args:
        df1 (float or Tensor): the degrees of freedom of the numerator, positive
        df2 (float or Tensor): those of the denominator, positive

    Example:
        >>> mytorch.distributions.FisherSnedecor(2.0, 6.0).mean
        tensor(1.5000)
    """

    arg_constraints = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1, df2, validate_args=None):
        self.df1, self.df2 = broadcast_all(df1, df2)
        super().__init__(self.df1.shape, validate_args=validate_args)

    @property
    def mean(self):
        """df2 / (df2 - 2), nan up to 2."""
        return where(self.df2 > 2, self.df2 / (self.df2 - 2), math.nan)

    @property
    def mode(self):
        """(df1 - 2) / df1 · df2 / (df2 + 2), nan up to df1 = 2."""
        return where(self.df1 > 2, (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2), math.nan)

    @property
    def variance(self):
        """2 df2² (df1 + df2 - 2) / (df1 (df2 - 2)² (df2 - 4)), nan up to df2 = 4."""
        m, n = self.df1, self.df2
        return where(n > 4, 2 * n**2 * (m + n - 2) / (m * (n - 2) ** 2 * (n - 4)), math.nan)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        above, below = (
            gamma_noise(self.df1 * 0.5, shape) / self.df1,
            gamma_noise(self.df2 * 0.5, shape) / self.df2,
        )
        return above / below

    def log_prob(self, value):
        self._validate_sample(value)
        a, b, ratio = self.df1 * 0.5, self.df2 * 0.5, self.df1 / self.df2
        return -log_beta(a, b) + a * ratio.log() + (a - 1) * value.log() - (a + b) * (ratio * value).log1p()


class StudentT(Distribution):
    """loc + scale · z / √(c / df) for standard normal z and c of Chi2(df).

    Args:
        df (float or Tensor): the degrees of freedom, positive
        loc (float or Tensor): the centre
        scale (float or Tensor): the scale, positive

    Example:
        >>> mytorch.distributions.StudentT(5.0).variance
        tensor(1.6667)
    """

    arg_constraints = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True

    def __init__(self, df, loc=0.0, scale=1.0, validate_args=None):
        self.df, self.loc, self.scale = broadcast_all(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    mode = property(lambda self: self.loc, doc="loc")

    @property
    def mean(self):
        """loc, nan up to df = 1."""
        return where(self.df > 1, self.loc, math.nan)

    @property
    def variance(self):
        """scale² df / (df - 2), infinite up to df = 2, nan up to df = 1."""
        spread = where(self.df > 2, self.scale**2 * self.df / (self.df - 2), math.inf)
        return where(self.df > 1, spread, math.nan)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        chi2 = gamma_noise(self.df * 0.5, shape) * 2
        return self.loc + self.scale * (
            self.loc.detach().new_empty(shape).normal_() * (chi2 / self.df).rsqrt()
        )

    def log_prob(self, value):
        self._validate_sample(value)
        half, y = 0.5 * self.df, (value - self.loc) / self.scale
        norm = (
            self.scale.log()
            + 0.5 * self.df.log()
            + 0.5 * math.log(math.pi)
            + lgamma(half)
            - lgamma(half + 0.5)
        )
        return -0.5 * (self.df + 1) * (y**2 / self.df).log1p() - norm

    def entropy(self):
        half = 0.5 * self.df
        spread = 0.5 * (self.df + 1) * (digamma(half + 0.5) - digamma(half))
        return (
            self.scale.log()
            + spread
            + 0.5 * self.df.log()
            + lgamma(half)
            + math.lgamma(0.5)
            - lgamma(half + 0.5)
        )
