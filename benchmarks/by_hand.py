"""The two small MLPs in NumPy by hand, without any framework: how much of the time is NumPy's own."""

from __future__ import annotations

import numpy as np

from .workloads.training import data


class _Plain:
    """Stands for a library whose tensors are NumPy arrays."""

    from_numpy = staticmethod(lambda array: array)


def _mlp(update, batch):
    x, y = data(_Plain, batch, 784)
    rng = np.random.default_rng(1)
    weights, biases = [], []
    for a, b in ((784, 128), (128, 64), (64, 10)):
        weights.append((rng.uniform(-1, 1, (b, a)) / np.sqrt(a)).astype(np.float32))
        biases.append((rng.uniform(-0.05, 0.05, b) + 0.1).astype(np.float32))
    parameters = weights + biases
    state = [(np.zeros_like(p), np.zeros_like(p)) for p in parameters]
    rows, count = np.arange(batch), 0

    def step():
        nonlocal count
        count += 1
        hidden = [x]
        for w, b in zip(weights[:-1], biases):
            hidden.append(np.maximum(hidden[-1] @ w.T + b, 0))
        logits = hidden[-1] @ weights[-1].T + biases[-1]
        logits -= logits.max(1, keepdims=True)
        probabilities = np.exp(logits)
        total = probabilities.sum(1, keepdims=True)
        loss = float((np.log(total[:, 0]) - logits[rows, y]).mean())
        probabilities /= total
        probabilities[rows, y] -= 1
        g = probabilities * np.float32(1 / batch)
        gradients_w, gradients_b = [], []
        for i in (2, 1, 0):
            gradients_w.insert(0, g.T @ hidden[i])
            gradients_b.insert(0, g.sum(0))
            if i:
                g = (g @ weights[i]) * (hidden[i] > 0)
        for p, d, s in zip(parameters, gradients_w + gradients_b, state):
            update(p, d, *s, count)
        return loss

    return step


def _sgd(p, g, m, v, t):
    p -= np.float32(0.01) * g


def _adam(p, g, m, v, t):
    m += np.float32(0.1) * (g - m)
    v *= np.float32(0.999)
    v += np.float32(0.001) * g * g
    p -= (
        np.float32(1e-3 / (1 - 0.9**t))
        * m
        / (np.sqrt(v) * np.float32((1 - 0.999**t) ** -0.5) + np.float32(1e-8))
    )


WORKLOADS = {"mlp_sgd": lambda batch=64: _mlp(_sgd, batch), "mlp_adam": lambda batch=64: _mlp(_adam, batch)}
