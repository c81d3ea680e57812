"""Recurrent layers, cells and packed sequences, against PyTorch."""

import itertools

import numpy as np
import pytest

import mytorch
from mytorch.kernels import rnn_sequence
from mytorch.kernels import threads as parallel
from mytorch.ops.layers.recurrent import recurrent
from tests.draws import draws
from tests.nn.twins import agree, twins
from tests.referee import close, leaves, same_error, torch

rng = draws(3)

KINDS = ["RNN", "LSTM", "GRU"]


def state(kind, layers, batch, hidden, proj=0):
    h = rng.standard_normal((layers, batch, proj or hidden) if batch else (layers, proj or hidden))
    return (
        [h, rng.standard_normal((layers, batch, hidden) if batch else (layers, hidden))]
        if kind == "LSTM"
        else [h]
    )


def given(kind, states):
    return tuple(states) if kind == "LSTM" else states[0]


SETTINGS = [
    {},
    {"num_layers": 2},
    {"bidirectional": True},
    {"batch_first": True},
    {"bias": False},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
]

CASES = [
    *itertools.product(KINDS, SETTINGS),
    ("RNN", {"nonlinearity": "relu"}),
    ("LSTM", {"proj_size": 2}),
    ("LSTM", {"proj_size": 2, "bidirectional": True, "num_layers": 2}),
]


@pytest.mark.parametrize("kind, settings", CASES, ids=str)
def test_layers(kind, settings):
    modules = twins(kind, 3, 4, **settings)
    x = rng.standard_normal((2, 5, 3))
    agree(modules, lambda m, x: m(x), [x])
    count = settings.get("num_layers", 1) * (2 if settings.get("bidirectional") else 1)
    first = state(kind, count, 2 if settings.get("batch_first") else 5, 4, settings.get("proj_size", 0))
    agree(modules, lambda m, x, *s: m(x, given(kind, s)), [x, *first])
    agree(modules, lambda m, x: m(x), [x[0]])
    agree(
        modules,
        lambda m, x, *s: m(x, given(kind, s)),
        [x[0], *state(kind, count, 0, 4, settings.get("proj_size", 0))],
    )
    agree(twins(kind, 3, 4, dtype="float32", **settings), lambda m, x: m(x), [x], "float32")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_many_sequences(kind, bidirectional):
    agree(
        twins(kind, 3, 4, bidirectional=bidirectional), lambda m, x: m(x), [rng.standard_normal((3, 70, 3))]
    )


@pytest.mark.parametrize("threads", [1, 2])
def test_products_in_pieces(threads, monkeypatch):
    """A step's product is cut where the BLAS has a thread of its own alone."""
    monkeypatch.setattr(parallel, "_threads", [threads])
    monkeypatch.setattr(rnn_sequence, "unpacked", lambda: 4 * 4 * 8 * 6 // 2)
    agree(twins("LSTM", 3, 4), lambda m, x: m(x), [rng.standard_normal((3, 6, 3))])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", [{}, {"bidirectional": True, "batch_first": True}], ids=str)
@pytest.mark.parametrize("packed", [False, True], ids=["whole", "packed"])
def test_stretches_of_time_on_any_number_of_threads(threads, monkeypatch, kind, settings, packed):
    """The same numbers to the last bit on one thread and on several, and but for rounding in one stretch."""

    def trained(count, worth):
        threads(count)
        monkeypatch.setattr(rnn_sequence, "_WORTH", worth)
        mytorch.manual_seed(0)
        layer = getattr(mytorch.nn, kind)(3, 5, dtype=mytorch.float64, **settings)
        x = mytorch.randn(34, 34, 3, dtype=mytorch.float64, requires_grad=True)
        pack = mytorch.nn.utils.rnn.pack_padded_sequence
        y, _ = layer(pack(x, list(range(34, 0, -1)), layer.batch_first) if packed else x)
        y = y.data if packed else y
        (y * y).sum().backward()
        return [t.detach().numpy() for t in (y, x.grad, *(p.grad for p in layer.parameters()))]

    whole, one, three = trained(1, 10**12), trained(1, 1), trained(3, 1)
    for expected, mine, theirs in zip(whole, one, three, strict=True):
        np.testing.assert_array_equal(mine, theirs)
        np.testing.assert_allclose(mine, expected, 1e-10, 1e-12)


LENGTHS = [[5, 3, 3, 1], [2, 5, 1, 4], [3, 3, 3, 3]]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("settings", [{}, {"bidirectional": True, "num_layers": 2}], ids=str)
def test_packed_sequences(kind, settings, lengths):
    modules = twins(kind, 3, 4, **settings)
    x = rng.standard_normal((5, 4, 3))
    count = 4 if settings else 1

    def call(m, x, *s):
        rnn = (mytorch if m is modules[mytorch] else torch).nn.utils.rnn
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=lengths == sorted(lengths)[::-1])
        y, last = m(packed, given(kind, s) if s else None)
        return packed.data, packed.batch_sizes, y.data, rnn.pad_packed_sequence(y, batch_first=True), last

    agree(modules, call, [x])
    agree(modules, call, [x, *state(kind, count, 4, 4)])


def test_dropout_between_layers_only_in_training():
    lstm = mytorch.nn.LSTM(3, 64, num_layers=2, dropout=0.5)
    x = mytorch.tensor(rng.standard_normal((4, 5, 3)).astype("float32"))
    one, two = lstm(x)[0], lstm(x)[0]
    assert not mytorch.equal(one, two)
    lstm.eval()
    assert mytorch.equal(lstm(x)[0], lstm(x)[0])
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last recurrent layer"):
        mytorch.nn.LSTM(3, 4, dropout=0.5)


def test_states_may_be_a_list():
    lstm = mytorch.nn.LSTM(3, 4)
    x = mytorch.zeros(2, 5, 3)
    close(lstm(x, [mytorch.zeros(1, 5, 4)] * 2)[0], lstm(x)[0], 1e-7)


@pytest.mark.parametrize("kind", ["RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("settings", [{}, {"bias": False}], ids=str)
def test_cells(kind, settings):
    modules = twins(kind, 3, 4, **settings)
    x, h, c = (rng.standard_normal(s) for s in ((5, 3), (5, 4), (5, 4)))
    states = [h, c] if kind == "LSTMCell" else [h]
    agree(modules, lambda m, x: m(x), [x])
    agree(modules, lambda m, x, *s: m(x, tuple(s) if len(s) == 2 else s[0]), [x, *states])
    agree(modules, lambda m, x, *s: m(x, tuple(s) if len(s) == 2 else s[0]), [x[0], *(s[0] for s in states)])
    agree(modules, lambda m, x: m(x), [x[0]])


def test_relu_cell():
    agree(twins("RNNCell", 3, 4, nonlinearity="relu"), lambda m, x: m(x), [rng.standard_normal((5, 3))])


def test_initial_values():
    for name, p in mytorch.nn.LSTM(10, 100).named_parameters():
        assert abs(p).max().item() <= 0.1 and abs(p).max().item() > 0.09 and abs(p.mean().item()) < 0.02, name


x234 = rng.standard_normal((2, 3, 4))

REFUSED = {
    "dtype": (lambda lib, x: lib.nn.LSTM(4, 5)(x), "does not match weight dtype"),
    "size": (
        lambda lib, x: lib.nn.LSTM(3, 5).double()(x),
        "input.size(-1) must be equal to input_size. Expected 3, got 4",
    ),
    "dimensions": (
        lambda lib, x: lib.nn.LSTM(4, 5).double()(x[None]),
        "LSTM: Expected input to be 2D or 3D, got 4D",
    ),
    "hidden": (
        lambda lib, x: lib.nn.GRU(4, 5).double()(x, lib.zeros(1, 2, 5).double()),
        "Expected hidden size (1, 3, 5), got [1, 2, 5]",
    ),
    "hidden of lstm": (
        lambda lib, x: lib.nn.LSTM(4, 5).double()(
            x, (lib.zeros(1, 3, 4).double(), lib.zeros(1, 3, 5).double())
        ),
        "Expected hidden[0] size (1, 3, 5), got [1, 3, 4]",
    ),
    "hidden dims": (
        lambda lib, x: lib.nn.LSTM(4, 5).double()(x, (lib.zeros(3, 5), lib.zeros(3, 5))),
        "For batched 3-D input, hx and cx should also be 3-D but got (2-D, 2-D) tensors",
    ),
    "hidden dims of gru": (
        lambda lib, x: lib.nn.GRU(4, 5).double()(x[0], lib.zeros(1, 3, 5)),
        "For unbatched 2-D input, hx should also be 2-D but got 3-D tensor",
    ),
    "cell hx": (lambda lib, x: lib.nn.LSTMCell(4, 5).double()(x[0], lib.zeros(3, 5).double()), ""),
    "layers": (lambda lib, x: lib.nn.LSTM(4, 5, num_layers=0), "num_layers must be greater than zero"),
    "nonlinearity": (lambda lib, x: lib.nn.RNN(4, 5, nonlinearity="gelu"), "Unknown nonlinearity 'gelu'"),
    "proj": (lambda lib, x: lib.nn.GRU(4, 5, proj_size=2), "proj_size argument is only supported for LSTM"),
    "large proj": (
        lambda lib, x: lib.nn.LSTM(4, 5, proj_size=5),
        "proj_size has to be smaller than hidden_size",
    ),
    "dropout": (lambda lib, x: lib.nn.LSTM(4, 5, dropout=1.5), "dropout should be a number in range [0, 1]"),
    "bias": (lambda lib, x: lib.nn.LSTM(4, 5, 1, 1), "bias should be of type bool, got: int"),
    "cell": (
        lambda lib, x: lib.nn.LSTMCell(4, 5).double()(x),
        "LSTMCell: Expected input to be 1D or 2D, got 3D instead",
    ),
    "cell size": (lambda lib, x: lib.nn.GRUCell(3, 5).double()(x[0]), ""),
    "cell hidden": (lambda lib, x: lib.nn.GRUCell(4, 5).double()(x[0], lib.zeros(3, 4).double()), ""),
    "not tensors": (
        lambda lib, x: lib.nn.utils.rnn.pad_sequence([x, 2]),
        "expected Tensor as element 1 in argument 0, but got int",
    ),
    "unsorted": (
        lambda lib, x: lib.nn.utils.rnn.pack_padded_sequence(x, [1, 2, 2]),
        "must be sorted in decreasing order",
    ),
    "empty sequence": (
        lambda lib, x: lib.nn.utils.rnn.pack_padded_sequence(x, [2, 1, 0]),
        "has to be greater than 0",
    ),
    "lengths": (lambda lib, x: lib.nn.utils.rnn.pack_padded_sequence(x, [2, 1]), "to be equal to batch_size"),
    "total length": (
        lambda lib, x: lib.nn.utils.rnn.pad_packed_sequence(
            lib.nn.utils.rnn.pack_padded_sequence(x, [2, 2, 1]), total_length=1
        ),
        "Expected total_length to be at least",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, match = REFUSED[name]
    same_error(call, x234, match=match)


def test_all_weights():
    modules = twins("LSTM", 3, 4, num_layers=2, bidirectional=True)
    assert [[tuple(w.shape) for w in layer] for layer in modules[mytorch].all_weights] == [
        [tuple(w.shape) for w in layer] for layer in modules[torch].all_weights
    ]
    modules[mytorch].flatten_parameters()
    assert len(leaves(modules[mytorch].all_weights)) == 16


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e38, -1e4])
@pytest.mark.parametrize(
    "kind, settings",
    [("LSTM", {}), ("RNN", {}), ("RNN", {"nonlinearity": "relu"})],
    ids=["LSTM", "RNN", "RNN of relu"],
)
def test_infinite_inputs_and_saturated_gates(kind, settings, value):
    found = []
    for m in (torch, mytorch):
        rng = draws(1)
        net = getattr(m.nn, kind)(3, 4, num_layers=2, bidirectional=True, **settings)
        net.load_state_dict(
            {
                name: m.tensor(rng.standard_normal(tuple(p.shape)).astype("float32"))
                for name, p in net.named_parameters()
            }
        )
        x = rng.standard_normal((3, 2, 3)).astype("float32")
        x[1, 0, 1] = value
        x = m.tensor(x, requires_grad=True)
        out, _ = net(x)
        out.sum().backward()
        found.append([out.detach().numpy(), x.grad.numpy(), *(p.grad.numpy() for p in net.parameters())])
    for theirs, ours in zip(*found):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("GRU", {}),
        ("LSTM", {"num_layers": 2, "bidirectional": True, "proj_size": 2}),
        ("RNN", {"bias": False, "num_layers": 2}),
    ],
)
def test_the_weights_in_one_list(name, options):
    mine, theirs = (getattr(lib.nn, name)(2, 3, **options) for lib in (mytorch, torch))
    assert mine._flat_weights_names == theirs._flat_weights_names
    assert [tuple(w.shape) for w in mine._flat_weights] == [tuple(w.shape) for w in theirs._flat_weights]
    assert mine._flat_weights[0] is mine.weight_ih_l0


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("weight_hh_l0", (9, 5)),
        ("weight_hh_l0", (8, 3)),
        ("weight_hh_l0", (9,)),
        ("weight_ih_l0", (9, 3)),
        ("weight_ih_l0", (6, 2)),
        ("bias_ih_l0", (2,)),
        ("bias_hh_l0", (9, 1)),
    ],
)
def test_weights_of_other_shapes_are_refused(kind, name, shape):
    layer = getattr(mytorch.nn, kind)(2, 3)
    gates = {"LSTM": 12, "GRU": 9, "RNN": 3}[kind]
    shape = (gates, *shape[1:]) if shape[0] == 9 else shape
    with pytest.raises(RuntimeError, match="expected"):
        mytorch.func.functional_call(layer, {name: mytorch.ones(*shape)}, mytorch.ones(4, 3, 2))


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "RNN_TANH"])
@pytest.mark.parametrize("wrong", ["x", "h0", "c0", "w_ih", "w_hh", "b_ih", "b_hh", "w_hr"])
def test_shapes_are_checked_before_the_loops_run(cell, wrong):
    gates = {"LSTM": 4, "GRU": 3}.get(cell, 1)
    shapes = {
        "x": (4, 2, 5),
        "h0": (2, 3),
        "c0": (2, 6),
        "w_ih": (gates * 6, 5),
        "w_hh": (gates * 6, 3),
        "b_ih": (gates * 6,),
        "b_hh": (gates * 6,),
        "w_hr": (3, 6),
    }
    shapes[wrong] = (*shapes[wrong][:-1], shapes[wrong][-1] + 1)
    with pytest.raises(RuntimeError, match=f"{cell}: for x .* expected"):
        recurrent(*[np.ones(shape) for shape in shapes.values()], cell=cell)


CHANGES = {
    "all": lambda y, h: y.mul_(2),
    "one step": lambda y, h: y[0].add_(y[1]),
    "twice": lambda y, h: y.mul_(2).relu_(),
    "zeros": lambda y, h: y.zero_(),
    "the last state": lambda y, h: h.mul_(y[0]),
    "by assignment": lambda y, h: y.__setitem__(1, 0.5),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("settings", [{}, {"bidirectional": True, "num_layers": 2}], ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_the_output_is_changed_in_place(kind, settings, change):
    """PyTorch's LSTM of one layer and one direction refuses it in backward; here it has a gradient, too."""
    modules = twins(kind, 3, 4, **settings)

    def call(module, x):
        y, h = module(x)
        h = h[0] if kind == "LSTM" else h
        CHANGES[change](y, h)
        return y * y, h * y.sum()

    agree(modules, call, [rng.standard_normal((3, 2, 3))])


def test_the_output_of_an_lstm_is_changed_in_place_outside_of_the_graph():
    net, x = mytorch.nn.LSTM(3, 4, dtype=mytorch.float64), mytorch.tensor(rng.standard_normal((3, 2, 3)))
    wanted = mytorch.autograd.grad(net(x)[0].sum() * 2, list(net.parameters()))
    y, _ = net(x)
    with mytorch.no_grad():
        y.mul_(5)
        y[0].mul_(3)
    for g, w in zip(mytorch.autograd.grad(y.sum() * 2, list(net.parameters())), wanted):
        np.testing.assert_array_equal(g.numpy(), w.numpy())
