"""Functions that draw random numbers: dropout of all kinds, random slopes, samples of the Gumbel-softmax
distribution.
"""

from __future__ import annotations

import warnings

import numpy

from ..core.arrays import as_array, device_of, xp
from ..core.scalar_arguments import as_number
from ..ops.activation import leaky_relu
from ..ops.arithmetic import mul
from ..ops.inplace import inplace as in_place
from ..ops.softmax import softmax
from ..tensors.generator import default_generator


def random_like(like, shape=None):
    """Uniform numbers in [0, 1) of the dtype and in the place of ``like``."""
    array = like.array
    dtype = array.dtype if array.dtype in ("float32", "float64") else "float32"
    values = default_generator.on(device_of(array)).random(array.shape if shape is None else shape, dtype)
    return values.astype(array.dtype, copy=False)


def _times(input, factors, inplace):
    return _mul_(input, factors) if inplace else mul(input, factors)


_mul_ = in_place(mul)


def check_probability(p):
    if not 0 <= as_number(p, "dropout", "p") <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _refuse_integers(input):
    if not input.is_floating_point() and not input.is_complex():
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {input.dtype}: dropout takes "
            "floating-point numbers"
        )


def _drop(input, p, training, inplace, shape=None):
    """``input`` times 0 with probability ``p``, else times 1 / (1 - p); ``shape`` broadcasts against it: what
    has one fate.
    """
    check_probability(p)
    if not training or p == 0 or input.array.size == 0:
        return input
    if p == 1:
        return _times(input, xp(input.array).zeros((), input.array.dtype), inplace)
    _refuse_integers(input)
    kept = random_like(input, shape) >= p
    return _times(input, kept.astype(input.array.dtype) * input.array.dtype.type(1 / (1 - p)), inplace)


def dropout(input, p=0.5, training=True, inplace=False):
    """Zero each element with probability ``p`` and scale the rest by 1 / (1 - p); the input itself when not
    training.
    """
    return _drop(input, p, training, inplace)


def _drop_channels(input, p, training, inplace, batched=True):
    shape = tuple(input.shape)
    lead = 2 if batched else 1
    return _drop(input, p, training, inplace, shape[:lead] + (1,) * (len(shape) - lead))


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, L) or (C, L) with probability ``p`` and scale the rest by 1 / (1 - p).

    RuntimeError for other shapes.
    """
    check_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. It drops "
            "channels of (N, C, L) or (C, L)."
        )
    return _drop_channels(input, p, training, inplace, input.ndim == 3)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, H, W) with probability ``p`` and scale the rest by 1 / (1 - p). Warns for
    other inputs, as torch does.

    RuntimeError for fewer than two dimensions.
    """
    check_probability(p)
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated and will "
            "result in an error in a future release. "
            "To retain the behavior and silence this warning, please use dropout instead. Note that "
            "dropout2d exists to provide channel-wise "
            "dropout on inputs with 2 spatial dimensions, a channel dimension, and an optional batch "
            "dimension (i.e. 3D or 4D inputs).",
            stacklevel=2,
        )
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as "
            "shape (N, C, L), where C is the channel dim.",
            stacklevel=2,
        )
    if input.ndim < 2 and training and 0 < p < 1:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return _drop_channels(input, p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W) with probability ``p`` and scale the rest by 1 /
    (1 - p).
    """
    check_probability(p)
    if input.ndim not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {input.ndim}-D input to dropout3d, which is deprecated and will "
            "result in an error in a future release. "
            "To retain the behavior and silence this warning, please use dropout instead. Note that "
            "dropout3d exists to provide channel-wise "
            "dropout on inputs with 3 spatial dimensions, a channel dimension, and an optional batch "
            "dimension (i.e. 4D or 5D inputs).",
            stacklevel=2,
        )
    return _drop_channels(input, p, training, inplace, input.ndim == 5)


def _alpha_drop(input, p, training, shape=None):
    """Dropout to the negative limit of SELU instead of 0, then scaled and shifted so that mean and variance
    stay.
    """
    check_probability(p)
    if not training or p == 0 or input.array.size == 0:
        return input
    if p == 1:
        return input * 0
    _refuse_integers(input)
    limit = -1.7580993408473766  # the limit of selu for x -> -inf
    a = ((1 - p) * (1 + p * limit**2)) ** -0.5
    kept = (random_like(input, shape) >= p).astype(input.array.dtype)
    return input * (kept * input.array.dtype.type(a)) + ((1 - kept) * (limit * a) - limit * a * p)


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout for SELU networks: mean and variance stay (https://arxiv.org/abs/1706.02515).

    For any shape; each element is drawn on its own.
    """
    return _alpha_drop_(input, p, training) if inplace and training else _alpha_drop(input, p, training)


_alpha_drop_ = in_place(_alpha_drop)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Alpha dropout of whole channels (dimension 1). RuntimeError for fewer than two dimensions."""
    shape = tuple(input.shape)
    if len(shape) < 2 and training and 0 < p < 1:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape = shape[:2] + (1,) * (len(shape) - 2)
    return (
        _alpha_drop_(input, p, training, shape)
        if inplace and training
        else _alpha_drop(input, p, training, shape)
    )


# ---- other functions of chance -------------------------------------------------------------------


_leaky_relu_ = in_place(leaky_relu)


@numpy.errstate(all="ignore")  # what overflows is infinite
def rrelu(input, lower=1.0 / 8, upper=1.0 / 3, training=False, inplace=False):
    """x where it is positive, else a · x: in training a is drawn for each element from [lower, upper],
    otherwise it is their mean.

    https://arxiv.org/abs/1505.00853 RuntimeError if lower > upper.
    """
    if lower > upper:
        raise RuntimeError(
            f"Lower bound should be less than or equal to the upper bound, got lower={lower} and "
            f"upper={upper}"
        )
    if not training:
        return (_leaky_relu_ if inplace else leaky_relu)(input, negative_slope=(lower + upper) / 2)
    slopes = as_array(random_like(input) * (upper - lower) + lower).astype(input.array.dtype, copy=False)
    slopes[input.array > 0] = 1
    return _times(input, slopes, inplace)


rrelu_ = in_place(rrelu)


def gumbel_softmax(logits, tau=1, hard=False, eps=1e-10, dim=-1):
    """A sample of the Gumbel-softmax distribution (https://arxiv.org/abs/1611.00712); ``hard``: one-hot, with
    the gradient of the soft one.
    """
    u = random_like(logits)
    limits = xp(u).finfo(u.dtype)
    # 16-bit numbers may be rounded to 1
    noise = -xp(u).log(-xp(u).log(xp(u).clip(u, limits.tiny, 1 - limits.epsneg)))
    soft = softmax((logits + noise) / tau, dim=dim)
    if not hard:
        return soft
    one_hot = xp(u).zeros_like(soft.array)
    xp(u).put_along_axis(one_hot, xp(u).expand_dims(soft.array.argmax(dim), dim), 1, dim)
    return soft - soft.detach() + one_hot
