"""MultivariateNormal and LowRankMultivariateNormal."""

from __future__ import annotations

import functools
import math

from ..ops.diagonal import diag_embed
from ..ops.linalg.decompositions import cholesky
from ..ops.linalg.matrix import cholesky_inverse
from ..ops.linalg.solve import solve_triangular
from ..ops.shape import broadcast_shapes
from ..tensors.creation import eye
from . import constraints
from .distribution import Distribution


class OfCovariance(Distribution):
    """A distribution of a covariance Σ (…, n, n), its inverse, or its Cholesky factor L, Σ = L Lᵀ."""

    arg_constraints = {
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }

    @staticmethod
    def _one_of(error, **given):
        """(name, matrix) of the one that is given. ``error`` unless it is one; ValueError for a vector."""
        found = [(name, value) for name, value in given.items() if value is not None]
        if len(found) != 1:
            raise error(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified."
            )
        ((name, matrix),) = found
        if matrix.ndim < 2:
            raise ValueError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        return name, matrix

    def _factorize(self, name, matrix, shape):
        """Set ``scale_tril`` of this shape."""
        if name == "covariance_matrix":
            self.scale_tril = cholesky(matrix).expand(shape)
        elif name == "precision_matrix":
            # P = F Fᵀ for F upper triangular, so the factor of its inverse is F⁻ᵀ
            turned = cholesky(matrix.flip(-2, -1)).flip(-2, -1).mT
            one = eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device)
            self.scale_tril = solve_triangular(turned, one.expand(turned.shape), upper=False).expand(shape)

    def _shown(self):
        """The parameters that are shown: the matrix that was given, not the factor made of it."""
        return {
            name: value
            for name, value in self._parameters().items()
            if name != "scale_tril" or self._given == name
        }

    @functools.cached_property
    def scale_tril(self):
        """L. A subclass that finds it later calls it ``_unbroadcasted_scale_tril``, as in torch."""
        return self._unbroadcasted_scale_tril.expand(self._batch_shape + self._event_shape * 2)

    _unbroadcasted_scale_tril = property(lambda self: self.__dict__["scale_tril"])

    @functools.cached_property
    def covariance_matrix(self):
        """L Lᵀ."""
        return self.scale_tril @ self.scale_tril.mT

    @functools.cached_property
    def precision_matrix(self):
        """The inverse of the covariance."""
        return cholesky_inverse(self.scale_tril)

    def _log_scale(self):
        return self.scale_tril.diagonal(dim1=-2, dim2=-1).log().sum(-1)


class MultivariateNormal(OfCovariance):
    """Mean ``loc`` (…, n) and one of the covariance Σ, its inverse, or its Cholesky factor, (…, n, n): Σ = L
    Lᵀ. ValueError for other shapes.

    Args:
        loc (Tensor): the mean, (…, n)
        covariance_matrix (Tensor): the covariance Σ, (…, n, n), positive-definite
        precision_matrix (Tensor): its inverse, (…, n, n)
        scale_tril (Tensor): its Cholesky factor L, (…, n, n), lower triangular

    Example:
        >>> normal = mytorch.distributions.MultivariateNormal(mytorch.zeros(2), mytorch.eye(2))
        >>> normal.log_prob(mytorch.zeros(2))
        tensor(-1.8379)
    """

    arg_constraints = {"loc": constraints.real_vector, **OfCovariance.arg_constraints}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None
    ):
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        name, matrix = self._one_of(
            ValueError,
            covariance_matrix=covariance_matrix,
            precision_matrix=precision_matrix,
            scale_tril=scale_tril,
        )
        batch, n = broadcast_shapes(matrix.shape[:-2], loc.shape[:-1]), loc.shape[-1]
        self.loc = loc.expand(*batch, n)
        self.__dict__[name], self._given = matrix.expand(*batch, n, n), name
        super().__init__(batch, (n,), validate_args=validate_args)
        self._factorize(name, matrix, (*batch, n, n))

    mean = mode = property(lambda self: self.loc, doc="loc")
    variance = property(
        lambda self: (self.scale_tril**2).sum(-1).expand(self._batch_shape + self._event_shape),
        doc="The covariance's diagonal.",
    )

    def rsample(self, sample_shape=()):
        noise = self.loc.detach().new_empty(self._extended_shape(sample_shape)).normal_()
        return self.loc + (self.scale_tril @ noise.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value):
        self._validate_sample(value)
        difference = (value - self.loc).unsqueeze(-1)
        distance = mahalanobis(self.scale_tril, difference)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._log_scale()

    def entropy(self):
        return 0.5 * self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._log_scale()


def mahalanobis(factor, columns):
    """‖L⁻¹ x‖² of columns x (…, n, k), summed over them."""
    shape = broadcast_shapes(factor.shape[:-2], columns.shape[:-2])
    factor, columns = factor.expand(*shape, *factor.shape[-2:]), columns.expand(*shape, *columns.shape[-2:])
    return (solve_triangular(factor, columns, upper=False) ** 2).sum((-2, -1))


class LowRankMultivariateNormal(Distribution):
    """Mean ``loc`` (…, n) and covariance W Wᵀ + diag(d), for ``cov_factor`` W (…, n, k) and ``cov_diag`` d
    (…, n) > 0.

    Costs k²n, not n³: by Woodbury's identity and the matrix determinant lemma. ValueError for other shapes.

    Args:
        loc (Tensor): the mean, (…, n)
        cov_factor (Tensor): W, (…, n, k)
        cov_diag (Tensor): d, (…, n), positive

    Example:
        >>> loc, factor, diagonal = mytorch.zeros(3), mytorch.ones(3, 1), mytorch.ones(3)
        >>> mytorch.distributions.LowRankMultivariateNormal(loc, factor, diagonal).covariance_matrix
        tensor([[2., 1., 1.],
                [1., 2., 1.],
                [1., 1., 2.]])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(self, loc, cov_factor, cov_diag, validate_args=None):
        if loc.ndim < 1:
            raise ValueError("loc must be at least one-dimensional.")
        n = loc.shape[-1]
        if cov_factor.ndim < 2 or cov_factor.shape[-2] != n:
            raise ValueError(f"cov_factor must be a batch of matrices with shape {n} x m")
        if cov_diag.shape[-1:] != loc.shape[-1:]:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {loc.shape[-1:]}")
        batch = broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
        self.loc, self.cov_diag = loc.expand(*batch, n), cov_diag.expand(*batch, n)
        self.cov_factor = cov_factor.expand(*batch, n, cov_factor.shape[-1])
        super().__init__(batch, (n,), validate_args=validate_args)

    mean = mode = property(lambda self: self.loc, doc="loc")
    variance = property(
        lambda self: (self.cov_factor**2).sum(-1) + self.cov_diag, doc="The covariance's diagonal."
    )
    covariance_matrix = property(
        lambda self: self.cov_factor @ self.cov_factor.mT + diag_embed(self.cov_diag), doc="W Wᵀ + diag(d)"
    )
    precision_matrix = property(
        lambda self: cholesky_inverse(self.scale_tril), doc="The inverse of the covariance."
    )
    scale_tril = property(
        lambda self: cholesky(self.covariance_matrix), doc="The covariance's Cholesky factor."
    )

    def _capacitance(self):
        """The Cholesky factor of I + Wᵀ diag(d)⁻¹ W, (…, k, k)."""
        k = self.cov_factor.shape[-1]
        inner = self.cov_factor.mT @ (self.cov_factor / self.cov_diag.unsqueeze(-1))
        return cholesky(inner + eye(k, dtype=inner.dtype, device=inner.device))

    def rsample(self, sample_shape=()):
        shape, like = self._extended_shape(sample_shape), self.loc.detach()
        along = like.new_empty((*shape[:-1], self.cov_factor.shape[-1], 1)).normal_()
        return (
            self.loc
            + (self.cov_factor @ along).squeeze(-1)
            + self.cov_diag.sqrt() * like.new_empty(shape).normal_()
        )

    def _log_det(self, capacitance):
        return 2 * capacitance.diagonal(dim1=-2, dim2=-1).log().sum(-1) + self.cov_diag.log().sum(-1)

    def log_prob(self, value):
        self._validate_sample(value)
        difference, capacitance = value - self.loc, self._capacitance()
        scaled = difference / self.cov_diag
        reduced = mahalanobis(capacitance, self.cov_factor.mT @ scaled.unsqueeze(-1))
        distance = (difference * scaled).sum(-1) - reduced
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + self._log_det(capacitance) + distance)

    def entropy(self):
        return 0.5 * (self._event_shape[0] * (1 + math.log(2 * math.pi)) + self._log_det(self._capacitance()))
