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
