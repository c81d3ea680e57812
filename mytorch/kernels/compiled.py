"""Loops of several steps over large arrays of float32, compiled by numba, and imported only for it.

Each takes the place of the NumPy function that its docstring names, and differs from it by rounding only. All
arrays are C-contiguous. Rows are independent, so results do not depend on the number of threads.
"""

from __future__ import annotations

import math

import numpy

from .numba_loops import compile_loop

_f = numpy.float32
_ONE, _ZERO = _f(1), _f(0)
_LOG2E = 1 / math.log(2)


def kernel(function):
    """Compile a loop of independent steps."""
    return compile_loop(function)


def summing(function):
    """Compile a loop with sums, which may be added up in several parts at once."""
    return compile_loop(function, fastmath={"reassoc", "contract"})


# ---- exponentials --------------------------------------------------------------------------------


# e^z for |z| <= ln(2) / 2, from a polynomial for 2^y of relative error 2e-9
_POWERS = (
    1.0,
    0.6931472057376,
    0.2402264689053,
    0.05550328776256,
    0.009618488965754,
    0.001339993151062,
    0.0001534581038758,
)
_P0, _P1, _P2, _P3, _P4, _P5, _P6 = (_f(c * _LOG2E**k) for k, c in enumerate(_POWERS))
_HIGH, _LOW = _f(0.693359375), _f(math.log(2) - 0.693359375)
_LEAST, _MOST, _HALF = _f(-127 * math.log(2)), _f(128 * math.log(2)), _f(0.5)


@kernel
def exp(x, rest):
    """exp(x + rest) for a small ``rest``: 0 below 2^-127, nan for nan; without branches, for vectors."""
    x = _LEAST if x < _LEAST else x
    x = _MOST if x > _MOST else x
    whole = numpy.floor(x * _f(_LOG2E) + _HALF)
    z = ((x - whole * _HIGH) - whole * _LOW) + rest
    p = _P0 + z * (_P1 + z * (_P2 + z * (_P3 + z * (_P4 + z * (_P5 + z * _P6)))))
    return p * numpy.int32((numpy.int32(whole) + 127) << 23).view(_f)  # · 2^whole


# ---- kernels/blocks.py ---------------------------------------------------------------------------


@kernel
def outer(out, a, b):
    """``outer`` of stacks of vectors."""
    for n in range(len(out)):
        for i in range(a.shape[1]):
            factor, row = a[n, i], out[n, i]
            for j in range(b.shape[1]):
                row[j] = factor * b[n, j]


# ---- ops/gates.py --------------------------------------------------------------------------------


@kernel
def silu(out, slope, x):
    """``_silu``."""
    for i in range(x.size):
        w = _ONE / (_ONE + exp(-x[i], _ZERO))
        y = x[i] * w
        out[i] = y
        slope[i] = w + y * (_ONE - w)


_N0, _N1, _N2, _N3, _N4 = map(
    _f, (0.50000000315, 0.439283124632, 0.18396891908, 0.04088105594, 0.004153219742)
)
_D1, _D2, _D3, _D4, _D5 = map(
    _f, (1.676451256292, 1.205547353751, 0.471408120458, 0.102479727357, 0.010410466369)
)  # N(x) / D(x) = exp(x²/2) · ndtr(-x) for 0 <= x <= 15 with a relative error of 6e-9
_DENSITY, _END, _SPLIT = _f(1 / math.sqrt(2 * math.pi)), _f(15), _f(4097)


@kernel
def gelu(out, slope, x):
    """``_gelu``."""
    for i in range(x.size):
        v = -_END if x[i] < -_END else x[i]
        v = _END if v > _END else v
        a, head = abs(v), v * _SPLIT
        head -= head - v  # the first half of the digits of v, whose square is exact
        e = exp(head * head * -_HALF, (head - v) * (head + v) * _HALF)
        n = _N0 + a * (_N1 + a * (_N2 + a * (_N3 + a * _N4)))
        d = _ONE + a * (_D1 + a * (_D2 + a * (_D3 + a * (_D4 + a * _D5))))
        below = e * n / d
        w = _ONE - below if v > _ZERO else below
        out[i] = x[i] * w
        slope[i] = w + x[i] * e * _DENSITY


@kernel
def hardswish(out, x):
    """``_hardswish``."""
    for i in range(x.size):
        v = x[i] + _f(3)
        v = _ZERO if v < _ZERO else v
        v = _f(6) if v > _f(6) else v
        out[i] = x[i] * (v * _f(1 / 6))


@kernel
def hardswish_gradient(out, g, x):
    """``_hardswish_gradient``."""
    for i in range(x.size):
        slope = x[i] * _f(1 / 3) + _f(0.5)
        slope = slope if x[i] < _f(3) else _ONE
        slope = _ZERO if x[i] <= _f(-3) else slope
        out[i] = g[i] * slope


# ---- ops/softmax.py ------------------------------------------------------------------------------


@summing
def _exponentials(out, x, least):
    """exp(x - least) into ``out``, and the sum."""
    total = _ZERO
    for j in range(x.size):
        e = exp(x[j] - least, _ZERO)
        out[j] = e
        total += e
    return total


@kernel
def _shifted_exponentials(out, x):
    """As above, and the number that was subtracted: the maximum, unless the sum is accurate without."""
    total = _exponentials(out, x, _ZERO)
    if _f(1e-4) < total < _f(1e4):
        return total, _ZERO
    highest = x.max() if x.size else _ZERO
    return _exponentials(out, x, highest), highest


@kernel
def exponentials_of_rows(out, total, x):
    """The block of ``exponentials_of_rows``."""
    for i in range(len(x)):
        total[i] = _exponentials(out[i], x[i], _ZERO)


@kernel
def softmax_of_rows(out, x):
    """``_softmax_of_rows``."""
    for i in range(len(x)):
        total, _ = _shifted_exponentials(out[i], x[i])
        for j in range(x.shape[1]):
            out[i, j] /= total


@kernel
def log_softmax_of_rows(out, x):
    """``_log_softmax_of_rows``."""
    for i in range(len(x)):
        total, shift = _shifted_exponentials(out[i], x[i])
        shift += _f(math.log(total))
        for j in range(x.shape[1]):
            out[i, j] = x[i, j] - shift


@summing
def softmax_gradient_of_rows(dx, g, out):
    """``_softmax_gradient_of_rows``."""
    for i in range(len(g)):
        dot = _ZERO
        for j in range(g.shape[1]):
            dot += g[i, j] * out[i, j]
        for j in range(g.shape[1]):
            dx[i, j] = (g[i, j] - dot) * out[i, j]


@summing
def log_softmax_gradient_of_rows(dx, g, out):
    """``_log_softmax_gradient_of_rows``."""
    for i in range(len(g)):
        total = _ZERO
        for j in range(g.shape[1]):
            total += g[i, j]
        for j in range(g.shape[1]):
            dx[i, j] = g[i, j] - exp(out[i, j], _ZERO) * total


# ---- ops/layers/layer_norm.py --------------------------------------------------------------------


@summing
def standardise_rows(out, average, scale, x, weight, bias, eps, centred):
    """The block of ``standardise_rows``."""
    size = x.shape[1]
    for i in range(len(x)):
        centre, spread = _ZERO, _ZERO
        if centred:
            for j in range(size):
                centre += x[i, j]
            centre /= _f(size)
        for j in range(size):
            spread += (x[i, j] - centre) * (x[i, j] - centre)
        rate = _ONE / math.sqrt(spread / _f(size) + eps)
        average[i], scale[i] = centre, rate
        for j in range(size):
            out[i, j] = (x[i, j] - centre) * rate * weight[j] + bias[j]


@summing
def row_gradients(dx, g, x, average, scale, slopes, sums, weight, centred):
    """The block of ``_row_gradients``; ``slopes`` and ``sums`` are added to."""
    size = x.shape[1]
    for i in range(len(x)):
        centre, rate, level, along = average[i], scale[i], _ZERO, _ZERO
        for j in range(size):
            c = (x[i, j] - centre) * rate
            h = g[i, j] * weight[j]
            level += h
            along += h * c
            slopes[j] += g[i, j] * c
            sums[j] += g[i, j]
        level = level / _f(size) if centred else _ZERO
        along /= _f(size)
        for j in range(size):
            c = (x[i, j] - centre) * rate
            dx[i, j] = (g[i, j] * weight[j] - level - along * c) * rate


# ---- ops/layers/group_norm.py --------------------------------------------------------------------


@summing
def standardise_groups(out, average, scale, x, weight, bias, eps):
    """The block of ``standardise_groups``."""
    channels, size = x.shape[1:]
    count = _f(channels * size)
    for i in range(len(x)):
        centre, spread = _ZERO, _ZERO
        row, target = x[i].reshape(-1), out[i]
        for j in range(row.size):
            centre += row[j]
        centre /= count
        for j in range(row.size):
            spread += (row[j] - centre) * (row[j] - centre)
        rate = _ONE / math.sqrt(spread / count + eps)
        average[i], scale[i] = centre, rate
        for k in range(channels):
            factor, level = rate * weight[i, k], bias[i, k]
            for j in range(size):
                target[k, j] = (x[i, k, j] - centre) * factor + level


@summing
def group_gradients(dx, sums, products, g, x, weight, average, scale):
    """The block of ``_gradients``."""
    channels, size = x.shape[1:]
    count = _f(channels * size)
    for i in range(len(x)):
        centre, rate, level, along = average[i], scale[i], _ZERO, _ZERO
        for k in range(channels):
            total, product = _ZERO, _ZERO
            for j in range(size):
                total += g[i, k, j]
                product += g[i, k, j] * (x[i, k, j] - centre)
            sums[i, k], products[i, k] = total, product
            level += total * weight[i, k]
            along += product * weight[i, k]
        level *= rate / count
        along *= rate * rate * rate / count
        for k in range(channels):
            factor = weight[i, k] * rate
            for j in range(size):
                dx[i, k, j] = g[i, k, j] * factor - level - along * (x[i, k, j] - centre)


# ---- ops/layers/batch_norm.py --------------------------------------------------------------------

_STRETCH = 512  # elements whose sum is added to the others, so that long rows lose no digit


@summing
def _sums(g, x, centre):
    """Σ g and Σ g · (x - centre)."""
    total, product = _ZERO, _ZERO
    for start in range(0, x.size, _STRETCH):
        part, along = _ZERO, _ZERO
        for j in range(start, min(start + _STRETCH, x.size)):
            part += g[j]
            along += g[j] * (x[j] - centre)
        total += part
        product += along
    return total, product


@summing
def _moments(x):
    """The mean and the biased variance."""
    total, spread = _ZERO, _ZERO
    for start in range(0, x.size, _STRETCH):
        part = _ZERO
        for j in range(start, min(start + _STRETCH, x.size)):
            part += x[j]
        total += part
    centre = total / _f(x.size)
    for start in range(0, x.size, _STRETCH):
        part = _ZERO
        for j in range(start, min(start + _STRETCH, x.size)):
            part += (x[j] - centre) * (x[j] - centre)
        spread += part
    return centre, spread / _f(x.size)


@kernel
def standardise_channels(out, average, variance, scale, x, weight, bias, eps):
    """The block of ``standardise_channels``."""
    for i in range(len(x)):
        centre, spread = _moments(x[i])
        rate = _ONE / _f(math.sqrt(spread + eps))
        average[i], variance[i], scale[i] = centre, spread, rate
        factor, level = rate * weight[i], bias[i]
        for j in range(x.shape[1]):
            out[i, j] = (x[i, j] - centre) * factor + level


@kernel
def channel_gradients(dx, sums, products, g, x, average, scale, weight):
    """The block of ``_batch_norm_gradients``."""
    count = _f(x.shape[1])
    for i in range(len(x)):
        centre, slope = average[i], scale[i] * weight[i]
        total, product = _sums(g[i], x[i], centre)
        sums[i], products[i] = total, product * scale[i]
        level, along = slope * total / count, slope * scale[i] * products[i] / count
        for j in range(x.shape[1]):
            dx[i, j] = g[i, j] * slope - level - along * (x[i, j] - centre)
