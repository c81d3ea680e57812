"""Cross entropy and negative log-likelihood: from scores to the loss in a few passes over the array."""

from __future__ import annotations

import functools

import numpy

from ...core.arrays import ndarray, xp
from ...core.primitive import primitive
from ...core.sums import summed, wide
from ...kernels.sums import row_sums
from ..cast import in_float32
from ..elementwise import check_floating, widened
from ..softmax import exponentials_of_rows, log_softmax, shifted
from .class_targets import arrays_of, by_class, check_classes, class_rows, from_rows, without_classes
from .loss_reduction import chosen

_FEW = 32  # classes up to which NumPy is faster over the rows of one class than over the classes of one row

_SMALL = 1024  # elements up to which the order does not matter


# ---- negative log-likelihood ---------------------------------------------------------------------


@in_float32
def _nll_definition(x, target, weight=None, *, ignore_index, reduction):
    return _picked(by_class(x), without_classes(x.shape), target.array, weight, ignore_index, reduction)


def _picked(logp, shape, target, weight, ignore_index, reduction, smoothing=0.0):
    """The loss of rows of log-probabilities, in differentiable operations."""
    classes, dtype = logp.shape[1], logp.array.dtype
    weight = None if weight is None else weight.array
    t, w = class_rows(target, classes, ignore_index, weight, dtype)
    w = xp(t).ones(t.shape, dtype) if w is None else w
    losses = logp[_numbers(t), t] * -w
    if smoothing:
        every = summed(logp if weight is None else logp * weight, 1) * (
            target.reshape(-1) != ignore_index
        ).astype(dtype)
        losses = losses * (1 - smoothing) - every * (smoothing / classes)
    if reduction == "none":
        return losses.reshape(shape)
    return summed(losses) if reduction == "sum" else summed(losses) / summed(w)


@widened
def _nll_vjp(g, x, target, weight, ignore_index, reduction):
    rows = xp(x).zeros_like(by_class(x))
    t, w = class_rows(target, rows.shape[1], ignore_index, weight, x.dtype)
    rows[_numbers(t), t] = -_row_scale(g, t.size, w, reduction)
    return from_rows(rows, x.shape)


def _row_scale(g, count, w, reduction):
    """d loss / d (unweighted loss of a row), times ``g``: a number or one per row."""
    if reduction == "none":
        g = g.reshape(-1)
    elif reduction == "mean":
        g = g / (count if w is None else summed(w))
    # of ignored rows alone the mean is nan, but its gradient 0
    return g if w is None else xp(w).where(w != 0, g * w, w)


@primitive(composed=_nll_definition, x=_nll_vjp)
@widened
def nll(x, target, weight=None, *, ignore_index=-100, reduction="mean"):
    """Minus the log-probability ``x`` of the class ``target``; see :func:`nll_loss`."""
    if x.size <= _TINY and (places := _tiny_places(x, target, weight, ignore_index)) is not None:
        return -_tiny_reduced(x.ravel()[places], reduction)
    rows = by_class(x)
    t, w = class_rows(target, rows.shape[1], ignore_index, weight, x.dtype)
    losses = -rows[_numbers(t), t]
    return _reduced(losses, w, reduction, x.shape)


def _reduced(losses, w, reduction, shape):
    """The losses of the rows times their weights, reduced."""
    if w is not None:  # an ignored row counts nothing, even where its loss is infinite
        losses = xp(w).where(w != 0, losses * w, losses.dtype.type(0))
    return _divided(losses, w, reduction, shape)


def _divided(losses, w, reduction, shape):
    """The losses of scores of ``shape``, their sum, or that divided by the sum of the weights."""
    if reduction == "none":
        return losses.reshape(without_classes(shape))
    total = row_sums(losses)
    if reduction == "mean":
        return total / (losses.size if w is None else row_sums(w))
    return total


# ---- cross entropy -------------------------------------------------------------------------------


@in_float32
def _classes_definition(x, target, weight=None, *, ignore_index, reduction, label_smoothing):
    logp = by_class(log_softmax(x, dim=min(1, x.ndim - 1)))
    return _picked(
        logp, without_classes(x.shape), target.array, weight, ignore_index, reduction, label_smoothing
    )


def _scores(x):
    """Rows of scores, less their maximum where that counts, their exponentials and the sums of these."""
    z = by_class(x)
    z = z.astype(wide(z.dtype), copy=False)
    if z.shape[1] <= _FEW and z.size > _SMALL:
        z = xp(z).asfortranarray(z)
    elif z.shape[1] > _FEW and (found := exponentials_of_rows(z)):
        return z, *found
    z = shifted(xp(z).ascontiguousarray(z) if not z.flags.f_contiguous else z, 1)
    e = xp(z).exp(z)
    return z, e, row_sums(e) if e.flags.c_contiguous else summed(e, 1)


def _flat(rows):
    """The elements in the order of memory: a view."""
    return rows.reshape(-1, order="A")


def _places(rows, t):
    """Where in ``_flat(rows)`` the class ``t`` of each row is."""
    a, b = rows.strides[0] // rows.itemsize or 1, rows.strides[1] // rows.itemsize
    return (t if b == 1 else t * b) + _numbers(t, a)


def _numbers(t, step=1):
    """0, step, 2 · step, … for each entry of the vector ``t``."""
    if type(t) is ndarray and t.size <= _SMALL:
        return _kept_numbers(t.size, step)
    return xp(t).arange(0, t.size * step, step)


@functools.lru_cache(64)
def _kept_numbers(count, step):
    return numpy.arange(0, count * step, step)


def _in_dtype_of(array, x):
    """``array`` (or None) in the dtype of ``x``."""
    return array if array is None or array.dtype == x.dtype else array.astype(x.dtype)


def _classes_vjp(g, x, weight, e, total, places, w, valid, reduction, label_smoothing):
    """(softmax(x) - one-hot target) · g, divided by the number of rows where their mean is taken."""
    g = _in_dtype_of(g, e)
    scale = _row_scale(g, len(e), w, reduction)
    if label_smoothing:
        rows = _smoothed_rows(g, e, total, places, scale, weight, w, valid, reduction, label_smoothing)
    else:
        rows = e * (scale / total)[:, None]
        _flat(rows)[places] -= scale
    return _in_dtype_of(from_rows(rows, x.shape), x)


def _smoothed_rows(g, e, total, places, scale, weight, w, valid, reduction, smoothing):
    """The gradient where part of the one-hot is spread over all classes."""
    weight, classes = _in_dtype_of(weight, e), e.shape[1]
    spread = _row_scale(g, len(e), None, reduction) if w is None or reduction != "mean" else g / summed(w)
    spread = spread * (smoothing / classes)
    spread = spread if valid is None else xp(e).where(valid, spread, e.dtype.type(0))
    scale = scale * (1 - smoothing)
    share = scale + spread * (classes if weight is None else summed(weight))
    rows = e * (share / total)[:, None]
    _flat(rows)[places] -= scale
    rows -= (spread[:, None] if spread.ndim else spread) * (1 if weight is None else weight)
    return rows


@primitive(composed=_classes_definition, aux=("e", "total", "places", "w", "valid"), x=_classes_vjp)
def cross_entropy_of_classes(
    x, target, weight=None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    """-log softmax(x) at the class ``target``; see :func:`cross_entropy`."""
    if x.size <= _TINY and not label_smoothing:
        places = _tiny_places(x, target, weight, ignore_index)
        if places is not None:
            return _tiny_losses(x, places, reduction)
    z, e, total = _scores(x)
    weight, valid = _in_dtype_of(weight, z), None
    t, w = class_rows(target, z.shape[1], ignore_index, weight, z.dtype)
    places = _places(z, t)
    losses = xp(z).log(total) - _flat(z)[places]
    if label_smoothing:
        valid = None if w is None else target.reshape(-1) != ignore_index
        losses = _smoothed_losses(losses, z, total, weight, w, valid, label_smoothing)
        out = _divided(losses, w, reduction, x.shape)
    else:
        out = _reduced(losses, w, reduction, x.shape)
    return _in_dtype_of(out, x), e, total, places, w, valid


def _smoothed_losses(losses, z, total, weight, w, valid, smoothing):
    """(1 - smoothing) · the loss of the row's class + smoothing · the mean loss of all classes."""
    log_total = xp(z).log(total)
    if weight is None:
        every = log_total * z.shape[1] - summed(z, 1)
    else:
        every = log_total * summed(weight) - z @ weight
    losses = losses if w is None else losses * w
    losses = losses * (1 - smoothing) + every * (smoothing / z.shape[1])
    return losses if valid is None else xp(z).where(valid, losses, losses.dtype.type(0))


@in_float32
def _probabilities_definition(x, target, weight=None, *, reduction, label_smoothing):
    logp, y = by_class(log_softmax(x, dim=min(1, x.ndim - 1))), by_class(target)
    y = y * (1 - label_smoothing) + label_smoothing / max(logp.shape[1], 1)
    losses = -summed(logp * y if weight is None else logp * y * weight, 1)
    if reduction == "none":
        return losses.reshape(without_classes(x.shape))
    return summed(losses) if reduction == "sum" else summed(losses) / losses.shape[0]


def _smoothed_targets(target, weight, label_smoothing):
    y = by_class(target)
    if label_smoothing:
        y = y * (1 - label_smoothing) + label_smoothing / max(y.shape[1], 1)
    return y if weight is None else y * weight


def _probabilities_vjp(g, x, target, weight, e, total, needs, reduction, label_smoothing):
    """With the row's scale: (softmax · Σ target - target) to x, -log softmax to the target, and the sum of
    -target · log softmax to the weight.
    """
    kind, g, of_weight, weight = target.dtype, _in_dtype_of(g, e), weight, _in_dtype_of(weight, e)
    s = g.reshape(-1, 1) if reduction == "none" else g / len(e) if reduction == "mean" else g
    gx = gy = gw = None
    if needs[0]:
        y = _smoothed_targets(_in_dtype_of(target, e), weight, label_smoothing)
        gx = e * (summed(y, 1) / total)[:, None]
        gx -= y
        gx *= s
        gx = _in_dtype_of(from_rows(gx, x.shape), x)
    if needs[1] or needs[2]:
        losses = log_softmax(by_class(_in_dtype_of(x, e)), dim=1) * -s
    if needs[1]:
        gy = losses * (1 - label_smoothing)
        gy = from_rows(gy if weight is None else gy * weight, target.shape).astype(kind, copy=False)
    if needs[2]:
        y = _smoothed_targets(_in_dtype_of(target, e), None, label_smoothing)
        gw = _in_dtype_of(summed(y * losses, 0), of_weight)
    return gx, gy, gw


@primitive(composed=_probabilities_definition, aux=("e", "total"), joint=_probabilities_vjp)
def cross_entropy_of_probabilities(x, target, weight=None, *, reduction="mean", label_smoothing=0.0):
    """-Σ target · log softmax(x) over the classes; see :func:`cross_entropy`."""
    z, e, total = _scores(x)
    target, weight = _in_dtype_of(target, z), _in_dtype_of(weight, z)
    y = _smoothed_targets(target, weight, label_smoothing)
    losses = xp(z).log(total) * summed(y, 1) - summed(z * y, 1)
    return _in_dtype_of(_divided(losses, None, reduction, x.shape), x), e, total


# ---- few scores, in as few calls of NumPy's as may be --------------------------------------------

_TINY = 512  # elements
_INT64, _UINT64 = numpy.dtype("int64"), numpy.dtype("uint64")


def _tiny_places(x, target, weight, ignore_index):
    """Where in the scores ``x`` (N, C), as one row, the class of each row is. None where more is asked for:
    weights, classes to ignore, other shapes and kinds, classes out of range.
    """
    is_usual = (
        weight is None
        and type(x) is type(target) is ndarray
        and target.dtype is _INT64
        and x.dtype.char in "fd"
        and target.ndim == 1 < x.ndim < 3
        and target.size
        and x.flags.c_contiguous
    )
    if not is_usual:
        return None
    classes, unsigned = x.shape[1], target.view(_UINT64)  # below 0 is large
    if 0 <= ignore_index < classes or unsigned.item(unsigned.argmax()) >= classes:
        return None
    return target + _kept_numbers(target.size, classes)


def _tiny_losses(x, places, reduction):
    """What :func:`cross_entropy_of_classes` returns."""
    z = shifted(x, 1)
    e = numpy.exp(z)
    total = e.dot(_ones(x.shape[1], x.dtype))
    losses = numpy.log(total)
    losses -= z.ravel()[places]
    return _tiny_reduced(losses, reduction), e, total, places, None, None


def _tiny_reduced(losses, reduction):
    if reduction == "none":
        return losses
    total = losses.dot(_ones(losses.size, losses.dtype))
    return total / losses.size if reduction == "mean" else total


@functools.lru_cache(64)
def _ones(count, kind):
    return numpy.ones(count, kind)


# ---- what users call -----------------------------------------------------------------------------


def nll_loss(input, target, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction="mean"):
    """Minus the log-probability ``input`` (N, C, d1, …) of the class ``target`` (N, d1, …), reduced.

    ``target`` is int64; ``weight`` (C,) weighs the classes.

    Rows with ``ignore_index`` count nothing; "mean" divides by the sum of the weights. IndexError for a class
    out of range, ValueError or RuntimeError for shapes that differ.
    """
    reduction = chosen(reduction, size_average, reduce)
    check_floating(input, "nll_loss")
    check_classes(*arrays_of("nll_loss", input, target, weight))
    return nll(input, target, weight, ignore_index, reduction)


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
    distribution. IndexError for a class out of range, ValueError or RuntimeError for shapes that differ,
    NotImplementedError for scores that are integers.
    """
    reduction = chosen(reduction, size_average, reduce)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    x, t = arrays_of("cross_entropy_loss", input, target, weight)
    check_floating(x, "cross_entropy")
    if x.shape == t.shape:
        _check_probabilities(t, ignore_index)
        return cross_entropy_of_probabilities(input, target, weight, reduction, label_smoothing)
    check_classes(x, t)
    if label_smoothing and t.dtype == "uint8":
        raise RuntimeError("expected target dtype to be Long with label_smoothing, but got uint8")
    return cross_entropy_of_classes(input, target, weight, ignore_index, reduction, label_smoothing)


def _check_probabilities(t, ignore_index):
    if t.dtype.kind in "biuc":
        raise RuntimeError(f"Expected floating point type for target with class probabilities, got {t.dtype}")
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
