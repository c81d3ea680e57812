"""Softmax over a dimension, and its logarithm."""

from __future__ import annotations

import math

from ..core.arrays import xp
from ..core.dtypes import as_dtype
from ..core.primitive import primitive
from ..core.sums import summed
from ..kernels.elementwise import largest
from .composite import composite
from .elementwise import check_floating, widened
from .shape_arguments import check_dim
from .transcendental import exp


def _logits(x, dim, dtype, name):
    """``x`` in ``dtype`` and its dimension ``dim`` from the front, None if it has none."""
    dim = check_dim(dim, x.ndim)
    if dtype is not None:
        x = x.astype(as_dtype(dtype).numpy, copy=False)
    check_floating(x, name)
    return x, dim if x.ndim else None


@widened
def _softmax(x, dim):
    module = xp(x)
    out = module.asarray(x - largest(x, dim, True, -math.inf))
    module.exp(out, out=out)
    out /= summed(out, dim, None, True)
    return out


@widened
def _log_softmax(x, dim):
    module = xp(x)
    out = module.asarray(x - largest(x, dim, True, -math.inf))
    out -= module.log(summed(module.exp(out), dim, None, True))
    return out


@primitive(x=lambda g, out, dim: out * (g - summed(g * out, dim, keepdims=True)))
def softmax(x, *, dim, dtype=None):
    """exp(x) / Σ exp(x) over ``dim``, without overflow."""
    return _softmax(*_logits(x, dim, dtype, "softmax"))


@primitive(x=lambda g, out, dim: g - exp(out) * summed(g, dim, keepdims=True))
def log_softmax(x, *, dim, dtype=None):
    """x - log Σ exp(x) over ``dim``, without overflow."""
    return _log_softmax(*_logits(x, dim, dtype, "log_softmax"))


@composite
def softmin(input, dim, dtype=None):
    """softmax(-x) over ``dim``."""
    return softmax(-input, dim=dim, dtype=dtype)
