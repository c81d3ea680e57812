"""The number of multiply-adds in the matrix products and convolutions of the layers of ``mytorch.nn``.

Layers are recognised by the name of their class, so that ``utils`` need not import ``nn``.
"""

from __future__ import annotations

import inspect
import math


def mult_adds(module, args, kwargs, output):
    """The multiply-adds of one call of ``module``'s own forward, without biases; None if not counted."""
    count = next((_COUNTS[cls.__name__] for cls in type(module).__mro__ if cls.__name__ in _COUNTS), None)
    if count is None:
        return None
    inputs = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    return count(module, list(inputs.values()), output)


def _linear(layer, inputs, output):
    return output.numel() * layer.in_features


def _bilinear(layer, inputs, output):
    return output.numel() * layer.in2_features * (layer.in1_features + 1)


def _convolution(layer, inputs, output):
    return output.numel() * layer.in_channels // layer.groups * math.prod(layer.kernel_size)


def _transposed_convolution(layer, inputs, output):
    return inputs[0].numel() * layer.out_channels // layer.groups * math.prod(layer.kernel_size)


def _recurrent(layer, inputs, output):
    """Every weight matrix is applied once to every element of the sequence."""
    tokens = inputs[0].data.numel() // layer.input_size
    return tokens * sum(p.numel() for name, p in layer.named_parameters() if name.startswith("weight"))


def _attention(layer, inputs, output):
    """The four projections, the scores and the weighted sums of the values."""
    query, key = inputs[:2]
    batch = 1 if query.dim() == 2 else query.shape[0 if layer.batch_first else 1]
    queries, keys = query.numel() // layer.embed_dim, key.numel() // layer.kdim  # of the whole batch
    projections = 2 * queries * layer.embed_dim + keys * (layer.kdim + layer.vdim)
    return layer.embed_dim * (projections + 2 * queries * (keys // batch))


_COUNTS = {"Linear": _linear, "Bilinear": _bilinear, "MultiheadAttention": _attention}
_COUNTS |= {f"Conv{n}d": _convolution for n in (1, 2, 3)} | {
    f"ConvTranspose{n}d": _transposed_convolution for n in (1, 2, 3)
}
_COUNTS |= dict.fromkeys(("RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"), _recurrent)
