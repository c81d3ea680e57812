"""Scaled dot-product attention as one operation."""

from __future__ import annotations

import math

import numpy

from ...core.arrays import xp
from ...core.blas import use_one_thread
from ...core.graph import Variable
from ...core.primitive import primitive
from ...core.sums import cast, widen
from ...kernels.blocks import HIGHEST, exponential
from ...kernels.elementwise import extremes, largest
from ...kernels.sums import row_sums
from ..cast import in_float32
from ..elementwise import select
from ..matmul import matmul
from ..permute import transpose
from ..softmax import softmax

_SAFE = 60.0  # exponentials of scores within ±60 can be summed as they are, also in float32


@in_float32
def _definition(q, k, v, mask=None, keep=None, *, scale, causal=False):
    scores = matmul(q * scale, transpose(k, -2, -1))
    m, (rows, columns) = xp(scores.array), scores.shape[-2:]
    seen = m.ones((rows, columns), bool)
    if causal:
        seen = m.tril(seen)
    if mask is not None and mask.array.dtype == bool:
        seen = seen & mask.array
    elif mask is not None:
        scores = scores + mask
        seen = seen & (mask.array > -math.inf)
    alive = seen.any(-1, keepdims=True)  # a query that sees no key gets zeros
    weights = select(alive, softmax(select(seen | ~alive, scores, -math.inf), dim=-1), 0.0)
    return matmul(weights if keep is None else weights * keep, v)


def _weights(q, k, mask, scale, causal):
    """softmax(q kᵀ · scale + mask) over the keys; rows that see nothing are zero."""
    use_one_thread()
    m = xp(q)
    scores = m.matmul(q * q.dtype.type(scale), k.swapaxes(-2, -1))
    shape = scores.shape
    if mask is not None and mask.dtype != bool:
        scores = scores + mask
        mask = mask > -math.inf
    if causal:
        seen = m.tril(m.ones(shape[-2:], bool))
        mask = seen if mask is None else mask & seen
    least, most = extremes(scores) if m is numpy and scores.size else (-math.inf, math.inf)
    if least > -_SAFE and most < _SAFE:
        (exponential if max(most, -least) <= HIGHEST else m.exp)(scores, out=scores)
        if mask is not None:
            scores *= mask
        return _divided(scores, mask)
    if mask is not None:
        scores = m.where(mask, scores, -math.inf)
    highest = largest(scores, -1, True, -math.inf)
    scores -= m.where(highest == -math.inf, 0, highest)
    m.exp(scores, out=scores)
    return _divided(scores, mask)


def _divided(weights, mask):
    """``weights`` over the sums of their rows; rows that see nothing stay zero."""
    total = row_sums(weights)[..., None]
    weights /= total if mask is None else xp(total).where(total == 0, 1, total)
    return weights


def _attention_vjp(g, q, k, v, mask, keep, scale, needs, out, weights):
    """With s = weights · (g vᵀ - Σ g · out): scale · s k to q, scale · sᵀ q to k, weightsᵀ g to v."""
    if g.dtype.itemsize == 2:
        wide = _attention_vjp(*widen(g, q, k, v, mask, keep), scale, needs, None, *widen(weights))
        return cast(wide, g.dtype)
    m = xp(g)
    used = weights if keep is None else weights * keep
    gv = m.matmul(used.swapaxes(-2, -1), g) if needs[2] else None
    if not (needs[0] or needs[1] or needs[3]):
        return None, None, gv, None, None
    gs = m.matmul(g, v.swapaxes(-2, -1))  # of the weights that were used, then of the scores
    if keep is not None:
        gs *= keep
    # Σ of (gradient · weight) over the keys; None: ``out`` was rounded to 16 bits
    gs -= row_sums(gs * weights if out is None else g * out)[..., None]
    gs *= weights
    g_mask = gs.copy() if needs[3] else None
    gs *= gs.dtype.type(scale)
    gq = m.matmul(gs, k) if needs[0] else None
    gk = m.matmul(gs.swapaxes(-2, -1), q) if needs[1] else None
    return gq, gk, gv, g_mask, None


@primitive(composed=_definition, aux=("weights",), joint=_attention_vjp, broadcasts=True)
def attention(q, k, v, mask=None, keep=None, *, scale: float, causal=False):
    """softmax(q kᵀ · scale) v for q (…, L, E), k (…, S, E), v (…, S, D): (…, L, D).

    Leading dimensions broadcast. mask (…, L, S): True for keys that a query sees, or numbers to add to the
    scores. causal: query i sees the keys up to i. keep (…, L, S) multiplies the weights: dropout. A query
    that sees no key gets zeros.
    """
    if q.dtype.itemsize == 2:
        out, weights = attention.primitive.forward(*widen(q, k, v, mask, keep), scale=scale, causal=causal)
        return out.astype(q.dtype), weights
    m = xp(q)
    weights = _weights(q, k, mask, scale, causal)
    used = weights if keep is None else weights * keep
    *lead, rows, _ = used.shape
    if len(lead) != 2 or v.shape[:-2] != tuple(lead):
        return m.matmul(used, v), weights
    # so that joining the heads needs no copy
    out = m.empty((lead[0], rows, lead[1], v.shape[-1]), v.dtype).swapaxes(1, 2)
    return m.matmul(used, v, out=out), weights


def check_attention(query, key, value, mask):
    """Raise what does not fit for attention."""
    for name, t in (("query", query), ("key", key), ("value", value)):
        if not isinstance(t, Variable):
            raise TypeError(
                f"scaled_dot_product_attention(): argument '{name}' must be Tensor, not {type(t).__name__}"
            )
        if t.array.ndim < 2:
            raise RuntimeError(
                "scaled_dot_product_attention: Expected query, key, and value to all be at least 2 "
                f"dimensional, got {name} of {t.ndim}"
            )
        if t.array.dtype != query.array.dtype:
            raise RuntimeError(
                f"Expected query, key, and value to have the same dtype, but got query.dtype: {query.dtype} "
                f"key.dtype: {key.dtype} and value.dtype: {value.dtype} instead."
            )
    if mask is not None and mask.array.dtype not in (bool, query.array.dtype):
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or to match query dtype, but got attn_mask.dtype: "
            f"{mask.dtype} and query.dtype: {query.dtype}"
        )
    of_query, of_key, of_value = query.array.shape, key.array.shape, value.array.shape
    if of_query[-1] != of_key[-1] or of_key[-2] != of_value[-2]:
        raise RuntimeError(
            "scaled_dot_product_attention takes query (..., L, E), key (..., S, E) and value (..., S, D), "
            f"got {tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
        )
