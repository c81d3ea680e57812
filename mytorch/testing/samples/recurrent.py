"""Rows of ops/layers/recurrent.py."""

import numpy as np

from mytorch.ops.layers.recurrent import recurrent

from . import Real, Sample


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reference(cell, reverse=False, sizes=None):
    """Step by step, one sequence at a time."""

    def run(x, h0, c0, w_ih, w_hh, b_ih=0, b_hh=0, w_hr=None):
        time, batch = x.shape[:2]
        y, h, c = np.zeros((time, *h0.shape)), h0.copy(), c0.copy()
        for n in range(batch):
            steps = [t for t in range(time) if sizes is None or sizes[t] > n]
            if reverse and steps and steps[-1] + 1 < time:
                y[steps[-1] + 1, n] = h0[n]
            for t in steps[:: -1 if reverse else 1]:
                a, b = x[t, n] @ w_ih.T + b_ih, h[n] @ w_hh.T + b_hh
                if cell == "LSTM":
                    i, f, g, o = np.split(a + b, 4)
                    c[n] = sigmoid(f) * c[n] + sigmoid(i) * np.tanh(g)
                    new = sigmoid(o) * np.tanh(c[n])
                elif cell == "GRU":
                    (ri, zi, ni), (rh, zh, nh) = np.split(a, 3), np.split(b, 3)
                    u = sigmoid(zi + zh)
                    new = (1 - u) * np.tanh(ni + sigmoid(ri + rh) * nh) + u * h[n]
                else:
                    new = np.tanh(a + b) if cell == "RNN_TANH" else np.maximum(a + b, 0)
                h[n] = y[t, n] = new if w_hr is None else w_hr @ new
        return (y, h, c) if cell == "LSTM" else (y, h)

    return run


def row(cell, gates, note, time=2, batch=2, hidden=1, projected=None, biases=True, **settings):
    inputs = [
        (time, batch, 2),
        (batch, projected or hidden),
        (batch, hidden),
        (gates * hidden, 2),
        (gates * hidden, projected or hidden),
    ]
    inputs += [(gates * hidden,)] * 2 if biases else []
    inputs += [(projected, hidden)] if projected else []
    makers = [Real(shape, -1, 1) for shape in inputs]
    if cell != "LSTM":
        makers[2] = Real(inputs[2], -1, 1, grad=False)
    return Sample(
        "recurrent",
        lambda *a: recurrent(*a, cell=cell, **settings),
        tuple(makers),
        reference(cell, **settings),
        note=note,
    )


def packed(cell):
    """The padded part of the result of a packed sequence is nobody's: only its valid rows are looked at."""
    sizes = (2, 1, 1)
    pick = (
        np.concatenate([np.full(n, t) for t, n in enumerate(sizes)]),
        np.concatenate([np.arange(n) for n in sizes]),
    )

    def valid(results):
        return results[0][pick], *results[1:]

    base = row(
        cell, {"LSTM": 4, "GRU": 3}.get(cell, 1), f"{cell} packed, reverse", time=3, reverse=True, sizes=sizes
    )
    return Sample(
        base.op,
        lambda *a: valid(base.call(*a)),
        base.inputs,
        lambda *a: valid(base.reference(*a)),
        note=base.note,
    )


ROWS = [
    row("LSTM", 4, "LSTM"),
    row("LSTM", 4, "LSTM reverse, no biases", biases=False, reverse=True),
    row("LSTM", 4, "LSTM projected", hidden=2, projected=1),
    row("LSTM", 4, "LSTM packed", time=3, sizes=(2, 2, 1)),
    row("GRU", 3, "GRU"),
    row("GRU", 3, "GRU packed", time=3, sizes=(2, 1, 1)),
    row("RNN_TANH", 1, "RNN"),
    row("RNN_RELU", 1, "RNN with relu, reverse", reverse=True),
    packed("LSTM"),
    packed("GRU"),
    packed("RNN_TANH"),
]
