"""Recurrent layers: one operation runs a layer over the whole sequence, forward and back through time.

Inside, a step works on columns: ``u = [x; h; 1]`` (in + hidden + 1, B) is what it sees, and one product with
all weights and biases side by side gives its gates (rows, B), each a contiguous slab. The weights' gradient
is one product over all steps.
"""

from __future__ import annotations

import numpy

from ...core.arrays import xp
from ...core.blas import use_one_thread
from ...core.graph import wrap
from ...core.primitive import primitive
from ...core.sums import cast, summed, widen
from ...kernels.gemm import product, unpacked
from ...kernels.rnn_cells import cell_for
from ..activation import relu
from ..join import cat, stack
from ..split import chunk
from ..transcendental import sigmoid, tanh
from .linear import linear

# ---- one step, in differentiable operations ------------------------------------------------------


def lstm_cell(x, h, c, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None):
    """One step of an LSTM for x (B, in), h (B, hidden or proj), c (B, hidden): the next h and c."""
    i, f, g, o = chunk(linear(x, w_ih, b_ih) + linear(h, w_hh, b_hh), 4, 1)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)
    return (h if w_hr is None else linear(h, w_hr, None)), c


def gru_cell(x, h, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a GRU for x (B, in) and h (B, hidden): the next h."""
    (ri, zi, ni), (rh, zh, nh) = chunk(linear(x, w_ih, b_ih), 3, 1), chunk(linear(h, w_hh, b_hh), 3, 1)
    n = tanh(ni + sigmoid(ri + rh) * nh)
    return n + sigmoid(zi + zh) * (h - n)


def rnn_cell(x, h, w_ih, w_hh, b_ih=None, b_hh=None, nonlinearity=tanh):
    """One step of an Elman network for x (B, in) and h (B, hidden): the next h."""
    return nonlinearity(linear(x, w_ih, b_ih) + linear(h, w_hh, b_hh))


def _definition(x, h0, c0, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None, *, cell, reverse=False, sizes=None):
    time, batch = x.shape[:2]
    hidden = w_hh.shape[0] // {"LSTM": 4, "GRU": 3}.get(cell, 1)
    zeros = xp(x.array).zeros
    h = wrap(zeros((batch, w_hh.shape[1]), x.array.dtype)) if h0 is None else h0
    c, ys = wrap(zeros((batch, hidden), x.array.dtype)) if c0 is None else c0, [None] * time
    for t in range(time)[:: -1 if reverse else 1]:
        b = batch if sizes is None else sizes[t]
        if cell == "LSTM":
            new, new_c = lstm_cell(x[t, :b], h[:b], c[:b], w_ih, w_hh, b_ih, b_hh, w_hr)
            c = cat([new_c, c[b:]])
        elif cell == "GRU":
            new = gru_cell(x[t, :b], h[:b], w_ih, w_hh, b_ih, b_hh)
        else:
            new = rnn_cell(x[t, :b], h[:b], w_ih, w_hh, b_ih, b_hh, tanh if cell == "RNN_TANH" else relu)
        ys[t] = cat([new, h[b:] * 0])
        h = cat([new, h[b:]])
    y = stack(ys) if ys else x[:, :, :1] * 0 + h
    return (y, h, c) if cell == "LSTM" else (y, h)


# ---- the matrix of one step ----------------------------------------------------------------------


def _matrix(cell, w_ih, w_hh, b_ih, b_hh):
    """[w_ih, w_hh, bias], its rows in our order of gates."""
    m, rows = xp(w_ih), len(w_ih)
    if b_ih is None:
        b_ih = b_hh = m.zeros(rows, w_ih.dtype)
    if cell != "GRU":
        return _lstm_order(cell, m.concatenate([w_ih, w_hh, (b_ih + b_hh)[:, None]], axis=1))
    n, inputs, hidden = rows // 3, w_ih.shape[1], w_hh.shape[1]
    out = m.zeros((4 * n, inputs + hidden + 1), w_ih.dtype)
    for theirs, ours in ((slice(0, 2 * n), slice(0, 2 * n)), (slice(2 * n, None), slice(2 * n, 3 * n))):
        out[ours, :inputs], out[ours, -1] = w_ih[theirs], b_ih[theirs]
    out[: 2 * n, inputs:-1], out[3 * n :, inputs:-1] = w_hh[: 2 * n], w_hh[2 * n :]
    out[: 2 * n, -1] += b_hh[: 2 * n]
    out[3 * n :, -1] = b_hh[2 * n :]
    return out


def _lstm_order(cell, w):
    """torch has candidate and output the other way round."""
    n = len(w) // 4
    return xp(w).concatenate([w[: 2 * n], w[3 * n :], w[2 * n : 3 * n]]) if cell == "LSTM" else w


def _parts(cell, w, inputs):
    """The gradients of w_ih, w_hh, b_ih, b_hh from that of the matrix."""
    if cell != "GRU":
        w = _lstm_order(cell, w)
        return w[:, :inputs], w[:, inputs:-1], w[:, -1], w[:, -1]
    n = len(w) // 4
    hidden = xp(w).concatenate([w[: 2 * n], w[3 * n :]])
    return w[: 3 * n, :inputs], hidden[:, inputs:-1], w[: 3 * n, -1], hidden[:, -1]


# ---- the whole sequence --------------------------------------------------------------------------


def _steps(time, reverse, sizes, batch):
    """(time, slot of the state before, slot of the state after, columns that are still there)."""
    for t in range(time)[:: -1 if reverse else 1]:
        yield t, t + reverse, t + 1 - reverse, batch if sizes is None else sizes[t]


def _first(count, arrays):
    """The first ``count`` columns of each."""
    return [a if a is None else a[:, :count] for a in arrays]


def _bounds(m, time, reverse, sizes, batch):
    """The slots of the first and of the last state of each column."""
    ends = m.full(batch, time) if sizes is None else summed(m.asarray(sizes)[:, None] > m.arange(batch), 0)
    return (ends, ends * 0) if reverse else (ends * 0, ends)


def _times(matrix, batch, sizes):
    """The function (columns, out) that writes matrix @ columns to ``out``, in pieces that OpenBLAS multiplies
    without packing them first.
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


def _gradients(g, x, w_hr, cell, reverse, sizes, needs, out, w, u, z, c, tc):
    gradients = _backward(widen(*g), *widen(x, w_hr), cell, reverse, sizes, needs, w, u, z, c, tc)
    return cast(gradients, x.dtype)


def _backward(g, x, w_hr, cell, reverse, sizes, needs, w, u, z, c, tc):
    m, kind, (time, batch, inputs) = xp(x), cell_for(cell, x, sizes), x.shape
    g_y, g_h, *g_c = g
    dh, dc = g_h.T.copy(), g_c[0].T.copy() if g_c else None
    wh = m.ascontiguousarray(w[:, inputs:-1].T)
    d, h = (m.empty if sizes is None else m.zeros)(z.shape, z.dtype), u[:, inputs:-1]
    cs, tcs = ([None] * (time + 1), [None] * time) if c is None else (c, tc)
    g_hr, multiply = None if w_hr is None else m.zeros_like(w_hr), _times(wh, batch, sizes)
    for t, before, after, b in reversed(list(_steps(time, reverse, sizes, batch))):
        there = dh, dc, d[t], z[t], h[before], h[after], cs[before], tcs[t]
        dh_t, dc_t, d_t, z_t, h_t, h_new, c_t, tc_t = there if b == batch else _first(b, there)
        dh_t += g_y[t, :b].T
        dm = dh_t
        if w_hr is not None:
            h_new = z_t[2 * len(c_t) : 3 * len(c_t)] * tc_t
            g_hr += dh_t @ h_new.T
            dm = w_hr.T @ dh_t
        direct = kind.backward(m, dm, dc_t, d_t, z_t, h_t, h_new, c_t, tc_t)
        multiply(d_t, dh_t)
        if direct is not None:
            dh_t += direct
    d = d.swapaxes(0, 1).reshape(len(w), -1)
    gx = product(w[:, :inputs].T, d).reshape(inputs, time, batch).transpose(1, 2, 0) if needs[0] else None
    gw = product(d, _by_place(u[reverse : reverse + time]))[:, : u.shape[1]]
    return (gx, dh.T, None if dc is None else dc.T, *_parts(cell, gw, inputs), g_hr)


def _by_place(u):
    """What the steps saw, (time, n, B), as a matrix (time · B, n or more) to multiply with.

    In rows of whole vectors it is faster to multiply with, but not if many columns have to be turned into
    them.
    """
    time, n, batch = u.shape
    if batch > 64:
        return u.swapaxes(0, 1).reshape(n, time * batch).T
    rows = xp(u).zeros((time, batch, -(-n // 16) * 16), u.dtype)
    rows[..., :n] = u.swapaxes(1, 2)
    return rows.reshape(time * batch, rows.shape[2])


@primitive(composed=_definition, copy_on_write="out", aux=("w", "u", "z", "c", "tc"), joint=_gradients)
def recurrent(x, h0, c0, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None, *, cell, reverse=False, sizes=None):
    """One layer over the sequence x (T, B, in) from h0 (B, hidden) (and c0, of an LSTM; zeros if None): all h
    (T, B, hidden), the last h (and c).

    cell: "LSTM", "GRU", "RNN_TANH" or "RNN_RELU". w_hr projects h to fewer numbers. reverse: from the last
        step to the first.
    sizes: how many of the sequences, the longest first, are still there at each time.
    """
    arrays = widen(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr)
    results, *saved = _forward(*arrays, cell=cell, reverse=reverse, sizes=sizes)
    return cast(results, x.dtype), *saved


def _forward(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr, *, cell, reverse, sizes):
    m, kind, (time, batch, inputs) = xp(x), cell_for(cell, x, sizes), x.shape
    w = _matrix(cell, w_ih, w_hh, b_ih, b_hh)
    hidden = len(w) // 4 if cell in ("LSTM", "GRU") else len(w)
    halved = w.copy()
    halved[: kind.sigmoids * hidden] *= 0.5
    make = m.empty if sizes is None else m.zeros  # columns that have ended stay 0
    u = make((time + 1, w.shape[1], batch), x.dtype)  # [x; h; 1] of every step, and the h after the last
    z = make((time, len(w), batch), x.dtype)
    first, last = _bounds(m, time, reverse, sizes, batch)
    columns = m.arange(batch)
    h = u[:, inputs:-1]
    (u[1:, :inputs] if reverse else u[:-1, :inputs])[...] = x.swapaxes(1, 2)
    u[:, -1] = 1
    h[first, :, columns] = 0 if h0 is None else h0
    c = tc = None
    cs, tcs, multiply = [None] * (time + 1), [None] * time, _times(halved, batch, sizes)
    if cell == "LSTM":
        cs = c = make((time + 1, hidden, batch), x.dtype)
        tcs = tc = make((time, hidden, batch), x.dtype)
        c[first, :, columns] = 0 if c0 is None else c0
    for t, before, after, b in _steps(time, reverse, sizes, batch):
        there = u[before], z[t], h[before], h[after], cs[before], cs[after], tcs[t]
        seen, z_t, h_t, h_new, c_t, c_new, tc_t = there if b == batch else _first(b, there)
        multiply(seen, z_t)
        wide = h_new if w_hr is None else m.empty((hidden, b), x.dtype)
        kind.forward(m, z_t, h_t, wide, c_t, c_new, tc_t)
        if w_hr is not None:
            m.matmul(w_hr, wide, out=h_new)
    y = (h[:-1] if reverse else h[1:]).swapaxes(1, 2)
    h_last = h[last, :, columns]
    results = (y, h_last) if c is None else (y, h_last, c[last, :, columns])
    return results, w, u, z, c, tc
