"""Multilayer perceptrons, long chains of small operations, optimizers, losses of gradients, loaders."""

from __future__ import annotations

import numpy as np

from .training import data, same_weights, trainer


def _mlp(torch, *widths):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def mlp_sgd(torch, batch=64):
    """784-128-64-10, SGD."""
    return trainer(
        torch, _mlp(torch, 784, 128, 64, 10), lambda p: torch.optim.SGD(p, lr=0.01), *data(torch, batch, 784)
    )


def mlp_adam(torch, batch=64):
    """784-128-64-10, Adam."""
    return trainer(
        torch,
        _mlp(torch, 784, 128, 64, 10),
        lambda p: torch.optim.Adam(p, lr=1e-3),
        *data(torch, batch, 784),
    )


def mlp_big(torch, batch=256, width=1024):
    """784-1024-1024-10, Adam."""
    return trainer(
        torch,
        _mlp(torch, 784, width, width, 10),
        lambda p: torch.optim.Adam(p, lr=1e-3),
        *data(torch, batch, 784),
    )


def mlp_deep(torch, depth=8, batch=64):
    """``depth`` layers of 128, SGD: for the growth curve."""
    return trainer(
        torch,
        _mlp(torch, 784, *[128] * depth, 10),
        lambda p: torch.optim.SGD(p, lr=0.01),
        *data(torch, batch, 784),
    )


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
    model = same_weights(torch, _mlp(torch, 784, 128, 64, 10)).eval()
    x, _ = data(torch, 1, 784)

    def step():
        with torch.no_grad():
            return model(x)

    return step


def handmade_mlp(torch, batch=64):
    """An MLP of plain tensors: products, activations standardised by `std`, a loss by indexing."""
    rng = np.random.default_rng(1)
    widths = (784, 128, 10)
    weights = [
        torch.from_numpy((rng.standard_normal((a, b)) / np.sqrt(a)).astype(np.float32)).requires_grad_()
        for a, b in zip(widths, widths[1:])
    ]
    biases = [torch.zeros(b, requires_grad=True) for b in widths[1:]]
    x, y = data(torch, batch, 784)
    rows = torch.arange(batch)

    def step():
        hidden = x @ weights[0] + biases[0]
        hidden = ((hidden - hidden.mean(0)) / (hidden.std(0) + 1e-5)).tanh()
        scores = hidden @ weights[1] + biases[1]
        scores = scores - scores.exp().sum(1, keepdim=True).log()
        loss = -scores[rows, y].mean()
        loss.backward()
        with torch.no_grad():
            for p in (*weights, *biases):
                p -= 0.1 * p.grad
                p.grad = None
        return loss

    return step


def pinn(torch, points=256, width=32):
    """A network for u'' = -u: the loss holds first and second derivatives of its output, Adam."""
    nn = torch.nn
    model = same_weights(
        torch,
        nn.Sequential(
            nn.Linear(1, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1)
        ),
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = torch.linspace(0, 3, points).reshape(points, 1).requires_grad_()

    def derivative(u):
        return torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)[0]

    def step():
        optimizer.zero_grad()
        u = model(x)
        slope = derivative(u)
        loss = ((derivative(slope) + u) ** 2).mean() + u[0, 0] ** 2 + (slope[0, 0] - 1) ** 2
        loss.backward()
        optimizer.step()
        return loss

    return step


def vae(torch, batch=64):
    """A variational autoencoder 784-256-16-256-784 with given noise, binary cross-entropy, Adam."""
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 32))
            self.decoder = nn.Sequential(nn.Linear(16, 256), nn.ReLU(), nn.Linear(256, 784))

        def forward(self, x):
            mean, log_variance = self.encoder(x).chunk(2, dim=1)
            return self.decoder(mean + noise * torch.exp(0.5 * log_variance)), mean, log_variance

    def loss(output, target):
        scores, mean, log_variance = output
        likelihood = nn.functional.binary_cross_entropy_with_logits(scores, target, reduction="sum")
        return (likelihood - 0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()) / batch

    noise, _ = data(torch, batch, 16, seed=2)
    x = torch.sigmoid(data(torch, batch, 784)[0])
    return trainer(torch, Net(), lambda p: torch.optim.Adam(p, lr=1e-3), x, x, loss=loss)


def _epoch(torch, dataset, batch):
    """One epoch over ``dataset``: the sum of all that the loader gives."""
    loader = torch.utils.data.DataLoader(dataset, batch_size=batch)

    def step():
        total = 0.0
        for x, y in loader:
            total += float(x[0, 0]) + float(y[-1])
        return np.float64(total)

    return step


def loader_items(torch, items=512, batch=32):
    """A DataLoader over a dataset that makes each item when it is asked for."""

    class Images(torch.utils.data.Dataset):
        def __len__(self):
            return items

        def __getitem__(self, i):
            return pixels[i] * 2.0 - 1.0, int(labels[i])

    pixels, labels = data(torch, items, 64)
    return _epoch(torch, Images(), batch)


def loader_tensors(torch, items=2048, batch=32):
    """A DataLoader over a TensorDataset."""
    return _epoch(torch, torch.utils.data.TensorDataset(*data(torch, items, 64)), batch)
