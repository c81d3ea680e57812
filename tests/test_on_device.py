"""Layers, losses, optimizers and training on a GPU (or its stand-in) give what they give on the CPU."""

import numpy as np
import pytest

import mytorch
from mytorch import nn, optim

# name: (how to make the layer, shapes of its inputs; ("int", shape, below) for integers)
LAYERS = {
    "Linear": (lambda: nn.Linear(4, 3), (2, 4)),
    "Bilinear": (lambda: nn.Bilinear(4, 3, 2), (2, 4), (2, 3)),
    "Conv1d": (lambda: nn.Conv1d(2, 4, 3, padding="same", groups=2), (2, 2, 6)),
    "Conv2d": (
        lambda: nn.Conv2d(2, 4, 3, stride=2, padding=1, dilation=2, padding_mode="reflect"),
        (2, 2, 7, 7),
    ),
    "Conv3d": (lambda: nn.Conv3d(1, 2, 2), (1, 1, 3, 3, 3)),
    "ConvTranspose1d": (lambda: nn.ConvTranspose1d(2, 3, 3, stride=2), (2, 2, 5)),
    "ConvTranspose2d": (
        lambda: nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1),
        (2, 2, 4, 4),
    ),
    "Unfold": (lambda: nn.Unfold(2), (1, 2, 4, 4)),
    "Fold": (lambda: nn.Fold((4, 4), 2, stride=2), (1, 8, 4)),
    "MaxPool1d": (lambda: nn.MaxPool1d(2), (1, 2, 6)),
    "MaxPool2d": (lambda: nn.MaxPool2d(3, 2, padding=1, ceil_mode=True), (2, 2, 6, 6)),
    "AvgPool2d": (lambda: nn.AvgPool2d(3, 2, padding=1), (2, 2, 6, 6)),
    "LPPool2d": (lambda: nn.LPPool2d(2, 2), (1, 2, 4, 4)),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(3), (2, 2, 5, 5)),
    "AdaptiveMaxPool2d": (lambda: nn.AdaptiveMaxPool2d(2), (2, 2, 5, 5)),
    "Upsample": (lambda: nn.Upsample(scale_factor=2, mode="bilinear"), (1, 2, 3, 3)),
    "PixelShuffle": (lambda: nn.PixelShuffle(2), (1, 4, 2, 2)),
    "CircularPad2d": (lambda: nn.CircularPad2d(1), (1, 2, 3, 3)),
    "ReflectionPad1d": (lambda: nn.ReflectionPad1d(2), (1, 2, 5)),
    "BatchNorm1d": (lambda: nn.BatchNorm1d(4), (5, 4)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(3), (2, 3, 4, 4)),
    "LayerNorm": (lambda: nn.LayerNorm(4), (3, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (2, 4, 3)),
    "InstanceNorm2d": (lambda: nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 4)),
    "RMSNorm": (lambda: nn.RMSNorm(4), (3, 4)),
    "LocalResponseNorm": (lambda: nn.LocalResponseNorm(3), (2, 4, 3, 3)),
    "Embedding": (lambda: nn.Embedding(7, 3, padding_idx=0), ("int", (2, 5), 7)),
    "EmbeddingBag": (lambda: nn.EmbeddingBag(7, 3, mode="mean"), ("int", (2, 5), 7)),
    "RNN": (lambda: nn.RNN(3, 4, num_layers=2, bidirectional=True), (5, 2, 3)),
    "LSTM": (lambda: nn.LSTM(3, 4, num_layers=2, batch_first=True), (2, 5, 3)),
    "GRU": (lambda: nn.GRU(3, 4, bidirectional=True), (5, 2, 3)),
    "LSTMCell": (lambda: nn.LSTMCell(3, 4), (2, 3)),
    "MultiheadAttention": (
        lambda: nn.MultiheadAttention(4, 2, batch_first=True),
        (2, 3, 4),
        (2, 5, 4),
        (2, 5, 4),
    ),
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0), (3, 2, 4)),
    "TransformerDecoderLayer": (
        lambda: nn.TransformerDecoderLayer(4, 2, 8, dropout=0.0, norm_first=True),
        (3, 2, 4),
        (5, 2, 4),
    ),
    "PReLU": (lambda: nn.PReLU(3), (2, 3)),
    "Softmax": (lambda: nn.Softmax(-1), (2, 3)),
    "Flatten": (nn.Flatten, (2, 3, 4)),
    "CosineSimilarity": (nn.CosineSimilarity, (3, 4), (3, 4)),
} | {
    name: (getattr(nn, name), (3, 4))
    for name in (
        "ReLU",
        "ReLU6",
        "LeakyReLU",
        "ELU",
        "CELU",
        "SELU",
        "GELU",
        "SiLU",
        "Mish",
        "Sigmoid",
        "Tanh",
        "Softplus",
        "Softsign",
        "Tanhshrink",
        "Hardswish",
        "Hardsigmoid",
        "Hardtanh",
        "Hardshrink",
        "Softshrink",
        "LogSigmoid",
        "GLU",
        "Identity",
    )
}

PROBABILITIES = np.array([[0.2, 0.7], [0.9, 0.4]])
SIGNS = np.array([1.0, -1.0, 1.0])

# name: (how to make the loss, what else it takes after an input of this shape)
LOSSES = {
    "CrossEntropyLoss": (lambda: nn.CrossEntropyLoss(label_smoothing=0.1), (3, 4), np.array([0, 3, 1])),
    "NLLLoss": (nn.NLLLoss, (3, 4), np.array([0, 3, 1])),
    "MSELoss": (nn.MSELoss, (2, 2), PROBABILITIES),
    "L1Loss": (nn.L1Loss, (2, 2), PROBABILITIES),
    "SmoothL1Loss": (nn.SmoothL1Loss, (2, 2), PROBABILITIES),
    "HuberLoss": (nn.HuberLoss, (2, 2), PROBABILITIES),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss, (2, 2), PROBABILITIES),
    "KLDivLoss": (lambda: nn.KLDivLoss(reduction="batchmean"), (2, 2), PROBABILITIES),
    "PoissonNLLLoss": (nn.PoissonNLLLoss, (2, 2), PROBABILITIES),
    "GaussianNLLLoss": (nn.GaussianNLLLoss, (2, 2), PROBABILITIES, PROBABILITIES),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss, (3,), SIGNS),
    "SoftMarginLoss": (nn.SoftMarginLoss, (3,), SIGNS),
    "MarginRankingLoss": (nn.MarginRankingLoss, (3,), np.arange(3.0), SIGNS),
    "TripletMarginLoss": (nn.TripletMarginLoss, (2, 2), PROBABILITIES, PROBABILITIES[::-1].copy()),
    "CosineEmbeddingLoss": (nn.CosineEmbeddingLoss, (3, 2), np.ones((3, 2)), SIGNS),
    "MultiMarginLoss": (nn.MultiMarginLoss, (3, 4), np.array([0, 3, 1])),
}

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "Momentum": lambda p: optim.Momentum(p, lr=0.1),
    "Adam": lambda p: optim.Adam(p, lr=0.01, amsgrad=True),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.1),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01, centered=True, momentum=0.5),
    "Adadelta": lambda p: optim.Adadelta(p),
    "Adamax": lambda p: optim.Adamax(p),
    "NAdam": lambda p: optim.NAdam(p),
    "RAdam": lambda p: optim.RAdam(p, lr=0.1),
    "ASGD": lambda p: optim.ASGD(p),
    "Rprop": lambda p: optim.Rprop(p),
}


def inputs_on(device, shapes):
    rng = np.random.default_rng(0)
    made = []
    for shape in shapes:
        if shape[0] == "int":
            made.append(mytorch.tensor(rng.integers(0, shape[2], shape[1]), device=device))
        else:
            made.append(mytorch.tensor(rng.standard_normal(shape), device=device, requires_grad=True))
    return made


def flat(result):
    """The tensors in nested tuples."""
    if isinstance(result, (tuple, list)):
        return [t for r in result for t in flat(r)]
    return [result] if isinstance(result, mytorch.Tensor) else []


def on_both(gpu, compute):
    """``compute(device)`` returns tensors; they must agree between the CPU and the GPU."""
    found = []
    for device in (mytorch.device("cpu"), gpu):
        mytorch.manual_seed(0)
        results = compute(device)
        assert {r.device for r in results} == {device}
        found.append([r.detach().cpu().numpy() for r in results])
    assert found[0]
    for mine, wanted in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", LAYERS)
def test_layer(name, gpu):
    make, *shapes = LAYERS[name]

    def compute(device):
        layer, inputs = make().double().to(device), inputs_on(device, shapes)
        outputs = [o for o in flat(layer(*inputs)) if o.is_floating_point()]
        sum((o * o).sum() for o in outputs).backward()
        leaves = [*layer.parameters(), *inputs]
        return [*outputs, *layer.buffers(), *(p.grad for p in leaves if p.grad is not None)]

    on_both(gpu, compute)


@pytest.mark.parametrize("name", LOSSES)
def test_loss(name, gpu):
    make, shape, *others = LOSSES[name]

    def compute(device):
        (x,) = inputs_on(device, [shape])
        loss = make()(x, *(mytorch.tensor(o, device=device) for o in others))
        loss.backward()
        return [loss, x.grad]

    on_both(gpu, compute)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(name, gpu):
    def compute(device):
        model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)).double().to(device)
        optimizer = OPTIMIZERS[name](model.parameters())
        scheduler = optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
        (x,) = inputs_on(device, [(6, 4)])
        for _ in range(5):
            optimizer.zero_grad()
            (model(x) ** 2).mean().backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
        return list(model.parameters())

    on_both(gpu, compute)


def test_lbfgs(gpu):
    def compute(device):
        (x,) = inputs_on(device, [(4,)])
        optimizer = optim.LBFGS([x], line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            loss = ((x - 1) ** 2).sum() + (x**4).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        return [x]

    on_both(gpu, compute)


def test_training_learns(gpu):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 2)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int64")
    inputs, labels = mytorch.tensor(x, device=gpu), mytorch.tensor(y, device=gpu)
    mytorch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 2)).to(gpu)
    optimizer = optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    assert (model(inputs).argmax(1) == labels).float().mean().item() > 0.95


def test_checkpoints_travel(gpu, tmp_path):
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).to(gpu)
    optimizer = optim.Adam(model.parameters())
    model(mytorch.ones(4, 2, device=gpu)).sum().backward()
    optimizer.step()
    mytorch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path / "checkpoint")
    for place in ("cpu", gpu):
        state = mytorch.load(tmp_path / "checkpoint", map_location=place)
        assert {v.device for v in state["model"].values()} == {mytorch.device(place)}
        other = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).to(place)
        other.load_state_dict(state["model"])
        optim.Adam(other.parameters()).load_state_dict(state["optimizer"])
        for mine, wanted in zip(other.parameters(), model.parameters()):
            np.testing.assert_array_equal(mine.detach().cpu().numpy(), wanted.detach().cpu().numpy())


def test_legacy_types_of_the_gpu(gpu):
    for kind in ("Float", "Double", "Long", "Byte"):
        here, there = getattr(mytorch, f"{kind}Tensor"), getattr(mytorch.cuda, f"{kind}Tensor")
        x = there([1, 2])
        assert x.is_cuda and isinstance(x, there) and not isinstance(x, here) and there.dtype is here.dtype
        y = x.type(here)
        assert not y.is_cuda and isinstance(y, here) and not isinstance(y, there)
        assert (
            y.type(there).is_cuda
            and y.type(f"torch.cuda.{kind}Tensor").is_cuda
            and x.type(mytorch.float32).is_cuda
        )
