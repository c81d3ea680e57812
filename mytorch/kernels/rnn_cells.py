"""One step of a recurrent layer forward and back, in place on columns: gates (rows, B) in slabs of hidden
rows each.

An LSTM's and a GRU's take many passes over small arrays, so they are there as loops, too, with the same
results.
"""

from __future__ import annotations

from ..core.arrays import xp
from .numba_loops import loop, run_over


def _sigmoids(z):
    """Halved arguments, of which the tanh was taken, become sigmoids: sigmoid(x) = tanh(x / 2) / 2 + 1 /
    2."""
    z *= 0.5
    z += 0.5


class LSTM:
    """Gates in the order input, forget, output, candidate, so that the three sigmoids are one slab."""

    sigmoids = 3

    @classmethod
    def forward(cls, m, z, h, h_new, c, c_new, tc):
        """From the products z to the gates (in place), the next h and c, and tanh of that c."""
        n = len(c)
        m.tanh(z, out=z)
        cls.state(z, c, c_new, tc)
        m.tanh(c_new, out=tc)
        m.multiply(z[2 * n : 3 * n], tc, out=h_new)

    @staticmethod
    def state(z, c, c_new, t):
        """From the tanh of the products to the gates, and the next c; t is scratch."""
        n, m = len(c), xp(z)
        _sigmoids(z[: 3 * n])
        m.multiply(z[n : 2 * n], c, out=c_new)
        m.multiply(z[:n], z[3 * n :], out=t)
        c_new += t

    @staticmethod
    def backward(m, dh, dc, d, z, h, h_new, c, tc):
        """The gradient of the products into d, that of the c before into dc."""
        n = len(c)
        slope = z * z  # of the sigmoids s - s², of the candidate 1 - g²
        m.subtract(z[: 3 * n], slope[: 3 * n], out=slope[: 3 * n])
        m.subtract(1, slope[3 * n :], out=slope[3 * n :])
        m.multiply(dh, tc, out=d[2 * n : 3 * n])
        t = h_new * tc  # o tanh(c)²
        m.subtract(z[2 * n : 3 * n], t, out=t)
        t *= dh
        dc += t
        m.multiply(dc, z[3 * n :], out=d[:n])
        m.multiply(dc, c, out=d[n : 2 * n])
        m.multiply(dc, z[:n], out=d[3 * n :])
        d *= slope
        dc *= z[n : 2 * n]


class GRU:
    """Gates: reset, update, and the candidate's parts of x and of h."""

    sigmoids = 2

    @classmethod
    def forward(cls, m, z, h, h_new, c, c_new, tc):
        """The next h; z becomes the gates, the candidate and its part of h."""
        n = len(h)
        m.tanh(z[: 2 * n], out=z[: 2 * n])
        cls.candidate(z, n)
        candidate = z[2 * n : 3 * n]
        m.tanh(candidate, out=candidate)
        m.subtract(h, candidate, out=h_new)
        h_new *= z[n : 2 * n]
        h_new += candidate

    @staticmethod
    def candidate(z, n):
        """From the tanh of the first products to the gates, and the candidate's argument."""
        _sigmoids(z[: 2 * n])
        z[2 * n : 3 * n] += z[:n] * z[3 * n :]

    @staticmethod
    def backward(m, dh, dc, d, z, h, h_new, c, tc):
        """The gradient of the products into d; returns what goes to the h before directly."""
        n = len(h)
        r, u, candidate = z[:n], z[n : 2 * n], z[2 * n : 3 * n]
        direct = dh * u
        through = (dh - direct) * (1 - candidate * candidate)  # to the candidate's argument
        d[2 * n : 3 * n] = through
        m.multiply(through, r, out=d[3 * n :])
        m.multiply(through * z[3 * n :], r * (1 - r), out=d[:n])
        m.multiply(dh * (h - candidate), u * (1 - u), out=d[n : 2 * n])
        return direct


class Tanh:
    sigmoids = 0

    @staticmethod
    def forward(m, z, h, h_new, c, c_new, tc):
        """h = tanh(z)."""
        m.tanh(z, out=h_new)

    @staticmethod
    def backward(m, dh, dc, d, z, h, h_new, c, tc):
        """The gradient of z into d."""
        m.multiply(dh, 1 - h_new * h_new, out=d)


class Relu:
    sigmoids = 0

    @staticmethod
    def forward(m, z, h, h_new, c, c_new, tc):
        """h = max(z, 0)."""
        m.maximum(z, 0, out=h_new)

    @staticmethod
    def backward(m, dh, dc, d, z, h, h_new, c, tc):
        """The gradient of z into d."""
        m.multiply(dh, h_new != 0, out=d)  # nan passes, as in torch


# ---- as loops ------------------------------------------------------------------------------------


@loop
def _lstm_state(z, c, c_new, t):
    n, batch = c.shape
    half = z.dtype.type(0.5)
    for row in range(n):
        for k in range(batch):
            i, f, o = z[row, k] * half + half, z[n + row, k] * half + half, z[2 * n + row, k] * half + half
            z[row, k], z[n + row, k], z[2 * n + row, k] = i, f, o
            c_new[row, k] = f * c[row, k] + i * z[3 * n + row, k]


@loop
def _lstm_backward(dh, dc, d, z, h_new, c, tc):
    n, batch = dh.shape
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(batch):
            i, f, o, g = z[row, k], z[n + row, k], z[2 * n + row, k], z[3 * n + row, k]
            through = dc[row, k] + (o - h_new[row, k] * tc[row, k]) * dh[row, k]
            d[row, k] = through * g * (i - i * i)
            d[n + row, k] = through * c[row, k] * (f - f * f)
            d[2 * n + row, k] = dh[row, k] * tc[row, k] * (o - o * o)
            d[3 * n + row, k] = through * i * (one - g * g)
            dc[row, k] = through * f


class LSTMLoops(LSTM):
    """:class:`LSTM`, but for its ``tanh``, in one pass each way."""

    state = staticmethod(_lstm_state)

    @staticmethod
    def backward(m, dh, dc, d, z, h, h_new, c, tc):
        """The gradient of the products into d, that of the c before into dc."""
        _lstm_backward(dh, dc, d, z, h_new, c, tc)


@loop
def _gru_candidate(z, n):
    half = z.dtype.type(0.5)
    for row in range(n):
        for k in range(z.shape[1]):
            r, u = z[row, k] * half + half, z[n + row, k] * half + half
            z[row, k], z[n + row, k] = r, u
            z[2 * n + row, k] += r * z[3 * n + row, k]


@loop
def _gru_backward(dh, d, z, h, direct):
    n, batch = dh.shape
    one = z.dtype.type(1)
    for row in range(n):
        for k in range(batch):
            r, u, candidate = z[row, k], z[n + row, k], z[2 * n + row, k]
            direct[row, k] = dh[row, k] * u
            through = (dh[row, k] - direct[row, k]) * (one - candidate * candidate)
            d[row, k] = through * z[3 * n + row, k] * (r * (one - r))
            d[n + row, k] = dh[row, k] * (h[row, k] - candidate) * (u * (one - u))
            d[2 * n + row, k] = through
            d[3 * n + row, k] = through * r


class GRULoops(GRU):
    """:class:`GRU`, its backward pass and its gates in one pass each."""

    candidate = staticmethod(_gru_candidate)

    @staticmethod
    def backward(m, dh, dc, d, z, h, h_new, c, tc):
        """The gradient of the products into d; returns what goes to the h before directly."""
        direct = m.empty_like(dh)
        _gru_backward(dh, d, z, h, direct)
        return direct


CELLS = {"LSTM": LSTM, "GRU": GRU, "RNN_TANH": Tanh, "RNN_RELU": Relu}
LOOPS = {"LSTM": LSTMLoops, "GRU": GRULoops}


def cell_for(name, x, sizes):
    """The cell called ``name``: as loops where they can run and all columns stay to the end."""
    return LOOPS[name] if name in LOOPS and sizes is None and run_over(x) else CELLS[name]
