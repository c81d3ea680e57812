"""Convolutions of few channels, compiled by numba, and imported only for it.

Rows of the padded input are read where they lie, so no columns are gathered. All arrays are C-contiguous and
of float32. Each number is computed by itself, so results do not depend on the number of threads.
"""

from __future__ import annotations

import functools
import math

import numpy

from .compiled_depthwise import SHARED, padded_layout, summing
from .compiled_tile import HIGH, WIDE, multiply_tile
from .numba_loops import compile_loop
from .threads import parallel_for, spans
from .windows import batch_last, copy_pixels, threads_for

_f = numpy.float32
_RUN = 512  # numbers of a row at a time: those of all channels should find room in the second-level cache


def correlate(x, weight, bias, *, stride, padding, dilation, counts):
    """``einsum("ocij,cijhwn->ohwn", weight, windows) + bias``: (O, *counts, N), where counts[1] · N >= WIDE.

    ``x`` is (N, C, H, W), ``weight`` (O, C, *kernel), ``bias`` (O,) or None.
    """
    size = max(len(weight), HIGH)
    out = numpy.empty((size, *counts, len(x)), _f)
    factors = _filled_up(weight.reshape(len(weight), -1), size)
    level = numpy.zeros(size, _f) if bias is None else _filled_up(bias, size)
    flat, places, step = _rows(x, weight.shape[2:], stride, padding, dilation)
    flat_out, run = out.reshape(size, counts[0], -1), counts[1] * len(x)
    tiles = counts[0] * -(-run // WIDE)

    def work(part):
        _multiply(flat_out, flat, factors, level, places, step, *part)

    parallel_for(work, spans(tiles, threads_for(out.size * places.size / 15, SHARED)))
    return out[: len(weight)]


def weight_gradient(x, g, *, kernel, stride, padding, dilation):
    """``einsum("ohwn,cijhwn->ocij", g, windows)``: (O, C, *kernel), for at least 4 channels O.

    ``x`` is (N, C, H, W), ``g`` (O, *counts, N).
    """
    rows = g.reshape(*g.shape[:2], -1)
    flat, places, step = _rows(x, kernel, stride, padding, dilation)
    out = numpy.zeros((len(g), places.size), _f)

    def work(part):
        first, last = (4 * n for n in part)
        last = last if last + 4 <= len(g) else len(g)
        _products(out[first:last], flat, rows[first:last], places, step)

    parallel_for(work, spans(len(g) // 4, threads_for(rows.size * places.size / 15, SHARED)))
    return out.reshape(len(g), x.shape[1], *kernel)


def _filled_up(array, size):
    """``array`` with zeros at its end, so that it has ``size`` rows."""
    if len(array) == size:
        return numpy.ascontiguousarray(array)
    return numpy.concatenate((array, numpy.zeros((size - len(array), *array.shape[1:]), _f)))


def _rows(x, kernel, stride, padding, dilation):
    """The padded channels, flat; how far the row that each position of the kernel reads is from the first;
    and how far the rows of windows are apart.
    """
    settings = [tuple(kernel), tuple(stride), tuple(map(tuple, padding)), tuple(dilation)]
    shape, top, left, places, step = _layout(x.shape, *settings)
    flat = batch_last(x, padding) if stride[1] == 1 else _planes(x, shape, top, left)
    return flat.reshape(-1), places, step


@functools.lru_cache(maxsize=256)  # every training step has the same shapes
def _layout(x, *settings):
    n, channels, *sizes = x
    shape, top, left, step, places = padded_layout((*sizes, n), *settings)
    places = (numpy.arange(channels)[:, None] * math.prod(shape) + places).reshape(-1)
    return shape, top, left, places, step * math.prod(shape[1:])


def _planes(x, shape, top, left):
    """The padded channels with columns that are a stride apart side by side."""
    planes, moved, apart = numpy.zeros((x.shape[1], *shape), _f), batch_last(x), shape[1]
    for j in range(apart):
        first = (j - left) % apart
        part, start = moved[:, :, first::apart], (left + first) // apart
        copy_pixels(planes[:, top : top + x.shape[2], j, start : start + part.shape[2]], part)
    return planes


# ---- loops ---------------------------------------------------------------------------------------


@compile_loop
def _multiply(out, x, factors, bias, places, step, first, last):
    """Tiles ``first`` to ``last`` of the output (O, rows, run); the last one of a row may overlap another."""
    channels, rows, run = out.shape
    flat, across = out.reshape(-1), -(-run // WIDE)
    for tile in range(first, last):
        row, column = divmod(tile, across)
        column = min(column * WIDE, run - WIDE)
        for o in range(0, channels, HIGH):
            o = min(o, channels - HIGH)
            at = (o * rows + row) * run + column
            multiply_tile(flat, at, rows * run, x, places, row * step + column, factors[o:], bias[o:])


@summing
def _eight_dots(w, x, y, z, a, b):
    """The products of four rows with two."""
    wa = wb = xa = xb = ya = yb = za = zb = _f(0)
    for t in range(w.size):
        wa += w[t] * a[t]
        wb += w[t] * b[t]
        xa += x[t] * a[t]
        xb += x[t] * b[t]
        ya += y[t] * a[t]
        yb += y[t] * b[t]
        za += z[t] * a[t]
        zb += z[t] * b[t]
    return (wa, wb), (xa, xb), (ya, yb), (za, zb)


@compile_loop
def _products(out, flat, g, places, step):
    """Add the products of rows to ``out`` (O, places); the last ones may be computed again."""
    part, run = numpy.empty_like(out), g.shape[2]
    for i in range(g.shape[1]):
        for start in range(0, run, _RUN):
            stop, source = min(start + _RUN, run), flat[i * step + start :]
            for o in range(0, len(g), 4):
                o = min(o, len(g) - 4)
                w, x, y, z = (
                    g[o, i, start:stop],
                    g[o + 1, i, start:stop],
                    g[o + 2, i, start:stop],
                    g[o + 3, i, start:stop],
                )
                for r in range(0, len(places), 2):
                    r = min(r, len(places) - 2)
                    dots = _eight_dots(w, x, y, z, source[places[r] :], source[places[r + 1] :])
                    for j in range(4):
                        part[o + j, r], part[o + j, r + 1] = dots[j]
            out += part
