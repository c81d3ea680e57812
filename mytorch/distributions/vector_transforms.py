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
from ..tensors.creation import eye, ones_like, zeros
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
    """D (D - 1) / 2 numbers to the Cholesky factor of a correlation matrix of D rows: in each row, the tanh
    of a number is its share of what is left of a length of 1 (Stan's reference manual, 10.12).
    """

    domain, codomain = constraints.real_vector, constraints.corr_cholesky

    def _call(self, x):
        size = self.forward_shape(x.shape)[-1]
        limit = 1 - finfo(x.dtype).eps
        share = zeros(*x.shape[:-1], size, size, dtype=x.dtype, device=x.device)
        rows, columns = tril_indices(size, size, -1)
        share[..., rows, columns] = x.tanh().clamp(-limit, limit)
        left = (1 - share**2).cumprod(-1).sqrt()
        one = ones_like(left[..., :1])
        return (share + eye(size, dtype=x.dtype, device=x.device)) * cat([one, left[..., :-1]], -1)

    def _parts(self, y):
        """The elements below the diagonal, and 1 less the squares of those before them in their row."""
        rows, columns = tril_indices(y.shape[-1], y.shape[-1], -1)
        before = (y * y).cumsum(-1) - y * y
        return y[..., rows, columns], 1 - before[..., rows, columns]

    def _inverse(self, y):
        share, left = self._parts(y)
        return (share / left.sqrt()).atanh()

    def log_abs_det_jacobian(self, x, y):
        _, left = self._parts(y)
        return left.log().sum(-1) / 2 - 2 * (x + softplus(-2 * x) - math.log(2)).sum(-1)

    def forward_shape(self, shape):
        size = round((0.25 + 2 * shape[-1]) ** 0.5 + 0.5)
        if size * (size - 1) // 2 != shape[-1]:
            raise ValueError("Input is not a flattened lower-diagonal number")
        return Size((*shape[:-1], size, size))

    def inverse_shape(self, shape):
        if len(shape) < 2 or shape[-2] != shape[-1]:
            raise ValueError(f"expected the shape of square matrices, got {tuple(shape)}")
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
