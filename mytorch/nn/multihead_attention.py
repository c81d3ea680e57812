"""Multi-head attention: scaled dot products of several heads between projections. The functions, then the
layer.
"""

from __future__ import annotations

import math

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
from ..tensors.creation import empty, zeros
from . import init
from .attention_arguments import (
    check_added_keys,
    check_dimensions,
    check_inputs,
    check_mask_types,
    mask_with_more_keys,
    merged_mask,
)
from .dropout import check_probability, dropout, random_like
from .linear import NonDynamicallyQuantizableLinear
from .module import Module
from .parameter import Parameter


def scaled_dot_product_attention(
    query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, scale=None, enable_gqa=False
):
    """softmax(query keyᵀ · scale) value: query (…, L, E), key (…, S, E), value (…, S, D) -> (…, L, D).

    ``attn_mask`` (…, L, S): True for keys that a query sees, or numbers to add to the scores. ``is_causal``:
    query i sees the keys up to i. ``scale`` is 1/sqrt(E) if None. ``enable_gqa``: each head (dimension -3) of
    keys and values serves several heads of queries. A query that sees no key gets zeros. RuntimeError for
    shapes or dtypes that do not match. https://arxiv.org/abs/1706.03762
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
    scale = max(query.array.shape[-1], 1) ** -0.5 if scale is None else scale
    return attention(query, key, value, attn_mask, keep, scale=scale, causal=is_causal)


# ---- several heads -------------------------------------------------------------------------------


def _projected(query, key, value, weight, weights, bias, heads, order):
    """Queries, keys and values of all heads, (N, heads, T, D) each.

    ``weight`` holds the three projections, or is None if ``weights`` does. ``order`` permutes a projection
    split into heads, (batch and time, heads, D), to (N, heads, T, D).
    """
    if weight is not None and query is key and key is value:  # self-attention: one product for all three
        x = linear(query, weight, bias)
        x = x.reshape(*x.shape[:2], 3, heads, x.shape[2] // (3 * heads))
        return unbind(x.permute(2, *(d if d < 2 else d + 1 for d in order)), 0)
    weights = chunk(weight, 3) if weight is not None else weights
    biases = (None,) * 3 if bias is None else chunk(bias, 3)
    parts = (linear(x, w, b) for x, w, b in zip((query, key, value), weights, biases))
    return [x.reshape(*x.shape[:2], heads, x.shape[2] // heads).permute(*order) for x in parts]


def _static(given, name, batch, heads, size):
    """Keys or values that are given instead of being projected, as (N, heads, S, D)."""
    for dim, wanted in ((0, batch * heads), (2, size)):
        if given.shape[dim] != wanted:
            raise AssertionError(
                f"expecting static_{name}.size({dim}) of {wanted}, but got {given.shape[dim]}"
            )
    return given.reshape(batch, heads, *given.shape[1:])


def _extra_keys(k, v, bias_k, bias_v, add_zero_attn):
    """``k`` and ``v`` (N, heads, S, D) with the learned and the zero key and value appended, if any."""
    batch, heads, _, size = k.shape
    keys, values = [k], [v]
    if bias_k is not None:
        for parts, bias in ((keys, bias_k), (values, bias_v)):
            parts.append(broadcast_to(bias.reshape(1, heads, 1, -1), (batch, heads, 1, size)))
    if add_zero_attn:
        zero = zeros(batch, heads, 1, size, dtype=k.dtype, device=k.device)
        keys.append(zero)
        values.append(zero)
    return (k, v) if len(keys) == 1 else (cat(keys, 2), cat(values, 2))


def _attend(q, k, v, mask, dropout_p, causal, need_weights):
    """The result of attention (N, heads, L, D), and its weights (N, heads, L, S) or None."""
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, dropout_p, causal), None
    scores = matmul(q * q.shape[-1] ** -0.5, k.mT)
    if mask is not None:
        scores = select(mask, scores, -math.inf) if mask.array.dtype == bool else scores + mask
    weights = dropout(softmax(scores, dim=-1), dropout_p, dropout_p > 0)
    return matmul(weights, v), weights


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
    """Attention of ``heads`` heads between projections, and its weights, for inputs (T, N, E), or (N, T, E)
    with ``batch_first``.

    ``static``: keys and values (N · heads, S, D) to use instead of the projected ones, where not None.
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
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    causal = causal and key_padding_mask is None and not need_weights
    mask = merged_mask(
        None if causal else attn_mask, key_padding_mask, batch, heads, rows, columns, query.dtype
    )
    check_mask_types(query, need_weights, attn_mask=attn_mask, key_padding_mask=key_padding_mask)
    q, k, v = _projected(query, key, value, weight, weights, bias, heads, (batch_dim, 2, time_dim, 3))
    if static:
        k, v = (
            own if given is None else _static(given, name, batch, heads, own.shape[-1])
            for own, given, name in zip((k, v), static, "kv")
        )
    k, v = _extra_keys(k, v, bias_k, bias_v, add_zero_attn)
    mask = mask_with_more_keys(mask, (bias_k is not None) + bool(add_zero_attn))
    out, used = _attend(q, k, v, mask, dropout_p, causal, need_weights)
    out = out.permute(0, 2, 1, 3) if batch_first else out.permute(2, 0, 1, 3)
    out = linear(out.reshape(*out.shape[:2], out.shape[2] * out.shape[3]), out_weight, out_bias)
    return out, used.mean(1) if need_weights and average else used


def _batch_of_one(query, key, value):
    """Sequences (T, E) as (T, 1, E); what is the same stays the same."""
    queries = query[:, None]
    keys = queries if key is query else key[:, None]
    return queries, keys, keys if value is key else value[:, None]


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
    """What :class:`MultiheadAttention` computes, with torch's arguments: inputs (T, N, E) or (T, E), with
    ``batch_first`` (N, T, E).

    ``static_k`` and ``static_v`` (N · heads, S, E / heads) replace the projections of ``key`` and ``value``.
    Returns (result (L, N, E), weights (N, L, S) or None). AssertionError or RuntimeError for arguments that
    do not match.
    """
    batched = check_dimensions(query, key, value, key_padding_mask, attn_mask)
    if not batched:
        query, key, value = _batch_of_one(query, key, value)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
    separate_weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else None
    check_inputs(query, key, value, embed_dim_to_check, num_heads, separate_weights)
    check_added_keys(bias_k, bias_v, static_k, static_v)
    out, weights = several_heads(
        query,
        key,
        value,
        num_heads,
        None if use_separate_proj_weight else in_proj_weight,
        separate_weights,
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
        () if static_k is None and static_v is None else (static_k, static_v),
    )
    if batched:
        return out, weights
    return out[:, 0], None if weights is None else weights[0]


# ---- the layer ------------------------------------------------------------------------------------


class MultiheadAttention(Module):
    """Attention of ``num_heads`` heads between projections (https://arxiv.org/abs/1706.03762).

    Inputs are (T, N, embed_dim), with ``batch_first`` (N, T, embed_dim), or (T, embed_dim); keys and values
    may have ``kdim`` and ``vdim`` features. ``dropout`` applies to the weights. ``add_bias_kv`` appends a
    learned key and value, ``add_zero_attn`` zeros. Parameters: in_proj_weight (3 · embed_dim, embed_dim), or
    q_, k_ and v_proj_weight; in_proj_bias, bias_k, bias_v, out_proj.

    Args:
        dropout (float): the probability of zeroing a weight in training
        add_bias_kv (bool): whether a learned key and value are appended
        add_zero_attn (bool): whether a key and a value of zeros are appended
        kdim (int): the number of features of keys; None is ``embed_dim``
        vdim (int): the number of features of values; None is ``embed_dim``

    Example:
        >>> attention = nn.MultiheadAttention(embed_dim=8, num_heads=2, batch_first=True)
        >>> x = mytorch.ones(4, 5, 8)
        >>> result, weights = attention(x, x, x)
        >>> result.shape, weights.shape
        (mytorch.Size([4, 5, 8]), mytorch.Size([4, 5, 5]))
    """

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
    ):
        super().__init__()
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and "
                f"num_heads={num_heads} instead"
            )
        if embed_dim % num_heads:
            raise AssertionError(f"embed_dim must be divisible by num_heads, got {embed_dim} and {num_heads}")
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.dropout, self.batch_first = dropout, batch_first
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self.head_dim, self.add_zero_attn = embed_dim // num_heads, add_zero_attn
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim

        def parameter(*shape):
            return Parameter(empty(*shape, device=device, dtype=dtype))

        separate = not self._qkv_same_embed_dim
        for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self.register_parameter(f"{name}_proj_weight", parameter(embed_dim, size) if separate else None)
        self.register_parameter("in_proj_weight", None if separate else parameter(3 * embed_dim, embed_dim))
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.bias_k = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.bias_v = parameter(1, 1, embed_dim) if add_bias_kv else None
        self._reset_parameters()

    def _reset_parameters(self):
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
    ):
        """(result, weights). The result has the shape of ``query``; the weights are (N, L, S), or (N, heads,
        L, S) unless averaged, or None.

        ``key_padding_mask`` (N, S) and ``attn_mask`` (L, S) or (N · heads, L, S): True for keys that are not
        seen, or numbers to add to the scores.
        """
        return multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            self.training,
            key_padding_mask,
            need_weights,
            attn_mask,
            not self._qkv_same_embed_dim,
            self.q_proj_weight,
            self.k_proj_weight,
            self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
            batch_first=self.batch_first,
        )
