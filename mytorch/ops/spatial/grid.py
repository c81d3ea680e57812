"""Sampling an image at the points of a grid, as spatial transformers do.

Jaderberg et al., Spatial Transformer Networks, 2015.
"""

from __future__ import annotations

import itertools
import math
import warnings

import numpy

from ...core.arrays import device_of, move, xp
from ...core.dtypes import as_dtype
from ...core.graph import wrap
from ..activation import kept
from ..elementwise import select
from ..gather import gather
from ..shape import expand
from .interpolate import cubic


def _corners(align_corners):
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. "
            "Please specify align_corners=True if the old behavior is desired.",
            stacklevel=3,
        )
    return bool(align_corners)


def affine_grid(theta, size, align_corners=None):
    """Where affine maps ``theta`` put the pixels of an image of ``size``: points for :func:`grid_sample`.

    ``size`` is (N, C, H, W) or (N, C, D, H, W), ``theta`` (N, 2, 3) or (N, 3, 4). Returns (N, H, W, 2) or
    (N, D, H, W, 3): x, y(, z). Coordinates of -1 and 1 are the edges of the image, or with ``align_corners``
    the centres of its corner pixels.

    ValueError for integers and for matrices of another shape, NotImplementedError for another length of
    ``size``.
    """
    align_corners, (n, _, *spatial) = _corners(align_corners), tuple(size)
    ndim = len(spatial)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if ndim not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {tuple(size)}."
        )
    if tuple(theta.shape) != (n, ndim, ndim + 1):
        raise ValueError(
            f"Expected a batch of {ndim}D affine matrices of shape {n}x{ndim}x{ndim + 1} for size "
            f"{tuple(size)}. Got {tuple(theta.shape)}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {tuple(size)}")
    axes = [
        numpy.linspace(-1, 1, m) * (1 if align_corners else (m - 1) / m) if m > 1 else numpy.zeros(1)
        for m in spatial
    ]
    points = numpy.stack([*numpy.meshgrid(*axes, indexing="ij")[::-1], numpy.ones(spatial)], -1).reshape(
        -1, ndim + 1
    )
    base = wrap(move(points.astype(theta.array.dtype), device_of(theta.array)))
    return (base @ theta.mT).reshape(n, *spatial, ndim)


def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """The values of images at the points ``grid``, in the coordinates of :func:`affine_grid`.

    Shapes: (N, C, H, W) and (N, …, 2), or (N, C, D, H, W) and (N, …, 3); the result is (N, C, …).

    ValueError for other modes; RuntimeError for shapes or dtypes that do not match.
    """
    align_corners = _check_arguments(input, grid, mode, padding_mode, align_corners)
    if as_dtype(input.dtype).itemsize == 2:  # coordinates in bfloat16 are exact up to 256 pixels only
        wide = grid_sample(input.float(), grid.float(), mode, padding_mode, align_corners)
        return wide.to(input.dtype)
    spatial, places, ndim = input.shape[2:], grid.shape[1:-1], input.ndim - 2
    taps = [
        _taps(_pixels(grid[..., ndim - 1 - d], n, align_corners), n, mode, padding_mode, align_corners)
        for d, n in enumerate(spatial)
    ]
    pixels, result = input.reshape(*input.shape[:2], -1), 0
    lost = bool((grid.array != grid.array).any()) if padding_mode == "zeros" or mode == "bicubic" else False
    for corner in itertools.product(*taps):
        weight, index = 1, 0
        for (there, share), n in zip(corner, spatial):
            weight = weight * (((there >= 0) & (there <= n - 1)).to(input.dtype) * share)
            index = index * n + there.nan_to_num().clamp(0, n - 1).long()
        index = expand(index.reshape(index.shape[0], 1, -1), shape=(*input.shape[:2], math.prod(places)))
        values, weight = gather(pixels, 2, index).reshape(*input.shape[:2], *places), weight.unsqueeze(1)
        if lost:  # at a point that is nan the result is nan, and the image gets no gradient
            values = select((weight != weight).expand_as(values), 0, values)
        result = result + values * weight
    if mode == "nearest" and grid.requires_grad:  # piecewise constant in the grid: gradients of 0
        result = result + kept(grid[..., 0], xp(grid.array).zeros(grid.shape[:-1], bool)).unsqueeze(1)
    return result


def _check_arguments(input, grid, mode, padding_mode, align_corners):
    """``align_corners`` as a bool. The errors of :func:`grid_sample`."""
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but "
            f"got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    align_corners, ndim = _corners(align_corners), input.ndim - 2
    batch, sizes = input.shape[0], list(input.shape)
    if ndim not in (2, 3) or grid.ndim != ndim + 2 or (grid.shape[0], grid.shape[-1]) != (batch, ndim):
        raise RuntimeError(
            "grid_sampler(): expected 4D or 5D input and a grid of as many dimensions, the same batch size "
            f"and {ndim} coordinates, but got input with sizes {sizes} and grid with sizes {list(grid.shape)}"
        )
    if input.dtype != grid.dtype:
        raise RuntimeError(
            "grid_sampler(): expected input and grid to have the same dtype, but input has "
            f"{input.dtype} and grid has {grid.dtype}"
        )
    if 0 in input.shape[2:]:
        raise RuntimeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes "
            f"{sizes}"
        )
    if mode == "bicubic" and ndim != 2:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    return align_corners


def _pixels(x, n, align_corners):
    """Coordinates from -1 to 1 as positions in a row of ``n`` pixels, where pixel i has position i."""
    return (x + 1) * ((n - 1) / 2) if align_corners else ((x + 1) * n - 1) / 2


def _taps(x, n, mode, padding_mode, align_corners):
    """What a sample at ``x`` in a row of ``n`` pixels is made of: pairs of a pixel and its weight."""
    if mode == "bicubic":
        start = x.detach().floor()
        return [
            (_inside(start + k, n, padding_mode, align_corners), share)
            for k, share in zip((-1, 0, 1, 2), cubic(x - start))
        ]
    x = _inside(x, n, padding_mode, align_corners)
    if mode == "nearest":
        return [(x.detach().round(), 1)]
    start = x.detach().floor()
    return [(start, start + 1 - x), (start + 1, x - start)]


def _inside(x, n, padding_mode, align_corners):
    """Positions in a row of ``n`` pixels, moved into it unless padded by "zeros"; nan becomes pixel 0."""
    if padding_mode != "zeros":
        x = select(x == x, x, 0)
    if padding_mode == "reflection":
        low, span = (0, n - 1) if align_corners else (-0.5, n)
        if span == 0:
            return x * 0
        distance = (x - low).abs()
        turns = (distance.detach() / span).floor()
        rest = distance - turns * span
        x = select(turns % 2 == 0, rest, span - rest) + low
    if padding_mode != "zeros":
        x = select((x > 0) & (x < n - 1), x, x.detach().clamp(0, n - 1))
    return x
