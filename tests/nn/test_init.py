"""Initial values: their distributions, and what PyTorch gives exactly."""

import math

import numpy as np
import pytest

import mytorch
from tests.referee import compare, torch


def drawn(function, shape, **settings):
    """Mean, standard deviation and extremes of an initialisation in both libraries."""
    found = []
    torch.manual_seed(0)
    for lib in (mytorch, torch):
        t = getattr(lib.nn.init, function)(lib.empty(*shape), **settings)
        assert tuple(t.shape) == shape
        found.append([t.mean().item(), t.std().item(), t.min().item(), t.max().item()])
    return found


RANDOM = [
    ("uniform_", {}),
    ("uniform_", {"a": -2.0, "b": 3.0}),
    ("normal_", {}),
    ("normal_", {"mean": 1.0, "std": 0.5}),
    ("xavier_uniform_", {"gain": 2.0}),
    ("xavier_normal_", {}),
    ("kaiming_uniform_", {}),
    ("kaiming_uniform_", {"a": math.sqrt(5), "mode": "fan_out"}),
    ("kaiming_normal_", {"nonlinearity": "relu"}),
    ("kaiming_normal_", {"nonlinearity": "tanh", "mode": "fan_out"}),
    ("trunc_normal_", {}),
    ("trunc_normal_", {"std": 0.5, "a": 0.6, "b": 2.0}),
    ("trunc_normal_", {"mean": 0.5, "std": 2.0, "a": -1.0, "b": 1.0}),
]


@pytest.mark.parametrize("function, settings", RANDOM, ids=str)
@pytest.mark.parametrize("shape", [(200, 300), (40, 50, 5, 6)], ids=str)
def test_random_initial_values(function, settings, shape):
    mine, theirs = drawn(function, shape, **settings)
    scale = theirs[1]
    assert abs(mine[0] - theirs[0]) < 0.03 * scale and abs(mine[1] - theirs[1]) < 0.02 * scale
    slack = 0.2 if "uniform" in function or "trunc" in function else 2
    assert abs(mine[2] - theirs[2]) < slack * scale and abs(mine[3] - theirs[3]) < slack * scale


def test_fixed_initial_values():
    for name, shape, args in [
        ("constant_", (2, 3), (4.5,)),
        ("ones_", (2,), ()),
        ("zeros_", (2,), ()),
        ("eye_", (3, 4), ()),
        ("dirac_", (4, 2, 3), ()),
        ("dirac_", (4, 2, 3, 3), (2,)),
        ("dirac_", (2, 2, 3, 4, 5), ()),
    ]:
        compare(lambda lib: getattr(lib.nn.init, name)(lib.full(shape, 7.0, dtype=lib.float64), *args), [])


@pytest.mark.parametrize("shape", [(5, 5), (3, 6), (6, 3), (4, 3, 2)], ids=str)
def test_orthogonal(shape):
    w = mytorch.nn.init.orthogonal_(mytorch.empty(*shape), gain=2).numpy().reshape(shape[0], -1)
    product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_sparse():
    w = mytorch.nn.init.sparse_(mytorch.empty(50, 40), 0.3, std=2.0)
    assert ((w == 0).sum(0) == 15).all() and 1.5 < w[w != 0].std() < 2.5


def test_initialisation_stays_out_of_the_graph_and_takes_a_generator():
    p = mytorch.nn.Parameter(mytorch.zeros(3, 3))
    mytorch.nn.init.normal_(p)
    assert p.is_leaf and p.requires_grad and p._version == 1
    one, two = (
        mytorch.nn.init.kaiming_uniform_(mytorch.empty(3, 3), generator=mytorch.Generator().manual_seed(3))
        for _ in range(2)
    )
    assert mytorch.equal(one, two)
    with pytest.warns(FutureWarning, match="now deprecated in favor of `nn.init.xavier_uniform_`"):
        mytorch.nn.init.xavier_uniform(p)
    with pytest.warns(UserWarning, match="zero-element"):
        mytorch.nn.Linear(0, 3)


def test_gains():
    for name in ("linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"):
        assert mytorch.nn.init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name))
    assert mytorch.nn.init.calculate_gain("leaky_relu", 0.3) == pytest.approx(
        torch.nn.init.calculate_gain("leaky_relu", 0.3)
    )
