"""Compiled loops against what they take the place of, in NumPy and float64."""

import numpy as np
import pytest

import mytorch
from mytorch.nn import functional as F

ROWS, SIZE = 130, 96
SPECIAL = [0.0, -0.0, 1e-30, 3.0, -3.0, 5.5, -5.5, 12.0, -12.0, 40.0, -40.0, 90.0, -90.0, 1e30, -1e30]

FAMILIES = {
    "softmax": lambda x, w, b: F.softmax(x, -1),
    "log_softmax": lambda x, w, b: F.log_softmax(x, -1),
    "layer_norm": lambda x, w, b: F.layer_norm(x, (SIZE,), w, b),
    "layer_norm without parameters": lambda x, w, b: F.layer_norm(x, (SIZE,)),
    "rms_norm": lambda x, w, b: F.rms_norm(x, (SIZE,), w),
    "group_norm": lambda x, w, b: F.group_norm(x.reshape(26, SIZE, 5), 8, w, b),
    "group_norm without parameters": lambda x, w, b: F.group_norm(x.reshape(26, SIZE, 5), 8),
    "batch_norm": lambda x, w, b: F.batch_norm(
        x.reshape(26, SIZE, 5).repeat(8, 1, 1), None, None, w, b, True
    ),
    "batch_norm without parameters": lambda x, w, b: F.batch_norm(
        x.reshape(26, SIZE, 5), None, None, training=True
    ),
    "gelu": lambda x, w, b: F.gelu(x),
    "silu": lambda x, w, b: F.silu(x),
    "hardswish": lambda x, w, b: F.hardswish(x),
}


def _results(function, dtype, *arrays):
    x, w, b = (mytorch.tensor(a, dtype=dtype, requires_grad=True) for a in arrays[:3])
    y = function(x, w, b)
    y.backward(mytorch.tensor(np.resize(arrays[3], y.shape), dtype=dtype))
    return [t.numpy() for t in (y.detach(), x.grad, w.grad, b.grad) if t is not None]


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("scale", [1, 20])
@pytest.mark.parametrize("offset", [0, 10])
def test_loops_give_what_the_definition_gives(name, scale, offset, loops):
    loops(True)
    assert mytorch.kernels.numba_loops.compiled(np.zeros(5000, "float32"))
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((ROWS, SIZE)).astype("float32") for _ in range(2))
    w, b = (rng.standard_normal(SIZE).astype("float32") for _ in range(2))
    x = x * scale + offset
    found = _results(FAMILIES[name], mytorch.float32, x, w, b, g)
    wanted = _results(FAMILIES[name], mytorch.float64, x, w, b, g)
    assert len(found) == len(wanted)
    for a, exact in zip(found, wanted):
        np.testing.assert_allclose(a, exact, rtol=2e-5, atol=2e-5 * abs(exact).max())


@pytest.mark.parametrize("name", ["gelu", "silu", "hardswish"])
def test_gates_to_the_last_digits(name, loops):
    x = np.resize(np.concatenate([SPECIAL, np.linspace(-15, 15, 3001)]), 6000).astype("float32")
    results = []
    for on in (True, False):
        loops(on)
        results.append(_results(FAMILIES[name], mytorch.float32, x, x[:1], x[:1], np.ones_like(x)))
    exact = _results(FAMILIES[name], mytorch.float64, x, x[:1], x[:1], np.ones_like(x))
    for found in results:
        np.testing.assert_allclose(found[0], exact[0], rtol=2e-6, atol=1e-36)
        np.testing.assert_allclose(found[1], exact[1], rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stays_where_numpy_leaves_it(name, value, loops):
    rng, results = np.random.default_rng(0), []
    x, g = (rng.standard_normal((ROWS, SIZE)).astype("float32") for _ in range(2))
    w, b = np.ones(SIZE, "float32"), np.zeros(SIZE, "float32")
    x[3, 5] = value
    for on in (True, False):
        loops(on)
        results.append(_results(FAMILIES[name], mytorch.float32, x, w, b, g))
    for a, c in zip(*results):
        np.testing.assert_allclose(a, c, rtol=1e-3, atol=1e-4, equal_nan=True)
