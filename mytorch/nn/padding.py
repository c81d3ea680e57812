"""Padding layers."""

from __future__ import annotations

from ..ops.spatial.padding import pad
from .conv import per_dimension
from .module import Module


class _Pad(Module):
    """``padding``: an int for all sides, or (before, after) for each dimension, the last dimension first."""

    dimensions: int
    mode = "constant"
    value: float | None = None

    def __init__(self, padding):
        super().__init__()
        self.padding = per_dimension(padding, 2 * self.dimensions)

    def forward(self, input):
        """``input`` with padding around it."""
        return pad(input, self.padding, self.mode, self.value)

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
    """Pads the last dimension of (N, C, L) or (C, L) with ``value``."""

    dimensions = 1


class ConstantPad2d(_ConstantPad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with ``value``."""

    dimensions = 2


class ConstantPad3d(_ConstantPad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with ``value``."""

    dimensions = 3


class ZeroPad1d(_ZeroPad):
    """Pads the last dimension of (N, C, L) or (C, L) with zeros."""

    dimensions = 1


class ZeroPad2d(_ZeroPad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with zeros."""

    dimensions = 2


class ZeroPad3d(_ZeroPad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with zeros."""

    dimensions = 3


class ReflectionPad1d(_Pad):
    """Pads the last dimension of (N, C, L) or (C, L) by reflection at the edges."""

    dimensions, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) by reflection at the edges."""

    dimensions, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) by reflection at the edges."""

    dimensions, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Pads the last dimension of (N, C, L) or (C, L) with copies of the edges."""

    dimensions, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with copies of the edges."""

    dimensions, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with copies of the edges."""

    dimensions, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """Pads the last dimension of (N, C, L) or (C, L) with values from the other end."""

    dimensions, mode = 1, "circular"


class CircularPad2d(_Pad):
    """Pads the last two dimensions of (N, C, H, W) or (C, H, W) with values from the other end."""

    dimensions, mode = 2, "circular"


class CircularPad3d(_Pad):
    """Pads the last three dimensions of (N, C, D, H, W) or (C, D, H, W) with values from the other end."""

    dimensions, mode = 3, "circular"
