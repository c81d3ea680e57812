"""``torch.nn.attention.bias``: masks that let a query see the keys before it."""

from __future__ import annotations

import enum
import warnings

from .....core.graph import wrap
from .....ops.diagonal import tril
from .....tensors.creation import ones
from .....tensors.tensor import Tensor, no_torch_function

__all__ = ["CausalBias", "CausalVariant", "causal_lower_right", "causal_upper_left"]


class CausalVariant(enum.IntEnum):
    """Which corner of the mask the diagonal goes through."""

    UPPER_LEFT, LOWER_RIGHT = 1, 2


class CausalBias(Tensor):
    """A mask (seq_len_q, seq_len_kv) for ``scaled_dot_product_attention``: True for what is seen."""

    __torch_function__ = no_torch_function

    def __new__(cls, variant, seq_len_q, seq_len_kv):
        if not isinstance(variant, CausalVariant):
            raise AssertionError(f"variant must be a CausalVariant, got {type(variant).__name__}")
        offset = seq_len_kv - seq_len_q if variant is CausalVariant.LOWER_RIGHT else 0
        new = wrap(tril(ones(seq_len_q, seq_len_kv, dtype="bool"), offset).array, cls=cls)
        new.variant, new.seq_len_q, new.seq_len_kv = variant, seq_len_q, seq_len_kv
        if offset < 0:
            warnings.warn(
                "Lower right causal bias: the first queries see no key, and get zeros", stacklevel=3
            )
        return new


def causal_upper_left(*size):
    """The mask of ``size`` in which query i sees the keys up to i."""
    return CausalBias(CausalVariant.UPPER_LEFT, *size)


def causal_lower_right(*size):
    """The mask of ``size`` in which the last query sees all keys, the one before it all but the last, …"""
    return CausalBias(CausalVariant.LOWER_RIGHT, *size)
