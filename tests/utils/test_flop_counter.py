"""Counting floating-point operations: PyTorch's numbers."""

import importlib

import pytest

import mytorch
from mytorch.utils.flop_counter import FlopCounterMode
from tests.referee import answer

SHAPE = {"mlp": (5, 8), "cnn": (2, 3, 12, 12), "transformer": (2, 6, 8), "gru": (2, 5, 8), "lstm": (2, 5, 8)}


def net(lib, name):
    nn = lib.nn
    if name == "mlp":
        return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Sequential(nn.Linear(16, 4, bias=False)))
    if name == "cnn":
        return nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.Conv2d(8, 8, 3, groups=4),
            nn.ConvTranspose2d(8, 4, 3, stride=2, groups=2),
            nn.Flatten(1),
            nn.LazyLinear(7),
        )
    if name == "transformer":
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    return nn.GRU(8, 16, num_layers=2, batch_first=True) if name == "gru" else nn.LSTM(8, 6, proj_size=4)


CALLS = {
    "matrix and matrix": lambda lib, x: x[0] @ x[1].T,
    "batch and matrix": lambda lib, x: x @ x[0].T,
    "matrix and batch": lambda lib, x: x[0].T @ x,
    "matrix and vector": lambda lib, x: x[0] @ x[0, 0],
    "vector and matrix": lambda lib, x: x[0, 0] @ x[0].T,
    "einsum": lambda lib, x: lib.einsum("bij,bkj->bik", x, x),
    "addmm": lambda lib, x: lib.addmm(x[0, :, :1], x[0], x[1].T),
    "baddbmm": lambda lib, x: lib.baddbmm(x[:, :, :1], x, x.mT),
    "attention": lambda lib, x: lib.nn.functional.scaled_dot_product_attention(x[None], x[None], x[None]),
    "masked": lambda lib, x: lib.nn.functional.scaled_dot_product_attention(
        x[None], x[None], x[None], is_causal=True
    ),
    "conv1d": lambda lib, x: lib.nn.functional.conv1d(x, x[:, :, :3]),
    "LSTMCell": lambda lib, x: lib.nn.LSTMCell(8, 4)(x[0])[0],
}


def counts(lib, name, mode=None):
    """{module: how many} and {operation: how many} of forward and backward."""
    mode = mode or importlib.import_module("torch.utils.flop_counter").FlopCounterMode
    x = lib.ones(SHAPE.get(name, (2, 5, 8)), requires_grad=name in CALLS)
    model = (lambda x: CALLS[name](lib, x)) if name in CALLS else net(lib, name)
    if name == "cnn":
        model(x)
    with mode(display=False) as counter:
        out = model(x)
        out = out[0] if isinstance(out, tuple) else out
        forward = counter.get_total_flops()
        out.sum().backward()
    modules = {key: sum(named.values()) for key, named in counter.get_flop_counts().items()}
    return forward, {k: v for k, v in sorted(modules.items()) if v or k == "Global"}


def of_torch(torch, name):
    """PyTorch's fused kernels for the CPU count as nothing; without them their products are counted."""
    attention = importlib.import_module("torch.nn.attention")
    before = torch._C._get_mkldnn_enabled()
    torch._C._set_mkldnn_enabled(False)
    try:
        with attention.sdpa_kernel(attention.SDPBackend.MATH):
            return counts(torch, name)
    finally:
        torch._C._set_mkldnn_enabled(before)


@pytest.mark.parametrize("name", [*SHAPE, *CALLS])
def test_counts(name):
    assert counts(mytorch, name, FlopCounterMode) == answer(of_torch, name)


def operations(lib, mode=None):
    mode = mode or importlib.import_module("torch.utils.flop_counter").FlopCounterMode
    x = lib.ones(2, 3, 9, 9, requires_grad=True)
    model = lib.nn.Sequential(lib.nn.Conv2d(3, 4, 3), lib.nn.Flatten(), lib.nn.Linear(196, 5))
    with mode(display=False) as counter:
        model(x).sum().backward()
    return {str(name): n for name, n in counter.get_flop_counts()["Global"].items()}


def test_names_of_operations():
    assert operations(mytorch, FlopCounterMode) == answer(operations)


def test_what_is_computed_again_counts_again():
    model, x = mytorch.nn.Linear(4, 4), mytorch.ones(2, 4, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        mytorch.utils.checkpoint.checkpoint(model, x, use_reentrant=False).sum().backward()
    assert counter.get_total_flops() == 4 * (2 * 2 * 4 * 4)


def test_the_table(capsys):
    model, x = net(mytorch, "mlp"), mytorch.ones(500, 8)
    with FlopCounterMode(depth=1):
        model(x)
    assert capsys.readouterr().out.splitlines() == [
        "Module             FLOP  % Total",
        "-------------  --------  -------",
        "Sequential     192.000K  100.00%",
        " - aten.addmm  128.000K   66.67%",
        " - aten.mm      64.000K   33.33%",
    ]
    with FlopCounterMode(display=False) as counter:
        model(x), x @ x.T
    assert [line.split()[0] for line in counter.get_table(depth=1).splitlines()[2::3]] == [
        "Global",
        "Sequential",
    ]
    with FlopCounterMode(display=False) as counter:
        pass
    assert counter.get_table().splitlines()[-1].split() == ["Global", "0", "0%"]


def test_formulas_of_ones_own_are_refused():
    with pytest.raises(NotImplementedError, match="custom_mapping"):
        FlopCounterMode(custom_mapping={mytorch.add: lambda *args: 1})


MAPPED = {
    "vmap": (lambda t: t.func.vmap(lambda w: w @ t.ones(4, 5))(t.ones(7, 3, 4)), 840),
    "convolutions": (
        lambda t: t.func.vmap(lambda w: t.nn.functional.conv2d(t.ones(1, 1, 5, 5), w))(t.ones(7, 2, 1, 3, 3)),
        2268,
    ),
    "jacrev": (lambda t: t.func.jacrev(lambda w: w @ t.ones(4, 5))(t.ones(3, 4)), 1920),
}


@pytest.mark.parametrize("name", MAPPED)
def test_entries_of_a_batch_count(name):
    """As many as in PyTorch 2.13."""
    call, wanted = MAPPED[name]
    with FlopCounterMode(display=False) as counter:
        call(mytorch)
    assert counter.get_total_flops() == wanted
