# ruff: noqa: F401, I001  (names, several a line)
"""torch.nn.functional: what layers compute, as functions. Names, and activations that also work in place."""

from __future__ import annotations

import warnings

from ..core.graph import Variable as _Variable
from ..ops import activation, softmax as softmax_ops
from ..ops.activation import (
    gelu,
    glu,
    hardshrink,
    logsigmoid,
    prelu,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
)
from ..ops.spatial.conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..ops.losses.cross_entropy import cross_entropy, nll_loss
from ..ops.losses.ctc import ctc_loss
from ..ops.losses.linear_cross_entropy import linear_cross_entropy
from ..ops.losses.distance import cosine_similarity, normalize, pairwise_distance, pdist
from ..ops.transcendental import sigmoid, tanh
from ..ops.layers.embedding import embedding, embedding_bag
from ..ops.spatial.fold import channel_shuffle, fold, pixel_shuffle, pixel_unshuffle, unfold
from ..ops.gather import one_hot
from ..ops.spatial.grid import affine_grid, grid_sample
from ..ops.composite import takes_tensors as _takes_tensors
from ..ops.inplace import inplace as _in_place
from ..ops.spatial.interpolate import interpolate, upsample, upsample_bilinear, upsample_nearest
from ..ops.layers.layer_norm import layer_norm, local_response_norm, rms_norm
from ..ops.layers.linear import bilinear, linear
from ..ops.losses.pointwise import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from ..ops.losses.composite import (
    cosine_embedding_loss,
    gaussian_nll_loss,
    hinge_embedding_loss,
    kl_div,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from ..ops.layers.batch_norm import batch_norm, instance_norm
from ..ops.layers.group_norm import group_norm
from ..ops.spatial.padding import pad
from ..ops.spatial.pooling import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool2d_with_indices,
    max_pool3d,
    max_pool3d_with_indices,
)
from .multihead_attention import multi_head_attention_forward, scaled_dot_product_attention
from ..ops.spatial.adaptive_pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d,
    adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d,
    adaptive_max_pool3d_with_indices,
)
from ..ops.spatial.unpooling import max_unpool1d, max_unpool2d, max_unpool3d
from .fractional import (
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
)
from .dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from .random_activation import gumbel_softmax, rrelu, rrelu_
from ..tensors.public_names import lookup as _lookup
from ..tensors.public_names import publish as _publish

# ---- activations that also work in place ---------------------------------------------------------

relu_, leaky_relu_, elu_, celu_, selu_ = map(
    _in_place, (activation.relu, activation.leaky_relu, activation.elu, activation.celu, activation.selu)
)
hardtanh_, threshold_ = _in_place(activation.hardtanh), _in_place(activation.threshold)
_silu_, _mish_, _relu6_, _hardsigmoid_, _hardswish_ = map(
    _in_place,
    (activation.silu, activation.mish, activation.relu6, activation.hardsigmoid, activation.hardswish),
)


def relu(input, inplace=False):
    """max(x, 0), elementwise; the gradient at 0 is 0."""
    return relu_(input) if inplace else activation.relu(input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x where it is positive, else negative_slope · x, elementwise."""
    return (leaky_relu_ if inplace else activation.leaky_relu)(input, negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """x where it is positive, else alpha · (exp(x) - 1), elementwise (https://arxiv.org/abs/1511.07289)."""
    return (elu_ if inplace else activation.elu)(input, alpha)


def celu(input, alpha=1.0, inplace=False):
    """x where it is positive, else alpha · (exp(x / alpha) - 1), elementwise.

    https://arxiv.org/abs/1704.07483
    """
    return (celu_ if inplace else activation.celu)(input, alpha)


def selu(input, inplace=False):
    """1.0507… · elu(x, 1.6732…), elementwise (https://arxiv.org/abs/1706.02515)."""
    return (selu_ if inplace else activation.selu)(input)


def silu(input, inplace=False):
    """x · sigmoid(x), elementwise (https://arxiv.org/abs/1606.08415)."""
    return (_silu_ if inplace else activation.silu)(input)


def mish(input, inplace=False):
    """x · tanh(softplus(x)), elementwise (https://arxiv.org/abs/1908.08681)."""
    return (_mish_ if inplace else activation.mish)(input)


def hardtanh(input, min_val=-1.0, max_val=1.0, inplace=False):
    """x limited to [min_val, max_val], elementwise. ValueError if min_val exceeds max_val."""
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return (hardtanh_ if inplace else activation.hardtanh)(input, min_val=min_val, max_val=max_val)


def relu6(input, inplace=False):
    """x limited to [0, 6], elementwise."""
    return (_relu6_ if inplace else activation.relu6)(input)


def hardsigmoid(input, inplace=False):
    """x / 6 + 1/2 limited to [0, 1], elementwise."""
    return (_hardsigmoid_ if inplace else activation.hardsigmoid)(input)


def hardswish(input, inplace=False):
    """x · hardsigmoid(x), elementwise (https://arxiv.org/abs/1905.02244)."""
    return (_hardswish_ if inplace else activation.hardswish)(input)


def threshold(input, threshold, value, inplace=False):
    """x where it exceeds ``threshold``, else ``value``, elementwise."""
    return (threshold_ if inplace else activation.threshold)(input, threshold=threshold, value=value)


# ---- softmax -------------------------------------------------------------------------------------


def _dimension(name, input):
    """torch's deprecated default, with a warning."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. "
        "Change the call to include dim=X as an argument.",
        stacklevel=4,
    )
    if not isinstance(input, _Variable):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    return 0 if input.ndim in (0, 1, 3) else 1


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """exp(x) / Σ exp(x) over ``dim``, without overflow."""
    dim = _dimension("softmax", input) if dim is None else dim
    return softmax_ops.softmax(input, dim=dim, dtype=dtype)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax(-x) over ``dim``."""
    dim = _dimension("softmin", input) if dim is None else dim
    return softmax_ops.softmax(-input, dim=dim, dtype=dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """x - log Σ exp(x) over ``dim``, without overflow."""
    dim = _dimension("log_softmax", input) if dim is None else dim
    return softmax_ops.log_softmax(input, dim=dim, dtype=dtype)


# those that are written here are operations and their in-place forms, which see to it themselves
globals().update(
    (name, _takes_tensors(value))
    for name, value in list(globals().items())
    if not name.startswith("_") and getattr(value, "__module__", __name__) != __name__
)
__all__ = [name for name, value in globals().items() if callable(value) and not name.startswith("_")]
_publish(__name__)
__getattr__ = _lookup(__name__)
