"""Convolution layers and their transposes."""

from __future__ import annotations

import math

from ..ops.spatial.conv import conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from ..ops.spatial.padding import pad
from ..tensors.creation import empty
from . import init
from .module import Module
from .parameter import Parameter
from .registration import Registered

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def per_dimension(value, n):
    """A number as a tuple of ``n``, anything else as a tuple."""
    return (value,) * n if hasattr(value, "__index__") else tuple(value)


class _Conv(Module):
    """What all convolutions share: parameters, their initial values, the description."""

    weight, bias = Registered(), Registered()

    _mytorch_dimensions: int
    _mytorch_transposed = False

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups=1,
        bias=True,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        n = self._mytorch_dimensions
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        stride = per_dimension(stride, n)
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {padding!r}, should be one of {{'same', 'valid'}}")
            if padding == "same" and any(s != 1 for s in stride):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _PADDING_MODES:
            raise ValueError(
                f"padding_mode must be one of {set(_PADDING_MODES)}, but got padding_mode='{padding_mode}'"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.groups, self.padding_mode = groups, padding_mode
        self.kernel_size, self.stride = per_dimension(kernel_size, n), stride
        self.dilation = per_dimension(dilation, n)
        self.padding = padding if isinstance(padding, str) else per_dimension(padding, n)
        self.output_padding = (0,) * n
        self.transposed = self._mytorch_transposed
        if self.transposed:
            channels = (in_channels, out_channels // groups)
        else:
            channels = (out_channels, in_channels // groups)
        self.weight = Parameter(empty(*channels, *self.kernel_size, device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self):
        """Draw new initial values, uniform in ±1/sqrt(inputs per output)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in = math.prod(self.weight.shape[1:])
            if fan_in:
                init.uniform_(self.bias, -1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in))

    def extra_repr(self):
        n = self._mytorch_dimensions
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        )
        if self.padding != (0,) * n:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * n:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * n:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text

    def _mytorch_describe(self):
        return f"{type(self).__name__}({self.in_channels} -> {self.out_channels})"


class _ConvNd(_Conv):
    def forward(self, input):
        """The convolution of ``input``."""
        if self.padding_mode == "zeros":
            return self._mytorch_function(
                input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
            )
        return self._mytorch_function(
            pad(input, self.__sides(), self.padding_mode),
            self.weight,
            self.bias,
            self.stride,
            0,
            self.dilation,
            self.groups,
        )

    def __sides(self):
        """The padding (before, after) of each dimension, the last dimension first, as ``pad`` takes it."""
        if self.padding == "valid":
            return (0,) * (2 * self._mytorch_dimensions)
        if self.padding == "same":
            totals = [d * (k - 1) for d, k in zip(self.dilation, self.kernel_size)]
            return tuple(side for total in reversed(totals) for side in (total // 2, total - total // 2))
        return tuple(side for p in reversed(self.padding) for side in (p, p))


class Conv1d(_ConvNd):
    """Slides filters over (N, C, L) or (C, L): (N, out_channels, L').

    L' = (L + 2 · padding - dilation · (kernel - 1) - 1) // stride + 1. ``weight`` is (out_channels,
    in_channels / groups, kernel). ``padding`` is an int, a tuple, 'same' or 'valid'; ``padding_mode``
    'zeros', 'reflect', 'replicate' or 'circular'. ValueError for settings that do not fit, RuntimeError for
    such inputs.

    Args:
        kernel_size (int or tuple of int): the size of the filters
        stride (int or tuple of int): the steps of the filters
        padding (int, tuple of int or str): how far the filters reach over each edge
        dilation (int or tuple of int): the distance of the elements of a filter

    Example:
        >>> layer = nn.Conv1d(16, 33, kernel_size=3, stride=2)
        >>> layer(mytorch.ones(20, 16, 50)).shape
        mytorch.Size([20, 33, 24])
    """

    _mytorch_dimensions, _mytorch_function = 1, staticmethod(conv1d)


class Conv2d(_ConvNd):
    """Slides filters over (N, C, H, W) or (C, H, W): (N, out_channels, H', W'); as :class:`Conv1d`.

    Args:
        kernel_size (int or tuple of int): the size of the filters
        stride (int or tuple of int): the steps of the filters
        padding (int, tuple of int or str): how far the filters reach over each edge; ``"same"`` keeps the
            size, ``"valid"`` is 0
        dilation (int or tuple of int): the distance of the elements of a filter

    Shape:
        input (N, in_channels, H, W), result (N, out_channels, H', W'); ``weight`` is (out_channels,
            in_channels / groups, kH, kW)

    Example:
        >>> layer = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        >>> layer(mytorch.ones(8, 3, 32, 32)).shape
        mytorch.Size([8, 16, 32, 32])
        >>> layer.weight.shape
        mytorch.Size([16, 3, 3, 3])
    """

    _mytorch_dimensions, _mytorch_function = 2, staticmethod(conv2d)


class Conv3d(_ConvNd):
    """Slides filters over (N, C, D, H, W) or (C, D, H, W); as :class:`Conv1d`.

    Args:
        kernel_size (int or tuple of int): the size of the filters
        stride (int or tuple of int): the steps of the filters
        padding (int, tuple of int or str): how far the filters reach over each edge
        dilation (int or tuple of int): the distance of the elements of a filter

    Example:
        >>> layer = nn.Conv3d(16, 33, kernel_size=3, stride=2)
        >>> layer(mytorch.ones(2, 16, 5, 10, 10)).shape
        mytorch.Size([2, 33, 2, 4, 4])
    """

    _mytorch_dimensions, _mytorch_function = 3, staticmethod(conv3d)


class _ConvTransposeNd(_Conv):
    _mytorch_transposed = True

    def __init__(
        self,
        in_channels,
        out_channels,
        kernel_size,
        stride=1,
        padding=0,
        output_padding=0,
        groups=1,
        bias=True,
        dilation=1,
        padding_mode="zeros",
        device=None,
        dtype=None,
    ):
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            device=device,
            dtype=dtype,
        )
        self.output_padding = per_dimension(output_padding, self._mytorch_dimensions)

    def forward(self, input, output_size=None):
        """The transposed convolution of ``input``.

        ``output_size``: the size of the result, where a strided convolution maps several sizes to that of
        ``input``.
        """
        extra = self._output_padding(input, output_size)
        return self._mytorch_function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )

    def _output_padding(self, input, output_size):
        if output_size is None:
            return self.output_padding
        n = self._mytorch_dimensions
        if len(output_size) == len(input.shape):
            output_size = output_size[-n:]
        if len(output_size) != n:
            raise ValueError(
                f"{type(self).__name__}: for {len(input.shape)}D input, output_size must have {n} or "
                f"{len(input.shape)} elements (got {len(output_size)})"
            )
        geometry = zip(input.shape[-n:], self.stride, self.padding, self.dilation, self.kernel_size)
        least = [(size - 1) * s - 2 * p + d * (k - 1) + 1 for size, s, p, d, k in geometry]
        most = [size + s - 1 for size, s in zip(least, self.stride)]
        if any(not a <= size <= b for size, a, b in zip(output_size, least, most)):
            raise ValueError(
                f"requested an output size of {list(output_size)}, but valid sizes range from {least} "
                f"to {most} (for an input of {list(input.shape[-n:])})"
            )
        return tuple(size - a for size, a in zip(output_size, least))


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of :class:`Conv1d`: (N, C, L) or (C, L) -> (N, out_channels, L').

    L' = (L - 1) · stride - 2 · padding + dilation · (kernel - 1) + output_padding + 1. ``weight`` is
    (in_channels, out_channels / groups, kernel).

    Args:
        kernel_size (int or tuple of int): the size of the filters
        stride (int or tuple of int): the steps of the filters
        padding (int or tuple of int): how much is cut off each edge of the result
        dilation (int or tuple of int): the distance of the elements of a filter
        padding_mode (str): ``"zeros"``, the only one

    Example:
        >>> layer = nn.ConvTranspose1d(16, 33, kernel_size=3, stride=2)
        >>> layer(mytorch.ones(2, 16, 5)).shape
        mytorch.Size([2, 33, 11])
    """

    _mytorch_dimensions, _mytorch_function = 1, staticmethod(conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of :class:`Conv2d`, for (N, C, H, W) or (C, H, W); as :class:`ConvTranspose1d`.

    Args:
        kernel_size (int or tuple of int): the size of the filters
        stride (int or tuple of int): the steps of the filters
        padding (int or tuple of int): how much is cut off each edge of the result
        dilation (int or tuple of int): the distance of the elements of a filter
        padding_mode (str): ``"zeros"``, the only one

    Example:
        >>> layer = nn.ConvTranspose2d(16, 8, kernel_size=2, stride=2)
        >>> layer(mytorch.ones(2, 16, 7, 7)).shape
        mytorch.Size([2, 8, 14, 14])
    """

    _mytorch_dimensions, _mytorch_function = 2, staticmethod(conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of :class:`Conv3d`, for (N, C, D, H, W) or (C, D, H, W); as :class:`ConvTranspose1d`.

    Args:
        kernel_size (int or tuple of int): the size of the filters
        stride (int or tuple of int): the steps of the filters
        padding (int or tuple of int): how much is cut off each edge of the result
        dilation (int or tuple of int): the distance of the elements of a filter
        padding_mode (str): ``"zeros"``, the only one

    Example:
        >>> layer = nn.ConvTranspose3d(4, 8, kernel_size=2, stride=2)
        >>> layer(mytorch.ones(2, 4, 3, 3, 3)).shape
        mytorch.Size([2, 8, 6, 6, 6])
    """

    _mytorch_dimensions, _mytorch_function = 3, staticmethod(conv_transpose3d)
