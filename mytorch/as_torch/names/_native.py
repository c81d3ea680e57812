"""``torch.native_layer_norm`` and its kin: layers that also return what their backward pass needs."""

from __future__ import annotations

from ...core.graph import wrap
from ...nn.dropout import random_like
from ...nn.functional import (
    batch_norm,
    channel_shuffle,
    dropout1d,
    dropout2d,
    dropout3d,
    group_norm,
    layer_norm,
)
from ...ops.statistics.variance import var_mean


def _statistics(x, dims, eps, keepdim=False):
    """The means, and the reciprocals of the standard deviations."""
    variance, mean = var_mean(x, dims, correction=0, keepdim=keepdim)
    return mean, (variance + eps).rsqrt()


def native_layer_norm(input, normalized_shape, weight, bias, eps):
    """What ``layer_norm`` gives, the means and the reciprocals of the standard deviations."""
    out = layer_norm(input, normalized_shape, weight, bias, eps)
    return (out, *_statistics(input, tuple(range(-len(normalized_shape), 0)), eps, keepdim=True))


def native_group_norm(input, weight, bias, N, C, HxW, group, eps):
    """What ``group_norm`` gives, the means and the reciprocals of the standard deviations, (N, group)."""
    out = group_norm(input, group, weight, bias, eps)
    return (out, *_statistics(input.reshape(N, group, C // group * HxW), -1, eps))


def native_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps):
    """What ``batch_norm`` gives, the means and the reciprocals of the standard deviations of the batch, which
    are empty if not ``training``.
    """
    out = batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)
    if not training:
        return out, input.new_empty(0), input.new_empty(0)
    return (out, *_statistics(input, (0, *range(2, input.ndim)), eps))


def native_dropout(input, p, train):
    """What ``dropout`` gives, and the mask of the elements that are kept."""
    keeps = input.new_ones(input.shape, dtype="bool")
    if not train:
        return input.clone(), keeps
    keeps = wrap(random_like(input) >= p)
    return input * keeps * (1 / (1 - p) if p < 1 else 0), keeps


def native_dropout_backward(grad_output, mask, scale):
    """The gradient of the input of :func:`native_dropout`."""
    return grad_output * mask * scale


def native_channel_shuffle(input, groups):
    """As ``channel_shuffle``."""
    return channel_shuffle(input, groups)


def feature_dropout(input, p, train):
    """Dropout of whole channels, the second dimension."""
    return {3: dropout1d, 4: dropout2d, 5: dropout3d}[input.ndim](input, p, train)
