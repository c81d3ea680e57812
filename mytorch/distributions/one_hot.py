"""Categories as vectors: OneHotCategorical, and relaxed versions whose samples are differentiable."""

from __future__ import annotations

import math

from ..tensors.creation import eye
from . import constraints
from .discrete import Bernoulli, Categorical, OfCategories, clamped, one_of
from .distribution import Distribution, broadcast_all
from .transformed import TransformedDistribution
from .transforms import ExpTransform, SigmoidTransform


class OneHotCategorical(OfCategories):
    """A sample of a Categorical as a one-hot vector.

    ``probs`` (…, K) are weights, ``logits`` their logarithms.

    Args:
        probs (Tensor): the weights, (…, K), not negative
        logits (Tensor): their logarithms, (…, K)

    Example:
        >>> mytorch.distributions.OneHotCategorical(mytorch.ones(4)).sample().sum()
        tensor(1.)
    """

    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(self, probs=None, logits=None, validate_args=None):
        super().__init__(Categorical(probs, logits, validate_args=validate_args), validate_args)

    mean = property(lambda self: self.probs, doc="probs")
    variance = property(lambda self: self.probs * (1 - self.probs), doc="probs · (1 - probs)")

    def _vectors(self, indices):
        return eye(self._event_shape[-1], dtype=self.probs.dtype, device=self.probs.device)[indices]

    mode = property(lambda self: self._vectors(self._categorical.mode), doc="The most probable category.")

    def sample(self, sample_shape=()):
        return self._vectors(self._categorical.sample(sample_shape))

    def log_prob(self, value):
        self._validate_sample(value)
        return self._categorical.log_prob(value.argmax(-1))

    def entropy(self):
        return self._categorical.entropy()

    def enumerate_support(self, expand=True):
        n = self._event_shape[-1]
        values = self._vectors(slice(None)).reshape(n, *(1,) * len(self._batch_shape), n)
        return values.expand(n, *self._batch_shape, n) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """As OneHotCategorical; samples of :meth:`rsample` have the gradient of the probabilities.

    Bengio et al., Estimating or Propagating Gradients Through Stochastic Neurons, 2013.

    Args:
        probs (Tensor): the weights, (…, K), not negative
        logits (Tensor): their logarithms, (…, K)

    Example:
        >>> weights = mytorch.ones(4, requires_grad=True)
        >>> mytorch.distributions.OneHotCategoricalStraightThrough(weights).rsample().requires_grad
        True
    """

    has_rsample = True

    def rsample(self, sample_shape=()):
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class _LogitRelaxedBernoulli(Distribution):
    """(logits + noise) / temperature, whose sigmoid is a RelaxedBernoulli number (Maddison et al., The
    Concrete Distribution, 2017).
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        one_of(probs, logits)
        self.temperature, self._bernoulli = temperature, Bernoulli(probs, logits, validate_args=validate_args)
        super().__init__(self._bernoulli.batch_shape, validate_args=validate_args)

    def _expanded(self, batch_shape):
        return self._with(batch_shape, _bernoulli=self._bernoulli.expand(batch_shape))

    probs = property(lambda self: self._bernoulli.probs)
    logits = property(lambda self: self._bernoulli.logits)
    param_shape = property(lambda self: self._bernoulli.param_shape)

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        probs, u = clamped(self.probs.expand(shape)), clamped(self.probs.detach().new_empty(shape).uniform_())
        return (u.log() - (-u).log1p() + probs.log() - (-probs).log1p()) / self.temperature

    def log_prob(self, value):
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        difference = logits - value * self.temperature
        return self.temperature.log() + difference - 2 * difference.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """Numbers in (0, 1) that approach 0 or 1 as ``temperature``, a tensor, goes to 0. Reparameterized.

    Args:
        temperature (Tensor): how far samples are from 0 and 1, positive

    Example:
        >>> x = mytorch.distributions.RelaxedBernoulli(mytorch.tensor(0.5), 0.3).rsample()
        >>> bool(0 < x < 1)
        True
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        super().__init__(
            _LogitRelaxedBernoulli(temperature, probs, logits, validate_args),
            SigmoidTransform(),
            validate_args=validate_args,
        )

    temperature = property(lambda self: self.base_dist.temperature, doc="The relaxation's temperature.")
    probs = property(lambda self: self.base_dist.probs, doc="The probability of 1.")
    logits = property(lambda self: self.base_dist.logits, doc="log(p / (1 - p)).")


class _ExpRelaxedCategorical(OfCategories):
    """The logarithms of RelaxedOneHotCategorical vectors."""

    support = constraints.real_vector
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        self.temperature = temperature
        super().__init__(Categorical(probs, logits, validate_args=validate_args), validate_args)

    def rsample(self, sample_shape=()):
        u = clamped(self.logits.detach().new_empty(self._extended_shape(sample_shape)).uniform_())
        scores = (self.logits - (-u.log()).log()) / self.temperature
        return scores - scores.logsumexp(-1, keepdim=True)

    def log_prob(self, value):
        self._validate_sample(value)
        k = self._event_shape[-1]
        logits, value = broadcast_all(self.logits, value)
        scores = logits - value * self.temperature
        return (scores - scores.logsumexp(-1, keepdim=True)).sum(-1) + (
            math.lgamma(k) + (k - 1) * self.temperature.log()
        )


class RelaxedOneHotCategorical(TransformedDistribution):
    """Probabilities (…, K) that approach one-hot vectors as ``temperature``, a tensor, goes to 0.

    Reparameterized (Jang et al., Categorical Reparameterization with Gumbel-Softmax, 2017).

    Args:
        temperature (Tensor): how far samples are from one-hot vectors, positive
        probs (Tensor): the weights, (…, K), not negative
        logits (Tensor): their logarithms, (…, K)

    Example:
        >>> temperature = mytorch.tensor(0.5)
        >>> mytorch.distributions.RelaxedOneHotCategorical(temperature, mytorch.ones(3)).rsample().shape
        mytorch.Size([3])
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, temperature, probs=None, logits=None, validate_args=None):
        super().__init__(
            _ExpRelaxedCategorical(temperature, probs, logits, validate_args),
            ExpTransform(),
            validate_args=validate_args,
        )

    temperature = property(lambda self: self.base_dist.temperature, doc="The relaxation's temperature.")
    probs = property(lambda self: self.base_dist.probs, doc="The probabilities, (…, K).")
    logits = property(lambda self: self.base_dist.logits, doc="Their logarithms.")
