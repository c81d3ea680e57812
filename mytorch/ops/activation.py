"""Activations: elementwise ones, and softmax over a dimension."""

from __future__ import annotations

import math

from ..autograd.engine import primitive
from ..backend import xp
from ..dtypes import as_dtype
from .elementwise import exp, select, sigmoid, smooth, tanh
from .shape import check_dim
from .special import erf


def _floating(x, name):
    if x.dtype.kind in "biu":
        raise NotImplementedError(f'"{name}" not implemented for {x.dtype}: it takes floating-point numbers')


# ---- rectifiers -------------------------------------------------------------------------------------------------------


@primitive(x=lambda g, out: g * (out != 0))
def relu(x):
    """max(x, 0), elementwise; the gradient at 0 is 0."""
    if x.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    return xp(x).maximum(x, 0)


@primitive(x=lambda g, x, negative_slope: select(x > 0, g, g * negative_slope))
def leaky_relu(x, *, negative_slope=0.01):
    """x where it is positive, else negative_slope · x, elementwise."""
    _floating(x, "leaky_relu")
    out = x * negative_slope
    if 0 <= negative_slope <= 1:
        return xp(x).maximum(x, out, out=out if out.ndim else None)
    return xp(x).where(x > 0, x, out)


# ---- gates ------------------------------------------------------------------------------------------------------------


def _silu_slope(g, x):
    s = sigmoid(x)
    return g * (s * (1 + x * (1 - s)))


@primitive(x=_silu_slope)
def silu(x):
    """x · sigmoid(x), elementwise: SiLU, also called swish (https://arxiv.org/abs/1606.08415)."""
    _floating(x, "silu")
    out = sigmoid(x)
    out *= x
    return out


_SQRT_HALF, _DENSITY, _CUBIC = math.sqrt(0.5), 1 / math.sqrt(2 * math.pi), 0.044715


def _gelu_slope(g, x, approximate):
    if approximate == "none":
        return g * (0.5 * (1 + erf(x * _SQRT_HALF)) + x * (exp(x * x * -0.5) * _DENSITY))
    t = tanh(math.sqrt(2 / math.pi) * (x + _CUBIC * (x * x * x)))
    return g * (0.5 * (1 + t) + 0.5 * x * ((1 - t * t) * (math.sqrt(2 / math.pi) * (1 + 3 * _CUBIC * (x * x)))))


@primitive(x=_gelu_slope)
def gelu(x, *, approximate="none"):
    """x · Φ(x) with the normal distribution Φ, elementwise; "tanh" is its common approximation (https://arxiv.org/abs/1606.08415)."""
    _floating(x, "GeluKernelImpl")
    if approximate == "none":
        out = erf(x * _SQRT_HALF)
    elif approximate == "tanh":
        out = x * x
        out *= _CUBIC
        out += 1
        out *= x
        out *= math.sqrt(2 / math.pi)
        out = xp(x).tanh(out)
    else:
        raise RuntimeError(f"approximate argument must be either none or tanh, but got {approximate!r}")
    out += 1
    out *= x
    out *= 0.5
    return out


# ---- softmax ----------------------------------------------------------------------------------------------------------


def _logits(x, dim, dtype, name):
    """``x`` in ``dtype`` and its dimension ``dim``."""
    if dtype is not None:
        x = x.astype(as_dtype(dtype).numpy, copy=False)
    _floating(x, name)
    return x, check_dim(dim, x.ndim) if x.ndim else None


@primitive(broadcasts=True, x=lambda g, out, dim: out * (g - (g * out).sum(dim, keepdims=True)))
def softmax(x, *, dim, dtype=None):
    """exp(x) / Σ exp(x) over ``dim``, without overflow."""
    x, dim = _logits(x, dim, dtype, "softmax_lastdim_kernel_impl")
    out = x - x.max(dim, keepdims=True, initial=-math.inf)
    out = xp(x).exp(out, out=out if out.ndim else None)
    out /= out.sum(dim, keepdims=True)
    return out


@primitive(broadcasts=True, x=lambda g, out, dim: g - exp(out) * g.sum(dim, keepdims=True))
def log_softmax(x, *, dim, dtype=None):
    """x - log Σ exp(x) over ``dim``, without overflow."""
    x, dim = _logits(x, dim, dtype, "log_softmax_lastdim_kernel_impl")
    out = x - x.max(dim, keepdims=True, initial=-math.inf)
    out -= xp(x).log(xp(x).exp(out).sum(dim, keepdims=True))
    return out
