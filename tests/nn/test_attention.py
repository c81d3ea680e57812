"""Attention and Transformer layers against PyTorch."""

import warnings

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error, torch

from .test_recurrent import agree, twins

rng = draws(4)
# (N, S) what is padded
HIDE = np.array([[False, False, True, True], [False, False, False, True], [False] * 4])


def real(*shape):
    return rng.standard_normal(shape)


# ---- scaled dot products -------------------------------------------------------------------------

MASKS = {
    "none": None,
    "bool": rng.random((5, 4)) < 0.6,
    "float": real(5, 4),
    "batched": rng.random((3, 1, 5, 4)) < 0.6,
}
MASKS["bool"][1] = False


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("settings", [{}, {"is_causal": True}, {"scale": 0.3}], ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scaled_dot_product_attention(mask, settings, dtype):
    arrays = [real(3, 2, 5, 6), real(3, 2, 4, 6), real(3, 2, 4, 6)] + (
        [] if mask == "none" else [MASKS[mask]]
    )
    kept = "is_causal" not in settings  # with both, torch takes no mask that wants a gradient

    def call(lib, q, k, v, *m):
        return lib.nn.functional.scaled_dot_product_attention(
            q, k, v, *(m if kept else [t.detach() for t in m]), **settings
        )

    compare(call, arrays, dtype)


def test_other_dimensions_and_grouped_heads():
    compare(
        lambda lib, *x: lib.nn.functional.scaled_dot_product_attention(*x),
        [real(5, 6), real(4, 6), real(4, 3)],
    )
    compare(
        lambda lib, *x: lib.nn.functional.scaled_dot_product_attention(*x),
        [real(2, 5, 6), real(2, 4, 6), real(2, 4, 3)],
    )
    compare(
        lambda lib, *x: lib.nn.functional.scaled_dot_product_attention(*x, enable_gqa=True),
        [real(2, 4, 5, 6), real(2, 2, 4, 6), real(2, 2, 4, 6)],
    )


def test_dropout_of_weights():
    q = mytorch.tensor(real(2, 2, 50, 8).astype("float32"))
    one = mytorch.ones(2, 2, 50, 8)
    out = mytorch.nn.functional.scaled_dot_product_attention(q * 0, q, one, dropout_p=0.3)
    # each is the share of weights kept, over 0.7
    assert abs(out.mean().item() - 1) < 0.05 and out.std().item() > 0.01
    assert not mytorch.nn.functional.scaled_dot_product_attention(q, q, one, dropout_p=1.0).any()


# ---- several heads -------------------------------------------------------------------------------

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


# ---- Transformer layers --------------------------------------------------------------------------

KINDS = [{}, {"norm_first": True}, {"batch_first": True, "activation": "gelu"}, {"bias": False}]


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_encoder_layer(settings):
    modules = twins("TransformerEncoderLayer", 6, 2, 7, dropout=0.0, **settings)
    agree(modules, lambda m, x: m(x), [real(4, 4, 6)])
    agree(modules, lambda m, x: m(x), [real(4, 6)])
    x = real(3, 4, 6) if settings.get("batch_first") else real(4, 3, 6)
    agree(modules, lambda m, x, p: m(x, src_key_padding_mask=p), [x, HIDE])
    agree(modules, lambda m, x, s: m(x, s), [x, np.triu(np.ones((4, 4), bool), 1)])


@pytest.mark.parametrize("settings", KINDS, ids=str)
def test_decoder_layer(settings):
    modules = twins("TransformerDecoderLayer", 6, 2, 7, dropout=0.0, **settings)
    first = settings.get("batch_first")
    x, memory = (real(3, 5, 6), real(3, 4, 6)) if first else (real(5, 3, 6), real(4, 3, 6))
    agree(modules, lambda m, *a: m(*a), [x, memory])
    agree(
        modules,
        lambda m, *a: m(*a[:2], tgt_mask=a[2], memory_key_padding_mask=a[3]),
        [x, memory, np.triu(np.ones((5, 5), bool), 1), HIDE],
    )


@pytest.mark.parametrize(
    "settings", [{}, {"batch_first": True, "norm_first": True, "activation": "gelu"}], ids=str
)
def test_transformer(settings):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        modules = twins("Transformer", 6, 2, 2, 2, 7, 0.0, **settings)
    src, tgt = (real(3, 4, 6), real(3, 5, 6)) if settings else (real(4, 3, 6), real(5, 3, 6))

    def call(m, src, tgt, padding):
        return m(
            src,
            tgt,
            tgt_mask=m.generate_square_subsequent_mask(5, dtype=src.dtype),
            src_key_padding_mask=padding,
            memory_key_padding_mask=padding,
        )

    agree(modules, lambda m, *a: m(*a), [src, tgt])
    agree(modules, call, [src, tgt, HIDE])


def test_encoder_finds_the_causal_mask():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer = torch.nn.TransformerEncoderLayer(6, 2, 7, 0.0).double()
        theirs = torch.nn.TransformerEncoder(layer, 2, torch.nn.LayerNorm(6).double())
    mine = mytorch.nn.TransformerEncoder(
        mytorch.nn.TransformerEncoderLayer(6, 2, 7, 0.0), 2, mytorch.nn.LayerNorm(6)
    ).double()
    mine.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    mask = np.triu(np.full((4, 4), -np.inf), 1)
    agree({mytorch: mine, torch: theirs}, lambda m, x, s: m(x, s.detach()), [real(4, 3, 6), mask])
    assert repr(mine) == repr(theirs)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "settings", [{}, {"norm_first": True}, {"activation": "gelu"}, {"batch_first": False}], ids=str
)
@pytest.mark.parametrize("ends", [True, False])
def test_padding_in_eval_mode(settings, ends):
    """torch's fast path leaves zeros where the padding is."""
    settings = {"batch_first": True, **settings}
    made = []
    for lib in (mytorch, torch):
        layer = lib.nn.TransformerEncoderLayer(6, 2, 7, 0.0, **settings)
        made.append(lib.nn.TransformerEncoder(layer, 2, lib.nn.LayerNorm(6)).double().eval())
    made[0].load_state_dict({k: v.numpy() for k, v in made[1].state_dict().items()})
    x, padding = real(3, 4, 6), HIDE if ends else HIDE[:, ::-1].copy()
    x = x if settings["batch_first"] else x.swapaxes(0, 1).copy()

    def call(lib, x, p):
        encoder = made[0] if lib is mytorch else made[1]
        with lib.no_grad():
            return encoder(x, src_key_padding_mask=p), encoder(
                x, src_key_padding_mask=p, mask=lib.zeros(4, 4, dtype=x.dtype)
            )

    compare(call, [x, padding])


def test_dropout_is_off_in_eval_mode():
    layer = mytorch.nn.TransformerEncoderLayer(8, 2, 16, dropout=0.5)
    x = mytorch.tensor(real(4, 3, 8).astype("float32"))
    assert not mytorch.equal(layer(x), layer(x))
    layer.eval()
    assert mytorch.equal(layer(x), layer(x))


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("name", ["attn_mask", "key_padding_mask"])
@pytest.mark.parametrize("mask", ["float64", "float32", "float16", "bool", "int64"])
@pytest.mark.parametrize("query", ["float32", "float64"])
def test_dtypes_of_masks(query, mask, name, need_weights):
    outcomes = []
    for lib in (mytorch, torch):
        layer = lib.nn.MultiheadAttention(4, 2, dtype=getattr(lib, query))
        x = lib.ones(3, 1, 4, dtype=getattr(lib, query))
        given = lib.zeros(*((3, 3) if name == "attn_mask" else (1, 3)), dtype=getattr(lib, mask))
        try:
            outcomes.append(str(layer(x, x, x, need_weights=need_weights, **{name: given})[0].dtype)[-7:])
        except Exception as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]
