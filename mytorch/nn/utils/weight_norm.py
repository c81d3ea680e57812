"""Weight normalization (https://arxiv.org/abs/1602.07868): a weight as a length times a direction."""

from __future__ import annotations

import warnings

from ...ops.linalg.matrix_norm import norm
from ..parameter import Parameter


def norm_except_dim(v, pow=2, dim=0):
    """The norms of the slices of ``v`` along ``dim``, with size 1 in all other dimensions.

    For ``dim`` -1 the norm of all elements.
    """
    if dim == -1:
        return norm(v, pow)
    return norm(v, pow, tuple(d for d in range(v.ndim) if d != dim % v.ndim), True)


def normalized(v, g, dim):
    """g · v / ‖v‖ with norms over all dimensions but ``dim``."""
    return v * (g / norm_except_dim(v, 2, dim))


class WeightNorm:
    """The hook that computes ``weight`` from ``weight_g`` and ``weight_v`` before every forward."""

    def __init__(self, name, dim):
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module):
        """The normalized weight."""
        return normalized(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module))


def _found(module, kind, name):
    """The id of the hook of class ``kind`` for ``name``, or None."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook.function, kind) and hook.function.name == name:
            return key
    return None


def weight_norm(module, name="weight", dim=0):
    """Replace the parameter ``name`` by its length ``name_g`` and direction ``name_v``.

    The length is that of each slice along ``dim``, or of the whole if None. Returns the module. Deprecated,
    as in torch, for :func:`parametrizations.weight_norm`. RuntimeError if it is normalized already.
    """
    warnings.warn(
        "`torch.nn.utils.weight_norm` is deprecated in favor of "
        "`torch.nn.utils.parametrizations.weight_norm`.",
        FutureWarning,
        stacklevel=2,
    )
    if _found(module, WeightNorm, name) is not None:
        raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
    hook, weight = WeightNorm(name, dim), getattr(module, name)
    delattr(module, name)
    module.register_parameter(name + "_g", Parameter(norm_except_dim(weight.detach(), 2, hook.dim)))
    module.register_parameter(name + "_v", Parameter(weight.detach()))
    hook(module, None)
    module.register_forward_pre_hook(hook)
    return module


def remove_weight_norm(module, name="weight"):
    """Undo :func:`weight_norm`: ``name`` is a parameter again, with its current value. Returns the module.

    ValueError if it is not normalized.
    """
    key = _found(module, WeightNorm, name)
    if key is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    weight = module._forward_pre_hooks.pop(key).function.compute_weight(module)
    for attribute in (name, name + "_g", name + "_v"):
        delattr(module, attribute)
    module.register_parameter(name, Parameter(weight.detach()))
    return module
