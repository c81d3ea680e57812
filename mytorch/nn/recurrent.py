"""Recurrent layers: RNN, LSTM and GRU over whole sequences."""

from __future__ import annotations

import numbers
import warnings

from ..ops.gather import index_select
from ..ops.indexing import getitem
from ..ops.join import cat, stack
from ..ops.layers.recurrent import recurrent
from ..tensors.creation import empty
from . import functional as F
from .parameter import Parameter
from .recurrent_cells import UniformParameters, check_pair
from .utils.rnn import PackedSequence

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(UniformParameters):
    """What RNN, LSTM and GRU share. ``mode`` is "LSTM", "GRU", "RNN_TANH" or "RNN_RELU".

    Parameters of layer k: weight_ih_l{k} (gates · hidden, in), weight_hh_l{k} (gates · hidden, hidden),
    bias_ih_l{k}, bias_hh_l{k}, with proj_size weight_hr_l{k} (proj, hidden); those of the reverse direction
    end in ``_reverse``.

    Args:
        mode (str): ``"LSTM"``, ``"GRU"``, ``"RNN_TANH"`` or ``"RNN_RELU"``
        num_layers (int): how many layers, each reading the states of the one below
        dropout (float): the probability of zeroing an element between layers, in training

    Example:
        >>> sum(p.numel() for p in nn.RNNBase("GRU", input_size=3, hidden_size=5).parameters())
        150
    """

    def __init__(
        self,
        mode,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.__check_settings(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size
        )
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        rows, out = _GATES[mode] * hidden_size, proj_size or hidden_size
        self._all_weights = []
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else out * (1 + bidirectional)
            shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, out)}
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)} if bias else {}
            shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
            for suffix in ("", "_reverse")[: 1 + bidirectional]:
                names = {f"{name}_l{layer}{suffix}": shape for name, shape in shapes.items()}
                for name, shape in names.items():
                    setattr(self, name, Parameter(empty(shape, device=device, dtype=dtype)))
                self._all_weights.append(list(names))
        self.reset_parameters()

    @staticmethod
    def __check_settings(mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size):
        if not isinstance(dropout, numbers.Number) or not 0 <= dropout <= 1 or isinstance(dropout, bool):
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being "
                "zeroed"
            )
        if dropout > 0 and num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={num_layers}",
                stacklevel=4,
            )
        for name, value, kind in (
            ("bias", bias, bool),
            ("batch_first", batch_first, bool),
            ("input_size", input_size, int),
            ("hidden_size", hidden_size, int),
        ):
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
        for name, value in (
            ("input_size", input_size),
            ("hidden_size", hidden_size),
            ("num_layers", num_layers),
        ):
            if value <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if proj_size >= hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if mode not in _GATES:
            raise ValueError("Unrecognized RNN mode: " + mode)

    all_weights = property(
        lambda self: [[getattr(self, name) for name in names] for names in self._all_weights],
        doc="The parameters, by layer.",
    )
    _flat_weights_names = property(lambda self: [name for names in self._all_weights for name in names])
    _flat_weights = property(lambda self: [getattr(self, name) for name in self._flat_weights_names])

    def flatten_parameters(self):
        """Nothing: in torch it packs the weights for cuDNN."""

    def forward(self, input, hx=None):
        """The outputs of all steps and the last state, for ``input`` (T, B, in), with ``batch_first`` (B, T,
        in), (T, in), or a PackedSequence.

        ``hx`` is the first state (layers · directions, B, hidden), for an LSTM a pair (h, c); zeros if None.
        ValueError or RuntimeError for shapes or dtypes that do not match.
        """
        packed = input if isinstance(input, PackedSequence) else None
        if packed is not None:
            self.__check_input(packed.data, 2)
            x, batched, sizes = packed.padded(), True, tuple(packed.batch_sizes.tolist())
        else:
            if input.ndim not in (2, 3):
                raise ValueError(
                    f"{self._get_name()}: Expected input to be 2D or 3D, got {input.ndim}D instead"
                )
            batched, sizes = input.ndim == 3, None
            x = input if batched else input[:, None]
            self.__check_input(x, 3)
            x = x.transpose(0, 1) if self.batch_first and batched else x
        if not x.shape[0]:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        states = self.__first_states(x, hx, batched, packed)
        y, states = self.__run(x, states, sizes)
        if packed is not None:
            y = PackedSequence(
                getitem(y, index=packed.places()),
                packed.batch_sizes,
                packed.sorted_indices,
                packed.unsorted_indices,
            )
            if packed.unsorted_indices is not None:
                states = [index_select(s, 1, packed.unsorted_indices) for s in states]
        elif not batched:
            y, states = y[:, 0], [s[:, 0] for s in states]
        elif self.batch_first:
            y = y.transpose(0, 1)
        return y, tuple(states) if self.mode == "LSTM" else states[0]

    def __run(self, x, states, sizes):
        """Outputs and last states of all layers for x (T, B, in)."""
        directions, last = 1 + self.bidirectional, []
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(directions):
                k = layer * directions + direction
                weights = [getattr(self, name) for name in self._all_weights[k]]
                if not self.bias:
                    weights[2:2] = (None, None)
                weights += [None] * (5 - len(weights))
                h = None if states is None else states[0][k]
                c = None if states is None or self.mode != "LSTM" else states[1][k]
                y, *final = recurrent(x, h, c, *weights, cell=self.mode, reverse=bool(direction), sizes=sizes)
                outputs.append(y)
                last.append(final)
            x = outputs[0] if directions == 1 else cat(outputs, 2)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        return x, [parts[0][None] if len(parts) == 1 else stack(parts) for parts in zip(*last)]

    def __check_input(self, x, ndim):
        weight = getattr(self, self._all_weights[0][0])
        if x.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({x.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: model.to({x.dtype})"
            )
        if x.ndim != ndim:
            raise RuntimeError(f"input must have {ndim} dimensions, got {x.ndim}")
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {x.shape[-1]}"
            )

    def __first_states(self, x, hx, batched, packed):
        """The first states as (layers · directions, B, size), checked; None for zeros."""
        if hx is None:
            return None
        is_lstm = self.mode == "LSTM"
        if is_lstm:
            check_pair(hx, "LSTM")
        given = list(hx) if is_lstm else [hx]
        dims = 3 if batched else 2
        if any(s.ndim != dims for s in given):
            found = [f"{s.ndim}-D" for s in given]
            name, found = (
                ("hx and cx", f"({', '.join(found)}) tensors") if is_lstm else ("hx", f"{found[0]} tensor")
            )
            what = "batched 3-D" if batched else "unbatched 2-D"
            raise RuntimeError(f"For {what} input, {name} should also be {dims}-D but got {found}")
        given = given if batched else [s[:, None] for s in given]
        batch, layers = x.shape[1], self.num_layers * (1 + self.bidirectional)
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)
        for i, (s, size) in enumerate(zip(given, sizes)):
            if tuple(s.shape) != (layers, batch, size):
                name = f"hidden[{i}]" if is_lstm else "hidden"
                raise RuntimeError(f"Expected {name} size {(layers, batch, size)}, got {list(s.shape)}")
        if packed is not None and packed.sorted_indices is not None:
            given = [index_select(s, 1, packed.sorted_indices) for s in given]
        return given

    def extra_repr(self):
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        return text + "".join(
            f", {name}={getattr(self, name)}" for name, value in usual.items() if getattr(self, name) != value
        )


class RNN(RNNBase):
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh), or with relu instead of tanh (``nonlinearity``).

    Args:
        num_layers (int): how many layers, each reading the states of the one below
        dropout (float): the probability of zeroing an element between layers, in training
        unknown: any other argument is refused, ``proj_size`` with its own error

    Example:
        >>> rnn = nn.RNN(input_size=3, hidden_size=5)
        >>> states, last = rnn(mytorch.ones(7, 2, 3))
        >>> states.shape, last.shape
        (mytorch.Size([7, 2, 5]), mytorch.Size([1, 2, 5]))
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        nonlinearity="tanh",
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
        **unknown,
    ):
        _refuse(unknown, type(self).__name__)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(
            "RNN_" + nonlinearity.upper(),
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            0,
            device,
            dtype,
        )
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter & Schmidhuber 1997), with state (h, c).

    The rows of the weights belong to the gates input, forget, candidate, output, in this order.

    Args:
        num_layers (int): how many layers, each reading the states of the one below
        dropout (float): the probability of zeroing an element between layers, in training

    Shape:
        input (T, N, input_size); with state (h, c), each (directions · layers, N, hidden_size); the result is
            the states (T, N, directions · hidden_size) and the last (h, c). N may be missing.

    Example:
        >>> lstm = nn.LSTM(input_size=3, hidden_size=5, num_layers=2, batch_first=True)
        >>> states, (h, c) = lstm(mytorch.ones(2, 7, 3))
        >>> states.shape, h.shape
        (mytorch.Size([2, 7, 5]), mytorch.Size([2, 2, 5]))
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
    ):
        super().__init__(
            "LSTM",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            proj_size,
            device,
            dtype,
        )


class GRU(RNNBase):
    """Gated recurrent unit (Cho et al. 2014).

    The rows of the weights belong to the gates reset, update, candidate, in this order.

    Args:
        num_layers (int): how many layers, each reading the states of the one below
        dropout (float): the probability of zeroing an element between layers, in training
        unknown: any other argument is refused, ``proj_size`` with its own error

    Example:
        >>> gru = nn.GRU(input_size=3, hidden_size=5, bidirectional=True)
        >>> states, last = gru(mytorch.ones(7, 2, 3))
        >>> states.shape, last.shape
        (mytorch.Size([7, 2, 10]), mytorch.Size([2, 2, 5]))
    """

    def __init__(
        self,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        device=None,
        dtype=None,
        **unknown,
    ):
        _refuse(unknown, type(self).__name__)
        super().__init__(
            "GRU",
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            0,
            device,
            dtype,
        )


def _refuse(unknown, name):
    if "proj_size" in unknown:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if unknown:
        raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{next(iter(unknown))}'")
