"""torch.nn.functional: what layers compute, as functions. Most are operations of ``ops``; here are those that draw random numbers or work in place."""

from __future__ import annotations

import warnings

from ..autograd.engine import wrap
from ..backend import device_of, xp
from ..ops import activation
from ..ops.activation import gelu, glu, hardshrink, logsigmoid, prelu, softplus, softshrink, softsign, tanhshrink
from ..ops.arithmetic import mul
from ..ops.conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..ops.cross_entropy import cross_entropy, nll_loss
from ..ops.ctc import ctc_loss
from ..ops.distance import cosine_similarity, normalize, pairwise_distance, pdist
from ..ops.elementwise import sigmoid, tanh
from ..ops.embedding import embedding, embedding_bag
from ..ops.fold import channel_shuffle, fold, pixel_shuffle, pixel_unshuffle, unfold
from ..ops.gather import one_hot
from ..ops.inplace import inplace as in_place
from ..ops.interpolate import interpolate, upsample
from ..ops.layer_norm import layer_norm, local_response_norm, rms_norm
from ..ops.linear import bilinear, linear
from ..ops.loss import (
    binary_cross_entropy, binary_cross_entropy_with_logits, huber_loss, l1_loss, mse_loss, smooth_l1_loss,
)  # fmt: skip
from ..ops.margin import (
    cosine_embedding_loss, gaussian_nll_loss, hinge_embedding_loss, kl_div, margin_ranking_loss, multi_margin_loss, multilabel_margin_loss,
    multilabel_soft_margin_loss, poisson_nll_loss, soft_margin_loss, triplet_margin_loss, triplet_margin_with_distance_loss,
)  # fmt: skip
from ..ops.norm import batch_norm, group_norm, instance_norm
from ..ops.padding import pad
from ..ops.pooling import (
    adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d, adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d, avg_pool1d,
    avg_pool2d, avg_pool3d, lp_pool1d, lp_pool2d, lp_pool3d, max_pool1d, max_pool2d, max_pool3d, max_unpool1d, max_unpool2d, max_unpool3d,
)  # fmt: skip
from ..random import default_generator

# ---- activations that also work in place ------------------------------------------------------------------------------------

relu_, leaky_relu_, elu_, celu_, selu_ = map(in_place, (activation.relu, activation.leaky_relu, activation.elu, activation.celu, activation.selu))
hardtanh_, threshold_ = in_place(activation.hardtanh), in_place(activation.threshold)
_silu_, _mish_, _relu6_, _hardsigmoid_, _hardswish_ = map(
    in_place, (activation.silu, activation.mish, activation.relu6, activation.hardsigmoid, activation.hardswish)
)


def relu(input, inplace=False):
    """max(x, 0), elementwise; the gradient at 0 is 0."""
    return relu_(input) if inplace else activation.relu(input)


def leaky_relu(input, negative_slope=0.01, inplace=False):
    """x where it is positive, else negative_slope · x, elementwise."""
    return (leaky_relu_ if inplace else activation.leaky_relu)(input, negative_slope=negative_slope)


def elu(input, alpha=1.0, inplace=False):
    """x where it is positive, else alpha · (exp(x) - 1), elementwise (https://arxiv.org/abs/1511.07289)."""
    return (elu_ if inplace else activation.elu)(input, alpha)


def celu(input, alpha=1.0, inplace=False):
    """x where it is positive, else alpha · (exp(x / alpha) - 1), elementwise (https://arxiv.org/abs/1704.07483)."""
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


def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """x where it is positive, else a · x: in training a is drawn for each element from [lower, upper], otherwise it is their mean.

    https://arxiv.org/abs/1505.00853
    """
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, got lower={lower} and upper={upper}")
    if not training:
        return leaky_relu(input, (lower + upper) / 2, inplace)
    slopes = _random(input) * (upper - lower) + lower
    slopes[input.array > 0] = 1
    return _times(input, slopes, inplace)


rrelu_ = in_place(rrelu)


# ---- softmax ----------------------------------------------------------------------------------------------------------------


def _dimension(name, input, dim):
    """``dim``, or torch's old choice of one, with its warning."""
    if dim is None:
        warnings.warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.", stacklevel=4)
        dim = 0 if input.ndim in (0, 1, 3) else 1
    return dim


def softmax(input, dim=None, _stacklevel=3, dtype=None):
    """exp(x) / Σ exp(x) over ``dim``, without overflow."""
    return activation.softmax(input, dim=_dimension("softmax", input, dim), dtype=dtype)


def softmin(input, dim=None, _stacklevel=3, dtype=None):
    """softmax(-x) over ``dim``."""
    return activation.softmax(-input, dim=_dimension("softmin", input, dim), dtype=dtype)


def log_softmax(input, dim=None, _stacklevel=3, dtype=None):
    """x - log Σ exp(x) over ``dim``, without overflow."""
    return activation.log_softmax(input, dim=_dimension("log_softmax", input, dim), dtype=dtype)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A sample of the Gumbel-softmax distribution (https://arxiv.org/abs/1611.00712); ``hard``: one-hot, with the gradient of the soft one."""
    u = _random(logits)
    noise = -xp(u).log(-xp(u).log(xp(u).maximum(u, xp(u).finfo(u.dtype).tiny)))
    soft = activation.softmax((logits + noise) / tau, dim=dim)
    if not hard:
        return soft
    one_hot = xp(u).zeros_like(soft.array)
    xp(u).put_along_axis(one_hot, xp(u).expand_dims(soft.array.argmax(dim), dim), 1, dim)
    return soft - soft.detach() + one_hot


# ---- dropout ------------------------------------------------------------------------------------------------------------------


def _random(like, shape=None):
    """Uniform numbers in [0, 1) of the dtype and in the place of ``like``."""
    array = like.array
    dtype = array.dtype if array.dtype in ("float32", "float64") else "float32"
    values = default_generator.on(device_of(array)).random(array.shape if shape is None else shape, dtype)
    return values.astype(array.dtype, copy=False)


def _times(input, factors, inplace):
    return _mul_(input, factors) if inplace else mul(input, factors)


_mul_ = in_place(mul)


def _check_probability(p):
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _drop(input, p, training, inplace, shape=None):
    """``input`` times 0 with probability ``p``, else times 1 / (1 - p); ``shape`` broadcasts against it: what has one fate."""
    _check_probability(p)
    if not training or p == 0 or input.array.size == 0:
        return input
    kept = _random(input, shape) >= p
    return _times(input, kept.astype(input.array.dtype) * input.array.dtype.type(1 / (1 - p) if p < 1 else 0), inplace)


def dropout(input, p=0.5, training=True, inplace=False):
    """Zero each element with probability ``p`` and scale the rest by 1 / (1 - p); the input itself when not training."""
    return _drop(input, p, training, inplace)


def _drop_channels(input, p, training, inplace, batched=True):
    shape = tuple(input.shape)
    lead = 2 if batched else 1
    return _drop(input, p, training, inplace, shape[:lead] + (1,) * (len(shape) - lead))


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, L) or (C, L) with probability ``p`` and scale the rest by 1 / (1 - p)."""
    _check_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. It drops channels of (N, C, L) or (C, L).")
    return _drop_channels(input, p, training, inplace, input.ndim == 3)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, H, W) with probability ``p`` and scale the rest by 1 / (1 - p). Warns for other inputs, as torch does."""
    _check_probability(p)
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated and will result in an error in a future release. "
            "To retain the behavior and silence this warning, please use dropout instead.",
            stacklevel=2,
        )
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input is interpreted as "
            "shape (N, C, L), where C is the channel dim.",
            stacklevel=2,
        )
    if input.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return _drop_channels(input, p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W) with probability ``p`` and scale the rest by 1 / (1 - p)."""
    _check_probability(p)
    if input.ndim not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {input.ndim}-D input to dropout3d, which is deprecated and will result in an error in a future release. "
            "To retain the behavior and silence this warning, please use dropout instead.",
            stacklevel=2,
        )
    return _drop_channels(input, p, training, inplace, input.ndim == 5)


def _alpha_drop(input, p, training, shape=None):
    """Dropout to the negative limit of SELU instead of 0, then scaled and shifted so that mean and variance stay."""
    _check_probability(p)
    if not training or p == 0 or input.array.size == 0:
        return input
    if p == 1:
        return input * 0
    limit = -1.7580993408473766  # the limit of selu for x -> -inf
    a = ((1 - p) * (1 + p * limit**2)) ** -0.5
    kept = (_random(input, shape) >= p).astype(input.array.dtype)
    return input * (kept * input.array.dtype.type(a)) + ((1 - kept) * (limit * a) - limit * a * p)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout for SELU networks: mean and variance stay (https://arxiv.org/abs/1706.02515)."""
    return _alpha_drop_(input, p, training) if inplace else _alpha_drop(input, p, training)


_alpha_drop_ = in_place(_alpha_drop)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Alpha dropout of whole channels (dimension 1)."""
    shape = tuple(input.shape)
    if len(shape) < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape = shape[:2] + (1,) * (len(shape) - 2)
    return _alpha_drop_(input, p, training, shape) if inplace else _alpha_drop(input, p, training, shape)
