"""Resizing images: nearest, linear, cubic and area interpolation, one spatial dimension after the other.

A method gives, for one dimension, the input pixels that each output pixel is made of and their weights.
"""

from __future__ import annotations

import functools
import math
import warnings

import numpy

from ...core.arrays import array_of
from ...core.sums import summed
from .adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .resample import Table, resample

# ---- methods: which input pixels, with which weights ---------------------------------------------
#
# They round as PyTorch does: in float64 for float64 images, else in float32.


def _scale(n, count, factor, kind):
    return kind(1 / factor) if factor is not None and factor > 0 else kind(n) / kind(count)


def _nearest(n, count, factor, align_corners, kind):
    scale = _scale(n, count, factor, numpy.float32)
    places = numpy.floor(numpy.arange(count, dtype="float32") * scale).astype("int64")
    return [numpy.minimum(places, n - 1)], None


def _nearest_exact(n, count, factor, align_corners, kind):
    # PyTorch rounds once after it multiplies and subtracts 1/2, then adds 1/2 again. Where two pixels are
    # equally near, this rounding decides.
    middle = numpy.arange(count).astype(numpy.longdouble) + 0.5
    source = (middle * _scale(n, count, factor, kind) - 0.5).astype(kind)
    return [numpy.minimum(numpy.floor(source + kind(0.5)).astype("int64"), n - 1)], None


def _sources(n, count, factor, align_corners, kind):
    """The coordinate of each output pixel's centre in the input, where pixel i has the coordinate i."""
    at = numpy.arange(count).astype(kind)
    if align_corners:
        return at * (kind(n - 1) / kind(count - 1) if count > 1 else kind(0))
    return _scale(n, count, factor, kind) * (at + kind(0.5)) - kind(0.5)


def _linear(n, count, factor, align_corners, kind):
    source = numpy.maximum(_sources(n, count, factor, align_corners, kind), kind(0))
    first = numpy.minimum(source.astype("int64"), n - 1)
    weight = numpy.clip(source - first.astype(kind), kind(0), kind(1))
    return [first, numpy.minimum(first + 1, n - 1)], [kind(1) - weight, weight]


def cubic(t, a=-0.75):
    """Keys' cubic convolution: the weights of the pixels at -1, 0, 1 and 2 for a point ``t`` in [0, 1].

    https://doi.org/10.1109/TASSP.1981.1163711
    """

    def near(d):
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d):
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return far(t + 1), near(t), near(1 - t), far(2 - t)


def _cubic(n, count, factor, align_corners, kind):
    source = _sources(n, count, factor, align_corners, kind)
    first = numpy.floor(source)
    places = [numpy.clip(first.astype("int64") + k, 0, n - 1) for k in (-1, 0, 1, 2)]
    return places, [w.astype(kind) for w in cubic(source - first, kind(-0.75))]


# ---- with antialiasing: the filter widens as the image shrinks, as in Pillow ---------------------


def _triangle(d):
    return numpy.maximum(1 - numpy.abs(d), 0)


def _keys(d):
    """Keys' kernel with a = -0.5, as Pillow and PyTorch use it for antialiasing."""
    d, a = numpy.abs(d), -0.5
    return numpy.where(
        d < 1,
        ((a + 2) * d - (a + 3)) * d * d + 1,
        numpy.where(d < 2, ((a * d - 5 * a) * d + 8 * a) * d - 4 * a, 0),
    )


def _antialiased(kernel, reach):
    """The method of a kernel that is zero beyond ±``reach``."""

    def method(n, count, factor, align_corners, kind):
        if align_corners:
            scale = kind(n - 1) / kind(count - 1) if count > 1 else kind(0)
        else:
            scale = _scale(n, count, factor, kind)
        width = max(float(scale), 1.0)
        centers = float(scale) * (numpy.arange(count) + 0.5)
        first = numpy.maximum((centers - reach * width + 0.5).astype("int64"), 0)
        size = numpy.minimum((centers + reach * width + 0.5).astype("int64"), n) - first
        steps = numpy.arange(size.max())[:, None]
        weights = numpy.where(steps < size, kernel((steps + first - centers + 0.5) / width), 0)
        weights /= summed(weights, 0)
        return list(numpy.minimum(first + steps, n - 1)), list(weights.astype(kind))

    return method


_METHODS = {
    "nearest": (_nearest, (3, 4, 5)),
    "nearest-exact": (_nearest_exact, (3, 4, 5)),
    "linear": (_linear, (3,)),
    "bilinear": (_linear, (4,)),
    "trilinear": (_linear, (5,)),
    "bicubic": (_cubic, (4,)),
}
_ANTIALIASED = {"bilinear": _antialiased(_triangle, 1), "bicubic": _antialiased(_keys, 2)}
_SMOOTH = ("linear", "bilinear", "bicubic", "trilinear")


def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """Images (N, C, *S), resized to ``size`` or by ``scale_factor`` (a number, or one per spatial dimension).

    ValueError or NotImplementedError for combinations that torch refuses; RuntimeError for empty sizes.
    """
    if align_corners is not None and mode in ("nearest", "area", "nearest-exact"):
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear "
            "| bicubic | trilinear"
        )
    spatial, ndim = array_of(input).shape[2:], array_of(input).ndim
    counts, factors = _output_sizes(spatial, size, scale_factor, recompute_scale_factor)
    if antialias and (mode not in ("bilinear", "bicubic") or ndim != 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D tensor as input"
        )
    if mode == "area" and ndim in (3, 4, 5):
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[ndim - 3](
            input, counts if ndim > 3 else counts[0]
        )
    kind = _check_image(input, mode, counts)
    method, out = _ANTIALIASED[mode] if antialias else _METHODS[mode][0], input
    # PyTorch copies along a dimension whose size stays the same, in these modes even if the factor is not 1
    copies = method is _linear or antialias or (mode == "nearest" and ndim == 4)
    for dim, (n, count, factor) in enumerate(zip(spatial, counts, factors), 2):
        if n == count and (copies or factor in (None, 1)):
            continue
        out = resample(out, dim=dim, table=_table(method, n, count, factor, align_corners, kind))
    return out if out is not input else input * 1


def _check_image(input, mode, counts):
    """The floating-point type to compute places and weights in.

    NotImplementedError for an input that ``mode`` does not take, RuntimeError for empty sizes.
    """
    array, (_, dimensions) = array_of(input), _METHODS.get(mode, (None, ()))
    dtype, ndim = array.dtype, array.ndim
    if ndim not in dimensions:
        if mode in _SMOOTH and ndim in (3, 4, 5) and mode != "bicubic":
            raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {dimensions[0]}D input")
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest "
            f"| linear | bilinear | bicubic | trilinear | area | nearest-exact (got {mode})"
        )
    if dtype.kind not in "fV" and not (dtype == "uint8" and mode.startswith("nearest")):
        raise NotImplementedError(
            f'"upsample_{mode}" not implemented for {input.dtype}: it takes floating-point numbers'
        )
    if min(counts) < 1 or 0 in array.shape[2:]:
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {list(input.shape[2:])} "
            f"output {list(counts)}"
        )
    return numpy.float64 if dtype == "float64" else numpy.float32


@functools.lru_cache(maxsize=256)  # every training step has the same shapes
def _table(method, n, count, factor, align_corners, kind):
    return Table.of(n, *method(n, count, factor, align_corners, kind))


def _output_sizes(spatial, size, scale_factor, recompute):
    """The spatial output sizes, and the scale factors that were given (None: the ratio of the sizes)."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if isinstance(size, (tuple, list)):
            if len(size) != len(spatial):
                raise ValueError(
                    "Input and output must have the same number of spatial dimensions, but got input with "
                    f"spatial dimensions of {list(spatial)} and output size of {size}. Please provide input "
                    "tensor in (N, C, d1, d2, ...,dK) format and output size in (o1, o2, ...,oK) format."
                )
            counts = tuple(_size(s) for s in size)
        else:
            counts = (_size(size),) * len(spatial)
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return counts, (None,) * len(spatial)
    if scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    if isinstance(scale_factor, (tuple, list)):
        if len(scale_factor) != len(spatial):
            raise ValueError(
                "Input and scale_factor must have the same number of spatial dimensions, but got input with "
                f"spatial dimensions of {list(spatial)} and scale_factor of shape {scale_factor}. Please "
                "provide input tensor in (N, C, d1, d2, ...,dK) format and scale_factor in "
                "(s1, s2, ...,sK) format."
            )
        factors = tuple(map(float, scale_factor))
    else:
        factors = (float(scale_factor),) * len(spatial)
    counts = tuple(math.floor(n * f) for n, f in zip(spatial, factors))
    return counts, (None,) * len(spatial) if recompute else factors


def _size(value):
    if not hasattr(value, "__index__"):
        raise TypeError(
            f"interpolate(): size must be an int or a tuple of ints, but got {type(value).__name__} {value!r}"
        )
    return value.__index__()


def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """Deprecated in torch: use :func:`interpolate`, which it calls."""
    warnings.warn(
        "`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.", stacklevel=2
    )
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input, size=None, scale_factor=None):
    """Deprecated in torch: use :func:`interpolate`."""
    return upsample(input, size, scale_factor)


def upsample_bilinear(input, size=None, scale_factor=None):
    """Deprecated in torch: use :func:`interpolate` with ``mode="bilinear"`` and ``align_corners=True``."""
    return upsample(input, size, scale_factor, "bilinear", True)
