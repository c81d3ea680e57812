"""Operations on each element, with broadcasting: arithmetic, functions of one number, comparison."""

from __future__ import annotations

import functools
import math

import numpy

from ..autograd.engine import primitive
from ..backend import xp
from ..dtypes import floating, promoted

pointwise = functools.partial(primitive, broadcasts=True, prepare=promoted)  # f(x, y) in the common dtype
smooth = functools.partial(primitive, broadcasts=True, prepare=floating)  # the same, and integers become floating point
stepwise = functools.partial(primitive, prepare=promoted)  # no gradient at all: comparisons


# ---- arithmetic -----------------------------------------------------------------------------------------------------


@pointwise(x=lambda g: g, y=lambda g: g)
def _add(x, y):
    return x + y


@pointwise(x=lambda g: g, y=lambda g: -g)
def _sub(x, y):
    return x - y


@pointwise(x=lambda g, y: g * y, y=lambda g, x: g * x)
def mul(x, y):
    """x · y, elementwise; shapes broadcast."""
    return x * y


@smooth(x=lambda g, y: g / y, y=lambda g, out, y: -g * (out / y))
def true_divide(x, y):
    """x / y, elementwise; integers give the default floating-point dtype."""
    return x / y


@pointwise(
    x=lambda g, x, y: g * y * pow(x, y - 1) if not isinstance(y, (int, float)) else (g * (y * pow(x, y - 1)) if y != 0 else g * 0),
    y=lambda g, x, out: g * (out * log(x)),
)
def pow(x, y):
    """x to the power of y, elementwise."""
    return x**y


@primitive(x=lambda g: -g)
def neg(x):
    """-x, elementwise."""
    return -x


# ---- functions of one number ------------------------------------------------------------------------------------------


@smooth(x=lambda g, out: g * out)
def exp(x):
    """e to the power of x, elementwise."""
    return xp(x).exp(x)


@smooth(x=lambda g, x: g / x)
def log(x):
    """The natural logarithm, elementwise."""
    return xp(x).log(x)


@smooth(x=lambda g, out: g / (out * 2))
def sqrt(x):
    """The square root, elementwise."""
    return xp(x).sqrt(x)


@smooth(x=lambda g, out: g * (1 - out * out))
def tanh(x):
    """The hyperbolic tangent, elementwise."""
    return xp(x).tanh(x)


@smooth(x=lambda g, out: g * (out * (1 - out)))
def sigmoid(x):
    """1 / (1 + exp(-x)), elementwise."""
    return (xp(x).tanh(x * 0.5) + 1) * 0.5


@primitive(x=lambda g, out: g * (out > 0))
def relu(x):
    """max(x, 0), elementwise; the gradient at 0 is 0."""
    return xp(x).maximum(x, 0)


# ---- comparison ---------------------------------------------------------------------------------------------------------


@stepwise
def gt(x, y):
    """x > y, elementwise, as booleans."""
    return x > y
