"""Further activations: exponential linear units, softplus and its kin, piecewise linear ones, learned slopes, gates."""

from __future__ import annotations

from ..autograd.engine import primitive
from ..backend import xp
from .elementwise import abs, select, sigmoid, smooth, tanh
from .join import narrow
from .shape import check_dim

# ---- exponential linear units -------------------------------------------------------------------------------------------


@primitive(x=lambda g, x, out, alpha, scale, steepness: select(x > 0, g * scale, g * ((out + scale * alpha) * steepness)))
def _elu(x, *, alpha, scale=1.0, steepness=1.0):
    """scale · (x where it is positive, else alpha · (exp(steepness · x) - 1)), elementwise."""
    if x.dtype.kind in "biu":
        raise NotImplementedError(f'"elu_cpu" not implemented for {x.dtype}: it takes floating-point numbers')
    out = xp(x).minimum(x, 0)
    if steepness != 1:
        out = out * steepness
    out = xp(x).expm1(out) * alpha + xp(x).maximum(x, 0)
    return out if scale == 1 else out * scale


def elu(input, alpha=1.0):
    """x where it is positive, else alpha · (exp(x) - 1), elementwise (https://arxiv.org/abs/1511.07289)."""
    return _elu(input, alpha=alpha)


def celu(input, alpha=1.0):
    """x where it is positive, else alpha · (exp(x / alpha) - 1), elementwise (https://arxiv.org/abs/1704.07483). RuntimeError for alpha 0."""
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return _elu(input, alpha=alpha, steepness=1 / alpha)


def selu(input):
    """1.0507… · elu(x, 1.6732…), elementwise: activations keep mean 0 and variance 1 (https://arxiv.org/abs/1706.02515)."""
    return _elu(input, alpha=1.6732632423543772848170429916717, scale=1.0507009873554804934193349852946)


# ---- softplus and what is made of it --------------------------------------------------------------------------------------


def _log_of_one_plus_exp(x):
    return xp(x).maximum(x, 0) + xp(x).log1p(xp(x).exp(-abs(x)))


@smooth(x=lambda g, x, beta, threshold: select(x * beta > threshold, g, g * sigmoid(x * beta)))
def softplus(x, *, beta=1.0, threshold=20.0):
    """log(1 + exp(beta · x)) / beta, elementwise; x itself where beta · x exceeds ``threshold``."""
    z = x * beta
    return xp(x).where(z > threshold, x, _log_of_one_plus_exp(z) / beta)


@smooth(x=lambda g, x: g * sigmoid(-x))
def logsigmoid(x):
    """log(sigmoid(x)), elementwise, accurate far from 0."""
    return -_log_of_one_plus_exp(-x)


def _mish_slope(g, x):
    t = tanh(softplus(x))
    return g * (t + x * sigmoid(x) * (1 - t * t))


@smooth(x=_mish_slope)
def mish(x):
    """x · tanh(softplus(x)), elementwise (https://arxiv.org/abs/1908.08681)."""
    return x * xp(x).tanh(_log_of_one_plus_exp(x))


def softsign(input):
    """x / (1 + |x|), elementwise."""
    return input / (abs(input) + 1)


def tanhshrink(input):
    """x - tanh(x), elementwise."""
    return input - tanh(input)


# ---- piecewise linear -----------------------------------------------------------------------------------------------------


@primitive(x=lambda g, x, min_val, max_val: g * (x > min_val) * (x < max_val))
def hardtanh(x, *, min_val=-1.0, max_val=1.0):
    """x limited to [min_val, max_val], elementwise; no gradient at the limits and beyond."""
    if max_val < min_val:
        raise ValueError("min_val cannot be greater than max_val")
    return xp(x).clip(x, min_val, max_val)


def relu6(input):
    """x limited to [0, 6], elementwise."""
    return hardtanh(input, min_val=0.0, max_val=6.0)


@smooth(x=lambda g, x: g * (x > -3) * (x < 3) * (1 / 6))
def hardsigmoid(x):
    """x / 6 + 1/2 limited to [0, 1], elementwise."""
    return xp(x).clip(x / 6 + 0.5, 0, 1)


@smooth(x=lambda g, x: select(x >= 3, g, g * (x > -3) * (x * (1 / 3) + 0.5)))
def hardswish(x):
    """x · hardsigmoid(x), elementwise (https://arxiv.org/abs/1905.02244)."""
    return x * xp(x).clip(x / 6 + 0.5, 0, 1)


def _outside(g, x, lambd):
    return g * (abs(x) > lambd)


@primitive(x=_outside)
def hardshrink(x, *, lambd=0.5):
    """x where |x| exceeds ``lambd``, else 0, elementwise."""
    return xp(x).where(xp(x).abs(x) <= lambd, x.dtype.type(0), x)


@primitive(x=_outside)
def softshrink(x, *, lambd=0.5):
    """x moved towards 0 by ``lambd``, and 0 where it would pass it, elementwise. RuntimeError for a negative ``lambd``."""
    if lambd < 0:
        raise RuntimeError(f"lambda must be greater or equal to 0, but found to be {lambd:g}.")
    return x - xp(x).clip(x, -lambd, lambd)


@primitive(x=lambda g, x, threshold: g * (x > threshold))
def threshold(x, *, threshold, value):
    """x where it exceeds ``threshold``, else ``value``, elementwise."""
    return xp(x).where(x <= threshold, x.dtype.type(value), x)


# ---- learned slopes, gates ------------------------------------------------------------------------------------------------


@primitive(broadcasts=True, x=lambda g, x, weight: select(x > 0, g, g * weight), weight=lambda g, x: select(x > 0, 0, g * x))
def _prelu(x, weight):
    return xp(x).where(x > 0, x, weight * x)


def prelu(input, weight):
    """x where it is positive, else weight · x, elementwise; one weight for all or one per channel (dimension 1).

    RuntimeError for another number of weights (https://arxiv.org/abs/1502.01852).
    """
    count, shape = weight.numel(), tuple(input.shape)
    if len(weight.shape) > 1:
        raise RuntimeError(f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {len(weight.shape)}")
    if count != 1:
        channels = shape[1] if len(shape) > 1 else 1
        if not shape:
            raise RuntimeError("Not allow zero-dim input tensor.")
        if channels != count:
            raise RuntimeError(f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel size = {channels}.")
        weight = weight.reshape(-1, *[1] * (len(shape) - 2))
    if input.dtype != weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {input.dtype} and {weight.dtype}")
    return _prelu(input, weight)


def glu(input, dim=-1):
    """a · sigmoid(b) of the halves a and b of ``input`` along ``dim``. RuntimeError for an odd size (https://arxiv.org/abs/1612.08083)."""
    if not input.shape:
        raise RuntimeError("glu does not support 0-dimensional tensors")
    half, odd = divmod(input.shape[check_dim(dim, len(input.shape))], 2)
    if odd:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {2 * half + 1}")
    return narrow(input, dim, 0, half) * sigmoid(narrow(input, dim, half, half))
