"""float16 and bfloat16: ``create_graph=True`` changes no gradient, as definitions compute in float32 too."""

import math

import numpy as np
import pytest

import mytorch
from mytorch import autograd, nn
from mytorch.core.primitive import primitives
from mytorch.testing.samples import rows

F = nn.functional
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7}
IN_FULL = {"eigvals", "eigvalsh"}  # operations that refuse 16-bit numbers
LABELS = mytorch.tensor([1, 0, 5, 2])


def _parameters(x, shape):
    """A weight and a bias of ``shape`` for ``x``."""
    count = math.prod(shape)
    return (mytorch.linspace(a, b, count).reshape(shape).to(x.dtype) for a, b in ((0.5, 2), (-1, 1)))


def _attend(x, **settings):
    return F.scaled_dot_product_attention(x, x.flip(0), x * 0.5, **settings)


def _recurrent(kind):
    def call(x):
        mytorch.manual_seed(0)
        layer = kind(6, 3).to(x.dtype)
        return layer(x)[0]

    return call


def _shares(x):
    return F.cross_entropy(x, mytorch.ones(4, 6).to(x.dtype) / 6, label_smoothing=0.1)


def _ctc(x):
    return F.ctc_loss(F.log_softmax(x, -1)[:, None], mytorch.tensor([[1, 2]]), [4], [2])


def _channels(norm):
    def call(x):
        return norm(x.reshape(2, 4, 3), *_parameters(x, (4,)))

    return call


CALLS = {  # of x (4, 6), by the operation that has a definition
    "standardise_rows": [
        lambda x: F.layer_norm(x, (6,)),
        lambda x: F.layer_norm(x, (6,), *_parameters(x, (6,))),
        lambda x: F.rms_norm(x, (6,), next(_parameters(x, (6,)))),
    ],
    "standardise_channels": [
        lambda x: F.batch_norm(x, None, None, *_parameters(x, (6,)), training=True),
        _channels(lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True)),
        _channels(lambda x, w, b: F.instance_norm(x, None, None, w, b)),
    ],
    "standardise_groups": [_channels(lambda x, w, b: F.group_norm(x, 2, w, b))],
    "attention": [
        _attend,
        lambda x: _attend(x, is_causal=True),
        lambda x: _attend(x, attn_mask=mytorch.eye(4).to(x.dtype)),
        lambda x: _attend(x, attn_mask=mytorch.eye(4) == 0),
    ],
    "recurrent": [_recurrent(kind) for kind in (nn.LSTM, nn.GRU, nn.RNN)],
    "silu": [F.silu],
    "gelu": [F.gelu, lambda x: F.gelu(x, approximate="tanh")],
    "hardswish": [F.hardswish],
    "nll": [
        lambda x: F.nll_loss(x, LABELS, next(_parameters(x, (6,)))),
        lambda x: F.nll_loss(x, LABELS, reduction="sum"),
    ],
    "cross_entropy_of_classes": [
        lambda x: F.cross_entropy(x, LABELS),
        lambda x: F.cross_entropy(x, LABELS, next(_parameters(x, (6,))), label_smoothing=0.1),
    ],
    "cross_entropy_of_probabilities": [_shares],
    "ctc": [_ctc],
    "cumprod": [lambda x: mytorch.cumprod(x, 1)],
    "prod": [lambda x: mytorch.prod(x, 1)],
    "logcumsumexp": [lambda x: mytorch.logcumsumexp(x, 1)],
}
INPUTS = {  # name: (factor, offset)
    "small": (0.01, 0.0),
    "ordinary": (1.0, 0.0),
    "near-constant rows": (0.002, 1.0),
    "constant rows": (0.0, 1.0),
    "large": (100.0, 0.0),
    "scores beyond 65504": (400.0, 0.0),
}
OVERFLOW = {"cumprod", "prod"}  # their values themselves, of large inputs
CASES = [(name, kind) for name in CALLS for kind in INPUTS if name not in OVERFLOW or INPUTS[kind][0] <= 1]
READS_RESULTS = {"cumprod": 3}  # times the bound: as in PyTorch, the rule adds rounded results up


def gradient(call, x, create_graph):
    x = x.detach().requires_grad_()
    out = call(x)
    g = mytorch.tensor(np.random.default_rng(1).uniform(0.5, 1.5, tuple(out.shape)), dtype=x.dtype)
    (found,) = autograd.grad(out, x, g, create_graph=create_graph)
    assert found.dtype == x.dtype
    return found.detach().double().numpy()


def test_every_definition_is_here():
    rows()  # imports all operations
    assert {name for name, op in primitives.items() if op.composed} - IN_FULL <= set(CALLS)


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize("name, kind", CASES)
def test_a_graph_of_gradients_does_not_change_them(name, kind, dtype):
    factor, offset = INPUTS[kind]
    x = mytorch.tensor(np.random.default_rng(0).normal(size=(4, 6)) * factor + offset)
    for call in CALLS[name]:
        plain, graph = (gradient(call, x.to(getattr(mytorch, dtype)), made) for made in (False, True))
        assert np.isfinite(plain).all() and np.isfinite(graph).all()
        bound = EPS[dtype] * (abs(plain) + 0.02 * abs(plain).max()) + 1e-6
        assert (abs(plain - graph) <= READS_RESULTS.get(name, 1) * bound).all(), (plain, graph)


@pytest.mark.parametrize("row", [[1.0, 1.001, 1.0, 1.0], [300.0, 300.0, 301.0, -300.0]])
def test_layer_norm_of_hard_rows(row):
    def first(h):
        out = (F.layer_norm(h, (4,)) * mytorch.arange(4.0).to(h.dtype)).sum()
        return autograd.grad(out, h, create_graph=True)[0].detach().double().numpy()

    x = mytorch.tensor([row], dtype=mytorch.float16)
    exact, found = (first(x.to(kind).requires_grad_()) for kind in (mytorch.float64, mytorch.float16))
    np.testing.assert_allclose(found, exact, rtol=EPS["float16"], atol=1e-4 * abs(exact).max())


@pytest.mark.parametrize("dtype", EPS)
def test_second_derivatives_are_those_of_float32(dtype):
    x = np.random.default_rng(0).normal(size=(2, 4)) * 0.25 + 2

    def second(kind):
        h = mytorch.tensor(x).to(getattr(mytorch, dtype)).to(kind).requires_grad_()
        (first,) = autograd.grad(F.layer_norm(h, (4,))[:, 0].sum(), h, create_graph=True)
        return autograd.grad(first[:, 0].sum(), h)[0].double().numpy()

    exact, found = second(mytorch.float32), second(getattr(mytorch, dtype))
    np.testing.assert_allclose(found, exact, rtol=EPS[dtype], atol=EPS[dtype] * abs(exact).max())
