"""A recurrent layer over a whole sequence, forward and back through time.

Only ``w_hh @ h`` has to wait for the step before. What x adds to the gates, and in the backward pass the
gradients of x and of the weights, are products over stretches of time: other threads make them while the
steps run. Stretches depend on the sizes alone, so results do not depend on threads.

States lie in slots: that before step t is in slot t and that after it in slot t + 1, or with ``reverse`` in
slots t + 1 and t.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy

from ..core.arrays import xp
from ..core.blas import use_one_thread
from ..core.sums import summed
from .gemm import unpacked
from .rnn_cells import Step, cell_for
from .sums import row_sums
from .threads import begin, parallel_for, spans


class Trace(NamedTuple):
    """What the steps of a layer saw and computed: forward fills it, backward reads it."""

    h: object  # (T + 1, hidden, B): the state of each slot
    z: object  # (T, rows, B): the gates
    c: object  # (T + 1, hidden, B): an LSTM's c of each slot, or None
    tanh_c: object  # (T, hidden, B), or None

    def steps(self, of_h, reverse, sizes):
        """The steps over the time, cut to the columns that are there; the last ``of_h`` rows of z are h's."""
        time, h = len(self.z), list(self.h)
        c, tanh_c = ([None] * (time + 1), [None] * time) if self.c is None else (self.c, self.tanh_c)
        before, after = slice(reverse, reverse + time), slice(1 - reverse, 1 - reverse + time)
        z_of_h = self.z[:, self.z.shape[1] - of_h :]
        steps = list(map(Step, self.z, z_of_h, h[before], h[after], c[before], c[after], tanh_c))
        return steps if sizes is None else [step.first(count) for count, step in zip(sizes, steps)]


def forward(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, *, cell, reverse, sizes):
    """(the results of ``recurrent``, trace): all h (T, B, hidden), the last h and, of an LSTM, the last c."""
    m, kind, batch = xp(x), cell_for(cell, x, sizes), x.shape[1]
    w_x, w_h = _matrices(kind.slabs, w_ih, w_hh)
    bias = _bias(m, kind.slabs, w_hh, b_ih, b_hh)
    trace, last = _start(x, h0, c0, w_hh, kind.slabs, cell, reverse, sizes)
    _negate_sigmoids(kind.slabs, w_x, w_h, bias)

    def read(part):
        """Write what x and the biases add to the gates."""
        of_x, rest = trace.z[part, : len(w_x)], trace.z[part, len(w_x) :]
        m.matmul(w_x, x[part].swapaxes(1, 2), out=of_x)
        of_x += bias[: len(w_x)]
        rest[...] = bias[len(w_x) :]

    parts = _stretches(x, len(bias), limit=8, least=1)[:: -1 if reverse else 1]
    jobs = [None, *(begin(read, [part]) for part in parts[1:])]
    read(parts[0])
    multiply, steps = _times(w_h, batch, sizes), trace.steps(len(w_h), reverse, sizes)
    of_h = seen = m.empty((len(w_h), batch), x.dtype)
    for job, part in zip(jobs, parts):
        if job is not None:
            job.finish()
        for step in steps[part][:: -1 if reverse else 1]:
            if sizes is not None:
                seen = of_h[:, : step.h.shape[1]]
            multiply(step.h, seen)
            m.add(step.z_of_h, seen, out=step.z_of_h)
            if w_hr is None:
                kind.forward(m, step)
            else:
                unprojected = m.empty_like(step.tanh_c)
                kind.forward(m, step._replace(h_new=unprojected))
                m.matmul(w_hr, unprojected, out=step.h_new)
    h, columns = trace.h, m.arange(batch)
    y = (h[:-1] if reverse else h[1:]).swapaxes(1, 2)
    ends = () if trace.c is None else (trace.c[last, :, columns],)
    return (y, h[last, :, columns], *ends), trace


def _start(x, h0, c0, w_hh, slabs, cell, reverse, sizes):
    """A trace with the first states in place, and the slots of the last states, one per column."""
    m, (time, batch, _) = xp(x), x.shape
    hidden, columns = _hidden(slabs, w_hh), m.arange(batch)
    make = m.empty if sizes is None else m.zeros  # columns that have ended stay 0
    h = make((time + 1, w_hh.shape[1], batch), x.dtype)
    z = make((time, slabs.in_all * hidden, batch), x.dtype)
    first, last = _ends(m, time, reverse, sizes, batch)
    h[first, :, columns] = 0 if h0 is None else h0
    c = tanh_c = None
    if cell == "LSTM":
        c = make((time + 1, hidden, batch), x.dtype)
        tanh_c = make((time, hidden, batch), x.dtype)
        c[first, :, columns] = 0 if c0 is None else c0
    return Trace(h, z, c, tanh_c), last


def backward(g, x, w_ih, w_hh, w_hr, trace, *, cell, reverse, sizes, needs):
    """The gradients of x, h0, c0, w_ih, w_hh, b_ih, b_hh and w_hr from ``g``, those of the results."""
    m, kind, (time, batch, _) = xp(x), cell_for(cell, x, sizes), x.shape
    g_y, g_h, *g_c = g
    w_x, w_h = _matrices(kind.slabs, w_ih, w_hh)
    rows, order = trace.z.shape[1], slice(None, None, 1 if reverse else -1)
    dh, dc = g_h.T.copy(), g_c[0].T.copy() if g_c else None
    dz = (m.empty if sizes is None else m.zeros)(trace.z.shape, x.dtype)
    g_hr = None if w_hr is None else m.zeros_like(w_hr)
    multiply = _times(m.ascontiguousarray(w_h.T), batch, sizes)
    steps, parts = trace.steps(len(w_h), reverse, sizes), _stretches(x, rows, limit=4, least=128)
    gx = m.empty(x.shape, x.dtype) if needs[0] else None
    sums = [m.empty((len(parts), *shape), x.dtype) for shape in (w_x.shape, w_h.shape, (rows,))]

    def multiply_part(i):
        part = parts[i]
        h = trace.h[part.start + reverse : part.stop + reverse]
        _gradients(dz[part], x[part], h, w_x, None if gx is None else gx[part], [s[i] for s in sums])

    jobs = []
    for i in range(len(parts))[order]:
        for t in range(time)[parts[i]][order]:
            step = steps[t]
            b, dh_t, dc_t, dz_t = step.h.shape[1], dh, dc, dz[t]
            if b < batch:
                dh_t, dc_t, dz_t = dh[:, :b], None if dc is None else dc[:, :b], dz_t[:, :b]
            dh_t += g_y[t, :b].T
            d_unprojected = dh_t
            if w_hr is not None:
                n = len(step.c)
                step = step._replace(h_new=step.z[:n] * step.tanh_c)
                g_hr += dh_t @ step.h_new.T
                d_unprojected = w_hr.T @ dh_t
            direct = kind.backward(m, d_unprojected, dc_t, dz_t, step)
            multiply(dz_t[rows - len(w_h) :], dh_t)
            if direct is not None:
                dh_t += direct
        if len(jobs) < len(parts) - 1:
            jobs.append(begin(multiply_part, [i]))
        else:
            multiply_part(i)
    for job in jobs:
        job.finish()
    g_ih, g_hh, g_b = (total[0] if len(parts) == 1 else summed(total, 0) for total in sums)
    weights = _in_torchs_order(kind.slabs, g_ih, g_hh)
    biases = _in_torchs_order(kind.slabs, g_b[: len(g_ih)], g_b[-len(g_hh) :])
    return (gx, dh.T, None if dc is None else dc.T, *weights, *biases, g_hr)


def _gradients(dz, x, h, w_x, gx, sums):
    """The gradients of a stretch of time: of its x, if asked for, and of the weights."""
    m, rows = xp(dz), dz.shape[1]
    dz = dz.swapaxes(0, 1).reshape(rows, -1)
    g_ih, g_hh, g_b = sums
    of_x, of_h = dz[: len(g_ih)], dz[-len(g_hh) :]

    def to_x():
        m.matmul(of_x.T, w_x, out=gx.reshape(-1, gx.shape[2]))

    def to_w_ih():
        m.matmul(of_x, x.reshape(-1, x.shape[2]), out=g_ih)

    def to_w_hh():
        m.matmul(of_h, h.swapaxes(1, 2).reshape(-1, h.shape[1]), out=g_hh)
        g_b[...] = row_sums(dz)

    products = [to_w_ih, to_w_hh] if gx is None else [to_x, to_w_ih, to_w_hh]
    if m is numpy and dz.size * (x.shape[2] + h.shape[1]) >= _WORTH:
        parallel_for(_call, products)
    else:
        for product in products:
            product()


def _call(function):
    function()


# ---- weights --------------------------------------------------------------------------------------


def _hidden(slabs, w_hh):
    return len(w_hh) // slabs.of_h


def _matrices(slabs, w_ih, w_hh):
    """Copies of w_ih and w_hh, or of the biases, with their rows in the cell's order."""
    n = _hidden(slabs, w_hh)
    pairs = (w_ih, slabs.x_rolled), (w_hh, slabs.h_rolled)
    return [xp(w).concatenate([w[-n:], w[:-n]]) if rolled else w.copy() for w, rolled in pairs]


def _in_torchs_order(slabs, g_ih, g_hh):
    """The gradients of weights or biases from those in the cell's order."""
    n = _hidden(slabs, g_hh)
    pairs = (g_ih, slabs.x_rolled), (g_hh, slabs.h_rolled)
    return [xp(g).concatenate([g[n:], g[:n]]) if rolled else g for g, rolled in pairs]


def _bias(m, slabs, w_hh, b_ih, b_hh):
    """What the biases add to each row of z, as a column."""
    out = m.zeros((slabs.in_all * _hidden(slabs, w_hh), 1), w_hh.dtype)
    if b_ih is not None:
        b_x, b_h = _matrices(slabs, b_ih, b_hh)
        out[: len(b_x), 0] = b_x
        out[-len(b_h) :, 0] += b_h
    return out


def _negate_sigmoids(slabs, w_x, w_h, bias):
    """Negate the rows of the sigmoids: sigmoid(x) = 1 / (1 + exp(-x))."""
    n = len(bias) // slabs.in_all
    first, stop = slabs.sigmoids.start * n, slabs.sigmoids.stop * n
    before = len(bias) - len(w_h)  # rows of z above those of h
    for rows in (w_x[first:stop], w_h[first - before : stop - before], bias[first:stop]):
        xp(rows).negative(rows, out=rows)


# ---- stretches, slots and products ----------------------------------------------------------------

_WORTH = 2_000_000  # multiplications that are worth a job of their own


def _stretches(x, rows, limit, least):
    """The time in at most ``limit`` stretches of ``least`` columns or more, each of them worth a job."""
    time, batch, inputs = x.shape
    columns = time * batch if xp(x) is numpy else 0
    count = min(limit, columns // least, columns * rows * inputs // _WORTH)
    return [slice(*span) for span in spans(time, count)]


def _ends(m, time, reverse, sizes, batch):
    """The slots of the first and of the last state of each column."""
    ends = m.full(batch, time) if sizes is None else summed(m.asarray(sizes)[:, None] > m.arange(batch), 0)
    return (ends, ends * 0) if reverse else (ends * 0, ends)


def _times(matrix, batch, sizes):
    """A function (columns, out) that writes matrix @ columns to ``out``.

    It multiplies in as few pieces as OpenBLAS multiplies without packing them first.
    """
    use_one_thread()
    m, (rows, depth) = xp(matrix), matrix.shape
    if sizes is not None:
        return lambda columns, out: m.matmul(matrix, columns, out=out)
    pieces = next((n for n in (1, 2, 4) if rows % n == 0 and rows * depth * batch <= n * unpacked()), 1)
    if m is not numpy or pieces == 1:
        return lambda columns, out: m.dot(matrix, columns, out=out)
    stack = matrix.reshape(pieces, -1, depth)
    return lambda columns, out: m.matmul(stack, columns, out=out.reshape(pieces, -1, batch))
