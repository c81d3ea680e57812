"""Scores and their targets: rows of classes, class indices, and what does not fit."""

from __future__ import annotations

import math

import numpy

from ...core.arrays import xp
from ...core.graph import Variable
from ..permute import movedim

_INT64 = numpy.dtype("int64")
_INDICES = {_INT64, numpy.dtype("uint8")}


def by_class(x):
    """``x`` (C,), (N, C) or (N, C, d1, …) as rows of classes (M, C)."""
    if len(x.shape) == 2:
        return x
    return x.reshape(1, -1) if len(x.shape) == 1 else movedim(x, 1, -1).reshape(-1, x.shape[1])


def without_classes(shape):
    """The shape of the losses of scores of ``shape``."""
    return tuple(shape[:1]) + tuple(shape[2:]) if len(shape) > 1 else ()


def from_rows(rows, shape):
    """The reverse of :func:`by_class`."""
    if len(shape) <= 2:
        return rows.reshape(shape)
    return movedim(rows.reshape(shape[0], *shape[2:], shape[1]), -1, 1)


def class_rows(target, classes, ignore_index, weight, dtype):
    """The class of each row as int64, and the weight of each row (None if all count 1).

    IndexError for a class that does not exist.
    """
    t = target if target.ndim == 1 else target.reshape(-1)
    t = t if t.dtype == _INT64 else t.astype(_INT64)
    if not 0 <= ignore_index < classes and all_below.get(type(t), _not_asked)(t, classes):
        return t, None if weight is None else xp(t).take(weight, t, 0)
    return _marked_rows(t, classes, ignore_index, weight, dtype)


def _all_below(t, classes):
    """Whether all of the int64 ``t`` are in range(classes)."""
    return not t.size or (t[t.argmax()] < classes and t[t.argmin()] >= 0)


def _not_asked(t, classes):
    """What a GPU would have to be waited for."""
    return False


# by the type of array: ``func/operation_rules.py`` adds batched ones
all_below: dict = {numpy.ndarray: _all_below}


def _marked_rows(t, classes, ignore_index, weight, dtype):
    """:func:`class_rows` where some may be ignored or out of range: those have the class 0 and the weight 0.

    A GPU is not asked whether a class is out of range, since the host would wait: its weight, and so the
    loss, is nan.
    """
    module = xp(t)
    valid = t != ignore_index
    outside = valid & ((t < 0) | (t >= classes))
    w = valid.astype(dtype)
    if module is not numpy:
        w[outside] = math.nan
    elif outside.any():
        raise IndexError(f"Target {t[outside][0]} is out of bounds.")
    t = module.where(valid & ~outside, t, 0)
    return t, w if weight is None else module.take(weight, t, 0) * w


def check_classes(x, target):
    """Raise what torch raises for arrays of scores and of class indices that do not fit."""
    shape, sizes = x.shape, target.shape
    usual = len(sizes) == 1 and len(shape) == 2 and sizes[0] == shape[0] and target.dtype is _INT64
    if not usual and (target.dtype != _INT64 or len(shape) < 2 or sizes != (shape[0], *shape[2:])):
        _check_others(shape, sizes, target)


def _check_others(shape, sizes, target):
    """The checks of all but int64 classes (N, d1, …) for scores (N, C, d1, …)."""
    if target.dtype not in _INDICES:
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {target.dtype}")
    if len(shape) < 2:
        _check_one_row(sizes)
    elif not sizes or shape[0] != sizes[0]:
        count = sizes[0] if sizes else 1
        raise ValueError(f"Expected input batch_size ({shape[0]}) to match target batch_size ({count}).")
    elif len(shape) == 2 and len(sizes) > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif len(shape) > 2 and target.dtype == "uint8":
        raise RuntimeError(
            "expected target dtype to be Long for inputs of more than two dimensions, but got uint8"
        )
    elif shape[2:] != sizes[1:]:
        raise RuntimeError(f"Expected target size {[shape[0], *shape[2:]]}, got {list(sizes)}")


def _check_one_row(sizes):
    if len(sizes) > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if sizes not in ((), (1,)):
        raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {sizes[0]}")


def arrays_of(name, input, target, weight):
    """The arrays of the tensors, checked as far as classes and probabilities have in common."""
    if not (isinstance(input, Variable) and isinstance(target, Variable)):
        _refuse_others(name, input, target)
    x = input.array
    if not x.ndim:
        raise ValueError(
            f"{name}() expects an input with classes, (C), (N, C) or (N, C, d1, ...), got a 0-d tensor"
        )
    if weight is not None:
        _check_weight(x, weight)
    return x, target.array


def _refuse_others(name, input, target):
    position, key, value = (2, "target", target) if isinstance(input, Variable) else (1, "input", input)
    raise TypeError(
        f"{name}(): argument '{key}' (position {position}) must be Tensor, not {type(value).__name__}"
    )


def _check_weight(x, weight):
    classes = x.shape[min(1, x.ndim - 1)]
    if weight.array.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes "
            f"but got weight tensor of shape: {list(weight.shape)}"
        )
    if weight.array.dtype != x.dtype:
        raise RuntimeError(f"expected a class weight of {x.dtype} but found {weight.array.dtype}")
