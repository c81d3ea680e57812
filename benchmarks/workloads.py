"""The workloads, written once for mytorch and PyTorch: ``torch`` is whichever library is passed in.

Each function returns ``step``: it runs one training step (or one inference) and returns the loss as a
float-like value. Initial weights and data come from NumPy with a fixed seed, so that both libraries compute
the same numbers.
"""

from __future__ import annotations

import numpy as np


def _data(torch, *shape, classes=10, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype(np.float32)
    y = rng.integers(0, classes, shape[0])
    return torch.from_numpy(x), torch.from_numpy(y)


def _same_weights(torch, model, seed=1):
    """Weights that depend only on their shapes."""
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for p in model.parameters():
            fan = int(np.prod(p.shape[1:])) if p.ndim > 1 else 0
            values = (
                rng.uniform(-1, 1, tuple(p.shape)) / np.sqrt(fan)
                if fan
                else rng.uniform(-0.05, 0.05, tuple(p.shape)) + (p.ndim == 1) * 0.1
            )
            p.copy_(torch.from_numpy(values.astype(np.float32)))
    return model


def prepare(model):
    """The model that is trained; with several ranks it is wrapped."""
    return model


def _trainer(torch, model, optimizer, x, y):
    _same_weights(torch, model)
    model = prepare(model)
    optimizer = optimizer(model.parameters())
    loss_function = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def _mlp(torch, *widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def mlp_sgd(torch, batch=64):
    """784-128-64-10, SGD."""
    return _trainer(
        torch, _mlp(torch, 784, 128, 64, 10), lambda p: torch.optim.SGD(p, lr=0.01), *_data(torch, batch, 784)
    )


def mlp_adam(torch, batch=64):
    """784-128-64-10, Adam."""
    return _trainer(
        torch,
        _mlp(torch, 784, 128, 64, 10),
        lambda p: torch.optim.Adam(p, lr=1e-3),
        *_data(torch, batch, 784),
    )


def mlp_big(torch, batch=256, width=1024):
    """784-1024-1024-10, Adam."""
    return _trainer(
        torch,
        _mlp(torch, 784, width, width, 10),
        lambda p: torch.optim.Adam(p, lr=1e-3),
        *_data(torch, batch, 784),
    )


def mlp_deep(torch, depth=8, batch=64):
    """``depth`` layers of 128, SGD: for the growth curve."""
    return _trainer(
        torch,
        _mlp(torch, 784, *[128] * depth, 10),
        lambda p: torch.optim.SGD(p, lr=0.01),
        *_data(torch, batch, 784),
    )


def cnn(torch, batch=64):
    """conv3 1-32, conv3 32-64, pool, 9216-128-10, Adam."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )
    return _trainer(torch, model, lambda p: torch.optim.Adam(p, lr=1e-3), *_data(torch, batch, 1, 28, 28))


def lenet(torch, batch=64):
    """Two 5×5 convolutions with pooling, three linear layers, SGD with momentum."""
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(400, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )
    return _trainer(
        torch, model, lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9), *_data(torch, batch, 1, 28, 28)
    )


def bn_cnn(torch, batch=32):
    """Three times conv3-BatchNorm-ReLU with pooling on 32×32 RGB images, Adam."""
    nn = torch.nn
    layers = []
    for a, b in ((3, 16), (16, 32), (32, 64)):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 10))
    return _trainer(torch, model, lambda p: torch.optim.Adam(p, lr=1e-3), *_data(torch, batch, 3, 32, 32))


def lstm(torch, batch=64):
    """LSTM 28-64 over 28 steps, a linear layer on the last state, Adam."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(28, 64, batch_first=True)
            self.head = torch.nn.Linear(64, 10)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    return _trainer(torch, Net(), lambda p: torch.optim.Adam(p, lr=1e-3), *_data(torch, batch, 28, 28))


def gru(torch, batch=32):
    """Bidirectional GRU 48-96 over 50 steps, a linear layer on the last state, Adam."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = torch.nn.GRU(48, 96, batch_first=True, bidirectional=True)
            self.head = torch.nn.Linear(192, 10)

        def forward(self, x):
            return self.head(self.gru(x)[0][:, -1])

    return _trainer(torch, Net(), lambda p: torch.optim.Adam(p, lr=1e-3), *_data(torch, batch, 50, 48))


def transformer(torch, batch=32):
    """One encoder layer, d = 64, 4 heads, 32 tokens, mean over time, AdamW."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
            self.head = torch.nn.Linear(64, 10)

        def forward(self, x):
            return self.head(self.layer(x).mean(1))

    return _trainer(torch, Net(), lambda p: torch.optim.AdamW(p, lr=1e-3), *_data(torch, batch, 32, 64))


def opchain(torch, length=1000):
    """``length`` operations on 16 numbers, forward and backward."""
    x = torch.ones(16, requires_grad=True)
    w = torch.full((16,), 0.999, requires_grad=True)

    def step():
        x.grad = w.grad = None
        y = x
        for _ in range(length // 4):
            y = y * w
            y = y + x
            y = y * 0.5
            y = y.tanh()
        loss = y.sum()
        loss.backward()
        return loss

    return step


def optim_many(torch, count=120):
    """AdamW's step alone, over ``count`` parameters of 64 to 4,096 elements."""
    rng = np.random.default_rng(0)
    shapes = [(64,), (64, 16), (64, 64)]
    parameters = [
        torch.nn.Parameter(torch.from_numpy(rng.standard_normal(shapes[i % 3]).astype(np.float32)))
        for i in range(count)
    ]
    for p in parameters:
        p.grad = torch.from_numpy(rng.standard_normal(tuple(p.shape)).astype(np.float32))
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)

    def step():
        optimizer.step()
        return parameters[0].detach().sum()

    return step


def infer_mlp1(torch):
    """One image through 784-128-64-10 without gradients."""
    model = _same_weights(torch, _mlp(torch, 784, 128, 64, 10)).eval()
    x, _ = _data(torch, 1, 784)

    def step():
        with torch.no_grad():
            return model(x)

    return step


WORKLOADS = [
    mlp_sgd,
    mlp_adam,
    mlp_big,
    cnn,
    lenet,
    bn_cnn,
    lstm,
    gru,
    transformer,
    opchain,
    optim_many,
    infer_mlp1,
]
BY_NAME = {w.__name__: w for w in [*WORKLOADS, mlp_deep]}
GROWTH = {  # the curves of --plot: what grows, and over which values
    "batch": ("mlp_sgd", "batch", (32, 64, 128, 256, 512, 1024)),
    "depth": ("mlp_deep", "depth", (2, 4, 8, 16, 32, 64)),
    "operations": ("opchain", "length", (200, 400, 1000, 2000, 4000)),
    "parameters": ("optim_many", "count", (30, 60, 120, 240, 480)),
}
