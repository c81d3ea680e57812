"""Padding layers."""

from __future__ import annotations

from ..ops.spatial.padding import pad
from .conv import per_dimension
from .module import Module


class _Pad(Module):
    """``padding``: an int for all sides, or (before, after) for each dimension, the last dimension first."""

    _mytorch_dimensions: int
    _mytorch_mode = "constant"

    def __init__(self, padding):
        super().__init__()
        self.padding = per_dimension(padding, 2 * self._mytorch_dimensions)

    def forward(self, input):
        """``input`` with padding around it."""
        return pad(input, self.padding, self._mytorch_mode, getattr(self, "value", None))

    def extra_repr(self):
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding, value):
        super().__init__(padding)
        self.value = value

    def extra_repr(self):
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_Pad):
    def __init__(self, padding):
        super().__init__(padding)
        self.value = 0.0


class ConstantPad1d(_ConstantPad):
    """Pads the last dimension of (N, C, L) or (C, L) with ``value``.

    Example:
        >>> nn.ConstantPad1d(1, 9.0)(mytorch.tensor([[1.0, 2.0]]))
        tensor([[9., 1., 2., 9.]])
    """

    _mytorch_dimensions = 1


class ConstantPad2d(_ConstantPad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with ``value``.

    Example:
        >>> nn.ConstantPad2d(1, 9.0)(mytorch.ones(1, 2, 2)).shape
        mytorch.Size([1, 4, 4])
    """

    _mytorch_dimensions = 2


class ConstantPad3d(_ConstantPad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with ``value``.

    Example:
        >>> nn.ConstantPad3d(1, 9.0)(mytorch.ones(1, 2, 2, 2)).shape
        mytorch.Size([1, 4, 4, 4])
    """

    _mytorch_dimensions = 3


class ZeroPad1d(_ZeroPad):
    """Pads the last dimension of (N, C, L) or (C, L) with zeros.

    Example:
        >>> nn.ZeroPad1d((1, 2))(mytorch.tensor([[1.0, 2.0]]))
        tensor([[0., 1., 2., 0., 0.]])
    """

    _mytorch_dimensions = 1


class ZeroPad2d(_ZeroPad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with zeros.

    Example:
        >>> nn.ZeroPad2d((1, 0, 0, 1))(mytorch.ones(1, 2, 2))
        tensor([[[0., 1., 1.],
                 [0., 1., 1.],
                 [0., 0., 0.]]])
    """

    _mytorch_dimensions = 2


class ZeroPad3d(_ZeroPad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with zeros.

    Example:
        >>> nn.ZeroPad3d(1)(mytorch.ones(1, 2, 2, 2)).shape
        mytorch.Size([1, 4, 4, 4])
    """

    _mytorch_dimensions = 3


class ReflectionPad1d(_Pad):
    """Pads the last dimension of (N, C, L) or (C, L) by reflection at the edges.

    Example:
        >>> nn.ReflectionPad1d(2)(mytorch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[3., 2., 1., 2., 3., 2., 1.]])
    """

    _mytorch_dimensions, _mytorch_mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) by reflection at the edges.

    Example:
        >>> nn.ReflectionPad2d(1)(mytorch.ones(1, 2, 2)).shape
        mytorch.Size([1, 4, 4])
    """

    _mytorch_dimensions, _mytorch_mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) by reflection at the edges.

    Example:
        >>> nn.ReflectionPad3d(1)(mytorch.ones(1, 2, 2, 2)).shape
        mytorch.Size([1, 4, 4, 4])
    """

    _mytorch_dimensions, _mytorch_mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Pads the last dimension of (N, C, L) or (C, L) with copies of the edges.

    Example:
        >>> nn.ReplicationPad1d(2)(mytorch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[1., 1., 1., 2., 3., 3., 3.]])
    """

    _mytorch_dimensions, _mytorch_mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with copies of the edges.

    Example:
        >>> nn.ReplicationPad2d(1)(mytorch.ones(1, 2, 2)).shape
        mytorch.Size([1, 4, 4])
    """

    _mytorch_dimensions, _mytorch_mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with copies of the edges.

    Example:
        >>> nn.ReplicationPad3d(1)(mytorch.ones(1, 2, 2, 2)).shape
        mytorch.Size([1, 4, 4, 4])
    """

    _mytorch_dimensions, _mytorch_mode = 3, "replicate"


class CircularPad1d(_Pad):
    """Pads the last dimension of (N, C, L) or (C, L) with values from the other end.

    Example:
        >>> nn.CircularPad1d(2)(mytorch.tensor([[1.0, 2.0, 3.0]]))
        tensor([[2., 3., 1., 2., 3., 1., 2.]])
    """

    _mytorch_dimensions, _mytorch_mode = 1, "circular"


class CircularPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with values from the other end.

    Example:
        >>> nn.CircularPad2d(1)(mytorch.ones(1, 2, 2)).shape
        mytorch.Size([1, 4, 4])
    """

    _mytorch_dimensions, _mytorch_mode = 2, "circular"


class CircularPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with values from the other end.

    Example:
        >>> nn.CircularPad3d(1)(mytorch.ones(1, 2, 2, 2)).shape
        mytorch.Size([1, 4, 4, 4])
    """

    _mytorch_dimensions, _mytorch_mode = 3, "circular"
