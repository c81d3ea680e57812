"""The recurrent cells as loops against the same in NumPy: equal to the last bit."""

import numpy as np
import pytest

import mytorch
from mytorch.nn.utils.rnn import pack_padded_sequence

SETTINGS = [{}, {"num_layers": 2, "bidirectional": True}, {"batch_first": True, "bias": False}]


def trained(kind, dtype, settings, packed):
    """All that a layer computes in three steps of training: outputs, gradients, weights."""
    mytorch.manual_seed(3)
    layer = getattr(mytorch.nn, kind)(5, 33, **settings, dtype=dtype)
    optimizer = mytorch.optim.SGD(layer.parameters(), lr=0.1)
    x = mytorch.randn(6, 6, 5, dtype=dtype, requires_grad=True)
    found = []
    for _ in range(3):
        optimizer.zero_grad()
        y, state = layer(
            pack_padded_sequence(x, [6, 5, 3, 3, 2, 1], batch_first=layer.batch_first) if packed else x
        )
        y = y.data if packed else y
        (y * y + y).sum().backward()
        optimizer.step()
        computed = [
            y,
            *(state if kind == "LSTM" else [state]),
            x.grad,
            *(p.grad for p in layer.parameters()),
            *layer.parameters(),
        ]
        found += [t.detach().numpy().copy() for t in computed]
    return found


@pytest.mark.parametrize("dtype", [mytorch.float32, mytorch.float64], ids=str)
@pytest.mark.parametrize("packed", [False, True], ids=["whole", "packed"])
@pytest.mark.parametrize(
    ("kind", "settings"),
    [*(("LSTM", s) for s in [*SETTINGS, {"proj_size": 4}]), *(("GRU", s) for s in SETTINGS)],
    ids=str,
)
def test_loops_compute_the_same(loops, kind, settings, packed, dtype):
    loops(False)
    expected = trained(kind, dtype, settings, packed)
    loops(True)
    for mine, theirs in zip(trained(kind, dtype, settings, packed), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_loops_are_what_runs(loops, monkeypatch, kind):
    loops(True)
    monkeypatch.setattr(
        getattr(mytorch.kernels.rnn_cells, kind), "candidate" if kind == "GRU" else "state", None
    )
    getattr(mytorch.nn, kind)(2, 3)(mytorch.ones(4, 5, 2))
    loops(False)
    with pytest.raises(TypeError, match="not callable"):
        getattr(mytorch.nn, kind)(2, 3)(mytorch.ones(4, 5, 2))


def test_infinities_and_nan_pass(loops):
    results = []
    for on in (False, True):
        loops(on)
        mytorch.manual_seed(0)
        layer = mytorch.nn.LSTM(2, 3)
        x = mytorch.tensor([[[1e30, 1.0]], [[mytorch.inf, 0.0]], [[0.0, mytorch.nan]]], requires_grad=True)
        layer(x)[0].sum().backward()
        results.append([p.grad.numpy() for p in (x, *layer.parameters())])
    for mine, theirs in zip(*results):
        np.testing.assert_array_equal(mine, theirs)
