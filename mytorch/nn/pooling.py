"""Pooling layers."""

from __future__ import annotations

from collections.abc import Callable

from ..ops.spatial import adaptive_pooling, pooling, unpooling
from .conv import per_dimension
from .module import Module


class _MaxPool(Module):
    _mytorch_function: Callable

    def __init__(
        self, kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride if stride is not None else kernel_size
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input):
        """The maximum of each window, with ``return_indices`` also its index."""
        return self._mytorch_function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            self.ceil_mode,
            self.return_indices,
        )

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The maximum of each window of (N, C, L) or (C, L). ``stride`` is ``kernel_size`` by default.

    RuntimeError for sizes that do not fit.

    Example:
        >>> nn.MaxPool1d(2)(mytorch.tensor([[1.0, 3.0, 2.0, 5.0]]))
        tensor([[3., 5.]])
    """

    _mytorch_function = staticmethod(pooling.max_pool1d)


class MaxPool2d(_MaxPool):
    """The maximum of each window of (N, C, H, W) or (C, H, W). ``stride`` is ``kernel_size`` by default.

    RuntimeError for sizes that do not fit.

    Example:
        >>> nn.MaxPool2d(2)(mytorch.ones(8, 3, 32, 32)).shape
        mytorch.Size([8, 3, 16, 16])
    """

    _mytorch_function = staticmethod(pooling.max_pool2d)


class MaxPool3d(_MaxPool):
    """The maximum of each window of (N, C, D, H, W) or (C, D, H, W).

    ``stride`` is ``kernel_size`` by default.

    Example:
        >>> nn.MaxPool3d(2)(mytorch.ones(8, 3, 4, 4, 4)).shape
        mytorch.Size([8, 3, 2, 2, 2])
    """

    _mytorch_function = staticmethod(pooling.max_pool3d)


class _MaxUnpool(Module):
    _mytorch_dimensions: int
    _mytorch_function: Callable

    def __init__(self, kernel_size, stride=None, padding=0):
        super().__init__()
        n = self._mytorch_dimensions
        self.kernel_size, self.padding = per_dimension(kernel_size, n), per_dimension(padding, n)
        self.stride = per_dimension(stride if stride is not None else kernel_size, n)

    def forward(self, input, indices, output_size=None):
        """Zeros with ``input`` at ``indices``."""
        return self._mytorch_function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Puts maxima (N, C, L) back to the indices that :class:`MaxPool1d` returned; zeros elsewhere.

    Example:
        >>> pool, unpool = nn.MaxPool1d(2, return_indices=True), nn.MaxUnpool1d(2)
        >>> unpool(*pool(mytorch.tensor([[1.0, 3.0, 2.0, 5.0]])))
        tensor([[0., 3., 0., 5.]])
    """

    _mytorch_dimensions, _mytorch_function = 1, staticmethod(unpooling.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Puts maxima (N, C, H, W) back to the indices that :class:`MaxPool2d` returned; zeros elsewhere.

    Example:
        >>> pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        >>> unpool(*pool(mytorch.ones(1, 3, 4, 4))).shape
        mytorch.Size([1, 3, 4, 4])
    """

    _mytorch_dimensions, _mytorch_function = 2, staticmethod(unpooling.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Puts maxima (N, C, D, H, W) back to the indices that :class:`MaxPool3d` returned; zeros elsewhere.

    Example:
        >>> pool, unpool = nn.MaxPool3d(2, return_indices=True), nn.MaxUnpool3d(2)
        >>> unpool(*pool(mytorch.ones(1, 3, 4, 4, 4))).shape
        mytorch.Size([1, 3, 4, 4, 4])
    """

    _mytorch_dimensions, _mytorch_function = 3, staticmethod(unpooling.max_unpool3d)


class AvgPool1d(Module):
    """The mean of each window of (N, C, L) or (C, L). ``stride`` is ``kernel_size`` by default.

    RuntimeError for sizes that do not fit.

    Example:
        >>> nn.AvgPool1d(2)(mytorch.tensor([[1.0, 3.0, 2.0, 6.0]]))
        tensor([[2., 4.]])
    """

    def __init__(self, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True):
        super().__init__()
        self.kernel_size, self.padding = per_dimension(kernel_size, 1), per_dimension(padding, 1)
        self.stride = per_dimension(stride if stride is not None else kernel_size, 1)
        self.ceil_mode, self.count_include_pad = ceil_mode, count_include_pad

    def forward(self, input):
        """The mean of each window."""
        return pooling.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AvgPool(Module):
    _mytorch_function: Callable

    def __init__(
        self,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride if stride is not None else kernel_size
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input):
        """The mean of each window."""
        return self._mytorch_function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_AvgPool):
    """The mean of each window of (N, C, H, W) or (C, H, W), or its sum over ``divisor_override``.

    Example:
        >>> nn.AvgPool2d(2)(mytorch.ones(8, 3, 32, 32)).shape
        mytorch.Size([8, 3, 16, 16])
    """

    _mytorch_function = staticmethod(pooling.avg_pool2d)


class AvgPool3d(_AvgPool):
    """The mean of each window of (N, C, D, H, W) or (C, D, H, W), or its sum over ``divisor_override``.

    Example:
        >>> nn.AvgPool3d(2)(mytorch.ones(8, 3, 4, 4, 4)).shape
        mytorch.Size([8, 3, 2, 2, 2])
    """

    _mytorch_function = staticmethod(pooling.avg_pool3d)


class _LPPool(Module):
    _mytorch_function: Callable

    def __init__(self, norm_type, kernel_size, stride=None, ceil_mode=False):
        super().__init__()
        self.norm_type, self.kernel_size = norm_type, kernel_size
        self.stride, self.ceil_mode = stride, ceil_mode

    def forward(self, input):
        """The power average of each window."""
        return self._mytorch_function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self):
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, L) or (C, L).

    Args:
        norm_type (float): the exponent

    Example:
        >>> nn.LPPool1d(2, kernel_size=2)(mytorch.tensor([[3.0, 4.0]]))
        tensor([[5.]])
    """

    _mytorch_function = staticmethod(pooling.lp_pool1d)


class LPPool2d(_LPPool):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, H, W) or (C, H, W).

    Args:
        norm_type (float): the exponent

    Example:
        >>> nn.LPPool2d(2, kernel_size=2)(mytorch.ones(1, 4, 4)).shape
        mytorch.Size([1, 2, 2])
    """

    _mytorch_function = staticmethod(pooling.lp_pool2d)


class LPPool3d(_LPPool):
    """(sum of x ** norm_type) ** (1 / norm_type) over each window of (N, C, D, H, W) or (C, D, H, W).

    Args:
        norm_type (float): the exponent

    Example:
        >>> nn.LPPool3d(2, kernel_size=2)(mytorch.ones(1, 4, 4, 4)).shape
        mytorch.Size([1, 2, 2, 2])
    """

    _mytorch_function = staticmethod(pooling.lp_pool3d)


class _AdaptiveAvgPool(Module):
    _mytorch_function: Callable

    def __init__(self, output_size):
        super().__init__()
        self.output_size = output_size

    def forward(self, input):
        """The means of windows that fill ``output_size``."""
        return self._mytorch_function(input, self.output_size)

    def extra_repr(self):
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """(N, C, L) or (C, L) averaged to length ``output_size``.

    Example:
        >>> nn.AdaptiveAvgPool1d(2)(mytorch.tensor([[1.0, 3.0, 2.0, 6.0]]))
        tensor([[2., 4.]])
    """

    _mytorch_function = staticmethod(adaptive_pooling.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """(N, C, H, W) or (C, H, W) averaged to ``output_size``: an int or two; None keeps a size.

    Example:
        >>> nn.AdaptiveAvgPool2d((5, None))(mytorch.ones(1, 64, 8, 9)).shape
        mytorch.Size([1, 64, 5, 9])
    """

    _mytorch_function = staticmethod(adaptive_pooling.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """(N, C, D, H, W) or (C, D, H, W) averaged to ``output_size``: an int or three; None keeps a size.

    Example:
        >>> nn.AdaptiveAvgPool3d(2)(mytorch.ones(1, 3, 4, 4, 4)).shape
        mytorch.Size([1, 3, 2, 2, 2])
    """

    _mytorch_function = staticmethod(adaptive_pooling.adaptive_avg_pool3d)


class _AdaptiveMaxPool(Module):
    _mytorch_function: Callable

    def __init__(self, output_size, return_indices=False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input):
        """The maxima of windows that fill ``output_size``, with ``return_indices`` also their indices."""
        return self._mytorch_function(input, self.output_size, self.return_indices)

    def extra_repr(self):
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The maxima of ``output_size`` windows that fill (N, C, L) or (C, L).

    Example:
        >>> nn.AdaptiveMaxPool1d(2)(mytorch.tensor([[1.0, 3.0, 2.0, 6.0]]))
        tensor([[3., 6.]])
    """

    _mytorch_function = staticmethod(adaptive_pooling.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The maxima of ``output_size`` windows, an int or two, that fill (N, C, H, W) or (C, H, W).

    None keeps a size.

    Example:
        >>> nn.AdaptiveMaxPool2d(5)(mytorch.ones(1, 64, 8, 9)).shape
        mytorch.Size([1, 64, 5, 5])
    """

    _mytorch_function = staticmethod(adaptive_pooling.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The maxima of ``output_size`` windows, an int or three, that fill (N, C, D, H, W) or (C, D, H, W).

    None keeps a size.

    Example:
        >>> nn.AdaptiveMaxPool3d(2)(mytorch.ones(1, 3, 4, 4, 4)).shape
        mytorch.Size([1, 3, 2, 2, 2])
    """

    _mytorch_function = staticmethod(adaptive_pooling.adaptive_max_pool3d)
