"""Transforms of vectors and matrices."""

from __future__ import annotations

import math
import operator

from ..ops.activation import logsigmoid, softplus
from ..ops.diagonal import diag_embed, tril_indices
from ..ops.dtype_info import finfo
from ..ops.join import cat
from ..ops.linalg.decompositions import cholesky
from ..ops.softmax import softmax
from ..tensors.creation import eye, ones_like
from ..tensors.tensor import Size
from . import constraints
from .transform import Monotone, Transform


class SoftmaxTransform(Transform):
    """y = softmax(x). The inverse is log(y), which is x up to a constant."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _call(self, x):
        return softmax(x, dim=-1)

    def _inverse(self, y):
        return y.log()

    def __eq__(self, other):
        return isinstance(other, SoftmaxTransform)

    __hash__ = Transform.__hash__


class StickBreakingTransform(Monotone):
    """K numbers to K + 1 probabilities: each is a fraction of what those before leave (Betancourt, 2012)."""

    domain, codomain = constraints.real_vector, constraints.simplex

    def _offset(self, x):
        return (x.shape[-1] + 1 - ones_like(x.detach()).cumsum(-1)).log()

    def _call(self, x):
        share = (x - self._offset(x)).sigmoid()
        left = (1 - share).cumprod(-1)
        one = ones_like(share[..., :1])
        return cat([share, one], -1) * cat([one, left], -1)

    def _inverse(self, y):
        head = y[..., :-1]
        left = (1 - head.cumsum(-1)).clamp(min=finfo(y.dtype).tiny)
        return head.log() - left.log() + self._offset(head)

    def log_abs_det_jacobian(self, x, y):
        x = x - self._offset(x)
        return (-x + logsigmoid(x) + y[..., :-1].log()).sum(-1)

    def forward_shape(self, shape):
        return Size((*shape[:-1], operator.index(shape[-1]) + 1))

    def inverse_shape(self, shape):
        return Size((*shape[:-1], operator.index(shape[-1]) - 1))


class CorrCholeskyTransform(Monotone):
    """n (n - 1) / 2 numbers to the Cholesky factor (n, n) of a correlation matrix, row by row: each has the
    length 1, of which every number takes its tanh and the diagonal the rest (Lewandowski et al., 2009).

    Example:
        >>> L = mytorch.distributions.CorrCholeskyTransform()(mytorch.tensor([0.5]))
        >>> (L @ L.mT)[1]
        tensor([0.4621, 1.0000])
    """

    domain, codomain = constraints.real_vector, constraints.corr_cholesky

    def _call(self, x):
        n, edge = self.forward_shape(x.shape)[-1], 1 - finfo(x.dtype).eps
        rows, columns = tril_indices(n, n, -1)
        shares = x.new_zeros((*x.shape[:-1], n, n))
        shares[..., rows, columns] = x.tanh().clamp(-edge, edge)
        left = (1 - shares**2).sqrt().cumprod(-1)  # the length that is left after each column
        before = cat([ones_like(left[..., :1]), left[..., :-1]], -1)
        return (shares + eye(n, dtype=x.dtype, device=x.device)) * before

    def _inverse(self, y):
        rows, columns = tril_indices(y.shape[-1], y.shape[-1], -1)
        left = (1 + y**2 - (y**2).cumsum(-1))[..., rows, columns]  # before each column
        return (y[..., rows, columns] / left.sqrt()).atanh()

    def log_abs_det_jacobian(self, x, y):
        rows, columns = tril_indices(y.shape[-1], y.shape[-1], -2)
        left = (1 - (y**2).cumsum(-1))[..., rows, columns]
        return left.log().sum(-1) / 2 - 2 * (x + softplus(-2 * x) - math.log(2)).sum(-1)

    def forward_shape(self, shape):
        n = (1 + math.isqrt(1 + 8 * shape[-1])) // 2
        if n * (n - 1) != 2 * shape[-1]:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], n, n))

    def inverse_shape(self, shape):
        if len(shape) < 2 or shape[-1] != shape[-2]:
            raise ValueError("Input is not square")
        return Size((*shape[:-2], shape[-1] * (shape[-1] - 1) // 2))


class LowerCholeskyTransform(Transform):
    """A square matrix to a lower triangular one with a positive diagonal: its lower triangle, with exp of the
    diagonal.
    """

    domain, codomain = constraints.independent(constraints.real, 2), constraints.lower_cholesky

    def _call(self, x):
        return x.tril(-1) + diag_embed(x.diagonal(dim1=-2, dim2=-1).exp())

    def _inverse(self, y):
        return y.tril(-1) + diag_embed(y.diagonal(dim1=-2, dim2=-1).log())

    def __eq__(self, other):
        return isinstance(other, LowerCholeskyTransform)

    __hash__ = Transform.__hash__


class PositiveDefiniteTransform(Transform):
    """A square matrix to a positive-definite one: L Lᵀ with L of :class:`LowerCholeskyTransform`."""

    domain, codomain = constraints.independent(constraints.real, 2), constraints.positive_definite

    def _call(self, x):
        L = LowerCholeskyTransform()(x)
        return L @ L.mT

    def _inverse(self, y):
        return LowerCholeskyTransform().inv(cholesky(y))

    def __eq__(self, other):
        return isinstance(other, PositiveDefiniteTransform)

    __hash__ = Transform.__hash__
