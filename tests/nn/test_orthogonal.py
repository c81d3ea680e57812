"""Orthogonal weights, normalization folded into layers, synchronized batch norm."""

import numpy as np
import pytest

import mytorch
from mytorch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval, parametrizations, skip_init
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


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("transpose", [True, False])
def test_fusion(bias, transpose):
    nn = mytorch.nn
    layer = (nn.ConvTranspose2d if transpose else nn.Conv2d)(3, 4, 2, bias=bias)
    bn, x = nn.BatchNorm2d(4), mytorch.randn(2, 3, 5, 5)
    for _ in range(3):
        bn(layer(mytorch.randn(8, 3, 5, 5)))
    with pytest.raises(AssertionError, match="eval"):
        fuse_conv_bn_eval(layer, bn)
    layer.eval(), bn.eval()
    fused = fuse_conv_bn_eval(layer, bn, transpose)
    np.testing.assert_allclose(fused(x).detach().array, bn(layer(x)).detach().array, atol=1e-5)
    linear, norm = nn.Linear(3, 4, bias=bias).eval(), nn.BatchNorm1d(4)
    norm(mytorch.randn(9, 4)), norm.eval()
    np.testing.assert_allclose(
        fuse_linear_bn_eval(linear, norm)(x[:, :, 0, 0]).detach().array,
        norm(linear(x[:, :, 0, 0])).detach().array,
        atol=1e-5,
    )
    with pytest.raises(AssertionError, match="num_features"):
        fuse_linear_bn_eval(linear, nn.BatchNorm1d(3).eval())


def test_synchronized_batch_norm_is_batch_norm_on_one_process():
    nn = mytorch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Sequential(nn.BatchNorm2d(2, affine=False))
    )
    x = mytorch.randn(4, 1, 3, 3)
    before = model(x)
    keys = list(model.state_dict())
    converted = nn.SyncBatchNorm.convert_sync_batchnorm(model)
    assert (
        list(converted.state_dict()) == keys
        and type(converted[1]) is nn.SyncBatchNorm
        and type(converted[2][0]) is nn.SyncBatchNorm
    )
    np.testing.assert_allclose(converted(x).detach().array, before.detach().array, atol=1e-6)
    assert type(nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(3))) is nn.SyncBatchNorm
    with pytest.raises(ValueError, match="at least 2D"):
        nn.SyncBatchNorm(3)(mytorch.ones(3))


def test_skip_init():
    assert skip_init(mytorch.nn.Linear, 3, 4).weight.shape == (4, 3)
    with pytest.raises(RuntimeError, match="device"):
        skip_init(mytorch.nn.ReLU)
