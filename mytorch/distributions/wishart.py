"""Random covariance matrices: the Wishart distribution."""

from __future__ import annotations

import math

from ..ops.diagonal import diag_embed, tril
from ..ops.linalg.matrix import cholesky_solve, slogdet
from ..ops.shape import broadcast_shapes
from ..ops.special.gamma import digamma, mvlgamma
from ..tensors.creation import tensor
from ..tensors.range_creation import arange
from . import constraints
from .gammas import Chi2
from .multivariate import OfCovariance


class Wishart(OfCovariance):
    """The sum of ``df`` products x xᵀ of normal vectors with the covariance V (…, n, n), which is given, or
    its inverse, or its Cholesky factor L: V = L Lᵀ.

    A sample is L T Tᵀ Lᵀ with a lower triangular T, whose diagonal has roots of χ² variables and whose other
    elements are normal (Bartlett, 1933). ValueError for other shapes, and unless df > n - 1; AssertionError
    unless one of the three is given.

    Args:
        df (float or Tensor): the degrees of freedom, a real number
        covariance_matrix (Tensor): the covariance V, (…, n, n), positive-definite
        precision_matrix (Tensor): its inverse, (…, n, n)
        scale_tril (Tensor): its Cholesky factor L, (…, n, n), lower triangular

    Example:
        >>> wishart = mytorch.distributions.Wishart(3.0, mytorch.eye(2))
        >>> wishart.mean
        tensor([[3., 0.],
                [0., 3.]])
    """

    arg_constraints = {"df": constraints.greater_than(0), **OfCovariance.arg_constraints}
    support = constraints.positive_definite
    has_rsample = True

    def __init__(
        self, df, covariance_matrix=None, precision_matrix=None, scale_tril=None, validate_args=None
    ):
        name, matrix = self._one_of(
            AssertionError,
            covariance_matrix=covariance_matrix,
            precision_matrix=precision_matrix,
            scale_tril=scale_tril,
        )
        options = {"dtype": matrix.dtype, "device": matrix.device}
        df = tensor(df, **options) if isinstance(df, (int, float)) else df
        n, batch = matrix.shape[-1], broadcast_shapes(matrix.shape[:-2], df.shape)
        self.df = df.expand(batch)
        self.__dict__[name], self._given = matrix.expand(*batch, n, n), name
        if (df.array <= n - 1).any():
            raise ValueError(f"Value of df={df} expected to be greater than ndim - 1 = {n - 1}.")
        super().__init__(batch, (n, n), validate_args=validate_args)
        self._factorize(name, matrix, (*batch, n, n))

    mean = property(lambda self: self.df[..., None, None] * self.covariance_matrix, doc="df V")

    @property
    def mode(self):
        """(df - n - 1) V; nan unless df > n + 1."""
        factor = self.df - self._event_shape[-1] - 1
        factor = factor.masked_fill(factor <= 0, math.nan)
        return factor[..., None, None] * self.covariance_matrix

    @property
    def variance(self):
        """df (V² + d dᵀ), elementwise, with the diagonal d of V."""
        V = self.covariance_matrix
        d = V.diagonal(dim1=-2, dim2=-1)
        return self.df[..., None, None] * (V**2 + d[..., :, None] * d[..., None, :])

    def rsample(self, sample_shape=()):
        shape = self._extended_shape(sample_shape)
        freedom = self.df[..., None] - arange(shape[-1], dtype=self.df.dtype, device=self.df.device)
        normal = self.scale_tril.detach().new_empty(shape).normal_()
        T = diag_embed(Chi2(freedom, validate_args=False).rsample(sample_shape).sqrt()) + tril(normal, -1)
        factor = self.scale_tril @ T
        return factor @ factor.mT

    def log_prob(self, value):
        self._validate_sample(value)
        df, n = self.df, self._event_shape[-1]
        trace = cholesky_solve(value, self.scale_tril).diagonal(dim1=-2, dim2=-1).sum(-1)
        return (
            -df * (n * math.log(2) / 2 + self._log_scale())
            - mvlgamma(df / 2, p=n)
            + (df - n - 1) / 2 * slogdet(value).logabsdet
            - trace / 2
        )

    def entropy(self):
        """The entropy."""
        df, n = self.df, self._event_shape[-1]
        places = arange(n, dtype=df.dtype, device=df.device) / 2
        return (
            (n + 1) * (n * math.log(2) / 2 + self._log_scale())
            + mvlgamma(df / 2, p=n)
            - (df - n - 1) / 2 * digamma(df[..., None] / 2 - places).sum(-1)
            + df * n / 2
        )
