"""Fractional max pooling: functions and layers."""

from __future__ import annotations

from ..ops.spatial.fractional import fractional_max_pool
from ..tensors.random_creation import rand
from .module import Module


def _sizes(value, nd):
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * nd


def _pooled(name, nd, input, kernel_size, output_size, output_ratio, return_indices, samples):
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    spatial = input.shape[input.ndim - nd :]
    if output_size is None:
        output_size = tuple(int(n * ratio) for n, ratio in zip(spatial, _sizes(output_ratio, nd)))
    if samples is None:
        batch = (1, input.shape[0]) if input.ndim == nd + 1 else input.shape[:2]
        samples = rand(*batch, nd, dtype=input.dtype, device=input.device)
    out, indices = fractional_max_pool(name, input, samples, _sizes(kernel_size, nd), _sizes(output_size, nd))
    return (out, indices) if return_indices else out


def fractional_max_pool2d(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None
):
    """The maxima of windows of (N, C, H, W) or (C, H, W) at random positions: ``output_size`` windows, or
    ``output_ratio`` times the size of the input.

    ``return_indices`` adds the indices of the maxima. ValueError without a size; RuntimeError for windows
    that do not fit.
    """
    return _pooled(
        "fractional_max_pool2d",
        2,
        input,
        kernel_size,
        output_size,
        output_ratio,
        return_indices,
        _random_samples,
    )


def fractional_max_pool3d(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None
):
    """The maxima of windows of (N, C, D, H, W) or (C, D, H, W); as :func:`fractional_max_pool2d`."""
    return _pooled(
        "fractional_max_pool3d",
        3,
        input,
        kernel_size,
        output_size,
        output_ratio,
        return_indices,
        _random_samples,
    )


def fractional_max_pool2d_with_indices(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None
):
    """:func:`fractional_max_pool2d` with the indices of the maxima."""
    return fractional_max_pool2d(input, kernel_size, output_size, output_ratio, True, _random_samples)


def fractional_max_pool3d_with_indices(
    input, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None
):
    """:func:`fractional_max_pool3d` with the indices of the maxima."""
    return fractional_max_pool3d(input, kernel_size, output_size, output_ratio, True, _random_samples)


class _FractionalMaxPool(Module):
    _mytorch_nd: int

    def __init__(
        self, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None
    ):
        super().__init__()
        name, nd = type(self).__name__, self._mytorch_nd
        self.kernel_size, self.return_indices = _sizes(kernel_size, nd), return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else _sizes(output_size, nd)
        self.output_ratio = None if output_ratio is None else _sizes(output_ratio, nd)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input):
        """The maxima of windows at random positions, with ``return_indices`` also their indices."""
        pool = fractional_max_pool2d if self._mytorch_nd == 2 else fractional_max_pool3d
        return pool(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """The maxima of windows of (N, C, H, W) or (C, H, W) at random positions: ``output_size`` windows, or
    ``output_ratio``, in (0, 1), times the size of the input.

    ValueError unless exactly one of them is given. https://arxiv.org/abs/1412.6071

    Example:
        >>> nn.FractionalMaxPool2d(2, output_size=5)(mytorch.ones(1, 1, 8, 8)).shape
        mytorch.Size([1, 1, 5, 5])
    """

    _mytorch_nd = 2


class FractionalMaxPool3d(_FractionalMaxPool):
    """The maxima of windows of (N, C, D, H, W) or (C, D, H, W); as :class:`FractionalMaxPool2d`.

    Example:
        >>> nn.FractionalMaxPool3d(2, output_ratio=0.5)(mytorch.ones(1, 1, 8, 8, 8)).shape
        mytorch.Size([1, 1, 4, 4, 4])
    """

    _mytorch_nd = 3
