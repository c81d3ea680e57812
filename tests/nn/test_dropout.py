"""Dropout against PyTorch: what is dropped, how the rest is scaled."""

import math

import numpy as np
import pytest

import mytorch
from tests.referee import compare, torch

DROPOUTS = {
    "Dropout": (200, 300),
    "Dropout1d": (200, 300, 2),
    "Dropout2d": (200, 300, 2, 2),
    "Dropout3d": (50, 300, 2, 1, 2),
}


@pytest.mark.parametrize("name", DROPOUTS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_dropout(name, p):
    layer = getattr(mytorch.nn, name)(p)
    assert repr(layer) == repr(getattr(torch.nn, name)(p))
    x = mytorch.ones(DROPOUTS[name], requires_grad=True)
    y = layer(x)
    values = np.unique(y.detach().numpy())
    np.testing.assert_allclose(values, [0, 1 / (1 - p)], rtol=1e-6)
    share = float((y == 0).float().mean())
    assert abs(share - p) < 5 * math.sqrt(p * (1 - p) / (DROPOUTS[name][0] * 300))
    if y.ndim > 2:  # whole channels
        flat = y.detach().numpy().reshape(*y.shape[:2], -1)
        assert (flat == flat[:, :, :1]).all()
    y.sum().backward()
    assert mytorch.equal(x.grad, y.detach())
    layer.eval()
    assert layer(x) is x
    assert getattr(mytorch.nn, name)(0.0)(x) is x and not getattr(mytorch.nn, name)(1.0)(x).any()


def test_dropout_in_place_and_unbatched():
    x = mytorch.ones(1000)
    assert mytorch.nn.Dropout(0.5, inplace=True)(x) is x and set(x.tolist()) == {0.0, 2.0}
    y = mytorch.nn.functional.dropout1d(mytorch.ones(100, 5)).numpy()
    assert (y == y[:, :1]).all()
    with pytest.warns(UserWarning, match="Received a 3D input to dropout2d"):
        mytorch.nn.functional.dropout2d(mytorch.ones(2, 3, 4))


@pytest.mark.parametrize("name", ["Dropout", "AlphaDropout", "FeatureAlphaDropout"])
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_all_or_nothing_drops_also_integers_and_vectors(name, p):
    for x in (np.arange(3), np.arange(6).reshape(2, 3)):
        compare(lambda lib, x: getattr(lib.nn, name)(p)(x), [x])


@pytest.mark.parametrize("name", ["AlphaDropout", "FeatureAlphaDropout"])
def test_alpha_dropout_keeps_mean_and_variance(name):
    x = mytorch.randn(2000, 300)
    y = getattr(mytorch.nn, name)(0.2)(x)
    assert abs(y.mean().item()) < 0.02 and abs(y.std().item() - 1) < 0.02 and (y != x).all()
    assert repr(getattr(mytorch.nn, name)(0.2)) == repr(getattr(torch.nn, name)(0.2))
    assert not getattr(mytorch.nn, name)(1.0)(x).any() and getattr(mytorch.nn, name)(0.2).eval()(x) is x
    x.requires_grad_()
    assert getattr(mytorch.nn, name)(0.2, inplace=True).eval()(x) is x  # nothing is written
