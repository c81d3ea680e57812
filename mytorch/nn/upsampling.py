"""Layers that resize, fold and shuffle."""

from __future__ import annotations

from ..ops.spatial.fold import channel_shuffle, fold, pixel_shuffle, pixel_unshuffle, unfold
from ..ops.spatial.interpolate import interpolate
from .module import Module


class Upsample(Module):
    """Resizes (N, C, *S) to ``size`` or by ``scale_factor``; modes as in
    :func:`mytorch.nn.functional.interpolate`.

    Args:
        mode (str): ``"nearest"``, ``"linear"``, ``"bilinear"``, ``"bicubic"`` or ``"trilinear"``
        recompute_scale_factor (bool): whether the scale is computed anew from the rounded sizes

    Example:
        >>> nn.Upsample(scale_factor=2)(mytorch.tensor([[[1.0, 2.0]]]))
        tensor([[[1., 1., 2., 2.]]])
    """

    def __init__(
        self, size=None, scale_factor=None, mode="nearest", align_corners=None, recompute_scale_factor=None
    ):
        super().__init__()
        self.name, self.size = type(self).__name__, size
        if isinstance(scale_factor, tuple):
            self.scale_factor = tuple(map(float, scale_factor))
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode, self.align_corners = mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input):
        """``input`` in its new size."""
        return interpolate(
            input,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            recompute_scale_factor=self.recompute_scale_factor,
        )

    def extra_repr(self):
        if self.scale_factor is not None:
            return f"scale_factor={self.scale_factor!r}, mode={self.mode!r}"
        return f"size={self.size!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Resizes (N, C, H, W): each pixel is the nearest one of the input.

    Example:
        >>> nn.UpsamplingNearest2d(scale_factor=2)(mytorch.ones(1, 3, 4, 4)).shape
        mytorch.Size([1, 3, 8, 8])
    """

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Resizes (N, C, H, W) by bilinear interpolation with aligned corners.

    Example:
        >>> nn.UpsamplingBilinear2d(scale_factor=2)(mytorch.ones(1, 3, 4, 4)).shape
        mytorch.Size([1, 3, 8, 8])
    """

    def __init__(self, size=None, scale_factor=None):
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)


class PixelShuffle(Module):
    """(…, C · r², H, W) -> (…, C, H · r, W · r) with r = ``upscale_factor``: channels become pixels.

    https://arxiv.org/abs/1609.05158

    Example:
        >>> nn.PixelShuffle(3)(mytorch.ones(1, 9, 4, 4)).shape
        mytorch.Size([1, 1, 12, 12])
    """

    def __init__(self, upscale_factor):
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input):
        """Channels become pixels."""
        return pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self):
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """(…, C, H · r, W · r) -> (…, C · r², H, W) with r = ``downscale_factor``.

    Example:
        >>> nn.PixelUnshuffle(3)(mytorch.ones(1, 1, 12, 12)).shape
        mytorch.Size([1, 9, 4, 4])
    """

    def __init__(self, downscale_factor):
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input):
        """Pixels become channels."""
        return pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self):
        return f"downscale_factor={self.downscale_factor}"


class ChannelShuffle(Module):
    """Interleaves the channels of ``groups`` groups of (N, C, *S). https://arxiv.org/abs/1707.01083

    Example:
        >>> nn.ChannelShuffle(2)(mytorch.arange(4.0).reshape(1, 4, 1, 1)).flatten()
        tensor([0., 2., 1., 3.])
    """

    def __init__(self, groups):
        super().__init__()
        self.groups = groups

    def forward(self, input):
        """The channels in another order."""
        return channel_shuffle(input, self.groups)

    def extra_repr(self):
        return f"groups={self.groups}"


class Unfold(Module):
    """The sliding blocks of (N, C, H, W) as columns (N, C · kH · kW, blocks).

    Args:
        stride (int or tuple of int): the steps of the blocks

    Example:
        >>> nn.Unfold(kernel_size=2)(mytorch.ones(1, 3, 4, 5)).shape
        mytorch.Size([1, 12, 12])
    """

    def __init__(self, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input):
        """The blocks as columns."""
        return unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, "
            f"stride={self.stride}"
        )


class Fold(Module):
    """The reverse of :class:`Unfold`: columns (N, C · kH · kW, blocks) summed into (N, C, *output_size).

    Args:
        output_size (int or tuple of int): the size of the images
        stride (int or tuple of int): the steps of the blocks

    Example:
        >>> nn.Fold(output_size=(4, 5), kernel_size=2)(mytorch.ones(1, 3 * 4, 12)).shape
        mytorch.Size([1, 3, 4, 5])
    """

    def __init__(self, output_size, kernel_size, dilation=1, padding=0, stride=1):
        super().__init__()
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input):
        """The sum of the blocks."""
        return fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self):
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )
