"""Losses made of simpler operations: margins and rankings, divergences and likelihoods."""

from __future__ import annotations

import math
import warnings

from ...core.arrays import broadcast_shape, xp
from ...core.graph import wrap
from ...core.sums import summed
from ...kernels.sums import running_sum
from ..activation import logsigmoid
from ..binary import xlogy
from ..bounds import clamp_min, minimum
from ..composite import composite
from ..elementwise import check_floating, select
from ..transcendental import exp, log, sqrt
from .distance import pairwise_distance
from .loss_reduction import chosen, reduced
from .pointwise import bce_with_logits

# ---- margins -------------------------------------------------------------------------------------


@composite
def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction="mean"):
    """``input`` where ``target`` is 1, max(0, margin - input) where it is -1, reduced."""
    losses = select(target != 1, clamp_min(margin - input, 0), 0.0) + select(target != -1, input, 0.0)
    return reduced(losses, chosen(reduction, size_average, reduce))


@composite
def margin_ranking_loss(
    input1, input2, target, margin: float = 0, size_average=None, reduce=None, reduction="mean"
):
    """max(0, margin - target · (input1 - input2)), reduced.

    ``target`` is 1 where the first should rank higher, else -1.

    RuntimeError for inputs and targets of different numbers of dimensions.
    """
    reduction = chosen(reduction, size_average, reduce)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: "
            f"{input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return reduced(clamp_min(-target * (input1 - input2) + float(margin), 0), reduction)


@composite
def cosine_embedding_loss(
    input1, input2, target, margin: float = 0, size_average=None, reduce=None, reduction="mean"
):
    """1 - cos where ``target`` (N,) is 1, max(0, cos - margin) where it is -1, for inputs (N, D), reduced.

    RuntimeError for other shapes.
    """
    reduction = chosen(reduction, size_average, reduce)
    if target.ndim not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if input1.ndim != target.ndim + 1 or input2.ndim != target.ndim + 1:
        raise RuntimeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with "
            f"sizes {list(input1.shape)} and {list(input2.shape)}."
        )
    norms = sqrt(summed(input1 * input1, -1) + 1e-12) * sqrt(summed(input2 * input2, -1) + 1e-12)
    cos = summed(input1 * input2, -1) / norms
    return reduced(
        select(target == 1, 1 - cos, 0.0) + select(target == -1, clamp_min(cos - float(margin), 0), 0.0),
        reduction,
    )


def soft_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """log(1 + exp(-target · input)) with targets 1 and -1, reduced.

    RuntimeError unless ``target`` broadcasts to the shape of ``input``.
    """
    shape = broadcast_shape(input.shape, target.shape)
    if shape != tuple(input.shape):
        raise RuntimeError(
            f"output with shape {list(input.shape)} doesn't match the broadcast shape {list(shape)}"
        )
    return reduced(-logsigmoid(target * input), chosen(reduction, size_average, reduce))


def _positive(x):
    """``x`` where it is more than 0, else 0, also for nan: what counts in the margins of classes."""
    return select(x > 0, x, 0)


def _one_class(input, target, name):
    """Rows of scores (N, C) and their classes (N,), as arrays of targets."""
    if input.ndim > 2 or (input.ndim and input.shape[-1] == 0):
        raise RuntimeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(input.shape)}"
        )
    x = input.reshape(1, -1) if input.ndim < 2 else input
    t = target.array.reshape(-1)
    if target.ndim > 1 or t.size != x.shape[0]:
        raise RuntimeError(f"inconsistent target size, expected [{x.shape[0]}] but got {list(target.shape)}")
    if t.dtype != "int64":
        raise RuntimeError(f"{name}: expected target of dtype int64, got {target.dtype}")
    if ((t < 0) | (t >= x.shape[1])).any():
        raise RuntimeError("target out of range")
    return x, t


@composite
def multi_margin_loss(
    input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction="mean"
):
    """Σ over the wrong classes of max(0, margin - x[target] + x)ᵖ / C, times the target's weight, reduced.

    ``weight`` is (C,).

    ValueError unless p is 1 or 2, RuntimeError for a weight of another size.
    """
    reduction = chosen(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    check_floating(input, "multi_margin_loss")
    x, t = _one_class(input, target, "multi_margin_loss")
    if weight is not None and weight.numel() != x.shape[1]:
        raise RuntimeError(f"inconsistent weight size, expected {x.shape[1]} but got {list(weight.shape)}")
    rows = xp(t).arange(t.size)
    wrong = xp(t).ones(tuple(x.shape), x.array.dtype)
    wrong[rows, t] = 0
    losses = _positive(margin - x[rows, t][:, None] + x)
    losses = (losses if p == 1 else losses * losses) * wrong
    if weight is not None:
        losses = losses * weight[t][:, None]
    losses = summed(losses, 1) / x.shape[1]
    return reduced(losses.reshape(tuple(target.shape)), reduction)


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction="mean"):
    """Σ over right classes r and wrong classes w of max(0, 1 - x[r] + x[w]) / C, reduced.

    Each row of ``target`` (N, C) lists the right classes of that row of ``input`` (N, C), up to the first -1.
    RuntimeError for another shape or class.
    """
    reduction = chosen(reduction, size_average, reduce)
    check_floating(input, "multilabel_margin_loss")
    if input.shape == target.shape == ():
        input, target = input.reshape(1), target.reshape(1)
    if input.shape != target.shape or input.ndim not in (1, 2):
        raise RuntimeError(
            f"inconsistent target size: {list(target.shape)} for input of size: {list(input.shape)}"
        )
    x, t = input.reshape(-1, input.shape[-1]), target.array.reshape(-1, input.shape[-1])
    if ((t < -1) | (t >= x.shape[1])).any():
        raise RuntimeError("target out of range")
    listed = running_sum(t < 0, 1) == 0  # up to the first -1
    right = (listed[:, :, None] & (t[:, :, None] == xp(t).arange(x.shape[1]))).any(1)
    counted = listed[:, :, None] & ~right[:, None, :]
    # (N, C) scores of the listed classes
    picked = x[xp(t).arange(len(t))[:, None], xp(t).where(listed, t, 0)]
    losses = _positive(1 - picked[:, :, None] + x[:, None, :]) * counted.astype(x.array.dtype)
    return reduced((summed(losses, (1, 2)) / x.shape[1]).reshape(tuple(input.shape[:-1])), reduction)


def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction="mean"):
    """Binary cross entropy of sigmoid(input), times ``weight`` (C,), averaged over the classes, reduced.

    The classes are the last dimension.
    """
    losses = bce_with_logits(input, target, reduction="none")
    losses = losses if weight is None else losses * weight
    return reduced(summed(losses, -1) / input.shape[-1], chosen(reduction, size_average, reduce))


def triplet_margin_with_distance_loss(
    anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False, reduction="mean"
):
    """max(0, margin + distance(anchor, positive) - distance(anchor, negative)), reduced.

    ``swap``: the distance of positive and negative counts where it is smaller.
    ValueError unless the margin is positive, RuntimeError for inputs of different numbers of dimensions.
    """
    reduction = chosen(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, "
            f"but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D "
            "inputs"
        )
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(clamp_min(margin + near - far, 0), reduction)


@composite
def triplet_margin_loss(
    anchor,
    positive,
    negative,
    margin=1.0,
    p: float = 2,
    eps=1e-6,
    swap=False,
    size_average=None,
    reduce=None,
    reduction="mean",
):
    """max(0, margin + ‖anchor - positive‖ₚ - ‖anchor - negative‖ₚ) over the last dimension, reduced.

    https://bmva-archive.org.uk/bmvc/2016
    """
    return triplet_margin_with_distance_loss(
        anchor,
        positive,
        negative,
        distance_function=lambda a, b: pairwise_distance(a, b, p, eps),
        margin=margin,
        swap=swap,
        reduction=chosen(reduction, size_average, reduce),
    )


# ---- divergences and likelihoods -----------------------------------------------------------------


def kl_div(input, target, size_average=None, reduce=None, reduction="mean", log_target=False):
    """target · (log target - input) with ``input`` in logarithms, reduced; "batchmean" divides by N.

    ``log_target``: the target is in logarithms, too.

    RuntimeError for integers.
    """
    if reduction == "mean" and size_average is None and reduce is None:
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support "
            "size.'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next major release.",
            stacklevel=2,
        )
    if not input.is_floating_point() or (log_target and not target.is_floating_point()):
        raise RuntimeError(f"kl_div: Integral inputs not supported, got {input.dtype} and {target.dtype}")
    losses = exp(target) * (target - input) if log_target else xlogy(target, target) - target * input
    if reduction == "batchmean":
        return summed(losses) / input.shape[0] if input.ndim else summed(losses)
    return reduced(losses, chosen(reduction, size_average, reduce))


@composite
def poisson_nll_loss(
    input, target, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction="mean"
):
    """exp(input) - target · input, or without ``log_input`` input - target · log(input + eps), reduced.

    ``full`` adds Stirling's approximation of log(target!) where the target exceeds 1.
    """
    reduction = chosen(reduction, size_average, reduce)
    if log_input:  # 0 · infinity counts as 0, and exp(infinity) more than any multiple of it
        certain = (input == math.inf) | ((input == -math.inf) & (target == 0))
        rest = select(certain, 0, target * input)
        losses = exp(input) - rest
    else:
        losses = input - target * log(input + eps)
    if full:
        safe = clamp_min(target, 1)
        losses = losses + select(target > 1, safe * log(safe) - safe + 0.5 * log(2 * math.pi * safe), 0.0)
    return reduced(losses, reduction)


def gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction="mean"):
    """(log var + (input - target)² / var) / 2 with var at least ``eps``, reduced; ``full`` adds log(2π) / 2.

    ``var`` is a number, or a tensor of the shape of ``input`` or of that with the last dimension 1 or
    missing. ValueError otherwise.
    """
    if isinstance(var, (int, float)):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = input.detach() * 0 + var
    elif (var.array < 0).any():
        raise ValueError("var has negative entry/entries")
    a, b = tuple(input.shape), tuple(var.shape)
    if b != a:
        if a[:-1] == b:
            var = var[..., None]
        elif len(a) != len(b) or sum(n for m, n in zip(a, b) if m != n) != 1:
            raise ValueError("var is of incorrect size")
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(reduction + " is not valid")
    eps = eps.item() if hasattr(eps, "item") else eps
    # clamped outside of the graph: the gradient stays, as in torch
    number = var.array.dtype.type  # a float would make float32 of bfloat16
    var = var + wrap(xp(var.array).maximum(number(eps) - var.array, number(0)))
    losses = 0.5 * (log(var) + (input - target) ** 2 / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
