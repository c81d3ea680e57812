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
from ...kernels.threads import parallel_for, spans
from ...kernels.windows import threads_for
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


_BLOCK = 64 * 1024  # scores that stay in the cache with what is made of them
_NANOSECONDS = 10  # for a score, each way


def _over_batch(function, shape, *arrays):
    """Call ``function(part)`` for slices of the first dimension of the scores, which have ``shape``.

    There is one for all unless the ``arrays`` share that dimension. Slices depend on the shapes alone.
    """
    size = math.prod(shape)
    if size <= _BLOCK or any(
        type(a) is not numpy.ndarray or a.ndim < 3 or a.shape[:-2] != shape[:-2] for a in arrays
    ):
        function(slice(None))
        return
    parts = [slice(*span) for span in spans(shape[0], -(-size // _BLOCK))]
    if threads_for(size * _NANOSECONDS) > 1:
        parallel_for(function, parts)
    else:
        for part in parts:
            function(part)


def _part(array, part, shape):
    """The slice ``part`` of what broadcasts to ``shape``, if it has more than one entry there."""
    return array if array is None or array.ndim < len(shape) or len(array) == 1 else array[part]


def _fill_weights(scores, q, k, mask, seen, scale):
    """Write softmax(q kᵀ · scale + mask) over the keys to ``scores``; rows that see nothing become zero."""
    m = xp(q)
    m.matmul(q * q.dtype.type(scale), k.swapaxes(-2, -1), out=scores)
    if mask is not None and mask.dtype != bool:
        scores += mask
        mask = mask > -math.inf
    mask = mask if seen is None else seen if mask is None else mask & seen
    least, most = extremes(scores) if m is numpy and scores.size else (-math.inf, math.inf)
    if least > -_SAFE and most < _SAFE:
        (exponential if max(most, -least) <= HIGHEST else m.exp)(scores, out=scores)
        if mask is not None:
            scores *= mask
    else:
        if mask is not None:
            scores[...] = m.where(mask, scores, -math.inf)
        highest = largest(scores, -1, True, -math.inf)
        scores -= m.where(highest == -math.inf, 0, highest)
        m.exp(scores, out=scores)
    total = row_sums(scores)[..., None]
    scores /= total if mask is None else m.where(total == 0, 1, total)


def _empty(m, lead, rows, size, dtype):
    """An array (…, rows, size) that lies so that joining the heads needs no copy."""
    if len(lead) != 2:
        return m.empty((*lead, rows, size), dtype)
    return m.empty((lead[0], rows, lead[1], size), dtype).swapaxes(1, 2)


def _attention_vjp(g, q, k, v, mask, keep, scale, needs, out, weights):
    """With s = weights · (g vᵀ - Σ g · out): scale · s k to q, scale · sᵀ q to k, weightsᵀ g to v."""
    if g.dtype.itemsize == 2:
        wide = _attention_vjp(*widen(g, q, k, v, mask, keep), scale, needs, None, *widen(weights))
        return cast(wide, g.dtype)
    m, lead = xp(g), g.shape[:-2]
    gq, gk, gv = (
        _empty(m, lead, *a.shape[-2:], a.dtype) if needed else None for a, needed in zip((q, k, v), needs)
    )
    shape = (*lead, *weights.shape[-2:])
    g_mask = m.empty(shape, g.dtype) if needs[3] else None

    def work(part):
        seen, kept, g_out = weights[part], _part(keep, part, shape), g[part]
        used = seen if kept is None else seen * kept
        if gv is not None:
            m.matmul(used.swapaxes(-2, -1), g_out, out=gv[part])
        if gq is gk is g_mask is None:
            return
        gs = m.matmul(g_out, v[part].swapaxes(-2, -1))  # of the weights that were used, then of the scores
        if kept is not None:
            gs *= kept
        # Σ of (gradient · weight) over the keys; None: ``out`` was rounded to 16 bits
        gs -= row_sums(gs * seen if out is None else g_out * out[part])[..., None]
        gs *= seen
        if g_mask is not None:
            g_mask[part] = gs
        gs *= gs.dtype.type(scale)
        if gq is not None:
            m.matmul(gs, k[part], out=gq[part])
        if gk is not None:
            m.matmul(gs.swapaxes(-2, -1), q[part], out=gk[part])

    _over_batch(work, shape, q, k, v, weights)
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
    use_one_thread()
    m, rows, columns = xp(q), q.shape[-2], k.shape[-2]
    lead = numpy.broadcast_shapes(*(a.shape[:-2] for a in (q, k, mask) if a is not None))
    every = numpy.broadcast_shapes(lead, *(a.shape[:-2] for a in (v, keep) if a is not None))
    weights = m.empty((*lead, rows, columns), q.dtype)
    out = _empty(m, every, rows, v.shape[-1], v.dtype)
    seen = m.tril(m.ones((rows, columns), bool)) if causal else None

    def work(part):
        used = weights[part]
        _fill_weights(used, q[part], k[part], _part(mask, part, weights.shape), seen, scale)
        used = used if keep is None else used * _part(keep, part, weights.shape)
        m.matmul(used, v[part], out=out[part])

    _over_batch(work, weights.shape, q, k, v)
    return out, weights


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
