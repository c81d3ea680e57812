"""Batch normalization, as in eval mode, folded into the layer before it."""

from __future__ import annotations

import copy

from ...tensors.creation import ones_like, zeros_like
from ..parameter import Parameter


def _scales(w, bn_rm, bn_rv, bn_eps, bn_w, bn_b, b):
    """The factor of each output channel, and the new bias."""
    b = zeros_like(bn_rm) if b is None else b
    bn_w = ones_like(bn_rm) if bn_w is None else bn_w
    bn_b = zeros_like(bn_rm) if bn_b is None else bn_b
    scale = bn_w * (bn_rv + bn_eps).rsqrt()
    return scale, (b - bn_rm) * scale + bn_b


def fuse_conv_bn_weights(conv_w, conv_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b, transpose=False):
    """Weight and bias of the convolution that also does the batch normalization.

    ``conv_w`` is (out, in, …), with ``transpose`` (in, out, …). None as a weight means ones, as a bias zeros.
    """
    scale, bias = _scales(conv_w, bn_rm, bn_rv, bn_eps, bn_w, bn_b, conv_b)
    shape = [1, -1] if transpose else [-1, 1]
    weight = conv_w * scale.reshape(*shape, *(1,) * (conv_w.ndim - 2))
    weight = Parameter(weight.to(conv_w.dtype).detach(), conv_w.requires_grad)
    return weight, Parameter(bias.detach(), conv_w.requires_grad)


def fuse_linear_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b):
    """Weight (out, in) and bias (out,) of the linear layer that also does the batch normalization."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)


def _fused(layer, bn, transpose):
    if layer.training or bn.training:
        raise AssertionError("Fusion only for eval!")
    fused = copy.deepcopy(layer)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_eval(conv, bn, transpose=False):
    """A convolution that computes bn(conv(x)) for inputs of any shape.

    AssertionError unless both are in eval mode.
    """
    return _fused(conv, bn, transpose)


def fuse_linear_bn_eval(linear, bn):
    """A linear layer that computes bn(linear(x)).

    AssertionError unless both are in eval mode and the sizes fit.
    """
    if linear.out_features != bn.num_features and bn.num_features != 1:
        raise AssertionError("To fuse, linear.out_features == bn.num_features or bn.num_features == 1")
    return _fused(linear, bn, False)
