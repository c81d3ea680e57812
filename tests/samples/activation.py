"""Rows of ops/activation.py."""

import math

import numpy as np

from mytorch.ops import activation

from . import Real, Sample

erf = np.vectorize(math.erf, otypes=["float64"])
distinct = Real((3, 4), distinct=True)


def one(name, reference, maker=(3, 4), note="", **settings):
    """A row of the activation ``name``."""
    return Sample(name, lambda x: getattr(activation, name)(x, **settings), (maker,), reference, note=note, empty=((0, 4),))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu_tanh(x):
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


ROWS = [
    one("relu", lambda x: np.maximum(x, 0), distinct),
    one("leaky_relu", lambda x: np.where(x > 0, x, 0.01 * x), distinct),
    one("leaky_relu", lambda x: np.where(x > 0, x, 1.5 * x), distinct, "steep", negative_slope=1.5),
    one("silu", lambda x: x / (1 + np.exp(-x))),
    one("gelu", lambda x: 0.5 * x * (1 + erf(x / math.sqrt(2)))),
    one("gelu", gelu_tanh, note="tanh", approximate="tanh"),
    Sample("softmax", lambda x: x.softmax(-1), ((3, 4),), softmax),
    Sample("log_softmax", lambda x: x.log_softmax(-1), ((3, 4),), lambda x: np.log(softmax(x))),
]
