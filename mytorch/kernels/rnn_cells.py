"""One step of a recurrent layer, forward and back, in place. The formulas are in ``ops/layers/recurrent.py``.

A step works on columns: states are (hidden, B), gates (slabs · hidden, B), a slab of hidden rows for each
gate. In NumPy an LSTM and a GRU take many passes over small arrays, so both are there as loops, too, with
equal results.
"""

from __future__ import annotations

from typing import NamedTuple

from ..core.arrays import xp
from .numba_loops import loop, run_over


class Step(NamedTuple):
    """The arrays of one step; ``c``, ``c_new`` and ``tanh_c`` are None but in an LSTM."""

    z: object  # the arguments of the gates at first, then the gates
    z_of_h: object  # the rows of z to which h adds
    h: object  # the state before
    h_new: object  # the state after
    c: object
    c_new: object
    tanh_c: object  # tanh(c_new)

    def first(self, count):
        """The first ``count`` columns."""
        return Step(*[a if a is None else a[:, :count] for a in self])


class Slabs(NamedTuple):
    """The slabs of hidden rows in a cell's ``z``: the first ones are sums over x, the last ones over h.

    ``x_rolled`` and ``h_rolled``: whether the last slab of torch's weights comes first.
    """

    in_all: int
    of_h: int
    x_rolled: bool
    h_rolled: bool
    sigmoids: slice


def _sigmoids(z):
    """1 / (1 + z) in place, for ``z`` = exp(-x)."""
    z += 1
    xp(z).reciprocal(z, out=z)


class LSTM:
    """i, f, o = sigmoid(z of each), g = tanh(z of g); c_new = f · c + i · g; h_new = o · tanh(c_new).

    Gates in the order o, i, f, g, so that the sigmoids are one slab. ``z`` of the sigmoids comes negated.
    """

    slabs = Slabs(4, of_h=4, x_rolled=True, h_rolled=True, sigmoids=slice(0, 3))

    @classmethod
    def forward(cls, m, step):
        """Turn ``z`` into the gates and write the next states."""
        z, c_new, tanh_c = step.z, step.c_new, step.tanh_c
        n = len(c_new)
        m.exp(z[: 3 * n], out=z[: 3 * n])
        m.tanh(z[3 * n :], out=z[3 * n :])
        cls.state(z, step.c, c_new, tanh_c)
        m.tanh(c_new, out=tanh_c)
        m.multiply(z[:n], tanh_c, out=step.h_new)

    @staticmethod
    def state(z, c, c_new, scratch):
        """From the exponentials in ``z`` to the gates, and the next c."""
        n, m = len(c), xp(z)
        _sigmoids(z[: 3 * n])
        m.multiply(z[2 * n : 3 * n], c, out=c_new)
        m.multiply(z[n : 2 * n], z[3 * n :], out=scratch)
        c_new += scratch

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """Write the gradient of ``z`` to ``dz`` and turn ``dc``, that of c_new, into that of c."""
        z, tanh_c = step.z, step.tanh_c
        n = len(dc)
        derivative = z * z  # of the sigmoids s - s², of the tanh 1 - g²
        m.subtract(z[: 3 * n], derivative[: 3 * n], out=derivative[: 3 * n])
        m.subtract(1, derivative[3 * n :], out=derivative[3 * n :])
        m.multiply(dh, tanh_c, out=dz[:n])
        through = step.h_new * tanh_c  # o · tanh(c_new)², so that o - this is o · tanh'(c_new)
        m.subtract(z[:n], through, out=through)
        through *= dh
        dc += through
        m.multiply(dc, z[3 * n :], out=dz[n : 2 * n])
        m.multiply(dc, step.c, out=dz[2 * n : 3 * n])
        m.multiply(dc, z[n : 2 * n], out=dz[3 * n :])
        dz *= derivative
        dc *= z[2 * n : 3 * n]


class GRU:
    """r, u = sigmoid(z of each); n = tanh(z of x + r · z of h); h_new = n + u · (h - n).

    Gates in the order n, r, u, and last the part of n that comes from h. ``z`` of r and u comes negated.
    """

    slabs = Slabs(4, of_h=3, x_rolled=True, h_rolled=False, sigmoids=slice(1, 3))

    @classmethod
    def forward(cls, m, step):
        """Turn ``z`` into n, the gates and h's part of n, and write the next h."""
        z, h_new = step.z, step.h_new
        n = len(h_new)
        candidate = z[:n]
        m.exp(z[n : 3 * n], out=z[n : 3 * n])
        cls.candidate(z, n)
        m.tanh(candidate, out=candidate)
        m.subtract(step.h, candidate, out=h_new)
        h_new *= z[2 * n : 3 * n]
        h_new += candidate

    @staticmethod
    def candidate(z, n):
        """From the exponentials in ``z`` to the gates, and the argument of n."""
        _sigmoids(z[n : 3 * n])
        z[:n] += z[n : 2 * n] * z[3 * n :]

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """Write the gradient of ``z`` to ``dz``; returns u · dh, what reaches h past the weights."""
        z = step.z
        n = len(dh)
        candidate, r, u = z[:n], z[n : 2 * n], z[2 * n : 3 * n]
        direct = dh * u
        through = (dh - direct) * (1 - candidate * candidate)  # to the argument of n
        dz[:n] = through
        m.multiply(through * z[3 * n :], r * (1 - r), out=dz[n : 2 * n])
        m.multiply(dh * (step.h - candidate), u * (1 - u), out=dz[2 * n : 3 * n])
        m.multiply(through, r, out=dz[3 * n :])
        return direct


class Tanh:
    """h_new = tanh(z)."""

    slabs = Slabs(1, of_h=1, x_rolled=False, h_rolled=False, sigmoids=slice(0, 0))

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

    slabs = Slabs(1, of_h=1, x_rolled=False, h_rolled=False, sigmoids=slice(0, 0))

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
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(batch):
            o, i, f = one / (one + z[row, k]), one / (one + z[n + row, k]), one / (one + z[2 * n + row, k])
            z[row, k], z[n + row, k], z[2 * n + row, k] = o, i, f
            c_new[row, k] = f * c[row, k] + i * z[3 * n + row, k]


@loop
def _lstm_backward(dh, dc, dz, z, h_new, c, tanh_c):
    n, batch = dh.shape
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(batch):
            o, i, f, g = z[row, k], z[n + row, k], z[2 * n + row, k], z[3 * n + row, k]
            through = dc[row, k] + (o - h_new[row, k] * tanh_c[row, k]) * dh[row, k]
            dz[row, k] = dh[row, k] * tanh_c[row, k] * (o - o * o)
            dz[n + row, k] = through * g * (i - i * i)
            dz[2 * n + row, k] = through * c[row, k] * (f - f * f)
            dz[3 * n + row, k] = through * i * (one - g * g)
            dc[row, k] = through * f


class LSTMLoops(LSTM):
    """:class:`LSTM`, in one pass each way but for ``exp`` and ``tanh``, which NumPy vectorizes."""

    state = staticmethod(_lstm_state)

    @staticmethod
    def backward(m, dh, dc, dz, step):
        """As in :class:`LSTM`."""
        _lstm_backward(dh, dc, dz, step.z, step.h_new, step.c, step.tanh_c)


@loop
def _gru_candidate(z, n):
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(z.shape[1]):
            r, u = one / (one + z[n + row, k]), one / (one + z[2 * n + row, k])
            z[n + row, k], z[2 * n + row, k] = r, u
            z[row, k] += r * z[3 * n + row, k]


@loop
def _gru_backward(dh, dz, z, h, direct):
    n, batch = dh.shape
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(batch):
            candidate, r, u = z[row, k], z[n + row, k], z[2 * n + row, k]
            direct[row, k] = dh[row, k] * u
            through = (dh[row, k] - direct[row, k]) * (one - candidate * candidate)
            dz[row, k] = through
            dz[n + row, k] = through * z[3 * n + row, k] * (r * (one - r))
            dz[2 * n + row, k] = dh[row, k] * (h[row, k] - candidate) * (u * (one - u))
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
