"""Clip gradients: by the norm of all of them, or each element."""

from __future__ import annotations

import math
import types
import warnings

import numpy

from ...core.arrays import as_array, device_of, move, xp
from ...core.graph import changed, wrap
from ...core.sums import summed, wide
from ...kernels.elementwise import largest
from ...tensors.creation import zeros
from ...tensors.tensor import Tensor

_quietly = numpy.errstate(all="ignore")  # overflow gives inf, and 0 · inf nan, as in operations


def _listed(tensors):
    return [tensors] if isinstance(tensors, Tensor) else list(tensors)


def _gradients(parameters):
    return _dense([p.grad for p in _listed(parameters) if p.grad is not None])


def _dense(gradients):
    """The ``gradients``. NotImplementedError if one is sparse."""
    if any(g.is_sparse for g in gradients):
        raise NotImplementedError("clipping gradients: sparse ones are not supported; call to_dense()")
    return gradients


def _norm(array, order):
    """The vector norm of all elements, as a 0-d array."""
    kind = array.dtype
    array = array.astype(wide(kind), copy=False)
    if order == 2:
        flat = array.reshape(-1)
        norm = (flat @ flat) ** 0.5  # BLAS: one pass and no copy
    elif order in (math.inf, -math.inf):
        norm = largest(abs(array), None, False, 0) if order > 0 else abs(array).min()
    elif order == 0:
        norm = summed(array != 0)
    else:
        norm = summed(abs(array) ** order) ** (1 / order)
    return as_array(norm.astype(kind))


@_quietly
def get_total_norm(tensors, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """The norm of order ``norm_type`` of all ``tensors`` as one vector, as a 0-d tensor; 0 without tensors.

    RuntimeError with ``error_if_nonfinite`` if it is infinite or nan. ``foreach`` has no effect.
    """
    arrays = [t.array for t in _dense(_listed(tensors))]
    if not arrays:
        return zeros(())
    norm_type, home = float(norm_type), device_of(arrays[0])
    total = _norm(xp(arrays[0]).stack([move(_norm(a, norm_type), home) for a in arrays]), norm_type)
    if error_if_nonfinite and not bool(xp(total).isfinite(total)):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, so it "
            "cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, "
            "set `error_if_nonfinite=False`"
        )
    return wrap(total)


@_quietly
def clip_grads_with_norm_(parameters, max_norm, total_norm, foreach=None):
    """Scale the gradients so that their norm, which is ``total_norm``, becomes at most ``max_norm``."""
    gradients = _gradients(parameters)
    if gradients:
        factor = float(max_norm) / (total_norm.array + 1e-6)
        factor = xp(total_norm.array).minimum(factor, 1)
        if type(total_norm.array) is numpy.ndarray and factor == 1:
            return  # a GPU is not asked: that would make the host wait
        for g in gradients:
            g.array *= move(as_array(factor), device_of(g.array)).astype(g.array.dtype)
            changed(g)


def clip_grad_norm_(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Scale the gradients of ``parameters`` in place so that their total norm is at most ``max_norm``.

    Returns the norm before. RuntimeError with ``error_if_nonfinite`` if it is infinite or nan. ``foreach``
    has no effect.
    """
    generated = isinstance(parameters, types.GeneratorType)
    parameters = _listed(parameters)
    if generated and not parameters:
        warnings.warn("`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=2)
    total = get_total_norm([p.grad for p in parameters if p.grad is not None], norm_type, error_if_nonfinite)
    clip_grads_with_norm_(parameters, max_norm, total)
    return total


def clip_grad_norm(parameters, max_norm, norm_type=2.0, error_if_nonfinite=False, foreach=None):
    """Deprecated: use :func:`clip_grad_norm_`."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of `torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@_quietly
def clip_grad_value_(parameters, clip_value, foreach=None):
    """Limit every element of the gradients to [-clip_value, clip_value], in place."""
    for g in _gradients(parameters):
        xp(g.array).clip(g.array, -float(clip_value), float(clip_value), out=g.array)
        changed(g)
