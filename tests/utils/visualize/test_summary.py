"""The table of a model's layers, against numbers derived by hand."""

import pytest

import mytorch
from mytorch import nn
from mytorch.utils.visualize import summary


def numbers(found):
    return [(str(layer.call), layer.output_size, layer.num_params, layer.mult_adds) for layer in found.layers]


def test_mlp():
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    found = summary(model, (64, 1, 28, 28))
    assert numbers(found) == [
        ("Sequential", (64, 10), 0, None),
        ("0: Flatten", (64, 784), 0, None),
        ("1: Linear", (64, 128), 784 * 128 + 128, 64 * 784 * 128),
        ("2: ReLU", (64, 128), 0, None),
        ("3: Linear", (64, 10), 128 * 10 + 10, 64 * 128 * 10),
    ]
    assert found.total_params == found.trainable_params == 101_770
    assert found.total_mult_adds == 64 * (784 * 128 + 128 * 10)
    assert found.input_bytes == 4 * 64 * 784
    assert found.output_bytes == 4 * 64 * (128 + 128 + 10), "Flatten's output is the input's memory"
    assert found.saved_bytes == 4 * 64 * 128, "the output of ReLU, which ReLU and the next layer need, once"
    assert found.param_bytes == found.grad_bytes == 4 * 101_770


def test_table():
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 4), nn.ReLU()), nn.Linear(4, 1))
    model[0].weight.requires_grad_(False)
    expected = """\
Layer              Output shape  Parameters  Multiply-adds
──────────────────────────────────────────────────────────
Sequential         (2, 1)                 -              -
├─ 0: Linear       (2, 4)                16             24
├─ 1: Sequential   (2, 4)                 -              -
│  ├─ 1.0: Linear  (2, 4)                20             32
│  └─ 1.1: ReLU    (2, 4)                 -              -
└─ 2: Linear       (2, 1)                 5              8
──────────────────────────────────────────────────────────
Parameters: 41 (29 trainable, 12 not)
Multiply-adds of matrix products and convolutions: 64 (-: not counted)
Memory:
  input                              24 B
  outputs of the layers             104 B
  saved for the backward pass        64 B
  parameters                        164 B
  gradients of the parameters       116 B
  buffers                             0 B"""
    assert str(summary(model, (2, 3))) == expected


def test_depth_sums_what_it_leaves_out():
    model = nn.Sequential(
        nn.Linear(3, 4), nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Linear(4, 2), nn.ReLU()))
    )
    found = summary(model, (5, 3), depth=1)
    assert numbers(found)[1:] == [
        ("0: Linear", (5, 4), 16, 60),
        ("1: Sequential", (5, 2), 20 + 10, 5 * (16 + 8)),
    ]
    assert found.total_mult_adds == summary(model, (5, 3)).total_mult_adds


def test_cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, stride=2, groups=4, bias=False),
        nn.Flatten(),
        nn.Linear(1152, 10),
    )
    found = summary(model, (8, 1, 28, 28))
    assert [line[1:] for line in numbers(found)[1:]] == [
        ((8, 16, 28, 28), 16 * 9 + 16, 8 * 16 * 28 * 28 * 9),
        ((8, 16, 28, 28), 0, None),
        ((8, 16, 14, 14), 0, None),
        ((8, 32, 6, 6), 32 * 4 * 9, 8 * 32 * 6 * 6 * 4 * 9),
        ((8, 1152), 0, None),
        ((8, 10), 11530, 8 * 11520),
    ]


@pytest.mark.parametrize(
    ("make", "size", "count"),
    [
        (lambda: nn.Conv1d(4, 6, 3), (2, 4, 10), 2 * 6 * 8 * 4 * 3),
        (lambda: nn.ConvTranspose2d(4, 6, 3, stride=2), (2, 4, 5, 5), 2 * 4 * 25 * 6 * 9),
        (lambda: nn.Bilinear(3, 4, 5), [(7, 3), (7, 4)], 7 * 5 * (3 * 4 + 4)),
        (lambda: nn.LSTM(3, 5, num_layers=2), (7, 2, 3), 7 * 2 * 4 * 5 * ((3 + 5) + (5 + 5))),
        (lambda: nn.GRU(3, 5, bidirectional=True, batch_first=True), (2, 7, 3), 7 * 2 * 3 * 5 * (3 + 5) * 2),
        (lambda: nn.RNNCell(3, 5), (2, 3), 2 * 5 * (3 + 5)),
        # the projections of 2 × 7 queries, 2 × 9 keys and values, and of the output; scores and weighted sums
        (
            lambda: nn.MultiheadAttention(8, 2),
            [(7, 2, 8), (9, 2, 8), (9, 2, 8)],
            8 * 8 * (14 + 18 + 18 + 14) + 2 * 2 * 7 * 9 * 8,
        ),
    ],
    ids=["Conv1d", "ConvTranspose2d", "Bilinear", "LSTM", "GRU", "RNNCell", "MultiheadAttention"],
)
def test_mult_adds(make, size, count, request):
    if not hasattr(nn, request.node.callspec.id):
        pytest.skip(f"nn.{request.node.callspec.id} is not there yet")
    found = summary(make(), size)
    assert found.total_mult_adds == count
    assert sum(layer.num_params for layer in found.layers) == found.total_params


class Tied(nn.Module):
    """A layer that is called twice, a shared weight, and a layer that is never called."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.idle = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(7, 1)
        self.b.weight = self.a.weight

    def forward(self, x, scale=1):
        return {"main": self.b(self.a(self.a(x))) * scale, "all": (x, [x])}


def test_shared_parameters_count_once():
    found = summary(Tied(), (2, 3), scale=2)
    assert [line[2] for line in numbers(found)] == [8, 12, 0, 3]
    assert found.total_params == 9 + 3 + 3 + 8
    assert found.total_mult_adds == 3 * 2 * 9
    text = str(found)
    assert "a: Linear (call 2)  (2, 3)" in text and "(shared)" in text
    assert "(2, 3), (2, 3), (2, 3)" in text, "what is nested in the output"


class Noisy(nn.Module):
    """Draws numbers, counts its calls in a buffer, and has modes that differ inside."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)
        self.register_buffer("calls", mytorch.zeros(1))

    def forward(self, x):
        self.calls += 1
        self.seen_mode = self.training
        return self.inner(x) + mytorch.randn(2)


@pytest.mark.parametrize("mode", ["eval", "train"])
def test_leaves_the_model_as_it_was(mode):
    model = Noisy()
    model.inner.eval()
    state = mytorch.get_rng_state()
    summary(model, (1, 2), mode=mode)
    assert model.seen_mode is (mode == "train")
    assert model.training and not model.inner.training
    assert model.calls.item() == 0
    assert (mytorch.get_rng_state() == state).all()
    assert model.inner.weight.grad is None and not model._forward_hooks
    model.inner = nn.Linear(3, 3)
    with pytest.raises(RuntimeError, match="inner"):
        summary(model, (1, 2))
    assert model.training and model.calls.item() == 0, "after an error too"


def test_inputs():
    model = nn.Sequential(nn.Linear(3, 4))
    by_size, by_data = summary(model, (2, 3)), summary(model, input_data=mytorch.ones(2, 3))
    assert numbers(by_size) == numbers(by_data) == numbers(summary(model, [mytorch.ones(2, 3)]))
    assert summary(model.double(), (2, 3)).input_bytes == 2 * 3 * 8, "the parameters' dtype"

    class Pick(nn.Module):
        def forward(self, x, index):
            assert index.dtype is mytorch.int64
            return x[index]

    assert summary(Pick(), [(3, 4), (5,)], dtypes=[mytorch.float32, mytorch.int64]).layers[0].output_size == (
        5,
        4,
    )
    with pytest.raises(ValueError, match="input_size"):
        summary(model)
    with pytest.raises(ValueError, match="2 dtypes"):
        summary(model, (2, 3), dtypes=[mytorch.float32] * 2)
    with pytest.raises(ValueError, match="mode"):
        summary(model, (2, 3), mode="test")
