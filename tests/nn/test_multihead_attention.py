"""Attention with several heads, against PyTorch."""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.nn.twins import agree, twins
from tests.referee import compare, same_error

rng = draws(4)

# (N, S) what is padded
HIDE = np.array([[False, False, True, True], [False, False, False, True], [False] * 4])


def real(*shape):
    return rng.standard_normal(shape)


CONSTRUCTIONS = [
    {},
    {"batch_first": True},
    {"bias": False},
    {"add_bias_kv": True},
    {"add_zero_attn": True},
    {"kdim": 3, "vdim": 5},
    {"add_bias_kv": True, "add_zero_attn": True, "batch_first": True},
]


def inputs(settings, batched=True):
    q, k, v = real(3, 5, 6), real(3, 4, settings.get("kdim", 6)), real(3, 4, settings.get("vdim", 6))
    if not batched:
        return [q[0], k[0], v[0]]
    return [q, k, v] if settings.get("batch_first") else [a.swapaxes(0, 1).copy() for a in (q, k, v)]


@pytest.mark.parametrize("settings", CONSTRUCTIONS, ids=str)
@pytest.mark.parametrize("need_weights", [True, False])
def test_multihead_attention(settings, need_weights):
    modules = twins("MultiheadAttention", 6, 2, **settings)
    call = {"need_weights": need_weights}
    agree(modules, lambda m, *x: m(*x, **call), inputs(settings))
    agree(modules, lambda m, *x: m(*x, **call), inputs(settings, False))
    if "kdim" not in settings:
        agree(modules, lambda m, x: m(x, x, x, **call), inputs(settings)[:1])
        agree(modules, lambda m, x, y: m(x, y, y, **call), inputs(settings)[:2])
    if need_weights:
        agree(modules, lambda m, *x: m(*x, average_attn_weights=False), inputs(settings))
    see, each, add = rng.random((5, 4)) < 0.3, rng.random((6, 5, 4)) < 0.2, real(5, 4)
    see[:, 0] = each[..., 0] = False  # of a query that sees nothing torch's gradient is nan
    for mask in (see, add, each):
        agree(modules, lambda m, *x: m(*x[:3], attn_mask=x[3].detach(), **call), [*inputs(settings), mask])
    agree(modules, lambda m, *x: m(*x[:3], key_padding_mask=x[3], **call), [*inputs(settings), HIDE])
    agree(
        modules,
        lambda m, *x: m(*x[:3], key_padding_mask=x[3], attn_mask=x[4], **call),
        [*inputs(settings), HIDE, see],
    )
    agree(
        modules,
        lambda m, *x: m(*x[:3], key_padding_mask=x[3], attn_mask=x[4].detach(), **call),
        [*inputs(settings), HIDE, add],
    )


def test_causal_hint():
    modules = twins("MultiheadAttention", 6, 2, batch_first=True)
    future = np.triu(np.ones((5, 5), bool), 1)
    for need_weights in (True, False):
        agree(
            modules,
            lambda m, x, f: m(x, x, x, attn_mask=f, is_causal=True, need_weights=need_weights),
            [real(3, 5, 6), future],
        )


def test_mha_initial_values():
    mha = mytorch.nn.MultiheadAttention(60, 4, add_bias_kv=True)
    bound = (6 / (60 + 180)) ** 0.5
    assert 0.95 * bound < abs(mha.in_proj_weight).max().item() <= bound
    assert not mha.in_proj_bias.any() and not mha.out_proj.bias.any() and mha.bias_k.any()


x326 = real(3, 2, 6)

REFUSED = {
    "features": (
        lambda lib, x: lib.nn.MultiheadAttention(8, 2).double()(x, x, x),
        "was expecting embedding dimension of 8, but got 6",
    ),
    "batch": (lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x, x[:, :1], x[:, :1]), ""),
    "features of keys": (lambda lib, x: lib.nn.MultiheadAttention(6, 2, kdim=5).double()(x, x, x), ""),
    "key": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x, x, x[:2]),
        "does not match value shape",
    ),
    "mask size": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x, x, x, attn_mask=lib.zeros(2, 3)),
        "but should be (3, 3).",
    ),
    "mask dtype": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x, x, x, attn_mask=lib.zeros(3, 3).long()),
        "only bool and floating types of attn_mask are supported",
    ),
    "causal": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x, x, x, is_causal=True),
        "Need attn_mask if specifying the is_causal hint",
    ),
    "padding": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x, x, x, key_padding_mask=lib.zeros(3, 3)),
        "Expected key_padded_mask.shape[0] to be 2, but got 3",
    ),
    "padding dimensions": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x, x, x, key_padding_mask=lib.zeros(3)),
        "expected `key_padding_mask` to be `None` or 2-D",
    ),
    "mixed": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x[0], x, x),
        "expected `key` and `value` to be 2-D",
    ),
    "4d": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 2).double()(x[None], x, x),
        "query should be unbatched 2D or batched 3D tensor but received 4-D",
    ),
    "heads": (lambda lib, x: lib.nn.MultiheadAttention(6, 4), "embed_dim must be divisible by num_heads"),
    "no heads": (
        lambda lib, x: lib.nn.MultiheadAttention(6, 0),
        "embed_dim and num_heads must be greater than 0",
    ),
    "integer mask": (
        lambda lib, x: lib.nn.functional.scaled_dot_product_attention(x, x, x, lib.ones(2, 2).long()),
        "Expected attn_mask dtype to be bool or",
    ),
    "other dtype": (
        lambda lib, x: lib.nn.functional.scaled_dot_product_attention(x, x, x.float()),
        "Expected query, key, and value to have the same dtype",
    ),
    "sizes": (lambda lib, x: lib.nn.functional.scaled_dot_product_attention(x, x[..., :2], x), ""),
    "a vector": (
        lambda lib, x: lib.nn.functional.scaled_dot_product_attention(x[0, 0], x, x),
        "Expected query, key, and value to all be",
    ),
    "activation": (
        lambda lib, x: lib.nn.TransformerEncoderLayer(6, 2, activation="tanh"),
        "activation should be relu/gelu, not tanh",
    ),
    "batches": (
        lambda lib, x: lib.nn.Transformer(6, 2, 1, 1, 8).double()(x, x[:, :1]),
        "the batch number of src and tgt must be equal",
    ),
    "d_model": (
        lambda lib, x: lib.nn.Transformer(8, 2, 1, 1, 8).double()(x, x),
        "the feature number of src and tgt must be equal to d_model",
    ),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, match = REFUSED[name]
    same_error(call, x326, match=match)


@pytest.mark.parametrize("which", ["k", "v", "kv"])
def test_static_keys_and_values(which):
    E, heads, L, S, N = 6, 2, 3, 5, 2
    arrays = [
        rng.standard_normal(shape)
        for shape in ((L, N, E), (S, N, E), (3 * E, E), (3 * E,), (E, E), (N * heads, S, E // heads))
    ]

    def call(lib, q, k, w, b, o, static):
        given = {f"static_{name}": static for name in which}
        return lib.nn.functional.multi_head_attention_forward(
            q, k, k, E, heads, w, b, None, None, False, 0.0, o, None, training=False, **given
        )

    compare(call, arrays)


def test_static_refused():
    E, arrays = 4, [rng.standard_normal((3, 2, 4)), rng.standard_normal((12, 4)), rng.standard_normal((4, 4))]
    for shape in ((3, 3, 2), (4, 3, 3)):
        same_error(
            lambda lib, x, w, o, shape=shape: lib.nn.functional.multi_head_attention_forward(
                x,
                x,
                x,
                E,
                2,
                w,
                None,
                None,
                None,
                False,
                0.0,
                o,
                None,
                static_k=lib.zeros(shape, dtype=lib.float64),
            ),
            *arrays,
        )
