"""Rows of ops/layers/linear.py and nn/hooks.py."""

import numpy as np

from mytorch.nn import functional as F
from mytorch.nn.hooks import boundary

from . import Sample


def linear(x, w, b=0):
    return x @ w.T + b


ROWS = [
    Sample("linear", F.linear, ((4, 3), (5, 3), (5,)), linear, empty=((0, 3), (5, 3), (5,))),
    Sample(
        "linear",
        F.linear,
        ((2, 4, 3), (5, 3)),
        linear,
        note="no bias, three dimensions",
        empty=((2, 0, 3), (5, 3)),
    ),
    Sample("linear", F.linear, ((3,), (5, 3), (5,)), linear, note="a vector"),
    Sample("linear", F.linear, ((4, 3), (3,)), linear, note="one output"),
    Sample(
        "linear",
        lambda x, b: F.linear(x, 2 * x[:2], b),
        ((3, 3), (2,)),
        lambda x, b: x @ (2 * x[:2]).T + b,
        note="weight from the input",
    ),
    Sample(
        "linear",
        lambda x, y, w, b: F.bilinear(x, y, w, b),
        ((4, 3), (4, 2), (5, 3, 2), (5,)),
        lambda x, y, w, b: np.einsum("ni,oij,nj->no", x, w, y) + b,
        note="bilinear",
    ),
    Sample(
        "boundary", lambda x, y: boundary(x, y, on_gradient=lambda g: g), ((3, 4), (2,)), lambda x, y: (x, y)
    ),
]
