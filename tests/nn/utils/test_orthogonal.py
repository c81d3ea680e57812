"""Orthogonal weights, against PyTorch."""

import numpy as np
import pytest

import mytorch
from mytorch.nn.utils import parametrizations
from tests.draws import draws
from tests.referee import torch

RNG = draws(0)

SHAPES = [(4, 4), (6, 3), (3, 6)]


def square(weight):
    """The product that is the identity."""
    return weight @ weight.mT if weight.shape[-2] <= weight.shape[-1] else weight.mT @ weight


@pytest.mark.parametrize("trivial", [True, False])
@pytest.mark.parametrize("map", ["matrix_exp", "cayley", "householder", None])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_orthogonal(shape, map, trivial):
    values = RNG.standard_normal(shape)
    layers = []
    for lib, parametrize in ((mytorch, parametrizations), (torch, torch.nn.utils.parametrizations)):
        layer = lib.nn.Linear(shape[1], shape[0], bias=False).double()
        layers.append(parametrize.orthogonal(layer, "weight", map, use_trivialization=trivial))
    layer, other = layers
    eye = np.eye(min(shape))
    np.testing.assert_allclose(square(layer.weight).detach().array, eye, atol=1e-12)
    assert [(k, v.shape) for k, v in layer.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in other.state_dict().items()
    ]
    # its numbers: the same map, the same gradient
    state = {k: v.numpy() for k, v in other.state_dict().items()}
    values = state["parametrizations.weight.original"] + 0.1 * np.tril(values, -1) + 0.1 * np.triu(values, 1)
    for lib, one in ((mytorch, layer), (torch, other)):
        one.load_state_dict(
            {k: lib.tensor(values if k.endswith("original") else v) for k, v in state.items()}
        )
        (one.weight**3).sum().backward()
    np.testing.assert_allclose(layer.weight.detach().array, other.weight.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(
        layer.parametrizations.weight.original.grad.array,
        other.parametrizations.weight.original.grad.numpy(),
        atol=1e-10,
    )


@pytest.mark.parametrize("map", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_assignment(shape, map):
    Q = np.linalg.qr(RNG.standard_normal((max(shape), min(shape))))[0]
    Q = Q if Q.shape == shape else Q.T
    layer = parametrizations.orthogonal(mytorch.nn.Linear(shape[1], shape[0]).double(), orthogonal_map=map)
    layer.weight = mytorch.tensor(Q.copy())
    np.testing.assert_allclose(layer.weight.detach().array, Q, atol=1e-12)
    mytorch.nn.init.orthogonal_(mytorch.empty(3, 3))


def test_refused():
    with pytest.raises(ValueError, match="has no parameter"):
        parametrizations.orthogonal(mytorch.nn.Linear(2, 2), "other")
    with pytest.raises(ValueError, match="Expected a matrix"):
        parametrizations.orthogonal(mytorch.nn.Linear(2, 2), "bias")
    with pytest.raises(ValueError, match="orthogonal_map has to be"):
        parametrizations.orthogonal(mytorch.nn.Linear(2, 2), orthogonal_map="exp")
    layer = parametrizations.orthogonal(mytorch.nn.Linear(2, 2), use_trivialization=False)
    with pytest.raises(NotImplementedError, match="use_trivialization=False"):
        layer.weight = mytorch.eye(2)
