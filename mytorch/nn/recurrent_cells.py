"""One step of a recurrent network: RNNCell, LSTMCell and GRUCell."""

from __future__ import annotations

import math

from ..ops.activation import relu
from ..ops.layers.recurrent import gru_cell, lstm_cell, rnn_cell
from ..ops.transcendental import tanh
from ..tensors.creation import empty, zeros
from ..tensors.tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter


def check_pair(hx, name):
    """TypeError if the state of an LSTM is one tensor."""
    if isinstance(hx, Tensor):
        raise TypeError(
            f"hx of an {name} has to be a pair of tensors (h, c), but is one of shape {list(hx.shape)}"
        )


class UniformParameters(Module):
    """The base of layers whose parameters all start uniform in ±1/sqrt(hidden_size)."""

    def reset_parameters(self):
        """Draw new initial values, uniform in ±1/sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)


class RNNCellBase(UniformParameters):
    """What the cells share: weight_ih (gates · hidden, in), weight_hh (gates · hidden, hidden), bias_ih,
    bias_hh.

    Args:
        num_chunks (int): how many gates there are

    Example:
        >>> nn.RNNCellBase(3, 5, bias=True, num_chunks=4).weight_ih.shape
        mytorch.Size([20, 3])
    """

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = num_chunks * hidden_size
        self.weight_ih = Parameter(empty(rows, input_size, device=device, dtype=dtype))
        self.weight_hh = Parameter(empty(rows, hidden_size, device=device, dtype=dtype))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(
                name, Parameter(empty(rows, device=device, dtype=dtype)) if bias else None
            )
        self.reset_parameters()

    def _mytorch_step(self, cell, input, states, names, **settings):
        """``cell`` for a batch, or for one vector; the states are zeros if None."""
        for name, value in (("input", input), *zip(names, states or ())):
            if value.ndim not in (1, 2):
                raise ValueError(
                    f"{self._get_name()}: Expected {name} to be 1D or 2D, got {value.ndim}D instead"
                )
        batched = input.ndim == 2
        x = input if batched else input[None]
        if states is None:
            states = [zeros(x.shape[0], self.hidden_size, dtype=x.dtype, device=x.device)] * len(names)
        else:
            states = [s if batched else s[None] for s in states]
        if x.shape[1] != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {x.shape[1]} expected {self.input_size}"
            )
        for i, s in enumerate(states):
            if tuple(s.shape) != (x.shape[0], self.hidden_size):
                raise RuntimeError(
                    f"hidden{i} has inconsistent shape: got {list(s.shape)}, expected "
                    f"{[x.shape[0], self.hidden_size]}"
                )
        new = cell(x, *states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh, **settings)
        if batched:
            return new
        return tuple(s[0] for s in new) if isinstance(new, tuple) else new[0]

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text


class RNNCell(RNNCellBase):
    """One step of an RNN: x (B, in) or (in,) and h (B, hidden) or (hidden,) -> the next h.

    Example:
        >>> nn.RNNCell(3, 5)(mytorch.ones(2, 3)).shape
        mytorch.Size([2, 5])
    """

    def __init__(self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        """The next h. ValueError or RuntimeError for shapes that do not match."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        return self._mytorch_step(
            rnn_cell,
            input,
            None if hx is None else (hx,),
            ("hidden",),
            nonlinearity=tanh if self.nonlinearity == "tanh" else relu,
        )


class LSTMCell(RNNCellBase):
    """One step of an LSTM: x (B, in) or (in,) and (h, c) -> the next (h, c).

    Example:
        >>> h, c = nn.LSTMCell(3, 5)(mytorch.ones(2, 3))
        >>> h.shape, c.shape
        (mytorch.Size([2, 5]), mytorch.Size([2, 5]))
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input, hx=None):
        """The next (h, c).

        ValueError or RuntimeError for shapes that do not match, TypeError for a single tensor as ``hx``.
        """
        check_pair(hx, "LSTMCell")
        return self._mytorch_step(lstm_cell, input, hx, ("hx[0]", "hx[1]"))


class GRUCell(RNNCellBase):
    """One step of a GRU: x (B, in) or (in,) and h (B, hidden) or (hidden,) -> the next h.

    Example:
        >>> nn.GRUCell(3, 5)(mytorch.ones(2, 3), mytorch.zeros(2, 5)).shape
        mytorch.Size([2, 5])
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input, hx=None):
        """The next h. ValueError or RuntimeError for shapes that do not match."""
        return self._mytorch_step(gru_cell, input, None if hx is None else (hx,), ("hidden",))
