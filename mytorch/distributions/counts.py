"""Numbers of events: Poisson, Geometric, Binomial, NegativeBinomial, Multinomial."""

from __future__ import annotations

import math

from ..core.arrays import CPU, as_array, device_of, move
from ..core.grad_mode import no_grad
from ..core.graph import wrap
from ..ops.activation import softplus
from ..ops.elementwise import where
from ..ops.losses.pointwise import binary_cross_entropy_with_logits
from ..ops.special.gamma import lgamma
from ..tensors.from_data import as_type
from ..tensors.generator import source_of
from ..tensors.random_creation import poisson
from ..tensors.range_creation import arange
from . import constraints
from .discrete import Categorical, OfCategories, Trials
from .distribution import Distribution, all_true, broadcast_all
from .gammas import gamma_noise


class Poisson(Distribution):
    """rate^k exp(-rate) / k!; ``rate`` ≥ 0 is a number or a tensor.

    Args:
        rate (float or Tensor): the mean, not negative

    Example:
        >>> mytorch.distributions.Poisson(4.0).mean
        tensor(4.)
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate, validate_args=None):
        (self.rate,) = broadcast_all(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    mean = variance = property(lambda self: self.rate, doc="rate")
    mode = property(lambda self: self.rate.floor(), doc="The largest integer up to rate.")

    def sample(self, sample_shape=()):
        with no_grad():
            return poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        self._validate_sample(value)
        rate, value = broadcast_all(self.rate, value)
        return value.xlogy(rate) - rate - lgamma(value + 1)


class Geometric(Trials):
    """The number of failures before the first success: (1 - probs)^k · probs.

    ValueError for probability 0.

    Example:
        >>> mytorch.distributions.Geometric(0.5).mean
        tensor(1.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._given(probs, logits)
        given = self._parameter
        super().__init__(given.shape, validate_args=validate_args)
        if self._validate_args and probs is not None and not all_true(given > 0):
            raise ValueError(
                f"Expected parameter probs ({type(given).__name__} of shape {tuple(given.shape)}) of "
                f"distribution {self!r} to be positive but found "
                f"invalid values:\n{given}"
            )

    mean = property(lambda self: 1.0 / self.probs - 1.0, doc="1 / probs - 1")
    mode = property(lambda self: self.probs * 0, doc="0")
    variance = property(lambda self: (1.0 / self.probs - 1.0) / self.probs, doc="(1 - probs) / probs²")

    def sample(self, sample_shape=()):
        with no_grad():
            u = self.probs.new_empty(self._extended_shape(sample_shape)).uniform_(
                1e-38 if self.probs.array.itemsize > 2 else 1e-7, 1
            )
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value):
        self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        probs = where((probs == 1) & (value == 0), 0.0, probs)
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self):
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


class Binomial(Trials):
    """The number of successes in ``total_count`` trials.

    Args:
        total_count (int or Tensor): the number of trials

    Example:
        >>> mytorch.distributions.Binomial(10, 0.5).mean
        tensor(5.)
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True

    def __init__(self, total_count=1, probs=None, logits=None, validate_args=None):
        (count,) = self._given(probs, logits, total_count)
        self.total_count = count.type_as(self._parameter)
        super().__init__(self.total_count.shape, validate_args=validate_args)

    support = property(lambda self: constraints.integer_interval(0, self.total_count), doc="0 … total_count")
    mean = property(lambda self: self.total_count * self.probs, doc="n p")
    mode = property(
        lambda self: ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count),
        doc="⌊(n + 1) p⌋, n at most",
    )
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs), doc="n p (1 - p)")

    def sample(self, sample_shape=()):
        shape, kind = self._extended_shape(sample_shape), self.probs.array.dtype
        n, p = (move(v.detach().expand(shape).array, CPU) for v in (self.total_count, self.probs))
        drawn = as_type(
            as_array(source_of(None).binomial(n.astype("int64"), p.astype("float64").clip(0, 1))), kind
        )
        return wrap(move(drawn, device_of(self.probs.array)))

    def log_prob(self, value):
        self._validate_sample(value)
        n = self.total_count
        ways = lgamma(n + 1) - lgamma(value + 1) - lgamma(n - value + 1)
        return ways + value * self.logits - n * softplus(self.logits)

    def _count(self):
        n = int(self.total_count.max())
        if int(self.total_count.min()) != n:
            raise NotImplementedError(
                "Inhomogeneous total count not supported by `enumerate_support` and `entropy`."
            )
        return n

    def entropy(self):
        scores = self.log_prob(self.enumerate_support(False))
        return -(scores.exp() * scores).sum(0)

    def enumerate_support(self, expand=True):
        values = arange(1 + self._count(), dtype=self.probs.dtype, device=self.probs.device).reshape(
            -1, *(1,) * len(self._batch_shape)
        )
        return values.expand(-1, *self._batch_shape) if expand else values


class NegativeBinomial(Trials):
    """The number of successes before ``total_count`` failures.

    Args:
        total_count (float or Tensor): the number of failures to stop after, positive

    Example:
        >>> mytorch.distributions.NegativeBinomial(3.0, 0.5).mean
        tensor(3.)
    """

    arg_constraints = {
        "total_count": constraints.nonnegative,
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer

    def __init__(self, total_count, probs=None, logits=None, validate_args=None):
        (count,) = self._given(probs, logits, total_count)
        self.total_count = count.type_as(self._parameter)
        super().__init__(self.total_count.shape, validate_args=validate_args)

    mean = property(lambda self: self.total_count * self.logits.exp(), doc="r p / (1 - p)")
    mode = property(
        lambda self: ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0),
        doc="⌊(r - 1) p / (1 - p)⌋, 0 at least",
    )
    variance = property(lambda self: self.mean * (1 + self.logits.exp()), doc="r p / (1 - p)²")

    def sample(self, sample_shape=()):
        with no_grad():  # a Poisson distribution whose rate has a gamma distribution
            return poisson(
                gamma_noise(self.total_count, self._extended_shape(sample_shape)) * self.logits.exp()
            )

    def log_prob(self, value):
        self._validate_sample(value)
        n = self.total_count
        ways = lgamma(n + value) - lgamma(value + 1) - lgamma(n)
        return n * -softplus(self.logits) + value * -softplus(-self.logits) + where(n + value == 0, 0.0, ways)


class Multinomial(OfCategories):
    """The counts (…, K) of K categories in ``total_count`` draws, an int, with weights ``probs`` or
    exp(``logits``).

    Args:
        total_count (int): the number of draws
        probs (Tensor): the weights, (…, K), not negative
        logits (Tensor): their logarithms, (…, K)

    Example:
        >>> mytorch.distributions.Multinomial(10, mytorch.ones(4)).sample().sum()
        tensor(10.)
    """

    def __init__(self, total_count=1, probs=None, logits=None, validate_args=None):
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        super().__init__(Categorical(probs, logits), validate_args)

    support = property(
        lambda self: constraints.multinomial(self.total_count), doc="Counts with the sum total_count."
    )
    mean = property(lambda self: self.probs * self.total_count, doc="n p")
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs), doc="n p (1 - p)")

    def sample(self, sample_shape=()):
        with no_grad():
            picks = self._categorical.sample((self.total_count, *sample_shape))
            counts = self.probs.new_zeros(self._extended_shape(sample_shape))
            return counts.scatter_add_(
                -1, picks.movedim(0, -1), self.probs.new_ones((*picks.shape[1:], self.total_count))
            )

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        powers = where((value == 0) & (logits == -math.inf), 0.0, logits * value)
        return lgamma(value.sum(-1) + 1) - lgamma(value + 1).sum(-1) + powers.sum(-1)

    def entropy(self):
        n, k = (
            self.total_count,
            arange(1.0, 1 + self.total_count, device=self.probs.device).to(self.probs.dtype),
        )
        k = k.reshape(-1, *(1,) * (len(self._batch_shape) + 1))
        scores = Binomial(n, probs=self.probs).log_prob(k)
        return (
            n * self._categorical.entropy()
            - math.lgamma(n + 1)
            + (scores.exp() * lgamma(k + 1)).sum(0).sum(-1)
        )
