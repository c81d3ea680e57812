"""Independent: batch dimensions as event dimensions."""

from __future__ import annotations

from . import constraints
from .distribution import Distribution


def sum_rightmost(value, dims):
    """The sum over the last ``dims`` dimensions."""
    return value.reshape(*value.shape[: value.ndim - dims], -1).sum(-1) if dims else value


class Independent(Distribution):
    """``base_distribution`` with its last ``reinterpreted_batch_ndims`` batch dimensions as event dimensions:
    ``log_prob`` sums over them.

    ValueError if the batch has fewer dimensions.

    Args:
        base_distribution (Distribution): the distribution
        reinterpreted_batch_ndims (int): how many batch dimensions become part of an event

    Example:
        >>> normals = mytorch.distributions.Normal(mytorch.zeros(5, 3), 1.0)
        >>> joint = mytorch.distributions.Independent(normals, 1)
        >>> joint.batch_shape, joint.event_shape
        (mytorch.Size([5]), mytorch.Size([3]))
    """

    def __init__(self, base_distribution, reinterpreted_batch_ndims, validate_args=None):
        dims = len(base_distribution.batch_shape) - reinterpreted_batch_ndims
        if dims < 0:
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {reinterpreted_batch_ndims} vs {len(base_distribution.batch_shape)}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, reinterpreted_batch_ndims
        shape = base_distribution.batch_shape + base_distribution.event_shape
        super().__init__(shape[:dims], shape[dims:], validate_args=validate_args)

    def _expanded(self, batch_shape):
        base = self.base_dist.expand((*batch_shape, *self._event_shape[: self.reinterpreted_batch_ndims]))
        return Independent(base, self.reinterpreted_batch_ndims, validate_args=self._validate_args)

    has_rsample = property(
        lambda self: self.base_dist.has_rsample, doc="Whether the base has reparameterised samples."
    )
    mean = property(lambda self: self.base_dist.mean, doc="That of the base.")
    mode = property(lambda self: self.base_dist.mode, doc="That of the base.")
    variance = property(lambda self: self.base_dist.variance, doc="That of the base.")

    @property
    def support(self):
        """The support of the base, for whole events."""
        return (
            constraints.independent(self.base_dist.support, self.reinterpreted_batch_ndims)
            if self.reinterpreted_batch_ndims
            else self.base_dist.support
        )

    def sample(self, sample_shape=()):
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape=()):
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value):
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self):
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def enumerate_support(self, expand=True):
        if self.reinterpreted_batch_ndims:
            raise NotImplementedError("Enumeration over cartesian product is not implemented")
        return self.base_dist.enumerate_support(expand)

    def __repr__(self):
        return f"Independent({self.base_dist!r}, {self.reinterpreted_batch_ndims})"
