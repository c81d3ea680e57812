"""Bernoulli and Categorical, given by probabilities or by logits."""

from __future__ import annotations

import functools
import math

from ..core.grad_mode import no_grad
from ..ops.dtype_info import finfo
from ..ops.elementwise import where
from ..ops.gather import gather
from ..ops.losses.pointwise import binary_cross_entropy_with_logits
from ..ops.shape import broadcast_tensors
from ..ops.softmax import softmax
from ..tensors.creation import full
from ..tensors.random_creation import bernoulli, multinomial
from ..tensors.range_creation import arange
from ..tensors.tensor import Size
from . import constraints
from .distribution import Distribution, broadcast_all


def clamped(probs):
    """Probabilities clamped to inside of (0, 1), so that their logarithms are finite."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def one_of(probs, logits):
    """ValueError unless exactly one of them is given."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


class Trials(Distribution):
    """The base of distributions of independent trials with ``probs`` = sigmoid(``logits``)."""

    def _given(self, probs, logits, *others):
        """Store the one that is given, broadcast with ``others``; returns those, broadcast."""
        one_of(probs, logits)
        name, given = ("logits", logits) if probs is None else ("probs", probs)
        self.__dict__[name], *others = broadcast_all(given, *others)
        return others

    @functools.cached_property
    def logits(self):
        """log(p / (1 - p))."""
        probs = clamped(self.probs)
        return probs.log() - (-probs).log1p()

    @functools.cached_property
    def probs(self):
        """The probability of a success."""
        return self.logits.sigmoid()

    param_shape = property(lambda self: self._batch_shape, doc="The shape of the parameter.")
    # the parameter that was given
    _parameter = property(lambda self: self.__dict__["probs" if "probs" in self.__dict__ else "logits"])


class Bernoulli(Trials):
    """1 with probability ``probs`` = sigmoid(``logits``), else 0. Either is a number or a tensor.

    Example:
        >>> coin = mytorch.distributions.Bernoulli(0.3)
        >>> coin.mean, coin.log_prob(mytorch.tensor(1.0))
        (tensor(0.3000), tensor(-1.2040))
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        self._given(probs, logits)
        super().__init__(self._parameter.shape, validate_args=validate_args)

    mean = property(lambda self: self.probs, doc="probs")
    variance = property(lambda self: self.probs * (1 - self.probs), doc="probs · (1 - probs)")

    @property
    def mode(self):
        """The more probable value; nan where both are equally probable."""
        return where(self.probs == 0.5, math.nan, (self.probs >= 0.5).type_as(self.probs))

    def sample(self, sample_shape=()):
        with no_grad():
            return bernoulli(self.probs.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -binary_cross_entropy_with_logits(logits, value, reduction="none")

    def entropy(self):
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand=True):
        values = arange(2, dtype=self._parameter.dtype, device=self._parameter.device).reshape(
            2, *(1,) * len(self._batch_shape)
        )
        return values.expand(2, *self._batch_shape) if expand else values


class Categorical(Distribution):
    """The integers 0 … K-1 with the weights ``probs`` (…, K), or exp(``logits``).

    The weights are normalized to sum 1.

    Args:
        probs (Tensor): the weights, (…, K), not negative
        logits (Tensor): their logarithms, (…, K)

    Example:
        >>> die = mytorch.distributions.Categorical(mytorch.ones(6))
        >>> die.sample((10,)).shape
        mytorch.Size([10])
        >>> die.log_prob(mytorch.tensor(3)).exp()
        tensor(0.1667)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        one_of(probs, logits)
        name, given = ("logits", logits) if probs is None else ("probs", probs)
        if given.ndim < 1:
            raise ValueError(f"`{name}` parameter must be at least one-dimensional.")
        self.__dict__[name] = (
            given / given.sum(-1, keepdim=True)
            if probs is not None
            else given - given.logsumexp(-1, keepdim=True)
        )
        self._num_events = given.shape[-1]
        super().__init__(given.shape[:-1], validate_args=validate_args)

    @functools.cached_property
    def logits(self):
        """The logarithms of the probabilities."""
        return clamped(self.probs).log()

    @functools.cached_property
    def probs(self):
        """The probabilities."""
        return softmax(self.logits, dim=-1)

    support = property(lambda self: constraints.integer_interval(0, self._num_events - 1), doc="0 … K-1")
    param_shape = property(
        lambda self: Size((*self._batch_shape, self._num_events)), doc="The shape of the parameter, (…, K)."
    )
    mean = variance = property(
        lambda self: full(self._batch_shape, math.nan, dtype=self.probs.dtype, device=self.probs.device),
        doc="nan",
    )
    mode = property(lambda self: self.probs.argmax(-1), doc="The most probable category.")

    def sample(self, sample_shape=()):
        with no_grad():
            rows = self.probs.reshape(-1, self._num_events)
            picks = multinomial(rows, Size(sample_shape).numel(), replacement=True)
            return picks.transpose(0, 1).reshape(self._extended_shape(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        index, logits = broadcast_tensors(value.long().unsqueeze(-1), self.logits)
        return gather(logits, -1, index[..., :1]).squeeze(-1)

    def entropy(self):
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)  # -inf · 0 would be nan
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand=True):
        values = arange(self._num_events, device=self.probs.device).reshape(
            -1, *(1,) * len(self._batch_shape)
        )
        return values.expand(-1, *self._batch_shape) if expand else values


class OfCategories(Distribution):
    """The base of distributions over vectors (…, K) that draw from a Categorical."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}

    def __init__(self, categorical, validate_args):
        self._categorical = categorical
        super().__init__(categorical.batch_shape, categorical.param_shape[-1:], validate_args=validate_args)

    def _expanded(self, batch_shape):
        return self._with(batch_shape, _categorical=self._categorical.expand(batch_shape))

    probs = property(lambda self: self._categorical.probs, doc="The probabilities, (…, K).")
    logits = property(lambda self: self._categorical.logits, doc="Their logarithms.")
    param_shape = property(
        lambda self: self._categorical.param_shape, doc="The shape of the parameter, (…, K)."
    )
