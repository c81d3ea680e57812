"""Gradients that are infinite or nan reach the elements that they belong to, and no others: operations that
choose, against PyTorch.
"""

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import torch


def functional(name, *args, **settings):
    return lambda library, x: getattr(library.nn.functional, name)(x, *args, **settings)


def method(name, *args, **settings):
    return lambda library, x: getattr(x, name)(*args, **settings)


def unpooled(library, x):
    values, places = library.nn.functional.max_pool2d(x, 2, return_indices=True)
    return library.nn.functional.max_unpool2d(values, places, 2)


CHOICES = {
    "relu": functional("relu"),
    "relu6": functional("relu6"),
    "leaky_relu": functional("leaky_relu", 0.1),
    "elu": functional("elu"),
    "hardtanh": functional("hardtanh"),
    "threshold": functional("threshold", 0.1, 0.0),
    "softshrink": functional("softshrink"),
    "hardshrink": functional("hardshrink"),
    "clamp": method("clamp", -0.5, 0.5),
    "max": method("max"),
    "min": method("min"),
    "max of rows": lambda library, x: x.max(1)[0],
    "amax": method("amax", 1),
    "median": lambda library, x: x.median(1)[0],
    "cummax": lambda library, x: x.cummax(1)[0],
    "sort": lambda library, x: x.sort(1)[0],
    "topk": lambda library, x: x.topk(2, 1)[0],
    "where": lambda library, x: library.where(x > 0, x, x * 0 + 1),
    "maximum": lambda library, x: library.maximum(x, x * 2),
    "masked_fill": lambda library, x: x.masked_fill(x > 0, 1.0),
    "by booleans": lambda library, x: x[x > 0],
    "by numbers": lambda library, x: x[[0, 0, 2]],
    "tril": method("tril"),
    "pad": functional("pad", (1, 1)),
    "norm": method("norm", dim=1),
}
POOLING = {
    "max_pool2d": functional("max_pool2d", 2),
    "max_pool2d with overlap": functional("max_pool2d", 3, 1, 1),
    "max_pool2d with gaps": functional("max_pool2d", 2, 3),
    "adaptive_max_pool2d": functional("adaptive_max_pool2d", 4),
    "max_unpool2d": unpooled,
    "avg_pool2d": functional("avg_pool2d", 2),
}


@pytest.mark.parametrize("name", [*CHOICES, *POOLING])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_no_other_element_is_touched(name, bad):
    call, shape = (CHOICES[name], (4, 6)) if name in CHOICES else (POOLING[name], (2, 3, 6, 6))
    values = draws(0).standard_normal(shape).astype("float32")
    found = []
    for library in (mytorch, torch):
        x = library.tensor(values, requires_grad=True)
        y = call(library, x)
        g = np.ones(tuple(y.shape), "float32")
        g.reshape(-1)[g.size // 2] = bad
        y.backward(library.tensor(g))
        found.append(x.grad.numpy())
    np.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)


def test_the_gradient_of_a_pooling_gradient():
    x = mytorch.tensor(draws(0).standard_normal((1, 1, 4, 4)), requires_grad=True)
    weights = mytorch.ones(1, 1, 2, 2, dtype=mytorch.float64, requires_grad=True)
    (g,) = mytorch.autograd.grad(mytorch.nn.functional.max_pool2d(x, 2), x, weights, create_graph=True)
    seed = mytorch.where(g.detach() == 0, mytorch.inf, 1.0)  # infinite where nothing was chosen
    (back,) = mytorch.autograd.grad(g, weights, seed)
    assert back.tolist() == [[[[1.0, 1.0], [1.0, 1.0]]]]
