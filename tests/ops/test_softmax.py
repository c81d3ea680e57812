"""Softmax over the rows of large arrays, by blocks, against the definition over another dimension."""

import numpy as np
import pytest

import mytorch


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("shape", [(300, 40), (3, 50, 400), (2, 10000), (70000, 2)], ids=str)
@pytest.mark.parametrize("scale", [1, 100])
def test_rows(name, shape, scale):
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal(shape) * scale, rng.standard_normal(shape)
    x[0, 0] = -np.inf
    found = []
    for axis in (-1, 0):
        a, b = (mytorch.tensor(np.ascontiguousarray(np.moveaxis(v, -1, axis))) for v in (x, g))
        out = getattr(mytorch, name)(a.requires_grad_(), dim=axis)
        out.backward(b)
        found.append([np.moveaxis(v.numpy(), axis, -1) for v in (out.detach(), a.grad)])
    for ours, definition in zip(*found):
        np.testing.assert_allclose(ours, definition, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("offset", [0, 10, 15.5, 30, 1e4, -1e4])
@pytest.mark.parametrize("shape", [(8, 16), (5, 4, 3), (7,)], ids=str)
def test_a_few_numbers(shape, offset):
    """Small numbers are not shifted by the largest; what comes out is as good."""
    x = (np.random.default_rng(0).standard_normal(shape) * 0.5 + offset).astype("float32")
    for dim in range(x.ndim):
        z = x.astype("float64") - x.max(dim, keepdims=True)
        expected = z - np.log(np.exp(z).sum(dim, keepdims=True))
        np.testing.assert_allclose(mytorch.log_softmax(mytorch.tensor(x), dim), expected, atol=1e-6)
        np.testing.assert_allclose(mytorch.softmax(mytorch.tensor(x), dim), np.exp(expected), rtol=2e-6)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_with_an_infinity_leaves_the_others_alone(value):
    x = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")
    whole = mytorch.log_softmax(mytorch.tensor(x), 1).numpy()
    x[1, 2] = value
    spoiled = mytorch.log_softmax(mytorch.tensor(x), 1).numpy()
    np.testing.assert_allclose(spoiled[[0, 2]], whole[[0, 2]], rtol=1e-6)
