"""One step of a recurrent layer, forward and back, in place. The formulas are in ``ops/layers/recurrent.py``.

A step works on columns: states are (hidden, B), gates (gates · hidden, B), a slab of hidden rows for each
gate. In NumPy an LSTM and a GRU take many passes over small arrays, so both are there as loops, too, with
equal results.
"""

from __future__ import annotations

from typing import NamedTuple

from ..core.arrays import xp
from .numba_loops import loop, run_over


class Step(NamedTuple):
    """The arrays of one step; ``c``, ``c_new`` and ``tanh_c`` are None but in an LSTM."""

    z: object  # weights @ [x; h; 1] at first, then the gates
    h: object  # the state before
    h_new: object  # the state after
    c: object
    c_new: object
    tanh_c: object  # tanh(c_new)

    def first(self, count):
        """The first ``count`` columns."""
        return Step(*[a if a is None else a[:, :count] for a in self])


def _sigmoids(z):
    """sigmoid(x) from tanh(x / 2), in place: it is tanh(x / 2) / 2 + 1 / 2."""
    z *= 0.5
    z += 0.5


class LSTM:
    """i, f, o = sigmoid(z of each), g = tanh(z of g); c_new = f · c + i · g; h_new = o · tanh(c_new).

    Gates in the order i, f, o, g, so that the sigmoids are one slab. ``z`` of the sigmoids comes halved.
    """

    sigmoids = 3

    @classmethod
    def forward(cls, m, step):
        """Turn ``z`` into the gates and write the next states."""
        z, c_new, tanh_c = step.z, step.c_new, step.tanh_c
        n = len(c_new)
        m.tanh(z, out=z)
        cls.state(z, step.c, c_new, tanh_c)
        m.tanh(c_new, out=tanh_c)
        m.multiply(z[2 * n : 3 * n], tanh_c, out=step.h_new)

    @staticmethod
    def state(z, c, c_new, scratch):
        """From the tanh of ``z`` to the gates, and the next c."""
        n, m = len(c), xp(z)
        _sigmoids(z[: 3 * n])
        m.multiply(z[n : 2 * n], c, out=c_new)
        m.multiply(z[:n], z[3 * n :], out=scratch)
        c_new += scratch

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """Write the gradient of ``z`` to ``dz`` and turn ``dc``, that of c_new, into that of c."""
        z, tanh_c = step.z, step.tanh_c
        n = len(dc)
        derivative = z * z  # of the sigmoids s - s², of the tanh 1 - g²
        m.subtract(z[: 3 * n], derivative[: 3 * n], out=derivative[: 3 * n])
        m.subtract(1, derivative[3 * n :], out=derivative[3 * n :])
        m.multiply(dh, tanh_c, out=dz[2 * n : 3 * n])
        through = step.h_new * tanh_c  # o · tanh(c_new)², so that o - this is o · tanh'(c_new)
        m.subtract(z[2 * n : 3 * n], through, out=through)
        through *= dh
        dc += through
        m.multiply(dc, z[3 * n :], out=dz[:n])
        m.multiply(dc, step.c, out=dz[n : 2 * n])
        m.multiply(dc, z[:n], out=dz[3 * n :])
        dz *= derivative
        dc *= z[n : 2 * n]


class GRU:
    """r, u = sigmoid(z of each); n = tanh(z of x + r · z of h); h_new = n + u · (h - n).

    Gates in the order r, u, then the parts of n that come from x and from h. ``z`` of r and u comes halved.
    """

    sigmoids = 2

    @classmethod
    def forward(cls, m, step):
        """Turn ``z`` into the gates, n and its part of h, and write the next h."""
        z, h_new = step.z, step.h_new
        n = len(h_new)
        m.tanh(z[: 2 * n], out=z[: 2 * n])
        cls.candidate(z, n)
        candidate = z[2 * n : 3 * n]
        m.tanh(candidate, out=candidate)
        m.subtract(step.h, candidate, out=h_new)
        h_new *= z[n : 2 * n]
        h_new += candidate

    @staticmethod
    def candidate(z, n):
        """From the tanh of ``z`` to the gates, and the argument of n."""
        _sigmoids(z[: 2 * n])
        z[2 * n : 3 * n] += z[:n] * z[3 * n :]

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """Write the gradient of ``z`` to ``dz``; returns u · dh, what reaches h past the weights."""
        z = step.z
        n = len(dh)
        r, u, candidate = z[:n], z[n : 2 * n], z[2 * n : 3 * n]
        direct = dh * u
        through = (dh - direct) * (1 - candidate * candidate)  # to the argument of n
        dz[2 * n : 3 * n] = through
        m.multiply(through, r, out=dz[3 * n :])
        m.multiply(through * z[3 * n :], r * (1 - r), out=dz[:n])
        m.multiply(dh * (step.h - candidate), u * (1 - u), out=dz[n : 2 * n])
        return direct


class Tanh:
    """h_new = tanh(z)."""

    sigmoids = 0

    @staticmethod
    def forward(m, step):
        """Write the next h."""
        m.tanh(step.z, out=step.h_new)

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """Write the gradient of ``z`` to ``dz``."""
        m.multiply(dh, 1 - step.h_new * step.h_new, out=dz)


class Relu:
    """h_new = max(z, 0)."""

    sigmoids = 0

    @staticmethod
    def forward(m, step):
        """Write the next h."""
        m.maximum(step.z, 0, out=step.h_new)

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """Write the gradient of ``z`` to ``dz``."""
        m.multiply(dh, step.h_new != 0, out=dz)  # nan passes, as in torch


# ---- as loops ------------------------------------------------------------------------------------


@loop
def _lstm_state(z, c, c_new, scratch):
    n, batch = c.shape
    half = z.dtype.type(0.5)
    for row in range(n):
        for k in range(batch):
            i, f, o = z[row, k] * half + half, z[n + row, k] * half + half, z[2 * n + row, k] * half + half
            z[row, k], z[n + row, k], z[2 * n + row, k] = i, f, o
            c_new[row, k] = f * c[row, k] + i * z[3 * n + row, k]


@loop
def _lstm_backward(dh, dc, dz, z, h_new, c, tanh_c):
    n, batch = dh.shape
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(batch):
            i, f, o, g = z[row, k], z[n + row, k], z[2 * n + row, k], z[3 * n + row, k]
            through = dc[row, k] + (o - h_new[row, k] * tanh_c[row, k]) * dh[row, k]
            dz[row, k] = through * g * (i - i * i)
            dz[n + row, k] = through * c[row, k] * (f - f * f)
            dz[2 * n + row, k] = dh[row, k] * tanh_c[row, k] * (o - o * o)
            dz[3 * n + row, k] = through * i * (one - g * g)
            dc[row, k] = through * f


class LSTMLoops(LSTM):
    """:class:`LSTM`, in one pass each way but for its ``tanh``, which NumPy vectorizes."""

    state = staticmethod(_lstm_state)

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """As in :class:`LSTM`."""
        _lstm_backward(dh, dc, dz, step.z, step.h_new, step.c, step.tanh_c)


@loop
def _gru_candidate(z, n):
    half = z.dtype.type(0.5)
    for row in range(n):
        for k in range(z.shape[1]):
            r, u = z[row, k] * half + half, z[n + row, k] * half + half
            z[row, k], z[n + row, k] = r, u
            z[2 * n + row, k] += r * z[3 * n + row, k]


@loop
def _gru_backward(dh, dz, z, h, direct):
    n, batch = dh.shape
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(batch):
            r, u, candidate = z[row, k], z[n + row, k], z[2 * n + row, k]
            direct[row, k] = dh[row, k] * u
            through = (dh[row, k] - direct[row, k]) * (one - candidate * candidate)
            dz[row, k] = through * z[3 * n + row, k] * (r * (one - r))
            dz[n + row, k] = dh[row, k] * (h[row, k] - candidate) * (u * (one - u))
            dz[2 * n + row, k] = through
            dz[3 * n + row, k] = through * r


class GRULoops(GRU):
    """:class:`GRU`, its gates and its backward in one pass each."""

    candidate = staticmethod(_gru_candidate)

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """As in :class:`GRU`."""
        direct = m.empty_like(dh)
        _gru_backward(dh, dz, step.z, step.h, direct)
        return direct


CELLS = {"LSTM": LSTM, "GRU": GRU, "RNN_TANH": Tanh, "RNN_RELU": Relu}
LOOPS = {"LSTM": LSTMLoops, "GRU": GRULoops}


def cell_for(name, x, sizes):
    """The cell called ``name``: as loops where they can run and no column ends before the others."""
    return LOOPS[name] if name in LOOPS and sizes is None and run_over(x) else CELLS[name]
