"""What packages take from ``torch.nn.modules.transformer``."""

import copy

from .....nn import ModuleList
from .....ops.activation import gelu, relu

__all__ = ["_get_activation_fn", "_get_clones"]


def _get_activation_fn(activation):
    """The function "relu" or "gelu". RuntimeError for another."""
    if activation not in ("relu", "gelu"):
        raise RuntimeError(f"activation should be relu/gelu, not {activation}")
    return relu if activation == "relu" else gelu


def _get_clones(module, N):
    """``N`` copies of a module."""
    return ModuleList([copy.deepcopy(module) for _ in range(N)])
