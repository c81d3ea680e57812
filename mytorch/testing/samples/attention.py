"""Rows of ops/layers/attention.py."""

import numpy as np

from mytorch.nn import functional as F
from mytorch.ops.layers.attention import attention

from . import Bool, Real, Sample


def attend(q, k, v, add=0.0, seen=True):
    scores = np.where(seen, q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1]) + add, -np.inf)
    highest = scores.max(-1, keepdims=True)
    e = np.exp(scores - np.where(highest == -np.inf, 0, highest))
    total = e.sum(-1, keepdims=True)
    return e / np.where(total == 0, 1, total) @ v


def scaled(q, k, v, x):
    """The weights of dropout are an input of the operation."""
    return attention(q, k, v, None, x, scale=0.5)


def kept(q, k, v, x):
    scores = q @ np.swapaxes(k, -1, -2) * 0.5
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) * x @ v


SDPA = F.scaled_dot_product_attention
QKV = ((2, 2, 3, 2), (2, 2, 4, 2), (2, 2, 4, 3))
ROWS = [
    Sample("attention", SDPA, QKV, attend),
    Sample(
        "attention",
        SDPA,
        ((3, 2), (4, 2), (4, 3)),
        attend,
        note="two dimensions",
        empty=((0, 2), (4, 2), (4, 3)),
    ),
    Sample("attention", SDPA, (*QKV, (3, 4)), attend, note="added mask"),
    Sample(
        "attention",
        SDPA,
        (*QKV, Bool((2, 1, 3, 4))),
        lambda q, k, v, m: attend(q, k, v, 0.0, m),
        note="boolean mask",
    ),
    Sample(
        "attention",
        lambda q, k, v: SDPA(q, k, v, is_causal=True),
        QKV,
        lambda q, k, v: attend(q, k, v, 0.0, np.tri(3, 4, dtype=bool)),
        note="causal",
    ),
    Sample(
        "attention",
        SDPA,
        (Real((2, 3, 2), -60, 60), Real((1, 4, 2), -60, 60), (4, 3)),
        attend,
        note="large scores, broadcast",
        tolerance=2e-4,
    ),
    Sample(
        "attention", scaled, ((3, 2), (4, 2), (4, 3), Real((3, 4), 0, 2, grad=False)), kept, note="dropout"
    ),
]
