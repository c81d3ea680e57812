"""What the workloads share: data and weights that are equal in all libraries, and a training step."""

from __future__ import annotations

import numpy as np


def data(torch, *shape, classes=10, seed=0):
    """Normally distributed numbers of ``shape``, and a class for each sample."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(shape).astype(np.float32)
    y = rng.integers(0, classes, shape[0])
    return torch.from_numpy(x), torch.from_numpy(y)


def same_weights(torch, model, seed=1):
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


def tokens(torch, batch, length, words, seed=0):
    """Sequences of ``length`` numbers below ``words``, and the number that follows each of them."""
    rng = np.random.default_rng(seed)
    text = torch.from_numpy(rng.integers(0, words, (batch, length + 1)))
    return text[:, :-1], text[:, 1:]


def prepare(model):
    """The model that is trained; with several ranks it is wrapped."""
    return model


def trainer(torch, model, optimizer, x, y, loss=None, clip=None):
    """A step of ``model``: ``loss`` is the cross-entropy by default, ``clip`` bounds the gradient norm."""
    model = prepare(same_weights(torch, model))
    optimizer = optimizer(model.parameters())
    loss_function = loss or torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        return loss

    return step
