"""The functions of attention: scaled dot products, and several heads of them between projections."""

from __future__ import annotations

import math
import warnings

from ..core.arrays import xp
from ..ops.elementwise import select
from ..ops.gather import repeat_interleave
from ..ops.join import cat, unbind
from ..ops.layers.attention import attention, check_attention
from ..ops.layers.linear import linear
from ..ops.matmul import matmul
from ..ops.shape import broadcast_to
from ..ops.softmax import softmax
from ..ops.split import chunk
from ..tensors.creation import ones, zeros
from .drop import check_probability, dropout, random_like


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(query keyᵀ · scale) value for query (…, L, E), key (…, S, E), value (…, S, D): (…, L, D)
    (https://arxiv.org/abs/1706.03762).

    ``attn_mask`` (…, L, S): True for keys that a query sees, or numbers to add to the scores. ``is_causal``:
    query i sees the keys up to i. ``scale`` is 1/sqrt(E) if None. ``enable_gqa``: fewer heads (dimension -3)
    of keys and values, each for several of the queries'. A query that sees no key gets zeros. RuntimeError
    for shapes or dtypes that do not match.
    """
    check_attention(query, key, value, attn_mask)
    if enable_gqa:
        heads = query.shape[-3]
        if heads % key.shape[-3] or heads % value.shape[-3]:
            raise RuntimeError("Number of heads in key and value must divide the number of heads in query")
        key, value = (repeat_interleave(t, heads // t.shape[-3], -3) for t in (key, value))
    keep = None
    if dropout_p > 0:
        check_probability(dropout_p)
        lead = xp(query.array).broadcast_shapes(query.array.shape[:-2], key.array.shape[:-2])
        draws = random_like(query, (*lead, query.shape[-2], key.shape[-2]))
        keep = (draws >= dropout_p) * query.array.dtype.type(1 / (1 - dropout_p) if dropout_p < 1 else 0)
    scale = query.shape[-1] ** -0.5 if scale is None else scale
    return attention(query, key, value, attn_mask, keep, scale=scale, causal=is_causal)


# ---- several heads -------------------------------------------------------------------------------


def _check_shapes(query, key, value, key_padding_mask, attn_mask):
    """Whether the inputs are batched.

    AssertionError, as in torch, for numbers of dimensions that do not match.
    """
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    batched, what = query.ndim == 3, "batched (3-D)" if query.ndim == 3 else "unbatched (2-D)"
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
            "Support for mismatched key_padding_mask and attn_mask is deprecated. Use same type for "
            "both instead.",
            stacklevel=4,
        )
    return batched


def _mask(attn_mask, key_padding_mask, batch, heads, rows, columns, dtype):
    """Both masks of torch's layers (True: not seen; or numbers to add) as one that attention takes, (N or 1,
    heads or 1, L, S).
    """
    masks = []
    if attn_mask is not None:
        expected = (rows, columns) if attn_mask.ndim == 2 else (batch * heads, rows, columns)
        if tuple(attn_mask.shape) != expected:
            raise RuntimeError(
                f"The shape of the {attn_mask.ndim}D attn_mask is {attn_mask.shape}, but should be "
                f"{expected}."
            )
        masks.append(
            attn_mask.reshape(1, 1, rows, columns)
            if attn_mask.ndim == 2
            else attn_mask.reshape(batch, heads, rows, columns)
        )
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
    numbers = [
        select(m, -math.inf, zeros((), dtype=dtype, device=m.device))
        if m.array.dtype == bool
        else m.to(dtype)
        for m in masks
    ]
    return numbers[0] if len(numbers) == 1 else numbers[0] + numbers[1]


def _check_mask_types(query, need_weights, **masks):
    """RuntimeError, as in torch, for numbers to add of another dtype than the query's (float32 goes with all
    where no weights are wanted).
    """
    for name, mask in masks.items():
        if mask is None or mask.dtype == query.dtype or mask.array.dtype == "bool":
            continue
        if need_weights or mask.array.dtype != "float32":
            raise RuntimeError(
                f"Expected {name} dtype to be bool or to match query dtype, but got {name}.dtype: "
                f"{mask.dtype} and query.dtype: {query.dtype} instead."
            )


def _longer(mask, more):
    """``mask`` for ``more`` further keys, which all see."""
    if mask is None or not more:
        return mask
    return cat(
        [
            mask,
            (ones if mask.array.dtype == bool else zeros)(
                *mask.shape[:-1], more, dtype=mask.dtype, device=mask.device
            ),
        ],
        -1,
    )


def _projected(query, key, value, weight, weights, bias, heads, order):
    """Queries, keys and values of all heads, (N, heads, T, D) each; ``order`` brings (…, heads, D) there."""
    if weight is not None and query is key and key is value:  # one product for all three
        x = linear(query, weight, bias)
        x = x.reshape(*x.shape[:2], 3, heads, x.shape[2] // (3 * heads)).permute(
            2, *(d if d < 2 else d + 1 for d in order)
        )
        return unbind(x, 0)
    weights = chunk(weight, 3) if weight is not None else weights
    biases = (None,) * 3 if bias is None else chunk(bias, 3)
    parts = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases))
    return [x.reshape(*x.shape[:2], heads, x.shape[2] // heads).permute(*order) for x in parts]


def _static(given, name, batch, heads, size):
    """Keys or values that are given instead of projected, as (N, heads, S, D)."""
    for what, found, wanted in (
        ("size(0)", given.shape[0], batch * heads),
        ("size(2)", given.shape[2], size),
    ):
        if found != wanted:
            raise AssertionError(f"expecting static_{name}.{what} of {wanted}, but got {found}")
    return given.reshape(batch, heads, *given.shape[1:])


def several_heads(
    query,
    key,
    value,
    heads,
    weight,
    weights,
    bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_weight,
    out_bias,
    key_padding_mask,
    need_weights,
    attn_mask,
    average,
    causal,
    batch_first,
    static=(),
):
    """Attention of ``heads`` heads between projections, for batches (N, T, E), or (T, N, E) without
    ``batch_first``: the result, and its weights.

    ``static``: keys and values (N · heads, S, D) to take in place of the projected ones, where they are not
    None.
    """
    batch_dim, time_dim = (0, 1) if batch_first else (1, 0)
    batch, rows = query.shape[batch_dim], query.shape[time_dim]
    columns = next((x.shape[1] for x in static if x is not None), key.shape[time_dim])
    if not static and key.shape[batch_dim] != batch:
        raise RuntimeError(
            f"query is a batch of {batch} sequences, but key and value of {key.shape[batch_dim]}"
        )
    if causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module "
            "method `generate_square_subsequent_mask` to "
            "create this mask."
        )
    causal = causal and key_padding_mask is None and not need_weights
    mask = _mask(None if causal else attn_mask, key_padding_mask, batch, heads, rows, columns, query.dtype)
    _check_mask_types(query, need_weights, attn_mask=attn_mask, key_padding_mask=key_padding_mask)
    q, k, v = _projected(query, key, value, weight, weights, bias, heads, (batch_dim, 2, time_dim, 3))
    if static:
        k, v = (
            own if given is None else _static(given, name, batch, heads, own.shape[-1])
            for own, given, name in zip((k, v), static, "kv")
        )
    more = []
    if bias_k is not None:
        more.append(
            [
                broadcast_to(b.reshape(1, heads, 1, -1), (batch, heads, 1, k.shape[-1]))
                for b in (bias_k, bias_v)
            ]
        )
    if add_zero_attn:
        more.append([zeros(batch, heads, 1, k.shape[-1], dtype=k.dtype, device=k.device)] * 2)
    if more:
        k, v = cat([k, *(m[0] for m in more)], 2), cat([v, *(m[1] for m in more)], 2)
        mask = _longer(mask, len(more))
    if need_weights:
        scores = matmul(q * q.shape[-1] ** -0.5, k.mT)
        if mask is not None:
            scores = select(mask, scores, -math.inf) if mask.array.dtype == bool else scores + mask
        used = dropout(softmax(scores, dim=-1), dropout_p, dropout_p > 0)
        out = matmul(used, v)
    else:
        used, out = None, scaled_dot_product_attention(q, k, v, mask, dropout_p, causal)
    out = out.permute(0, 2, 1, 3) if batch_first else out.permute(2, 0, 1, 3)
    out = linear(out.reshape(*out.shape[:2], out.shape[2] * out.shape[3]), out_weight, out_bias)
    return out, used.mean(1) if need_weights and average else used


def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
    *,
    batch_first=False,
):
    """What :class:`MultiheadAttention` computes, on (T, N, E) or (T, E) inputs (``batch_first``: (N, T, E)),
    with torch's arguments.

    ``static_k`` and ``static_v`` (N · heads, S, E / heads) stand in for what would be projected of ``key``
    and ``value``. Returns (result (L, N, E), weights (N, L, S) or None). AssertionError or RuntimeError for
    what does not match.
    """
    batched = _check_shapes(query, key, value, key_padding_mask, attn_mask)
    if not batched:
        same = query is key, key is value
        query = query[:, None]
        key = query if same[0] else key[:, None]
        value = key if same[1] else value[:, None]
        key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
    embed = query.shape[-1]
    if embed != embed_dim_to_check:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim_to_check}, but got {embed}")
    if embed % num_heads:
        raise AssertionError(f"embed_dim {embed} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight and key.shape[:2] != value.shape[:2]:
        raise AssertionError(
            f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}"
        )
    for name, x, weight in zip(
        "qkv",
        (query, key, value),
        (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else (),
    ):
        if weight.shape[-1] != x.shape[-1]:
            raise AssertionError(
                f"{name}_proj_weight {weight.shape} does not take the {x.shape[-1]} features of {x.shape}"
            )
    if not use_separate_proj_weight and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    if (bias_k is None) != (bias_v is None):
        raise AssertionError(
            "bias_k is set but bias_v is None" if bias_v is None else "bias_v is set but bias_k is None"
        )
    static = static_k is not None or static_v is not None
    if static and bias_k is not None:
        raise AssertionError(
            "bias cannot be added to static key."
            if static_k is not None
            else "bias cannot be added to static value."
        )
    out, weights = several_heads(
        query,
        key,
        value,
        num_heads,
        None if use_separate_proj_weight else in_proj_weight,
        (q_proj_weight, k_proj_weight, v_proj_weight),
        in_proj_bias,
        bias_k,
        bias_v,
        add_zero_attn,
        dropout_p if training else 0.0,
        out_proj_weight,
        out_proj_bias,
        key_padding_mask,
        need_weights,
        attn_mask,
        average_attn_weights,
        is_causal,
        batch_first and batched,
        (static_k, static_v) if static else (),
    )
    if batched:
        return out, weights
    return out[:, 0], None if weights is None else weights[0]
