"""Checks of the arguments of multi-head attention, and its two masks as one."""

from __future__ import annotations

import math
import warnings

from ..ops.elementwise import select
from ..ops.join import cat
from ..tensors.creation import ones, zeros


def check_dimensions(query, key, value, key_padding_mask, attn_mask):
    """AssertionError, as in torch, for numbers of dimensions that do not match.

    Returns whether the inputs are batched.
    """
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    batched = query.ndim == 3
    what = "batched (3-D)" if batched else "unbatched (2-D)"
    if key.ndim != query.ndim or value.ndim != query.ndim:
        raise AssertionError(
            f"For {what} `query`, expected `key` and `value` to be {query.ndim}-D but found "
            f"{key.ndim}-D and {value.ndim}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.ndim != query.ndim - 1:
        raise AssertionError(
            f"For {what} `query`, expected `key_padding_mask` to be `None` or {query.ndim - 1}-D but "
            f"found {key_padding_mask.ndim}-D tensor instead"
        )
    if attn_mask is not None and attn_mask.ndim not in (2, 3):
        raise AssertionError(
            f"For {what} `query`, expected `attn_mask` to be `None`, 2-D or 3-D but found "
            f"{attn_mask.ndim}-D tensor instead"
        )
    for name, mask in (("key_padding_mask", key_padding_mask), ("attn_mask", attn_mask)):
        if mask is not None and mask.array.dtype != bool and not mask.is_floating_point():
            raise AssertionError(f"only bool and floating types of {name} are supported")
    if key_padding_mask is not None and attn_mask is not None and key_padding_mask.dtype != attn_mask.dtype:
        warnings.warn(
            "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for both "
            "instead.",
            stacklevel=4,
        )
    return batched


def check_inputs(query, key, value, embed_dim, num_heads, separate_weights):
    """AssertionError, as in torch, for sizes that do not match those of the layer.

    ``separate_weights``: the weights of the three projections, or None if they are one matrix.
    """
    embed = query.shape[-1]
    if embed != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {embed}")
    if embed % num_heads:
        raise AssertionError(f"embed_dim {embed} not divisible by num_heads {num_heads}")
    if separate_weights is None:
        if key.shape != value.shape:
            raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
        return
    if key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    for name, x, weight in zip("qkv", (query, key, value), separate_weights):
        if weight.shape[-1] != x.shape[-1]:
            raise AssertionError(
                f"{name}_proj_weight {weight.shape} does not take the {x.shape[-1]} features of {x.shape}"
            )


def check_added_keys(bias_k, bias_v, static_k, static_v):
    """AssertionError, as in torch, for settings that exclude each other."""
    if (bias_k is None) != (bias_v is None):
        raise AssertionError(
            "bias_k is set but bias_v is None" if bias_v is None else "bias_v is set but bias_k is None"
        )
    if bias_k is not None and static_k is not None:
        raise AssertionError("bias cannot be added to static key.")
    if bias_k is not None and static_v is not None:
        raise AssertionError("bias cannot be added to static value.")


def check_mask_types(query, need_weights, **masks):
    """RuntimeError, as in torch, for a mask of numbers whose dtype is not that of the query.

    Without weights float32 is allowed too.
    """
    for name, mask in masks.items():
        if mask is None or mask.dtype == query.dtype or mask.array.dtype == "bool":
            continue
        if need_weights or mask.array.dtype != "float32":
            raise RuntimeError(
                f"Expected {name} dtype to be bool or to match query dtype, but got {name}.dtype: "
                f"{mask.dtype} and query.dtype: {query.dtype} instead."
            )


def merged_mask(attn_mask, key_padding_mask, batch, heads, rows, columns, dtype):
    """The two masks of torch's layers (True: not seen; or numbers to add) as one, (N or 1, heads or 1, L, S).

    It has the form that attention takes: True for what is seen, or numbers to add. None if there is no mask.
    """
    masks = []
    if attn_mask is not None:
        expected = (rows, columns) if attn_mask.ndim == 2 else (batch * heads, rows, columns)
        if tuple(attn_mask.shape) != expected:
            raise RuntimeError(
                f"The shape of the {attn_mask.ndim}D attn_mask is {attn_mask.shape}, "
                f"but should be {expected}."
            )
        lead = (1, 1) if attn_mask.ndim == 2 else (batch, heads)
        masks.append(attn_mask.reshape(*lead, rows, columns))
    if key_padding_mask is not None:
        for i, n in enumerate((batch, columns)):
            if key_padding_mask.shape[i] != n:
                raise AssertionError(
                    f"Expected key_padded_mask.shape[{i}] to be {n}, but got {key_padding_mask.shape[i]}"
                )
        masks.append(key_padding_mask.reshape(batch, 1, 1, columns))
    if not masks:
        return None
    if all(m.array.dtype == bool for m in masks):
        return ~masks[0] if len(masks) == 1 else ~(masks[0] | masks[1])
    numbers = [_as_numbers(m, dtype) for m in masks]
    return numbers[0] if len(numbers) == 1 else numbers[0] + numbers[1]


def _as_numbers(mask, dtype):
    """A mask as numbers to add to the scores: -inf for what is not seen."""
    if mask.array.dtype != bool:
        return mask.to(dtype)
    return select(mask, -math.inf, zeros((), dtype=dtype, device=mask.device))


def mask_with_more_keys(mask, count):
    """``mask`` for ``count`` further keys, which every query sees."""
    if mask is None or not count:
        return mask
    fill = ones if mask.array.dtype == bool else zeros
    return cat([mask, fill(*mask.shape[:-1], count, dtype=mask.dtype, device=mask.device)], -1)
