"""Losses of pairs of numbers, each in one operation: squared and absolute errors, binary cross entropy."""

from __future__ import annotations

import warnings

import numpy

from ...core.arrays import as_array, xp
from ...core.primitive import primitive
from ...core.sums import summed
from ...kernels.blocks import log_one_plus
from ...kernels.elementwise import extremes, keep
from ..activation import softplus
from ..arithmetic import refuse_booleans
from ..bounds import clamp
from ..elementwise import widened
from ..promotion import operand, promoted
from ..rounding import sgn
from ..transcendental import log, sigmoid
from .loss_reduction import chosen, reduced, reduced_vjp


def _pair(name):
    """``prepare``: the common dtype, which has to be floating point. None stays."""

    def prepare(arrays):
        given = iter(promoted([a for a in arrays if a is not None]))
        arrays = [None if a is None else next(given) for a in arrays]
        if arrays[0].dtype.kind in "biuc":
            raise NotImplementedError(
                f'"{name}" not implemented for {arrays[0].dtype}: it takes floating-point numbers'
            )
        return arrays

    return prepare


# ---- regression ----------------------------------------------------------------------------------


def _mse_vjp(g, x, target, reduction):
    d = x - target
    return d * (2 * reduced_vjp(g, d.shape, reduction))


@primitive(
    broadcasts=True,
    prepare=_pair("mse_cpu"),
    x=_mse_vjp,
    target=lambda g, x, target, reduction: -_mse_vjp(g, x, target, reduction),
)
@widened
def mse(x, target, *, reduction="mean"):
    """(x - target)², reduced."""
    d = x - target
    if reduction == "none":
        d *= d
        return d
    flat = d.reshape(-1)
    total = flat @ flat
    return total if reduction == "sum" else total / total.dtype.type(d.size)


def _l1_vjp(g, x, target, reduction):
    d = x - target
    return sgn(d) * reduced_vjp(g, d.shape, reduction)


@primitive(
    complex=True,
    broadcasts=True,
    prepare=promoted,
    x=_l1_vjp,
    target=lambda g, x, target, reduction: -_l1_vjp(g, x, target, reduction),
)
@widened
def l1(x, target, *, reduction="mean"):
    """|x - target|, reduced."""
    if reduction == "mean" and x.dtype.kind in "biu":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {x.dtype}"
        )
    losses = xp(x).abs(x - target)
    return reduced(
        losses.astype("int64") if losses.dtype.kind == "u" and reduction == "sum" else losses, reduction
    )


def _huber_vjp(g, x, target, reduction, delta, scale):
    d = x - target
    return clamp(d, -delta, delta) * (reduced_vjp(g, d.shape, reduction) * scale)


@primitive(
    broadcasts=True,
    prepare=_pair("huber_cpu"),
    x=_huber_vjp,
    target=lambda g, x, target, reduction, delta, scale: -_huber_vjp(g, x, target, reduction, delta, scale),
)
@widened
def huber(x, target, *, reduction="mean", delta=1.0, scale=1.0):
    """scale · (d² / 2 where |d| < delta, else delta · (|d| - delta / 2)) with d = x - target, reduced."""
    d = xp(x).abs(x - target)
    return reduced(
        xp(x).where(d < delta, d * d * (0.5 * scale), (d - 0.5 * delta) * (delta * scale)), reduction
    )


# ---- yes or no -----------------------------------------------------------------------------------


_LEAST = 9.999999960041972e-13  # 1e-12 in float32, as in torch's kernel


def _bce_vjp(g, x, target, weight, reduction):
    d = (x - target) / clamp(x * (1 - x), _LEAST) * reduced_vjp(g, x.shape, reduction)
    return d if weight is None else d * weight


def _bce_target_vjp(g, x, target, weight, reduction):
    d = (log(1 - x) - log(x)) * reduced_vjp(g, x.shape, reduction)
    return d if weight is None else d * weight


@primitive(broadcasts=True, x=_bce_vjp, target=_bce_target_vjp)
@widened
def bce(x, target, weight=None, *, reduction="mean"):
    """-(target · log x + (1 - target) · log(1 - x)) · weight, reduced; the logarithms are at least -100."""
    module, lowest = xp(x), operand(-100, x)
    for name, values in (("input", x), ("target", target)) if module is numpy and x.size else ():
        least, most = extremes(values)
        if not (least >= 0 and most <= 1):
            raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    losses = (target - operand(1, x)) * module.maximum(module.log1p(-x), lowest)
    losses -= target * module.maximum(module.log(x), lowest)
    return as_array(reduced(losses if weight is None else losses * weight, reduction))


def _weighed(weight, losses):
    """weight · losses, and 0 where the weight is 0, also of an infinite loss."""
    product = weight * losses
    if type(product) is numpy.ndarray and product.size and not numpy.isnan(product.max()):
        return product  # no 0 · inf
    if weight.shape != losses.shape:
        weight = xp(losses).broadcast_to(weight, losses.shape)
    return keep(product, (weight != 0) | (losses != losses))


def _logits_vjp(g, x, target, weight, pos_weight, reduction):
    s = sigmoid(x)
    d = s - target if pos_weight is None else (pos_weight * target + 1 - target) * s - pos_weight * target
    d = d * reduced_vjp(g, d.shape, reduction)
    return d if weight is None else d * weight


def _logits_target_vjp(g, x, target, weight, pos_weight, reduction):
    d = -x if pos_weight is None else (pos_weight - 1) * softplus(-x) - x
    d = d * reduced_vjp(g, x.shape, reduction)
    return d if weight is None else d * weight


@primitive(broadcasts=True, prepare=_pair("bce_with_logits"), x=_logits_vjp, target=_logits_target_vjp)
@widened
def bce_with_logits(x, target, weight=None, pos_weight=None, *, reduction="mean"):
    """Binary cross entropy of sigmoid(x), without overflow, reduced.

    (1 - target) · x + (1 + (pos_weight - 1) · target) · log(1 + exp(-x))
    """
    losses = log_one_plus(xp(x).exp(-xp(x).abs(x)))  # log(1 + exp(-x)) = this + max(-x, 0)
    if pos_weight is None:
        losses += _weighed(xp(x).subtract(x > 0, target), x)  # (1 - target) · x + max(-x, 0)
    else:
        losses = _weighed(1 - target, losses + xp(x).maximum(x, 0)) + _weighed(
            pos_weight * target, losses + xp(x).maximum(-x, 0)
        )
    return as_array(reduced(losses if weight is None else losses * weight, reduction))


# ---- what users call -----------------------------------------------------------------------------


def _warn_of_sizes(input, target):
    if input.array.shape != target.array.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size "
            f"({input.shape}). This will likely lead to incorrect results "
            "due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )


def _weighted(losses, input, weight, reduction, by_weight):
    """``losses`` times ``weight``, reduced.

    The mean divides by the sum of the weights (``by_weight``) or by their number.
    """
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    losses = losses * weight
    if reduction == "mean" and by_weight:
        return summed(losses) / summed(weight)
    return reduced(losses, reduction)


def mse_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """(input - target)², reduced. ``weight``, of the same shape, weighs the elements.

    Warns if the shapes differ (they broadcast).
    """
    _warn_of_sizes(input, target)
    reduction = chosen(reduction, size_average, reduce)
    if weight is None:
        return mse(input, target, reduction=reduction)
    return _weighted(mse(input, target, reduction="none"), input, weight, reduction, True)


def l1_loss(input, target, size_average=None, reduce=None, reduction="mean", weight=None):
    """|input - target|, reduced. ``weight``, of the same shape, weighs the elements.

    Warns if the shapes differ (they broadcast).
    """
    _warn_of_sizes(input, target)
    refuse_booleans((input, target))
    reduction = chosen(reduction, size_average, reduce)
    if weight is None:
        return l1(input, target, reduction=reduction)
    return _weighted(l1(input, target, reduction="none"), input, weight, reduction, True)


def smooth_l1_loss(input, target, size_average=None, reduce=None, reduction="mean", beta=1.0):
    """d² / (2 beta) where |d| < beta, else |d| - beta / 2, with d = input - target, reduced.

    RuntimeError for a negative ``beta``.
    """
    _warn_of_sizes(input, target)
    reduction = chosen(reduction, size_average, reduce)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    return (
        l1(input, target, reduction=reduction)
        if beta == 0
        else huber(input, target, reduction=reduction, delta=beta, scale=1 / beta)
    )


def huber_loss(input, target, reduction="mean", delta=1.0, weight=None):
    """d² / 2 where |d| < delta, else delta · (|d| - delta / 2), with d = input - target, reduced.

    RuntimeError unless delta is positive.
    """
    _warn_of_sizes(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    if weight is None:
        return huber(input, target, reduction=chosen(reduction), delta=delta)
    return _weighted(
        huber(input, target, reduction="none", delta=delta), input, weight, chosen(reduction), False
    )


def binary_cross_entropy(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """-(target · log(input) + (1 - target) · log(1 - input)) · weight, reduced; ``weight`` broadcasts.

    The logarithms are at least -100. ValueError for other shapes, RuntimeError for input outside of [0, 1].
    """
    reduction = chosen(reduction, size_average, reduce)
    if target.array.shape != input.array.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is "
            "deprecated. Please ensure they have the same size."
        )
    if target.array.dtype != input.array.dtype:
        raise RuntimeError(f"Found dtype {target.dtype} but expected {input.dtype}")
    return bce(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input, target, weight=None, size_average=None, reduce=None, reduction="mean", pos_weight=None
):
    """Binary cross entropy of sigmoid(input), without overflow, reduced.

    ``pos_weight`` (broadcast) weighs the positive part, ``weight`` all.

    ValueError if the shapes of input and target differ. RuntimeError for a target of integers.
    """
    reduction = chosen(reduction, size_average, reduce)
    if target.array.shape != input.array.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    if target.array.dtype.kind in "biu":
        raise RuntimeError(
            f"binary_cross_entropy_with_logits takes a floating-point target, got {target.dtype}"
        )
    return bce_with_logits(input, target, weight, pos_weight, reduction=reduction)
