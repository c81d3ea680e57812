"""Transformer layers, against PyTorch."""

import warnings

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.nn.twins import agree, twins
from tests.referee import compare, torch

rng = draws(4)

# (N, S) what is padded
HIDE = np.array([[False, False, True, True], [False, False, False, True], [False] * 4])


def real(*shape):
    return rng.standard_normal(shape)


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
