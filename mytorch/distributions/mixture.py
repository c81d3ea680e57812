"""MixtureSameFamily: one of several distributions of a kind, chosen at random."""

from __future__ import annotations

from ..core.grad_mode import no_grad
from ..ops.gather import gather
from ..ops.softmax import log_softmax
from .discrete import Categorical
from .distribution import Distribution


class MixtureSameFamily(Distribution):
    """A mixture: ``mixture_distribution``, a Categorical, chooses one of the K components, the last batch
    dimension of ``component_distribution``.

    ValueError for other classes, batches or numbers of components.

    Args:
        mixture_distribution (Categorical): the weights of the components, of batch shape (…)
        component_distribution (Distribution): the components, of batch shape (…, K)

    Example:
        >>> weights = mytorch.distributions.Categorical(mytorch.ones(2))
        >>> parts = mytorch.distributions.Normal(mytorch.tensor([-1.0, 3.0]), 1.0)
        >>> mytorch.distributions.MixtureSameFamily(weights, parts).mean
        tensor(1.)
    """

    def __init__(self, mixture_distribution, component_distribution, validate_args=None):
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                "The mixture distribution needs to be an instance of mytorch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The component distribution needs to be an instance of mytorch.distributions.Distribution"
            )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        mine, batch = mixture_distribution.batch_shape, component_distribution.batch_shape[:-1]
        if any(i != 1 and j != 1 and i != j for i, j in zip(reversed(mine), reversed(batch))):
            raise ValueError(
                f"`mixture_distribution.batch_shape` ({mine}) is not compatible with "
                f"`component_distribution.batch_shape`({batch})"
            )
        k, n = mixture_distribution.param_shape[-1], component_distribution.batch_shape[-1]
        if k != n:
            raise ValueError(
                f"`mixture_distribution component` ({k}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({n})"
            )
        super().__init__(batch, component_distribution.event_shape, validate_args=validate_args)

    def _expanded(self, batch_shape):
        components = self.component_distribution.expand(
            (*batch_shape, self.mixture_distribution.param_shape[-1])
        )
        return self._with(
            batch_shape,
            component_distribution=components,
            mixture_distribution=self.mixture_distribution.expand(batch_shape),
        )

    support = property(lambda self: self.component_distribution.support, doc="That of the components.")

    def _averaged(self, values):
        """The mean over the components, (…, K, *event) -> (…, *event)."""
        dims = len(self._event_shape)
        probs = self.mixture_distribution.probs
        return (probs.reshape(*probs.shape, *(1,) * dims) * values).sum(-1 - dims)

    mean = property(
        lambda self: self._averaged(self.component_distribution.mean), doc="The components' mean of means."
    )

    @property
    def variance(self):
        """The mean of variances and the variance of means."""
        apart = self.component_distribution.mean - self.mean.unsqueeze(-1 - len(self._event_shape))
        return self._averaged(self.component_distribution.variance) + self._averaged(apart**2)

    def cdf(self, x):
        return self._averaged(self.component_distribution.cdf(x.unsqueeze(-1)))

    def log_prob(self, x):
        self._validate_sample(x)
        scores = self.component_distribution.log_prob(x.unsqueeze(-1 - len(self._event_shape)))
        return (scores + log_softmax(self.mixture_distribution.logits, dim=-1)).logsumexp(-1)

    def sample(self, sample_shape=()):
        with no_grad():
            dims, cut = len(self._event_shape), len(sample_shape) + len(self._batch_shape)
            # (*sample_shape, *batch_shape, K, *event_shape)
            values = self.component_distribution.sample(sample_shape)
            choice = self.mixture_distribution.expand(self._batch_shape).sample(sample_shape)
            index = choice.reshape(*choice.shape, 1, *(1,) * dims).expand(
                *choice.shape, 1, *self._event_shape
            )
            return gather(values, cut, index).squeeze(cut)

    def __repr__(self):
        return f"MixtureSameFamily(\n  {self.mixture_distribution!r},\n  {self.component_distribution!r})"
