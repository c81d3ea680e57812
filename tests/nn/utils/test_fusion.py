"""Normalization folded into the layer before it."""

import numpy as np
import pytest

import mytorch
from mytorch.nn.utils import fuse_conv_bn_eval, fuse_linear_bn_eval


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
