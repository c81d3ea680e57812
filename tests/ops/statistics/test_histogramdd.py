"""Histograms of points of several dimensions, against PyTorch: values, edges, and what is refused."""

import numpy as np
import pytest

from tests.draws import draws
from tests.referee import agree

POINTS, WEIGHTS = draws(0).normal(size=(20, 2)).astype("float32"), draws(1).random(20).astype("float32")
CALLS = {
    "one number": lambda m, x, w: m.histogramdd(x, 4),
    "numbers": lambda m, x, w: m.histogramdd(x, [3, 5]),
    "range": lambda m, x, w: m.histogramdd(x, (3, 5), range=[-1.0, 1.0, -2.0, 2.0]),
    "weights": lambda m, x, w: m.histogramdd(x, [3, 5], weight=w),
    "density": lambda m, x, w: m.histogramdd(x, [3, 5], density=True),
    "all": lambda m, x, w: m.histogramdd(x, [3, 5], [-1.0, 1.0, -2.0, 2.0], w, True),
    "edges": lambda m, x, w: m.histogramdd(x, [m.tensor([-1.0, 0, 0.5]), m.tensor([-2.0, 0.0, 1.0, 2.0])]),
    "edges, weights": lambda m, x, w: m.histogramdd(x, [m.tensor([-1.0, 0, 1])] * 2, None, w, True),
    "several dimensions": lambda m, x, w: m.histogramdd(x.reshape(4, 5, 2), 3, weight=w.reshape(4, 5)),
    "constant": lambda m, x, w: m.histogramdd(x * 0 + 1, [2, 2]),
    "empty": lambda m, x, w: m.histogramdd(x[:0], [2, 2]),
    "one column": lambda m, x, w: m.histogramdd(x[:, :1], [2]),
    "double": lambda m, x, w: m.histogramdd(x.double(), [2, 2]),
    "a vector": lambda m, x, w: m.histogramdd(x[:, 0], [2]),
    "too few bins": lambda m, x, w: m.histogramdd(x, [2]),
    "no bins": lambda m, x, w: m.histogramdd(x, [0, 2]),
    "text": lambda m, x, w: m.histogramdd(x, "2"),
    "short weights": lambda m, x, w: m.histogramdd(x, [2, 2], weight=w[:3]),
    "weights of another dtype": lambda m, x, w: m.histogramdd(x, [2, 2], weight=w.double()),
    "edges of another dtype": lambda m, x, w: m.histogramdd(x, [m.tensor([-1.0, 0]).double()] * 2),
    "a short range": lambda m, x, w: m.histogramdd(x, [2, 2], range=[1.0, 2.0]),
    "a range backwards": lambda m, x, w: m.histogramdd(x, [2, 2], range=[2.0, 1.0, 0.0, 1.0]),
    "an endless range": lambda m, x, w: m.histogramdd(x, [2, 2], range=[2.0, np.inf, 0.0, 1.0]),
    "nan": lambda m, x, w: m.histogramdd(x * float("nan"), [2, 2]),
    "integers": lambda m, x, w: m.histogramdd(x.long(), [2, 2]),
}


@pytest.mark.parametrize("name", CALLS)
def test_against_torch(name):
    def call(m, x, w):
        found = CALLS[name](m, x, w)
        return found.hist, list(found.bin_edges)

    agree(call, [POINTS, WEIGHTS], gradient=False, backward=False)
