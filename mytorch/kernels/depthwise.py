"""Depthwise convolution: every channel has kernels of its own.

The rows of a padded channel follow each other in memory. So what one position of the kernel reads, for all
outputs, is one long run, and the next position reads the same run a little later. ``einsum`` adds multiples
of runs in one pass each. Runs hold what lies between the rows, too, which is left out in the end. Rows that
are a stride apart (a phase) are moved together; along the rows, what a stride skips is computed and left out
as well. A few channels at a time are padded, in a buffer that stays in the cache.
"""

from __future__ import annotations

import itertools
import math

import numpy

from ..core.sums import summed
from .threads import parallel_for, spans
from .windows import batch_last, copy_pixels, strided, threads_for

_BLOCK = 96 * 1024  # elements of the outputs of a block of channels, whose buffers stay in the cache
_STRIP = 8 * 1024  # elements of a run


def correlate(x, kernels, bias=None, *, stride, padding, dilation, counts):
    """``einsum("cmk,ckin->cmin", kernels, window_view(x, ...)) + bias``: (C, M, *counts, N).

    ``x`` (N, C, *S), ``kernels`` (C, M, *kernel), ``bias`` (C, M). Except along the last of S, a
    dimension has no dilation if it has a stride.
    """
    x, (stride, wide) = batch_last(x), _apart(stride)
    phases = _by_phase(kernels, stride)
    sizes, moves = _padded_phases(
        x.shape[1:-1], kernels.shape[2:], stride, padding, dilation, _dense(counts, wide)
    )
    out = numpy.empty((*kernels.shape[:2], *counts, x.shape[-1]), x.dtype)

    def work(blocks):
        planes = numpy.zeros((len(phases), _largest(blocks), *sizes, x.shape[-1]), x.dtype)
        sums = _Sums(planes, [*phases.values()], [0] * len(sizes), dilation, out, wide)
        for a, b in blocks:
            for plane, (inside, places) in zip(planes[:, : b - a], moves):
                copy_pixels(plane[inside], x[a:b][places])
            sums.write(a, b, bias, out)

    _share(work, out, math.prod(sizes) * x.shape[-1], kernels)
    return out


def input_gradient(g, kernels, bias=None, *, sizes, stride, padding, dilation):
    """The transpose of :func:`correlate` with one kernel for each channel, plus ``bias``: (C, 1, *sizes, N).

    ``g`` (N, C, *counts), ``kernels`` (C, 1, *kernel), ``bias`` (C, 1). Each phase of the result is a
    convolution with the kernel's positions that reach it, reversed.
    """
    g, kernel, (stride, wide) = batch_last(g), kernels.shape[2:], _apart(stride)
    counts, back = _dense(g.shape[1:-1], wide), (..., *(slice(None, None, -1),) * len(sizes))
    reached = [_reached(*given) for given in zip(kernel, sizes, counts, stride, padding, dilation)]
    out = numpy.empty((len(g), 1, *sizes, g.shape[-1]), g.dtype)
    if any(k < s for k, s in zip(kernel, stride)):  # some places are reached by none
        out[...] = 0 if bias is None else bias.reshape(*bias.shape, *[1] * len(sizes), 1)
    phases = []
    for phase, part in _by_phase(kernels, stride).items():
        starts, places = zip(*[found[r] for r, (_, found) in zip(phase, reached)])
        target = out[(slice(None), slice(None), *places)]
        if target.size:
            phases.append((part[back], starts, target))
    padded = [before + n + after for n, ((before, after), _) in zip(counts, reached)]
    inside = [slice(before, before + n) for n, ((before, _), _) in zip(counts, reached)]
    inside[-1] = slice(inside[-1].start, inside[-1].stop, wide)

    def work(blocks):
        plane = numpy.zeros((_largest(blocks), *padded, g.shape[-1]), g.dtype)
        sums = [_Sums([plane], [part], starts, dilation, target) for part, starts, target in phases]
        for a, b in blocks:
            copy_pixels(plane[: b - a][(slice(None), *inside)], g[a:b])
            for each, (_, _, target) in zip(sums, phases):
                each.write(a, b, bias, target)

    _share(work, out, math.prod(padded) * g.shape[-1], kernels)
    return out


def weight_gradient(x, g, *, kernel, stride, padding, dilation):
    """``einsum("cmin,ckin->cmk", g, window_view(x, ...))``: (C, M, *kernel).

    ``x`` (N, C, *S), ``g`` (N, C · M, *counts).
    """
    x, counts, (stride, wide) = batch_last(x), g.shape[2:], _apart(stride)
    g = batch_last(g).reshape(len(x), -1, *counts, x.shape[-1])
    sizes, moves = _padded_phases(x.shape[1:-1], kernel, stride, padding, dilation, _dense(counts, wide))
    out = numpy.empty((*g.shape[:2], *kernel), x.dtype)
    phases = _by_phase(out, stride)

    def work(blocks):
        planes = numpy.zeros((len(phases), _largest(blocks), *sizes, x.shape[-1]), x.dtype)
        sums = _Sums(planes, [*phases.values()], [0] * len(sizes), dilation, g, wide, False)
        for a, b in blocks:
            for plane, (inside, places) in zip(planes[:, : b - a], moves):
                copy_pixels(plane[inside], x[a:b][places])
            sums.contract(a, b, g)

    _share(work, g, math.prod(sizes) * x.shape[-1], out)
    return out


def _apart(stride):
    """The stride between rows, and that along them."""
    return (*stride[:-1], 1), stride[-1]


def _dense(counts, wide):
    """``counts`` with all places between the first and the last along the rows."""
    return (*counts[:-1], (counts[-1] - 1) * wide + 1)


def _by_phase(kernels, stride):
    """{phase: view (C, M, *kernel of the phase)} of (C, M, *kernel)."""
    found = itertools.product(*map(range, map(min, kernels.shape[2:], stride)))
    return {phase: kernels[(..., *map(slice, phase, [None] * len(phase), stride))] for phase in found}


def _padded_phases(sizes, kernel, stride, padding, dilation, counts):
    """(sizes of a padded phase of an array of ``sizes``, [(places inside, places in the array) for each])."""
    padded = [n + (-(-k // s) - 1) * d for n, k, s, d in zip(counts, kernel, stride, dilation)]
    moves = []
    for phase in itertools.product(*map(range, map(min, kernel, stride))):
        inside, places = [slice(None)], [slice(None)]
        for r, n, high, s, (before, _) in zip(phase, sizes, padded, stride, padding):
            first = max(-((r - before) // s), 0)
            start = first * s + r - before
            count = max(0, min(high - first, -((start - n) // s)))
            inside.append(slice(first, first + count))
            places.append(slice(start, start + count * s, s))
        moves.append((tuple(inside), tuple(places)))
    return padded, moves


def _reached(kernel, size, count, stride, padding, dilation):
    """What each phase of the input's gradient reads and writes along one dimension.

    (padding of the output's gradient, [(first place read, places written) for each phase]).
    """
    reads, writes, ends, before = [], [], [], padding[0]
    for phase in range(min(kernel, stride)):
        first, last = -((phase - before) // stride), (before + size - 1 - phase) // stride
        reads.append(first - (kernel - 1 - phase) // stride * dilation)
        ends.append(last + 1)
        writes.append(slice(first * stride + phase - before, None, stride))
    low, high = max(0, -min(reads)), max(0, max(ends) - count)
    return (low, high), [(read + low, places) for read, places in zip(reads, writes)]


class _Sums:
    """Sums over the positions of ``kernels``, one (C, M, *kernel) for each of ``planes`` (channels, *S, N).

    ``out`` (C, M, *counts, N) is what to write, or to contract with; its first element reads from the place
    ``starts`` on. Its rows, in the layout of a plane, are runs; a large channel has several.
    """

    def __init__(self, planes, kernels, starts, dilation, out, wide=1, apart=True):
        counts, n = _dense(out.shape[2:-1], wide), out.shape[-1]
        channels, *sizes = planes[0].shape
        steps = [step // out.itemsize for step in planes[0].strides[1:]]
        rows = _rows(counts[0], steps[0])
        self.length = rows * steps[0] - steps[0] + n + sum((m - 1) * s for m, s in zip(counts[1:], steps[1:]))
        strips, item = counts[0] // rows, out.itemsize
        self.terms = []
        for plane, part in zip(planes, kernels):
            first = plane.reshape(channels, -1)[:, sum(a * s for a, s in zip(starts, steps)) :]
            taps = [step * d * item for step, d in zip(steps, dilation)]
            shape = (channels, strips, *part.shape[2:], self.length)
            strides = (plane.strides[0], rows * steps[0] * item, *taps, item)
            self.terms.append((strided(first, shape, strides), part))
        if n == dilation[-1] == 1 and apart:  # einsum's inner loop is along runs if no other step is as short
            self.terms = [(r[..., i, :], k[..., i]) for r, k in self.terms for i in range(k.shape[-1])]
        shape = channels, out.shape[1], strips, rows * steps[0]
        self.buffers = numpy.zeros((2, *shape), out.dtype)[: len(self.terms)]
        self.inside = self.buffers[0].reshape(*shape[:2], counts[0], *sizes[1:])
        self.inside = self.inside[(..., *map(slice, counts[:-1]), slice(0, counts[-1], wide), slice(None))]

    def write(self, a, b, bias, out):
        """Write those of channels ``a`` to ``b``, which the planes hold, plus ``bias`` to ``out``."""
        total, *more = self.buffers[:, : b - a, ..., : self.length]
        target = total
        for runs, kernels in self.terms:
            axes = list(range(4, 2 + kernels.ndim))
            numpy.einsum(
                kernels[a:b], [0, 1, *axes], runs[: b - a], [0, 2, *axes, 3], [0, 1, 2, 3], out=target
            )
            if target is not total:
                total += target
            target = more[0] if more else None
        if bias is not None:
            total += bias[a:b, :, None, None]
        copy_pixels(out[a:b], self.inside[: b - a])

    def contract(self, a, b, g):
        """Write the products with channels ``a`` to ``b`` of ``g``, summed over places, to the kernels."""
        self.inside[: b - a] = g[a:b]
        for runs, kernels in self.terms:
            one = [None] * (kernels.ndim - 2)
            lines = self.buffers[(0, slice(b - a), slice(None), slice(None), *one, slice(self.length))]
            kernels[a:b] = summed(numpy.vecdot(runs[: b - a, None], lines), 2)


def _rows(count, step):
    """How many of ``count`` rows of ``step`` elements to go through at a time: a divisor of their number."""
    found = next(n for n in range(min(count, max(_STRIP // step, 1)), 0, -1) if count % n == 0)
    return found if found * step * 8 >= _STRIP else count


def _share(work, out, size, kernels):
    """Do the ``work`` of all channels, in blocks of channels, on several threads if it is large.

    ``size``: the elements of a padded channel.
    """
    if not out.size:
        return
    threads = threads_for(out.size * math.prod(kernels.shape[2:]) * 0.25)
    channels = len(out)
    blocks = spans(channels, -(-size * channels // (_BLOCK * threads)) * threads)
    parallel_for(work, [blocks[a:b] for a, b in spans(len(blocks), threads)])


def _largest(blocks):
    return max(b - a for a, b in blocks)
