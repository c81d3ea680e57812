"""Recurrent layers: the formulas of one step, and one operation that runs a layer over a whole sequence.

The operation's fast path is ``kernels/rnn_sequence.py``; ``_definition`` says what it computes.
"""

from __future__ import annotations

from ...core.arrays import xp
from ...core.graph import wrap
from ...core.primitive import primitive
from ...core.sums import cast, widen
from ...kernels import rnn_sequence
from ..activation import relu
from ..cast import in_float32
from ..join import cat, stack
from ..split import chunk
from ..transcendental import sigmoid, tanh
from .linear import linear

GATES = {"LSTM": 4, "GRU": 3}  # slabs of rows in the weights; 1 for the others

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


@in_float32
def _definition(x, h0, c0, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None, *, cell, reverse=False, sizes=None):
    time, batch = x.shape[:2]
    hidden = w_hh.shape[0] // GATES.get(cell, 1)
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


# ---- the whole sequence --------------------------------------------------------------------------


def _recurrent_vjp(g, x, w_ih, w_hh, w_hr, cell, reverse, sizes, needs, y, trace):
    gradients = rnn_sequence.backward(
        widen(*g), *widen(x, w_ih, w_hh, w_hr), trace, cell=cell, reverse=reverse, sizes=sizes, needs=needs
    )
    return cast(gradients, x.dtype)


# ``y`` shares the memory of the trace: the rule asks for it, so that a change of it in place is noticed.
@primitive(
    composed=_definition,
    outputs=("y", "h", "c"),
    aux=("trace",),
    copy_on_write="out",
    joint=_recurrent_vjp,
)
def recurrent(x, h0, c0, w_ih, w_hh, b_ih=None, b_hh=None, w_hr=None, *, cell, reverse=False, sizes=None):
    """One layer over the sequence x (T, B, in): all h (T, B, hidden), the last h and, of an LSTM, the last c.

    h0 and c0 (B, hidden): the first states, zeros if None.
    cell: "LSTM", "GRU", "RNN_TANH" or "RNN_RELU". w_hr (proj, hidden) projects h to fewer numbers.
    reverse: from the last step to the first.
    sizes: how many of the sequences, the longest first, are still there at each time.
    RuntimeError for shapes that do not match.
    """
    _check_shapes(cell, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr)
    arrays = widen(x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr)
    results, trace = rnn_sequence.forward(*arrays, cell=cell, reverse=reverse, sizes=sizes)
    return cast(results, x.dtype), trace


def _check_shapes(cell, x, h0, c0, w_ih, w_hh, b_ih, b_hh, w_hr):
    """RuntimeError for shapes that do not match: the kernels' loops do not check their bounds."""
    if x.ndim != 3 or w_hh.ndim != 2:
        raise RuntimeError(f"{cell}: expected x (T, B, in) and a matrix w_hh, got {x.shape} and {w_hh.shape}")
    batch, hidden = x.shape[1], len(w_hh) // GATES.get(cell, 1)
    rows, size = hidden * GATES.get(cell, 1), hidden if w_hr is None else len(w_hr)
    for name, array, shape in (
        ("w_ih", w_ih, (rows, x.shape[2])),
        ("w_hh", w_hh, (rows, size)),
        ("b_ih", b_ih, (rows,)),
        ("b_hh", b_hh, (rows,)),
        ("w_hr", w_hr, (size, hidden)),
        ("h0", h0, (batch, size)),
        ("c0", c0, (batch, hidden)),
    ):
        if array is not None and array.shape != shape:
            raise RuntimeError(
                f"{cell}: for x {x.shape} and w_hh {w_hh.shape}, expected {name} of shape {shape}, "
                f"but got {array.shape}"
            )
