"""Spectral normalization: a weight divided by its largest singular value.

https://arxiv.org/abs/1802.05957
"""

from __future__ import annotations

from ...core.arrays import xp
from ...core.grad_mode import no_grad
from ...core.graph import changed
from ...tensors.random_creation import randn
from ..conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..parameter import Parameter
from .weight_norm import _found


def as_matrix(weight, dim):
    """``weight`` with ``dim`` as rows and everything else as columns."""
    if dim:
        weight = weight.permute(dim, *(d for d in range(weight.ndim) if d != dim))
    return weight.reshape(weight.shape[0], -1)


def _unit(x, eps):
    return x / max(float(xp(x).linalg.norm(x)), eps)


def first_vectors(matrix, eps):
    """Random unit vectors u (rows,) and v (columns,): the start of the power iterations."""
    made = (randn(n, dtype=matrix.dtype, device=matrix.device) for n in matrix.shape)
    return [x / x.norm().clamp(min=eps) for x in made]


def iterate(matrix, u, v, count, eps, u_first=False):
    """``count`` power iterations with ``matrix`` (rows, columns), which update u and v in place."""
    m = matrix.array
    for _ in range(count):
        if u_first:
            u.array[...] = _unit(m @ v.array, eps)
        v.array[...] = _unit(m.T @ u.array, eps)
        if not u_first:
            u.array[...] = _unit(m @ v.array, eps)
    changed(u)
    changed(v)


def divided(weight, u, v, dim):
    """``weight`` divided by uᵀ W v, the estimate of its largest singular value."""
    return weight / (u.detach().clone() @ (as_matrix(weight, dim) @ v.detach().clone()))


class SpectralNorm:
    """The hook that computes ``weight`` from ``weight_orig`` before every forward."""

    def __init__(self, name="weight", n_power_iterations=1, dim=0, eps=1e-12):
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module, do_power_iteration):
        """The normalized weight."""
        weight, u, v = (getattr(module, self.name + end) for end in ("_orig", "_u", "_v"))
        if do_power_iteration:
            iterate(as_matrix(weight.detach(), self.dim), u, v, self.n_power_iterations, self.eps)
        return divided(weight, u, v, self.dim)

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module, module.training))


def spectral_norm(module, name="weight", n_power_iterations=1, eps=1e-12, dim=None):
    """Divide the parameter ``name`` by its largest singular value.

    Power iterations estimate the value, in training. The parameter becomes ``name_orig``, with the buffers
    ``name_u`` and ``name_v``. Returns the module. RuntimeError if it is normalized already, ValueError if the
    parameter is None.
    """
    if dim is None:
        dim = 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
    if _found(module, SpectralNorm, name) is not None:
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    hook, weight = SpectralNorm(name, n_power_iterations, dim, eps), module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    u, v = first_vectors(as_matrix(weight.detach(), dim), eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def remove_spectral_norm(module, name="weight"):
    """Undo :func:`spectral_norm`: ``name`` is a parameter again, with its current value. Returns the module.

    ValueError if it is not normalized.
    """
    key = _found(module, SpectralNorm, name)
    if key is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    with no_grad():
        weight = module._forward_pre_hooks.pop(key).function.compute_weight(module, False)
    for attribute in (name, name + "_u", name + "_v", name + "_orig"):
        delattr(module, attribute)
    module.register_parameter(name, Parameter(weight.detach()))
    return module
