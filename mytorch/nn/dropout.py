"""Dropout: in training, zero a random part of the input. The functions, then the layers."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from ..core.arrays import device_of, xp
from ..core.scalar_arguments import as_number
from ..ops.arithmetic import mul
from ..ops.elementwise import check_real
from ..ops.inplace import inplace as in_place
from ..tensors.generator import default_generator
from .module import Module


def random_like(like, shape=None):
    """Uniform numbers in [0, 1) with the dtype and device of ``like``, and its shape by default."""
    array = like.array
    dtype = array.dtype if array.dtype in ("float32", "float64") else "float32"
    values = default_generator.on(device_of(array)).random(array.shape if shape is None else shape, dtype)
    return values.astype(array.dtype, copy=False)


def scaled(input, factors, inplace):
    """``input`` · ``factors``, an array, written into ``input`` if ``inplace``."""
    return _mul_(input, factors) if inplace else mul(input, factors)


_mul_ = in_place(mul)


def check_probability(p):
    """ValueError unless ``p`` is in [0, 1]."""
    if not 0 <= as_number(p, "dropout", "p") <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _check_floating(input):
    check_real(input, "dropout")
    if not input.is_floating_point():
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {input.dtype}: dropout takes "
            "floating-point numbers"
        )


def _drop(input, p, training, inplace, shape=None):
    """``input`` times 0 with probability ``p``, else times 1 / (1 - p). The factors have ``shape``, which
    broadcasts against the input's.
    """
    check_probability(p)
    if not training or p == 0 or input.array.size == 0:
        return input
    if p == 1:
        return scaled(input, xp(input.array).zeros((), input.array.dtype), inplace)
    _check_floating(input)
    kept = random_like(input, shape) >= p
    return scaled(input, kept.astype(input.array.dtype) * input.array.dtype.type(1 / (1 - p)), inplace)


def dropout(input, p=0.5, training=True, inplace=False):
    """Zero each element with probability ``p`` and scale the others by 1 / (1 - p) if ``training``."""
    return _drop(input, p, training, inplace)


def _drop_channels(input, p, training, inplace, batched=True):
    shape = tuple(input.shape)
    lead = 2 if batched else 1
    return _drop(input, p, training, inplace, shape[:lead] + (1,) * (len(shape) - lead))


def dropout1d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, L) or (C, L) with probability ``p`` and scale the others by 1 / (1 - p).

    RuntimeError for other shapes.
    """
    check_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. It drops channels of "
            "(N, C, L) or (C, L)."
        )
    return _drop_channels(input, p, training, inplace, input.ndim == 3)


def dropout2d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, H, W) with probability ``p`` and scale the others by 1 / (1 - p).

    Warns for other shapes, as torch does. RuntimeError for fewer than two dimensions.
    """
    check_probability(p)
    if input.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: Received a {input.ndim}-D input to dropout2d, which is deprecated and will result "
            "in an error in a future release. To retain the behavior and silence this warning, please use "
            "dropout instead. Note that dropout2d exists to provide channel-wise dropout on inputs with 2 "
            "spatial dimensions, a channel dimension, and an optional batch dimension "
            "(i.e. 3D or 4D inputs).",
            stacklevel=2,
        )
    if input.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior "
            "is desired - input is interpreted as shape (N, C, L), where C is the channel dim.",
            stacklevel=2,
        )
    if input.ndim < 2 and training and 0 < p < 1:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return _drop_channels(input, p, training, inplace)


def dropout3d(input, p=0.5, training=True, inplace=False):
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W) with probability ``p``, as :func:`dropout2d`."""
    check_probability(p)
    if input.ndim not in (4, 5):
        warnings.warn(
            f"dropout3d: Received a {input.ndim}-D input to dropout3d, which is deprecated and will result "
            "in an error in a future release. To retain the behavior and silence this warning, please use "
            "dropout instead. Note that dropout3d exists to provide channel-wise dropout on inputs with 3 "
            "spatial dimensions, a channel dimension, and an optional batch dimension "
            "(i.e. 4D or 5D inputs).",
            stacklevel=2,
        )
    return _drop_channels(input, p, training, inplace, input.ndim == 5)


def _alpha_drop(input, p, training, shape=None):
    """Dropout to the negative limit of SELU instead of 0, scaled and shifted to keep mean and variance."""
    check_probability(p)
    if not training or p == 0 or input.array.size == 0:
        return input
    if p == 1:
        return input * 0
    _check_floating(input)
    limit = -1.7580993408473766  # the limit of selu for x -> -inf
    a = ((1 - p) * (1 + p * limit**2)) ** -0.5
    number = input.array.dtype.type
    kept = (random_like(input, shape) >= p).astype(number)
    return input * (kept * number(a)) + ((1 - kept) * number(limit * a) - number(limit * a * p))


def alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Dropout of single elements that keeps mean and variance, for SELU networks
    (https://arxiv.org/abs/1706.02515).
    """
    drop = _alpha_drop_ if inplace and training else _alpha_drop
    return drop(input, p, training)


_alpha_drop_ = in_place(_alpha_drop)


def feature_alpha_dropout(input, p=0.5, training=False, inplace=False):
    """Alpha dropout of whole channels (dimension 1). RuntimeError for fewer than two dimensions."""
    shape = tuple(input.shape)
    if len(shape) < 2 and training and 0 < p < 1:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    shape = shape[:2] + (1,) * (len(shape) - 2)
    drop = _alpha_drop_ if inplace and training else _alpha_drop
    return drop(input, p, training, shape)


# ---- layers --------------------------------------------------------------------------------------


class _Dropout(Module):
    _mytorch_function: Callable

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p, self.inplace = p, inplace

    def forward(self, input):
        """``input`` with dropout in training mode, ``input`` itself in eval mode."""
        return self._mytorch_function(input, self.p, self.training, self.inplace)

    def extra_repr(self):
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zero each element with probability ``p``, scale the others by 1 / (1 - p); nothing in eval mode.

    https://arxiv.org/abs/1207.0580

    Args:
        p (float): the probability of zeroing an element, in [0, 1]
        inplace (bool): whether to write the result into the memory of the input

    Shape:
        any; the result has the shape of the input

    Example:
        >>> layer = nn.Dropout(p=0.5)
        >>> layer.eval()(mytorch.ones(3))
        tensor([1., 1., 1.])
        >>> sorted(set(layer.train()(mytorch.ones(1000)).tolist()))
        [0.0, 2.0]
    """

    _mytorch_function = staticmethod(dropout)


class Dropout1d(_Dropout):
    """Zero whole channels of (N, C, L) or (C, L) with probability ``p``.

    Args:
        p (float): the probability of zeroing a channel, in [0, 1]

    Example:
        >>> nn.Dropout1d()(mytorch.ones(2, 3, 4)).shape
        mytorch.Size([2, 3, 4])
    """

    _mytorch_function = staticmethod(dropout1d)


class Dropout2d(_Dropout):
    """Zero whole channels of (N, C, H, W) with probability ``p``.

    Args:
        p (float): the probability of zeroing a channel, in [0, 1]

    Example:
        >>> nn.Dropout2d()(mytorch.ones(2, 3, 4, 4)).shape
        mytorch.Size([2, 3, 4, 4])
    """

    _mytorch_function = staticmethod(dropout2d)


class Dropout3d(_Dropout):
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W) with probability ``p``.

    Args:
        p (float): the probability of zeroing a channel, in [0, 1]

    Example:
        >>> nn.Dropout3d()(mytorch.ones(2, 3, 4, 4, 4)).shape
        mytorch.Size([2, 3, 4, 4, 4])
    """

    _mytorch_function = staticmethod(dropout3d)


class AlphaDropout(_Dropout):
    """Dropout for SELU networks that keeps mean and variance (https://arxiv.org/abs/1706.02515).

    Args:
        p (float): the probability of dropping an element, in [0, 1]

    Example:
        >>> nn.AlphaDropout()(mytorch.ones(2, 3)).shape
        mytorch.Size([2, 3])
    """

    _mytorch_function = staticmethod(alpha_dropout)


class FeatureAlphaDropout(_Dropout):
    """Alpha dropout of whole channels.

    Args:
        p (float): the probability of dropping a channel, in [0, 1]

    Example:
        >>> nn.FeatureAlphaDropout()(mytorch.ones(2, 3, 4)).shape
        mytorch.Size([2, 3, 4])
    """

    _mytorch_function = staticmethod(feature_alpha_dropout)
