"""Cross entropy and negative log-likelihood: from scores to the loss in a few passes over the array."""

from __future__ import annotations

import math

import numpy

from ...core.arrays import largest, xp
from ...core.graph import Variable
from ...core.primitive import primitive
from ...core.sums import summed, wide
from ..elementwise import check_floating, widened
from ..permute import movedim
from ..softmax import log_softmax
from .loss_reduction import chosen

_INT64, _UINT64 = numpy.dtype("int64"), numpy.dtype("uint64")
_INDICES = {_INT64, numpy.dtype("uint8")}
_FEW = 32  # classes up to which NumPy is faster over the rows of one class than over the classes of one row


# ---- targets -------------------------------------------------------------------------------------


def _by_class(x):
    """``x`` (C,), (N, C) or (N, C, d1, …) as rows of classes (M, C)."""
    if len(x.shape) == 2:
        return x
    return x.reshape(1, -1) if len(x.shape) == 1 else movedim(x, 1, -1).reshape(-1, x.shape[1])


def _without_classes(shape):
    """The shape of the losses of scores of ``shape``."""
    return tuple(shape[:1]) + tuple(shape[2:]) if len(shape) > 1 else ()


def _from_rows(rows, shape):
    """The reverse of :func:`_by_class`."""
    if len(shape) <= 2:
        return rows.reshape(shape)
    return movedim(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def _rows(target, classes, ignore_index, weight, dtype):
    """The class of each row, and the weight of each row (None if all count 1).

    IndexError for a class that does not exist.
    """
    t, module = target.reshape(-1), xp(target)
    t = t if t.dtype == _INT64 else t.astype(_INT64)
    w = None
    if (
        module is not numpy
        or 0 <= ignore_index < classes
        or (t.size and int(t.view(_UINT64).max()) >= classes)
    ):
        valid = t != ignore_index
        outside = valid & ((t < 0) | (t >= classes))
        if module is numpy and outside.any():
            raise IndexError(f"Target {t[outside][0]} is out of bounds.")
        w = valid.astype(dtype)
        if module is not numpy:  # asking the GPU here would make the host wait: the loss becomes nan
            w[outside] = math.nan
        t = module.where(valid & ~outside, t, 0)
    if weight is not None:
        w = weight[t] if w is None else weight[t] * w
    return t, w


def _check_classes(x, target):
    """Raise what torch raises for arrays of scores and of class indices that do not fit."""
    shape, sizes = x.shape, target.shape
    if target.dtype not in _INDICES:
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype}")
    if len(shape) < 2:
        if len(sizes) > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if sizes not in ((), (1,)):
            raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {sizes[0]}")
    elif not sizes or shape[0] != sizes[0]:
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({sizes[0] if sizes else 1})."
        )
    elif len(shape) == 2 and len(sizes) > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif len(shape) > 2 and target.dtype == "uint8":
        raise RuntimeError(
            "expected target dtype to be Long for inputs of more than two dimensions, but got uint8"
        )
    elif shape[2:] != sizes[1:]:
        raise RuntimeError(f"Expected target size {[shape[0], *shape[2:]]}, got {list(sizes)}")


def _arrays(name, input, target, weight):
    """The arrays of the tensors, checked as far as classes and probabilities have in common."""
    if not (isinstance(input, Variable) and isinstance(target, Variable)):
        position, key, value = (2, "target", target) if isinstance(input, Variable) else (1, "input", input)
        raise TypeError(
            f"{name}(): argument '{key}' (position {position}) must be Tensor, not {type(value).__name__}"
        )
    x = input.array
    if not x.ndim:
        raise ValueError(
            f"{name}() expects an input with classes, (C), (N, C) or (N, C, d1, ...), got a 0-d tensor"
        )
    if weight is not None:
        if weight.array.shape != (classes := x.shape[min(1, x.ndim - 1) :][:1]):
            raise RuntimeError(
                f"weight tensor should be defined either for all {classes[0]} classes or no classes "
                "but got weight tensor of shape: "
                f"{list(weight.shape)}"
            )
        if weight.array.dtype != x.dtype:
            raise RuntimeError(f"expected a class weight of {x.dtype} but found {weight.array.dtype}")
    return x, target.array


# ---- negative log-likelihood ---------------------------------------------------------------------


def _nll_definition(x, target, weight=None, *, ignore_index, reduction):
    return _picked(_by_class(x), _without_classes(x.shape), target.array, weight, ignore_index, reduction)


def _picked(logp, shape, target, weight, ignore_index, reduction, smoothing=0.0):
    """The loss of rows of log-probabilities, in differentiable operations."""
    classes, dtype = logp.shape[1], logp.array.dtype
    weight = None if weight is None else weight.array
    t, w = _rows(target, classes, ignore_index, weight, dtype)
    w = xp(t).ones(t.shape, dtype) if w is None else w
    losses = logp[xp(t).arange(t.size), t] * -w
    if smoothing:
        every = summed(logp if weight is None else logp * weight, 1) * (
            target.reshape(-1) != ignore_index
        ).astype(dtype)
        losses = losses * (1 - smoothing) - every * (smoothing / classes)
    if reduction == "none":
        return losses.reshape(shape)
    return summed(losses) if reduction == "sum" else summed(losses) / summed(w)


@widened
def _nll_gradient(g, x, target, weight, ignore_index, reduction):
    rows = xp(x).zeros_like(_by_class(x))
    t, w = _rows(target, rows.shape[1], ignore_index, weight, x.dtype)
    rows[xp(x).arange(t.size), t] = -_row_scale(g, t.size, w, reduction)
    return _from_rows(rows, x.shape)


def _row_scale(g, count, w, reduction):
    """d loss / d (unweighted loss of a row), times ``g``: a number or one per row."""
    if reduction == "none":
        g = g.reshape(-1)
    elif reduction == "mean":
        g = g / (count if w is None else summed(w))
    # of ignored rows alone the mean is nan, but its gradient 0
    return g if w is None else xp(w).where(w != 0, g * w, w)


@primitive(composed=_nll_definition, x=_nll_gradient)
@widened
def nll(x, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """Minus the log-probability ``x`` of the class ``target``; see :func:`nll_loss`."""
    rows = _by_class(x)
    t, w = _rows(target, rows.shape[1], ignore_index, weight, x.dtype)
    losses = -rows[xp(x).arange(t.size), t]
    return _reduced(losses, w, reduction, _without_classes(x.shape))


def _reduced(losses, w, reduction, shape):
    if w is not None:  # an ignored row counts nothing, even where its loss is infinite
        losses = xp(w).where(w != 0, losses * w, losses.dtype.type(0))
    if reduction == "none":
        return losses.reshape(shape)
    return _averaged(losses, w) if reduction == "mean" else summed(losses)


def _averaged(losses, w=None):
    return summed(losses) / (losses.dtype.type(losses.size) if w is None else summed(w))


# ---- cross entropy -------------------------------------------------------------------------------


def _classes_definition(x, target, weight=None, *, ignore_index, reduction, label_smoothing):
    logp = _by_class(log_softmax(x, dim=min(1, x.ndim - 1)))
    return _picked(
        logp, _without_classes(x.shape), target.array, weight, ignore_index, reduction, label_smoothing
    )


def _scores(x):
    """Rows of (scores less their maximum), their exponentials and the sums of these.

    16-bit scores are summed in 32 bits.
    """
    z = _by_class(x)
    z = z.astype(wide(z.dtype), copy=False)
    if z.shape[1] <= _FEW:
        z = xp(z).asfortranarray(z)
    z = z - largest(z, 1, True, -math.inf)
    e = xp(z).exp(z)
    return z, e, summed(e, 1)


def _flat(rows):
    """The elements in the order of memory: a view."""
    return rows.reshape(-1, order="A")


def _places(rows, t):
    """Where in ``_flat(rows)`` the class ``t`` of each row is."""
    a, b = rows.strides[0] // rows.itemsize or 1, rows.strides[1] // rows.itemsize
    return t * b + xp(t).arange(0, t.size * a, a)


def _kind(array, x):
    """``array`` (or None) in the dtype of the scores ``x``."""
    return array if array is None or array.dtype == x.dtype else array.astype(x.dtype)


def _classes_gradient(g, x, weight, e, total, places, w, valid, reduction, label_smoothing):
    """(softmax - one-hot) · scale of the row; smoothing spreads part of the one-hot over all classes."""
    g, weight = _kind(g, e), _kind(weight, e)
    s, spread = _row_scale(g, len(e), w, reduction), None
    share = s
    if label_smoothing:
        classes = e.shape[1]
        spread = _row_scale(g, len(e), None, reduction) if w is None or reduction != "mean" else g / summed(w)
        spread = spread * (label_smoothing / classes)
        spread = spread if valid is None else xp(e).where(valid, spread, e.dtype.type(0))
        s = s * (1 - label_smoothing)
        share = s + spread * (classes if weight is None else summed(weight))
    rows = e * (share / total)[:, None]
    _flat(rows)[places] -= s
    if spread is not None:
        rows -= (
            spread[:, None] * (1 if weight is None else weight)
            if spread.ndim
            else spread * (1 if weight is None else weight)
        )
    return _kind(_from_rows(rows, x.shape), x)


@primitive(composed=_classes_definition, aux=("e", "total", "places", "w", "valid"), x=_classes_gradient)
def cross_entropy_of_classes(
    x, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """-log softmax(x) at the class ``target``; see :func:`cross_entropy`."""
    z, e, total = _scores(x)
    weight = _kind(weight, z)
    t, w = _rows(target, z.shape[1], ignore_index, weight, z.dtype)
    places = _places(z, t)
    log_total, valid = xp(z).log(total), None
    losses = log_total - _flat(z)[places]
    if not label_smoothing:
        return _kind(_reduced(losses, w, reduction, _without_classes(x.shape)), x), e, total, places, w, valid
    if w is not None:
        losses = losses * w
        valid = target.reshape(-1) != ignore_index
    every = log_total * (z.shape[1] if weight is None else summed(weight)) - (
        summed(z, 1) if weight is None else z @ weight
    )
    losses = losses * (1 - label_smoothing) + every * (label_smoothing / z.shape[1])
    if valid is not None:
        losses = xp(z).where(valid, losses, losses.dtype.type(0))
    if reduction == "none":
        out = losses.reshape(_without_classes(x.shape))
    else:
        out = _averaged(losses, w) if reduction == "mean" else summed(losses)
    return _kind(out, x), e, total, places, w, valid


def _probabilities_definition(x, target, weight=None, *, reduction, label_smoothing):
    logp, y = _by_class(log_softmax(x, dim=min(1, x.ndim - 1))), _by_class(target)
    y = y * (1 - label_smoothing) + label_smoothing / logp.shape[1]
    losses = -summed(logp * y if weight is None else logp * y * weight, 1)
    if reduction == "none":
        return losses.reshape(_without_classes(x.shape))
    return summed(losses) if reduction == "sum" else summed(losses) / losses.shape[0]


def _smoothed(target, weight, label_smoothing):
    y = _by_class(target)
    if label_smoothing:
        y = y * (1 - label_smoothing) + label_smoothing / y.shape[1]
    return y if weight is None else y * weight


def _probabilities_gradients(g, x, target, weight, e, total, needs, reduction, label_smoothing):
    kind, g, weight = target.dtype, _kind(g, e), _kind(weight, e)
    s = g.reshape(-1, 1) if reduction == "none" else g / len(e) if reduction == "mean" else g
    gx = gy = None
    if needs[0]:
        y = _smoothed(_kind(target, e), weight, label_smoothing)
        gx = e * (summed(y, 1) / total)[:, None]
        gx -= y
        gx *= s
        gx = _kind(_from_rows(gx, x.shape), x)
    if needs[1]:
        z = _by_class(_kind(x, e))
        logp = z - z.max(1, keepdims=True) - xp(e).log(total)[:, None]
        gy = logp * (s * (label_smoothing - 1))
        gy = _from_rows(gy if weight is None else gy * weight, target.shape).astype(kind, copy=False)
    return gx, gy, None


@primitive(composed=_probabilities_definition, aux=("e", "total"), joint=_probabilities_gradients)
def cross_entropy_of_probabilities(x, target, weight=None, *, reduction="mean", label_smoothing=0.0):
    """-Σ target · log softmax(x) over the classes; see :func:`cross_entropy`."""
    z, e, total = _scores(x)
    target, weight = _kind(target, z), _kind(weight, z)
    y = _smoothed(target, weight, label_smoothing)
    losses = xp(z).log(total) * summed(y, 1) - summed(z * y, 1)
    if reduction == "none":
        out = losses.reshape(_without_classes(x.shape))
    else:
        out = _averaged(losses) if reduction == "mean" else summed(losses)
    return _kind(out, x), e, total


# ---- what users call -----------------------------------------------------------------------------


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """Minus the log-probability of the class ``target`` (int64, (N, d1, …)) in ``input`` (N, C, d1, …), times
    ``weight`` (C,) of the class.

    Rows with ``ignore_index`` count nothing; "mean" divides by the sum of the weights. IndexError for a class
    out of range, ValueError or RuntimeError for shapes that do not match.
    """
    reduction = chosen(reduction, size_average, reduce)
    check_floating(input, "nll_loss")
    _check_classes(*_arrays("nll_loss", input, target, weight))
    return nll(input, target, weight, ignore_index=ignore_index, reduction=reduction)


def cross_entropy(
    input,
    target,
    weight=None,
    size_average=None,
    ignore_index=-100,
    reduce=None,
    reduction="mean",
    label_smoothing=0.0,
):
    """Cross entropy of the scores ``input`` (C,), (N, C) or (N, C, d1, …) with ``target``.

    ``target`` holds class indices (int64, (N, d1, …)) or probabilities (the shape and kind of ``input``).
    ``weight`` (C,) weighs the classes; rows with ``ignore_index`` count nothing; "mean" divides by the sum of
    the weights (of probabilities: by N · d1 · …). ``label_smoothing`` mixes the target with the uniform
    distribution. IndexError for a class out of range, ValueError or RuntimeError for what does not match.
    """
    reduction = chosen(reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    x, t = _arrays("cross_entropy_loss", input, target, weight)
    if x.shape != t.shape:
        _check_classes(x, t)
        if label_smoothing and t.dtype == "uint8":
            raise RuntimeError("expected target dtype to be Long with label_smoothing, but got uint8")
        return cross_entropy_of_classes(
            input,
            target,
            weight,
            ignore_index=ignore_index,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )
    if t.dtype.kind in "biuc":
        raise RuntimeError(f"Expected floating point type for target with class probabilities, got {t.dtype}")
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    return cross_entropy_of_probabilities(
        input, target, weight, reduction=reduction, label_smoothing=label_smoothing
    )
