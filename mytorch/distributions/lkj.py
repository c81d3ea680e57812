"""LKJCholesky: a distribution of correlation matrices, by their Cholesky factors."""

from __future__ import annotations

import math

from ..core.grad_mode import no_grad
from ..ops.bounds import clamp_min
from ..ops.diagonal import diag_embed, diagonal, tril
from ..ops.dtype_info import finfo
from ..ops.join import cat
from ..ops.reduce import sum as sum_of
from ..ops.special.gamma import lgamma, mvlgamma
from ..ops.transcendental import log, sqrt
from ..tensors.random_creation import randn
from ..tensors.range_creation import arange
from . import constraints
from .distribution import Distribution, broadcast_all
from .gammas import Beta


class LKJCholesky(Distribution):
    """Cholesky factors L of correlation matrices of size ``dim`` × ``dim``.

    p(L Lᵀ) ∝ det(L Lᵀ)^(c − 1) for the concentration c: 1 is uniform, more is closer to the identity.
    ValueError for ``dim`` below 2. Source: Lewandowski, Kurowicka, Joe, Generating random correlation
    matrices based on vines and extended onion method, 2009, section 3.2.
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(self, dim, concentration=1.0, validate_args=None):
        if dim < 2:
            raise ValueError(f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}.")
        self.dim = dim
        (self.concentration,) = broadcast_all(concentration)
        super().__init__(self.concentration.shape, (dim, dim), validate_args=validate_args)

    def _rows(self):
        """The distribution of each row's squared length left of the diagonal.

        PyTorch's first parameter grows twice as fast, so that its correlations differ in distribution.
        """
        c = self.concentration
        offset = arange(self.dim - 1, dtype=c.dtype, device=c.device)
        offset = cat([offset.new_zeros(1), offset])
        return Beta(0.5 * offset + 0.5, (c + 0.5 * (self.dim - 2)).unsqueeze(-1) - 0.5 * offset)

    def sample(self, sample_shape=()):
        """Cholesky factors: directions that are uniform on the sphere, of random length, row by row."""
        with no_grad():
            lengths = self._rows().sample(sample_shape).unsqueeze(-1)
            shape = tuple(sample_shape) + self.batch_shape + self.event_shape
            directions = tril(randn(*shape, dtype=lengths.dtype, device=lengths.device), -1)
            norms = directions.norm(dim=-1, keepdim=True)
            rows = sqrt(lengths) * directions / norms.masked_fill(norms == 0, 1)
            rest = clamp_min(1 - sum_of(rows**2, -1), finfo(rows.dtype).tiny)
            return rows + diag_embed(sqrt(rest))

    def log_prob(self, value):
        """The log density of Cholesky factors (…, dim, dim)."""
        self._validate_sample(value)
        c, below = self.concentration, self.dim - 1
        # a power of each diagonal element: of the determinant, and of the Jacobian of L ↦ L Lᵀ
        order = 2 * (c - 1).unsqueeze(-1) + self.dim - arange(2, self.dim + 1, device=c.device)
        density = sum_of(order * log(diagonal(value, dim1=-1, dim2=-2)[..., 1:]), -1)
        alpha = c + 0.5 * below
        constant = 0.5 * below * math.log(math.pi) + mvlgamma(alpha - 0.5, below) - lgamma(alpha) * below
        return density - constant
