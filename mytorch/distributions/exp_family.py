"""Exponential families: densities exp(η · t(x) - F(η) + k(x)) with natural parameters η."""

from __future__ import annotations

from ..autograd.grad import grad
from .distribution import Distribution
from .independent import sum_rightmost


class ExponentialFamily(Distribution):
    """A distribution of one's own with natural parameters.

    A subclass has the property ``_natural_params`` (a tuple of tensors), the method
    ``_log_normalizer(*natural_params)`` and the number ``_mean_carrier_measure``, the mean of k(x): they give
    its entropy.

    Args:
        batch_shape (tuple of int): the shape of the parameters
        event_shape (tuple of int): the shape of one sample
        validate_args (bool): whether to check parameters and samples

    Example:
        >>> class Coin(mytorch.distributions.ExponentialFamily):
        ...     _natural_params = (mytorch.zeros(2),)
        ...     _mean_carrier_measure = 0
        ...     def _log_normalizer(self, logit):
        ...         return nn.functional.softplus(logit)
        >>> Coin((2,), validate_args=False).entropy()
        tensor([0.6931, 0.6931])
    """

    @property
    def _natural_params(self):
        raise NotImplementedError(f"{type(self).__name__} does not say its natural parameters")

    def _log_normalizer(self, *natural_params):
        raise NotImplementedError(f"{type(self).__name__} does not say its log-normalizer")

    @property
    def _mean_carrier_measure(self):
        raise NotImplementedError(f"{type(self).__name__} does not say the mean of its carrier measure")

    def entropy(self):
        """F(η) - η · ∇F(η) - E[k(x)]."""
        parameters = [p if p.requires_grad else p.detach().requires_grad_() for p in self._natural_params]
        log_normalizer = self._log_normalizer(*parameters)
        gradients = grad(log_normalizer.sum(), parameters, create_graph=True)
        result = log_normalizer - self._mean_carrier_measure
        for p, g in zip(parameters, gradients):
            result = result - sum_rightmost(p * g, (p * g).ndim - len(self._batch_shape))
        return result if any(p.requires_grad for p in self._natural_params) else result.detach()
