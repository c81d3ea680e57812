"""Activations, elementwise."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import xp
from ..core.primitive import primitive
from ..kernels.blocks import log_one_plus
from ..kernels.elementwise import choose, in_blocks, keep
from .composite import composite
from .elementwise import bounded, check_floating, check_real, select, smooth, widened
from .gates import gelu as gelu
from .gates import hardsigmoid as hardsigmoid
from .gates import hardswish as hardswish
from .gates import silu as silu
from .promotion import operand
from .rounding import abs, square
from .shape_arguments import check_dim
from .transcendental import sech_squared, sigmoid, tanh

_FEW = 256  # elements, up to which the number of NumPy's calls counts

# ---- rectifiers ----------------------------------------------------------------------------------


@primitive(complex=True, x=lambda g, where: kept(g, where))
def kept(x, where):
    """``x`` where the booleans ``where`` hold, else 0, also for infinities."""
    return keep(x, where)


@primitive(x=lambda g, out: kept(g, out != 0))
def relu(x):
    """max(x, 0), elementwise; the gradient at 0 is 0. RuntimeError for booleans."""
    if x.dtype.kind == "b":
        raise RuntimeError("Boolean inputs not supported for relu")
    return bounded(x, 0, math.inf) if x.size > 2048 else xp(x).maximum(x, operand(0, x))


@primitive(x=lambda g, where, factor: scaled_down(g, where, factor=factor))
def scaled_down(x, where, *, factor: float):
    """``x`` where the booleans ``where`` hold, else factor · x."""
    if not 0 <= factor <= 1 or x.dtype.kind != "f" or xp(x) is not numpy:
        return choose(where, x, x * x.dtype.type(factor))

    def work(x, where):  # without branches
        out = where.astype(x.dtype)
        numpy.clip(out, factor, 1, out=out)
        out *= x
        return out

    return in_blocks(work, x, where)


@primitive(x=lambda g, x, negative_slope: scaled_down(g, x > 0, factor=negative_slope))
@widened
def leaky_relu(x, *, negative_slope=0.01):
    """x where it is positive, else negative_slope · x, elementwise."""
    if x.dtype.kind != "f":
        check_floating(x, "leaky_relu")
    slope = operand(negative_slope, x)
    if not 0 <= negative_slope <= 1:
        return choose(x > 0, x, x * slope)
    if x.size <= _FEW:
        return xp(x).maximum(x, x * slope)

    def work(x):
        out = xp(x).asarray(x * slope)
        return xp(x).maximum(x, out, out=out)

    return in_blocks(work, x)


@primitive(x=lambda g, x, threshold: select(x <= threshold, 0, g))
def threshold(x, *, threshold: float, value: float):
    """x where it is above ``threshold``, else ``value``, elementwise."""
    if x.dtype.kind != "f":
        return choose(x > threshold, x, x.dtype.type(value))
    return choose((x > threshold) | (x != x), x, value)  # nan stays


@primitive(x=lambda g, x, min_val, max_val: select((x <= min_val) | (x >= max_val), 0, g))
@widened
def _hardtanh(x, *, min_val: float, max_val: float):
    if x.dtype.kind == "b":
        raise RuntimeError("Bool inputs not supported for hardtanh")
    if x.dtype.kind in "iu":
        min_val, max_val = int(min_val), int(max_val)
        if x.dtype.kind == "u" and min_val < 0:
            raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    return bounded(x, min_val, max_val)


def hardtanh(input, min_val=-1.0, max_val=1.0):
    """x limited to [min_val, max_val], elementwise.

    Unlike :func:`clamp`, its gradient is 0 at the bounds.
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    return _hardtanh(input, min_val=min_val, max_val=max_val)


def relu6(input):
    """min(max(x, 0), 6), elementwise."""
    return hardtanh(input, min_val=0.0, max_val=6.0)


def _elu_second_vjp(g, x, alpha, scale, rate):
    return select(x <= 0, g * rate * elu_derivative(x, alpha=alpha, scale=scale, rate=rate), 0)


@primitive(x=_elu_second_vjp)
@widened
def elu_derivative(x, *, alpha: float, scale: float, rate: float):
    """alpha · scale · rate · exp(rate · x) where x <= 0, else ``scale``, elementwise."""

    def work(x):
        out = xp(x).asarray(bounded(x, -math.inf, 0))
        out *= rate
        xp(x).exp(out, out=out)
        out *= alpha * scale * rate
        return choose(x <= 0, out, scale)

    return in_blocks(work, x)


def _elu_vjp(g, x, alpha, scale, rate):
    return g * elu_derivative(x, alpha=alpha, scale=scale, rate=rate)


@primitive(x=_elu_vjp)
@widened
def _elu(x, *, alpha=1.0, scale=1.0, rate=1.0):
    check_floating(x, "elu")

    def work(x):
        out = xp(x).asarray(bounded(x, -math.inf, 0))
        if rate != 1:
            out *= rate
        xp(x).expm1(out, out=out)
        if alpha * scale != 1:
            out *= alpha * scale
        out += bounded(x, 0, math.inf) if scale == 1 else bounded(x, 0, math.inf) * scale
        return out

    return in_blocks(work, x)


def elu(input, alpha=1.0):
    """x where it is positive, else alpha · (exp(x) - 1), elementwise (https://arxiv.org/abs/1511.07289)."""
    return _elu(input, alpha=alpha)


def selu(input):
    """The scaled exponential linear unit, elementwise (https://arxiv.org/abs/1706.02515).

    Its constants keep mean 0 and variance 1.
    """
    return _elu(input, alpha=1.6732632423543772848170429916717, scale=1.0507009873554804934193349852946)


def celu(input, alpha=1.0):
    """max(x, 0) + min(0, alpha · (exp(x / alpha) - 1)), elementwise (https://arxiv.org/abs/1704.07483).

    RuntimeError for alpha = 0.
    """
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _elu(input, alpha=alpha, rate=1 / alpha)


@primitive(
    broadcasts=True,
    x=lambda g, x, weight: select(x > 0, g, g * weight),
    weight=lambda g, x: select(x > 0, 0, g * x),
)
def sloped(x, weight):
    """x where it is positive, else weight · x, elementwise."""
    return choose(x > 0, x, x * weight)


@composite
def prelu(input, weight):
    """x where it is positive, else weight · x.

    ``weight`` is one number, or one for each channel (dimension 1). RuntimeError for another shape or dtype
    of the weight.
    """
    if weight.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight.ndim}"
        )
    if weight.dtype != input.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}")
    if weight.ndim == 1 and weight.shape[0] != 1:
        channels = input.shape[1] if input.ndim > 1 else 1
        if weight.shape[0] != channels:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{weight.shape[0]} and channel size = {channels}."
            )
        weight = weight.reshape((channels,) + (1,) * (input.ndim - 2))
    elif weight.ndim == 1:
        weight = weight.reshape(())
    return sloped(input, weight)


# ---- shrinking -----------------------------------------------------------------------------------


def _shrink_vjp(g, x, lambd):
    return select((x >= -lambd) & (x <= lambd), 0, g)


@primitive(x=_shrink_vjp)
def hardshrink(x, *, lambd=0.5):
    """x where |x| > lambd, else 0, elementwise."""
    check_floating(x, "hardshrink")
    return choose((x >= -lambd) & (x <= lambd), 0, x)


@primitive(x=_shrink_vjp)
@widened
def softshrink(x, *, lambd=0.5):
    """x moved towards 0 by ``lambd``, but not beyond, elementwise. RuntimeError for a negative ``lambd``."""
    check_floating(x, "softshrink")
    if not lambd >= 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found {lambd}")
    return x - bounded(x, -lambd, lambd)


@smooth(complex="holomorphic", x=lambda g, x: g * square(tanh(x)))
@widened
def tanhshrink(x):
    """x - tanh(x), elementwise."""
    near = xp(x).abs(x) < 1
    square = choose(near, x, x.dtype.type(0)) ** 2
    # Lambert's continued fraction, tanh(x) = x / (1 + x² / (3 + x² / (5 + …))), does not cancel
    fraction = 0
    for odd in range(19, 1, -2):
        fraction = square / (odd + fraction)
    return choose(near, x * (fraction / (1 + fraction)), x - xp(x).tanh(x))


# ---- smooth ones ---------------------------------------------------------------------------------


def log_of_one_plus_exp(x):
    """log(1 + exp(x)) of an array, without overflow."""
    if x.size <= _FEW and x.ndim and type(x) is numpy.ndarray:
        return numpy.logaddexp(x, operand(0, x))  # one call, but it is not vectorised
    module = xp(x)
    out = module.asarray(-module.abs(x))
    module.exp(out, out=out)
    log_one_plus(out)
    out += bounded(x, 0, math.inf)
    return out


def _softplus_vjp(g, x, beta, threshold):
    return select(x * beta > threshold, g, g * sigmoid(x * beta))


@primitive(x=_softplus_vjp)
@widened
def softplus(x, *, beta=1.0, threshold=20.0):
    """log(1 + exp(beta · x)) / beta, elementwise; x itself where beta · x > threshold."""
    check_floating(x, "softplus")
    scaled = x if beta == 1 else x * beta
    out = log_of_one_plus_exp(scaled)
    if beta != 1:
        out /= beta
    if beta == 1 and threshold >= 20 and x.itemsize == 4:
        return out  # float32 has no digits for the difference from x there
    return choose(scaled > threshold, x, out)


@primitive(x=lambda g, x: g * sigmoid(-x))
@widened
def logsigmoid(x):
    """log(sigmoid(x)) without overflow, elementwise."""
    check_floating(x, "log_sigmoid")
    out = log_of_one_plus_exp(-x)
    return xp(x).negative(out, out=out)


def _mish_vjp(g, x):
    inside = softplus(x, threshold=math.inf)
    return g * (tanh(inside) + x * sigmoid(x) * sech_squared(inside))


@primitive(x=_mish_vjp)
@widened
def mish(x):
    """x · tanh(softplus(x)), elementwise (https://arxiv.org/abs/1908.08681)."""
    check_floating(x, "mish")
    return x * xp(x).tanh(log_of_one_plus_exp(x))


def softsign(input):
    """x / (1 + |x|), elementwise."""
    return input / (abs(input) + 1)


@composite
def glu(input, dim=-1):
    """a · sigmoid(b), where a and b are the halves of the input along ``dim``.

    RuntimeError for an odd size.
    """
    if input.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    check_floating(input, "glu")
    check_real(input, "glu")
    dim = check_dim(dim, input.ndim)
    size = input.shape[dim]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    before = (slice(None),) * dim
    return input[(*before, slice(size // 2))] * sigmoid(input[(*before, slice(size // 2, None))])
