"""Ready-made parametrizations: weight and spectral normalization, orthogonal matrices."""

from __future__ import annotations

from ...tensors.public_names import lookup as _lookup
from ...tensors.public_names import publish as _publish
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..module import Module
from .orthogonal import orthogonal as orthogonal
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, divided, first_vectors, iterate
from .weight_norm import norm_except_dim, normalized


class _WeightNorm(Module):
    def __init__(self, dim=0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        """g · v / ‖v‖."""
        return normalized(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        """(g, v) of a weight."""
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module, name="weight", dim=0):
    """Parametrize ``name`` as length times direction, for each slice along ``dim``, or for all if None.

    The state_dict holds parametrizations.{name}.original0 (length) and original1 (direction). Returns the
    module. https://arxiv.org/abs/1602.07868
    """
    register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def accept_old_names(module, state_dict, prefix, *rest):
        if f"{prefix}{name}_g" in state_dict and f"{prefix}{name}_v" in state_dict:
            for i, end in enumerate("gv"):
                new = f"{prefix}parametrizations.{name}.original{i}"
                state_dict[new] = state_dict.pop(f"{prefix}{name}_{end}")

    module.register_load_state_dict_pre_hook(accept_old_names)
    return module


class _SpectralNorm(Module):
    def __init__(self, weight, n_power_iterations=1, dim=0, eps=1e-12):
        super().__init__()
        if not -weight.ndim <= dim < weight.ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [-{weight.ndim}, "
                f"{weight.ndim - 1}] but got {dim})"
            )
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps, self.n_power_iterations = dim % weight.ndim, eps, n_power_iterations
        if weight.ndim > 1:
            matrix = as_matrix(weight.detach(), self.dim)
            u, v = first_vectors(matrix, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            iterate(matrix, u, v, 15, eps, u_first=True)

    def forward(self, weight):
        """The weight over its largest singular value; a vector over its norm."""
        if weight.ndim == 1:
            return weight / weight.norm().clamp(min=self.eps)
        if self.training:
            matrix = as_matrix(weight.detach(), self.dim)
            iterate(matrix, self._u, self._v, self.n_power_iterations, self.eps, u_first=True)
        return divided(weight, self._u, self._v, self.dim)

    def right_inverse(self, value):
        """The value itself: it need not be normalized."""
        return value


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Parametrize ``name`` as itself divided by its largest singular value (https://arxiv.org/abs/1802.05957).

    Power iterations estimate the value, in training. Returns the module. ValueError if there is no such
    parameter.
    """
    weight = getattr(module, name, None)
    if weight is None:
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    return register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))


_publish(__name__, ["orthogonal"])
__getattr__ = _lookup(__name__)
