"""A recurrent layer over a whole sequence, forward and back through time.

A step sees ``u = [x; h; 1]`` (in + hidden + 1, B): one product with all weights and biases side by side gives
``z``, the arguments of its gates, each a contiguous slab of rows. All steps lie in one array, so that x is
copied once, a step writes h where the next one reads it, and the weights' gradient is one product.

A slot of these arrays is a state: that before step t is in slot t and that after it in slot t + 1, or with
``reverse`` in slots t + 1 and t.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy

from ..core.arrays import xp
from ..core.blas import use_one_thread
from ..core.sums import summed
from .gemm import product, unpacked
from .rnn_cells import Step, cell_for
from .row_sums import row_sums


class Trace(NamedTuple):
    """What the steps of a layer saw and computed: forward fills it, backward reads it."""

    u: object  # (T + 1, in + hidden + 1, B): [x; h; 1] of each slot
    z: object  # (T, rows, B): the gates
    c: object  # (T + 1, hidden, B): an LSTM's c of each slot, or None
    tanh_c: object  # (T, hidden, B), or None

    def steps(self, inputs, reverse, sizes):
        """A list over the time: (u of the slot before, :class:`Step`), cut to the columns that are there."""
        time = len(self.z)
        u, h = list(self.u), list(self.u[:, inputs:-1])
        c, tanh_c = ([None] * (time + 1), [None] * time) if self.c is None else (self.c, self.tanh_c)
        before, after = slice(reverse, reverse + time), slice(1 - reverse, 1 - reverse + time)
        steps = map(Step, self.z, h[before], h[after], c[before], c[after], tanh_c)
        pairs = list(zip(u[before], steps))
        if sizes is None:
            return pairs
        return [(seen[:, :count], step.first(count)) for count, (seen, step) in zip(sizes, pairs)]


def forward(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, *, cell, reverse, sizes):
    """(the results of ``recurrent``, trace): all h (T, B, hidden), the last h and, of an LSTM, the last c."""
    m, kind, (_, batch, inputs) = xp(x), cell_for(cell, x, sizes), x.shape
    w = _matrix(cell, w_ih, w_hh, b_ih, b_hh)
    trace, last = _start(x, h0, c0, w, cell, reverse, sizes)
    _halve(w, cell, kind.sigmoids)
    multiply = _times(w, batch, sizes)
    steps = trace.steps(inputs, reverse, sizes)
    for seen, step in reversed(steps) if reverse else steps:
        multiply(seen, step.z)
        if w_hr is None:
            kind.forward(m, step)
        else:
            unprojected = m.empty_like(step.tanh_c)
            kind.forward(m, step._replace(h_new=unprojected))
            m.matmul(w_hr, unprojected, out=step.h_new)
    h, columns = trace.u[:, inputs:-1], m.arange(batch)
    y = (h[:-1] if reverse else h[1:]).swapaxes(1, 2)
    ends = () if trace.c is None else (trace.c[last, :, columns],)
    return (y, h[last, :, columns], *ends), trace


def _start(x, h0, c0, w, cell, reverse, sizes):
    """A trace with x and the first states in place, and the slots of the last states, one per column."""
    m, (time, batch, inputs) = xp(x), x.shape
    hidden, columns = _hidden(cell, w), m.arange(batch)
    make = m.empty if sizes is None else m.zeros  # columns that have ended stay 0
    u = make((time + 1, w.shape[1], batch), x.dtype)
    z = make((time, len(w), batch), x.dtype)
    first, last = _ends(m, time, reverse, sizes, batch)
    (u[1:, :inputs] if reverse else u[:-1, :inputs])[...] = x.swapaxes(1, 2)
    u[:, -1] = 1
    u[:, inputs:-1][first, :, columns] = 0 if h0 is None else h0
    c = tanh_c = None
    if cell == "LSTM":
        c = make((time + 1, hidden, batch), x.dtype)
        tanh_c = make((time, hidden, batch), x.dtype)
        c[first, :, columns] = 0 if c0 is None else c0
    return Trace(u, z, c, tanh_c), last


def backward(g, x, w_ih, w_hh, w_hr, trace, *, cell, reverse, sizes, needs):
    """The gradients of x, h0, c0, w_ih, w_hh, b_ih, b_hh and w_hr from ``g``, those of the results."""
    m, kind, (time, batch, inputs) = xp(x), cell_for(cell, x, sizes), x.shape
    g_y, g_h, *g_c = g
    w, u, z = _matrix(cell, w_ih, w_hh), trace.u, trace.z
    dh, dc = g_h.T.copy(), g_c[0].T.copy() if g_c else None
    dz = (m.empty if sizes is None else m.zeros)(z.shape, z.dtype)
    g_hr = None if w_hr is None else m.zeros_like(w_hr)
    multiply = _times(m.ascontiguousarray(w[:, inputs:-1].T), batch, sizes)
    steps = trace.steps(inputs, reverse, sizes)
    for t in range(time)[:: 1 if reverse else -1]:
        seen, step = steps[t]
        b, dh_t, dc_t, dz_t = seen.shape[1], dh, dc, dz[t]
        if b < batch:
            dh_t, dc_t, dz_t = dh[:, :b], None if dc is None else dc[:, :b], dz_t[:, :b]
        dh_t += g_y[t, :b].T
        d_unprojected = dh_t
        if w_hr is not None:
            n = len(step.c)
            step = step._replace(h_new=step.z[2 * n : 3 * n] * step.tanh_c)
            g_hr += dh_t @ step.h_new.T
            d_unprojected = w_hr.T @ dh_t
        direct = kind.backward(m, d_unprojected, dc_t, dz_t, step)
        multiply(dz_t, dh_t)
        if direct is not None:
            dh_t += direct
    dz = dz.swapaxes(0, 1).reshape(len(w), -1)
    gx = product(w[:, :inputs].T, dz).reshape(inputs, time, batch).transpose(1, 2, 0) if needs[0] else None
    del w, multiply  # as large as the gradient that follows
    seen = u[reverse : reverse + time, :-1]
    gw, gb = product(dz, _by_place(seen))[:, : seen.shape[1]], row_sums(dz)
    return (gx, dh.T, None if dc is None else dc.T, *_parts(cell, gw, gb, inputs), g_hr)


# ---- the matrix of one step ----------------------------------------------------------------------


def _matrix(cell, w_ih, w_hh, b_ih=None, b_hh=None):
    """[w_ih, w_hh, bias], its rows in the cells' order of gates. A GRU's n has rows for x and rows for h."""
    m, rows = xp(w_ih), len(w_ih)
    if b_ih is None:
        b_ih = b_hh = m.zeros(rows, w_ih.dtype)
    if cell != "GRU":
        return _in_order(cell, m.concatenate([w_ih, w_hh, (b_ih + b_hh)[:, None]], axis=1))
    n, inputs, hidden = rows // 3, w_ih.shape[1], w_hh.shape[1]
    out = m.zeros((4 * n, inputs + hidden + 1), w_ih.dtype)
    out[: 3 * n, :inputs], out[: 3 * n, -1] = w_ih, b_ih
    out[: 2 * n, inputs:-1], out[3 * n :, inputs:-1] = w_hh[: 2 * n], w_hh[2 * n :]
    out[: 2 * n, -1] += b_hh[: 2 * n]
    out[3 * n :, -1] = b_hh[2 * n :]
    return out


def _in_order(cell, w):
    """Exchange an LSTM's rows of candidate and output, in place: from torch's order to ours, and back."""
    if cell == "LSTM":
        n = len(w) // 4
        w[2 * n : 3 * n], w[3 * n :] = w[3 * n :].copy(), w[2 * n : 3 * n].copy()
    return w


def _parts(cell, w, b, inputs):
    """The gradients of w_ih, w_hh, b_ih, b_hh from those of the matrix: its weights and its last column."""
    if cell != "GRU":
        w, b = _in_order(cell, w), _in_order(cell, b)
        return w[:, :inputs], w[:, inputs:], b, b
    n = len(w) // 4
    hidden, b_hh = (xp(w).concatenate([a[: 2 * n], a[3 * n :]]) for a in (w, b))
    return w[: 3 * n, :inputs], hidden[:, inputs:], b[: 3 * n], b_hh


def _hidden(cell, w):
    return len(w) // 4 if cell in ("LSTM", "GRU") else len(w)


def _halve(w, cell, sigmoids):
    """Halve the rows of the sigmoids: sigmoid(x) = tanh(x / 2) / 2 + 1 / 2."""
    w[: sigmoids * _hidden(cell, w)] *= 0.5


# ---- slots and products --------------------------------------------------------------------------


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


def _by_place(u):
    """What the steps saw, (time, n, B), as a matrix (time · B, n or more) to multiply with.

    Rows of whole vectors are faster to multiply with; for many columns, writing them costs more than that.
    """
    time, n, batch = u.shape
    if batch > 64:
        return u.swapaxes(0, 1).reshape(n, time * batch).T
    rows = xp(u).zeros((time, batch, -(-n // 16) * 16), u.dtype)
    rows[..., :n] = u.swapaxes(1, 2)
    return rows.reshape(time * batch, rows.shape[2])
