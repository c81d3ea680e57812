"""Depthwise convolution with any stride, compiled by numba, and imported only for it.

A channel is copied to a padded buffer that stays in the cache: columns a stride apart lie side by side there.
So a row of the output is a sum of shifted rows, each one long run of memory, three at a time in registers.
All arrays are C-contiguous and of float32. Channels are independent, so results do not depend on threads.
"""

from __future__ import annotations

import numpy

from .numba_loops import compile_loop
from .threads import parallel_for, spans
from .windows import threads_for

_fused = {"contract"}  # a product and a sum rounded once
_f = numpy.float32
SHARED = 300_000  # nanoseconds of loops from which on several threads are faster: waking one takes 60 µs


def correlate(x, kernels, bias, *, stride, padding, dilation, counts):
    """``einsum("cij,cijhwn->chwn", kernels, windows) + bias``: (C, *counts, N).

    ``x`` is (C, H, W, N), ``kernels`` (C, kH, kW), ``bias`` (C,) or None.
    """
    out = numpy.empty((len(x), *counts, x.shape[-1]), _f)
    bias = numpy.zeros(len(x), _f) if bias is None else numpy.ascontiguousarray(bias)
    layout = padded_layout(x.shape[1:], kernels.shape[1:], stride, padding, dilation)
    _share(_correlate, (out, x, _flat(kernels), bias), layout)
    return out


def input_gradient(g, kernels, *, sizes, stride, padding, dilation):
    """The gradient of :func:`correlate` for its input: (C, *sizes, N), from ``g`` (C, *counts, N)."""
    out = numpy.empty((len(g), *sizes, g.shape[-1]), _f)
    layout = padded_layout(out.shape[1:], kernels.shape[1:], stride, padding, dilation)
    _share(_spread, (out, g, _flat(kernels)), layout)
    return out


def weight_gradient(x, g, *, kernel, stride, padding, dilation):
    """The gradient of :func:`correlate` for its kernels: (C, *kernel)."""
    out = numpy.zeros((len(x), kernel[0] * kernel[1]), _f)
    _share(_products, (out, x, g), padded_layout(x.shape[1:], kernel, stride, padding, dilation))
    return out.reshape(len(x), *kernel)


def _flat(kernels):
    return numpy.ascontiguousarray(kernels.reshape(len(kernels), -1))


def padded_layout(sizes, kernel, stride, padding, dilation):
    """The shape of the padded buffer, (rows, column strides, columns, N), where in it the image begins, the
    stride of rows, and how far each position of the kernel is from the first one.
    """
    (high, wide, n), (top, left) = sizes, padding
    across = -(-(wide + sum(left)) // stride[1])
    shape = (high + sum(top), stride[1], across, n)
    row, column = (numpy.arange(k) * d for k, d in zip(kernel, dilation))
    steps = column % stride[1] * across + column // stride[1]
    places = (row[:, None] * stride[1] * across + steps) * n
    return shape, top[0], left[0], stride[0], places.reshape(-1)


def _share(function, arrays, layout):
    """Call ``function`` for the channels of all ``arrays``, on several threads if it is worth it."""
    size = max(array.size for array in arrays)
    parts = spans(len(arrays[0]), threads_for(size * (len(layout[-1]) + 3) / 15, SHARED))
    parallel_for(lambda part: function(*(a[slice(*part)] for a in arrays), *layout), parts)


# ---- loops ---------------------------------------------------------------------------------------


def _loop(function):
    return compile_loop(function, fastmath=_fused)


@_loop
def _copy(target, source):
    for t in range(target.size):
        target[t] = source[t]


@_loop
def _copy_image(buffer, image, columns, shape, top, left, back):
    """Copy an image of rows of ``columns`` pixels to its place in the buffer, or ``back``; both flat."""
    _, apart, across, n = shape
    run = n * columns if apart == 1 else n  # numbers that are copied at once
    for i in range(image.size // (columns * n)):
        for j in range(apart):
            first = (j - left) % apart
            place = (((top + i) * apart + j) * across + (left + first) // apart) * n
            for start in range((i * columns + first) * n, (i + 1) * columns * n, apart * run):
                if back:
                    _copy(image[start : start + run], buffer[place : place + run])
                else:
                    _copy(buffer[place : place + run], image[start : start + run])
                place += run


@_loop
def _add(out, rows, factors):
    """``out += Σ factor · row``, for tuples."""
    for t in range(out.size):
        total = out[t]
        for j in range(len(rows)):
            total += factors[j] * rows[j][t]
        out[t] = total


@_loop
def _correlate(out, x, kernels, bias, shape, top, left, stride, places):
    row, count = shape[1] * shape[2] * shape[3], len(places)
    flat = numpy.zeros(shape[0] * row, _f)
    for c in range(len(x)):
        _copy_image(flat, x[c].reshape(-1), x.shape[2], shape, top, left, False)
        k = kernels[c]
        for i in range(out.shape[1]):
            target, source = out[c, i].reshape(-1), flat[i * stride * row :]
            target.fill(bias[c])
            for j in range(0, count - 2, 3):
                a, b, d = source[places[j] :], source[places[j + 1] :], source[places[j + 2] :]
                _add(target, (a, b, d), (k[j], k[j + 1], k[j + 2]))
            for j in range(count - count % 3, count):
                _add(target, (source[places[j] :],), (k[j],))


@_loop
def _spread(out, g, kernels, shape, top, left, stride, places):
    row = shape[1] * shape[2] * shape[3]
    flat = numpy.empty(shape[0] * row, _f)
    for c in range(len(g)):
        flat.fill(_f(0))
        for i in range(g.shape[1]):
            source = g[c, i].reshape(-1)
            for j in range(len(places)):
                start = i * stride * row + places[j]
                _add(flat[start : start + source.size], (source,), (kernels[c, j],))
        _copy_image(flat, out[c].reshape(-1), out.shape[2], shape, top, left, True)


def summing(function):
    """Compile a loop that may add in any order."""
    return compile_loop(function, fastmath={"reassoc", "contract"})


@summing
def _dot(a, b):
    total = _f(0)
    for t in range(a.size):
        total += a[t] * b[t]
    return total


@summing
def _three_dots(x, a, b, c):
    """The products of ``x`` with three rows."""
    first, second, third = _f(0), _f(0), _f(0)
    for t in range(x.size):
        first += x[t] * a[t]
        second += x[t] * b[t]
        third += x[t] * c[t]
    return first, second, third


@_loop
def _products(out, x, g, shape, top, left, stride, places):
    row, count = shape[1] * shape[2] * shape[3], len(places)
    flat = numpy.zeros(shape[0] * row, _f)
    for c in range(len(x)):
        _copy_image(flat, x[c].reshape(-1), x.shape[2], shape, top, left, False)
        total = out[c]
        for i in range(g.shape[1]):
            factor, source = g[c, i].reshape(-1), flat[i * stride * row :]
            for j in range(0, count - 2, 3):
                a, b, d = source[places[j] :], source[places[j + 1] :], source[places[j + 2] :]
                first, second, third = _three_dots(factor, a, b, d)
                total[j] += first
                total[j + 1] += second
                total[j + 2] += third
            for j in range(count - count % 3, count):
                total[j] += _dot(factor, source[places[j] :])
