"""Linear layers, and the layers that only rearrange."""

from __future__ import annotations

import math

from ..ops.layers.linear import bilinear, linear
from ..ops.shape import flatten, unflatten
from ..tensors.creation import empty
from . import init
from .module import Module
from .parameter import Parameter
from .registration import Registered


class Identity(Module):
    """Returns its input; any arguments of the constructor are ignored.

    Args:
        args: ignored
        kwargs: ignored

    Example:
        >>> nn.Identity(54, unused=True)(mytorch.tensor([1, 2]))
        tensor([1, 2])
    """

    def __init__(self, *args, **kwargs):
        super().__init__()

    def forward(self, input):
        """``input``."""
        return input


class Linear(Module):
    """y = x Wᵀ + b: (…, in_features) -> (…, out_features).

    ``weight`` is (out_features, in_features), ``bias`` (out_features,). Both start uniform in
    ±1/sqrt(in_features). RuntimeError for an input of another size or dtype.

    Args:
        in_features (int): the size of each input
        out_features (int): the size of each result
        bias (bool): whether there is a learned ``bias``

    Shape:
        input (…, in_features), result (…, out_features)

    Example:
        >>> layer = nn.Linear(20, 30)
        >>> layer(mytorch.ones(128, 20)).shape
        mytorch.Size([128, 30])
        >>> {name: tuple(p.shape) for name, p in layer.named_parameters()}
        {'weight': (30, 20), 'bias': (30,)}
    """

    weight, bias = Registered(), Registered()

    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(empty(out_features, in_features, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input):
        """x Wᵀ + b."""
        return linear(input, self.weight, self.bias)

    def extra_repr(self):
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
        )

    def _mytorch_describe(self):
        return f"{type(self).__name__}({self.in_features} -> {self.out_features})"


class NonDynamicallyQuantizableLinear(Linear):
    """A Linear, under torch's name for the output projection of attention."""


class Bilinear(Module):
    """y_k = x₁ᵀ A_k x₂ + b_k: (…, in1_features), (…, in2_features) -> (…, out_features).

    Args:
        in1_features (int): the size of each first input
        in2_features (int): the size of each second input
        out_features (int): the size of each result
        bias (bool): whether there is a learned ``bias``

    Example:
        >>> layer = nn.Bilinear(20, 30, 40)
        >>> layer(mytorch.ones(128, 20), mytorch.ones(128, 30)).shape
        mytorch.Size([128, 40])
    """

    weight, bias = Registered(), Registered()

    def __init__(self, in1_features, in2_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features, self.in2_features, self.out_features = in1_features, in2_features, out_features
        self.weight = Parameter(empty(out_features, in1_features, in2_features, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty(out_features, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new initial values, uniform in ±1/sqrt(in1_features)."""
        bound = 1 / math.sqrt(self.in1_features)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def forward(self, input1, input2):
        """x₁ᵀ A x₂ + b."""
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self):
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Flatten(Module):
    """Merges the dimensions ``start_dim`` to ``end_dim``: by default (N, …) -> (N, features).

    Args:
        start_dim (int): the first dimension to merge
        end_dim (int): the last dimension to merge

    Example:
        >>> nn.Flatten()(mytorch.ones(32, 1, 5, 5)).shape
        mytorch.Size([32, 25])
    """

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim, self.end_dim = start_dim, end_dim

    def forward(self, input):
        """The same elements in fewer dimensions."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self):
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits the dimension ``dim`` into several of sizes ``unflattened_size``; the reverse of Flatten.

    Args:
        dim (int): the dimension to split
        unflattened_size (tuple of int): its new sizes; one may be -1

    Example:
        >>> nn.Unflatten(1, (2, 5))(mytorch.ones(3, 10)).shape
        mytorch.Size([3, 2, 5])
    """

    def __init__(self, dim, unflattened_size):
        super().__init__()
        if not isinstance(dim, int):
            raise TypeError(
                "unflattened_size must be a tuple of ints and dim an int (dims have no names here), "
                f"got dim {dim!r}"
            )
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError(
                f"unflattened_size must be tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for i, n in enumerate(unflattened_size):
            if not isinstance(n, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(n).__name__} at pos {i}"
                )
        self.dim, self.unflattened_size = dim, unflattened_size

    def forward(self, input):
        """The same elements in more dimensions."""
        return unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self):
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
