"""Gates: x times a weight between 0 and 1 that depends on x, elementwise: SiLU, GELU, hard swish."""

from __future__ import annotations

import math

import numpy

from ..core.arrays import ndarray, xp
from ..core.primitive import primitive
from ..kernels.blocks import exponential, filled
from ..kernels.elementwise import keep
from .bounds import clamp
from .cast import in_float32
from .elementwise import bounded, check_floating, select, widened
from .promotion import operand
from .special.erf import polynomial
from .special.normal import ndtr, ndtr_double, ndtr_single
from .transcendental import gaussian_of, sigmoid

# A kernel fills ``out`` with x · w(x) and ``slope`` with its derivative: all that the gradient needs.


def _gated(kernel, x, loop=""):
    """What ``kernel(out, slope, x)`` fills; 16-bit numbers take both in float32."""
    out, slope = filled(kernel, x.astype("float32") if x.dtype.itemsize == 2 else x, count=2, loop=loop)
    return out.astype(x.dtype, copy=False), slope


def _gated_vjp(g, slope):
    return (g * slope).astype(g.dtype, copy=False)


_FEW = 4096  # elements for which memory of one's own and NumPy's exp are fast enough
_STEEP = 16  # up to here ``exponential`` is as accurate as exp; a GPU is not asked, it would have to wait


def _silu(out, slope, x):
    """With w = sigmoid(x): x · w, and w · (1 + x · (1 - w))."""
    w = slope
    if type(x) is ndarray and x.size and x.min() > -_STEEP:
        exponential(x, w, -1.0)
    else:
        xp(x).negative(x, out=w)
        xp(x).exp(w, out=w)
    w += 1
    xp(x).divide(1, w, out=w)
    xp(x).multiply(x, w, out=out)
    change = 1 - w
    change *= out
    w += change


@primitive(complex="values", composed=in_float32(lambda x: x * sigmoid(x)), aux=("slope",), x=_gated_vjp)
def silu(x):
    """x · sigmoid(x), elementwise: SiLU, also called swish (https://arxiv.org/abs/1606.08415)."""
    check_floating(x, "silu")
    if x.ndim and x.size <= _FEW and x.itemsize > 2 and type(x) is ndarray:
        one = operand(1, x)
        w = numpy.exp(-x)
        w += one
        w = one / w
        out, slope = x * w, one - w
        slope *= out
        slope += w
        return out, slope
    return _gated(_silu, x, "silu")


_DENSITY, _ROOT, _CUBIC = 1 / math.sqrt(2 * math.pi), math.sqrt(2 / math.pi), 0.044715
_FLAT = 30  # beyond ±30 the approximation by tanh is 0 or 1 in float64 too; within, x³ stays finite


@in_float32
def _gelu_definition(x, *, approximate):
    if approximate == "none":
        return x * ndtr(x)
    within = clamp(x, -_FLAT, _FLAT)
    return x * sigmoid((2 * _ROOT) * (within + _CUBIC * (within * within * within)))


# float32: exp(x²/2) · ndtr(-x) for 0 <= x <= 5.5, a rational function whose largest relative error is 5e-8
_NEAR = 5.5
_NORMAL_NEAR = (
    (0.499999976705, 0.33133303946, 0.102777886227, 0.013265371657),
    (1.0, 1.460547807422, 0.870932044658, 0.257014518983, 0.033275040533),
)


def _near_normal(x, a, e):
    """The normal distribution function of x with the absolute values ``a``.

    ``e`` is filled with exp(-x²/2).
    """
    xp(x).multiply(x, x, out=e)
    exponential(e, e, -0.5)
    w = polynomial(_NORMAL_NEAR[0], a)
    w /= polynomial(_NORMAL_NEAR[1], a)
    w *= e  # at -a
    xp(x).greater(x, 0, out=a, casting="unsafe")
    w -= a
    return xp(x).abs(w, out=w)


def _gelu(out, slope, x):
    """With w the normal distribution function: x · w, and w + x · density(x)."""
    a = xp(x).abs(x, out=out)
    if type(x) is ndarray and x.itemsize == 4 and x.size and a.max() <= _NEAR:
        w = _near_normal(x, a, slope)
        slope *= x
    else:
        w = (ndtr_double if x.dtype == "float64" else ndtr_single)(x)
        xp(x).multiply(gaussian_of(x, 0.5), x, out=slope)
    xp(x).multiply(x, w, out=out)
    slope *= _DENSITY
    slope += w


def _tanh_gelu(out, slope, x):
    """With w = (1 + tanh(u)) / 2 as 1 / (1 + exp(-2u)), without cancellation: x · w, and w + x · w'."""
    w = x * x
    w *= -2 * _CUBIC * _ROOT
    w -= 2 * _ROOT
    w *= x
    xp(x).exp(w, out=w)
    w += 1
    xp(x).divide(1, w, out=w)
    within = bounded(x, -_FLAT, _FLAT)
    xp(x).multiply(within, within, out=slope)
    slope *= 6 * _CUBIC * _ROOT
    slope += 2 * _ROOT
    slope *= within
    slope *= w
    slope *= xp(x).subtract(1, w, out=within)
    slope += w
    xp(x).multiply(x, w, out=out)


_GELUS = {"none": (_gelu, "gelu"), "tanh": (_tanh_gelu, "")}


@primitive(composed=_gelu_definition, aux=("slope",), x=_gated_vjp)
def gelu(x, *, approximate="none"):
    """x · Φ(x) with the normal distribution function Φ, elementwise (https://arxiv.org/abs/1606.08415).

    ``approximate="tanh"`` is its common approximation. RuntimeError for another ``approximate``.
    """
    check_floating(x, "gelu")
    if approximate not in _GELUS:
        raise RuntimeError(f"approximate argument must be either none or tanh, but got {approximate!r}")
    kernel, loop = _GELUS[approximate]
    return _gated(kernel, x, loop)


@primitive(x=lambda g, x: select((x > -3) & (x < 3), g * (1 / 6), 0))
@widened
def hardsigmoid(x):
    """min(max(x + 3, 0), 6) / 6, elementwise (https://arxiv.org/abs/1905.02244)."""
    check_floating(x, "hardsigmoid")
    out = xp(x).asarray(bounded(x + 3, 0, 6))
    out *= 1 / 6
    return out


def _hardswish(out, x):
    xp(x).add(x, 3, out=out)
    xp(x).clip(out, 0, 6, out=out)
    out *= 1 / 6
    out *= x


def _hardswish_gradient(out, g, x):
    """g times x / 3 + 1 / 2 between -3 and 3, times 0 below and 1 above."""
    if type(x) is not ndarray or (x.size and math.isnan(x.max())):  # at nan the gradient is g
        x = xp(x).where(x == x, x, x.dtype.type(3))
    inside = xp(x).abs(x, out=out) < 3
    xp(x).clip(x, -3, 3, out=out)
    out += keep(x, inside)
    out *= 1 / 6
    out += 0.5
    out *= g


@widened
def _hardswish_vjp(g, x):
    return filled(_hardswish_gradient, g, x, loop="hardswish_gradient")


@primitive(composed=in_float32(lambda x: x * hardsigmoid(x)), x=_hardswish_vjp)
@widened
def hardswish(x):
    """x · hardsigmoid(x), elementwise (https://arxiv.org/abs/1905.02244)."""
    check_floating(x, "hardswish")
    return filled(_hardswish, x, loop="hardswish")
