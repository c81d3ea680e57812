"""Layer norm, root-mean-square norm and local response norm."""

from __future__ import annotations

import math
import operator

import numpy

from ...core.arrays import is_array, xp
from ...core.primitive import primitive
from ...core.sums import summed, wide
from ...kernels.windows import over_blocks
from ..reduce import mean
from ..shape import reshape
from ..spatial.padding import pad
from ..spatial.pooling import avg_pool2d
from ..transcendental import rsqrt


def _standardised_rows(x, weight=None, bias=None, *, size, eps, centred=True):
    rows = x.reshape((math.prod(x.shape) // max(size, 1), size))
    if centred:
        rows = rows - mean(rows, dim=-1, keepdim=True)
    out = rows * rsqrt(mean(rows * rows, dim=-1, keepdim=True) + eps)
    out = out if weight is None else out * weight.reshape((size,))
    return (out if bias is None else out + bias.reshape((size,))).reshape(x.shape)


def _row_gradients(g, weight, bias, normal, scale, centred, needs):
    rows, size = normal.shape
    g, flat = g.reshape(rows, size), None if weight is None else weight.reshape(size)
    dx, share = xp(g).empty(normal.shape, g.dtype), xp(g).full(size, 1 / max(size, 1), normal.dtype)
    slope = share if flat is None else flat * share
    slopes, sums = {}, {}

    def work(a, b):
        incoming, unit = g[a:b].astype(normal.dtype, copy=False), normal[a:b]
        products = incoming * unit
        if needs[1]:
            slopes[a] = summed(products, 0)
        if needs[2]:
            sums[a] = summed(incoming, 0)
        if needs[0]:
            part = incoming if flat is None else incoming * flat
            change = unit * (products @ slope)[:, None]
            if centred:
                change += (incoming @ slope)[:, None]
            xp(g).subtract(part, change, out=change)
            change *= scale[a:b, None]
            dx[a:b] = change

    over_blocks(work, rows, normal.size, 0.8, g)
    return dx, _total(slopes, weight), _total(sums, bias)


def _total(parts, like):
    """The sum of the blocks' contributions in their order, in the shape of the parameter."""
    if not parts:
        return None if like is None else xp(like).zeros_like(like)
    return sum(parts[a] for a in sorted(parts)).reshape(like.shape).astype(like.dtype, copy=False)


def _gradients(g, x_shape, weight, bias, normal, scale, centred, needs):
    dx, slopes, sums = _row_gradients(g, weight, bias, normal, scale, centred, needs)
    return dx.reshape(x_shape), slopes, sums


@primitive(composed=_standardised_rows, joint=_gradients, aux=("normal", "scale"))
def standardise_rows(x, weight=None, bias=None, *, size, eps: float, centred=True):
    """The rows of ``size`` elements of ``x`` normalised to mean square 1, then scaled and shifted.

    ``centred``: their mean is subtracted first.
    """
    rows, kind = x.size // max(size, 1), wide(x.dtype)
    flat, out = x.reshape(rows, size), xp(x).empty((rows, size), x.dtype)
    normal, scale, share = (
        xp(x).empty((rows, size), kind),
        xp(x).empty(rows, kind),
        xp(x).full(size, 1 / max(size, 1), kind),
    )

    def work(a, b):
        block, unit = flat[a:b].astype(kind, copy=False), normal[a:b]
        if centred:
            xp(x).subtract(block, (block @ share)[:, None], out=unit)
            block = unit
        scale[a:b] = 1 / xp(x).sqrt((block * block) @ share + eps)
        xp(x).multiply(block, scale[a:b, None], out=unit)
        result = unit if weight is None else unit * weight.reshape(size)
        out[a:b] = result if bias is None else result + bias.reshape(size)

    over_blocks(work, rows, x.size, 0.5, x)
    return out.reshape(x.shape), normal, scale


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """The last dimensions, of ``normalized_shape``, normalised to mean 0 and variance 1, scaled and shifted.

    RuntimeError for shapes that do not fit. https://arxiv.org/abs/1607.06450
    """
    shape = _normalized_shape("layer_norm", input, normalized_shape, weight, bias)
    return standardise_rows(input, weight, bias, size=math.prod(shape), eps=eps)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """The last dimensions, of ``normalized_shape``, over their root mean square, then scaled.

    ``eps`` is the dtype's resolution by default. RuntimeError for shapes that do not fit.
    https://arxiv.org/abs/1910.07467
    """
    shape = _normalized_shape("rms_norm", input, normalized_shape, weight, None)
    if _numpy_dtype(input).kind == "c":
        eps = float(numpy.finfo(_numpy_dtype(input)).eps) if eps is None else eps
        return _standardised_rows(input, weight, size=math.prod(shape), eps=eps, centred=False)
    if eps is None:
        eps = float(numpy.finfo(wide(_numpy_dtype(input))).eps)
    return standardise_rows(input, weight, size=math.prod(shape), eps=eps, centred=False)


def _numpy_dtype(x):
    return x.dtype if is_array(x) else x.dtype.numpy


def _normalized_shape(op, x, normalized_shape, weight, bias):
    """``normalized_shape`` as a tuple, after the checks."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{op}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(normalized_shape).__name__}"
        )
    shape, kind = tuple(map(operator.index, normalized_shape)), _numpy_dtype(x)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None and tuple(values.shape) != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(values.shape)} and normalized_shape = {list(shape)}"
            )
        if values is not None and _numpy_dtype(values) != kind and kind.itemsize > 2:
            raise RuntimeError(
                f"mixed dtype: {op} expects {name} to be {x.dtype} like its input, but it is {values.dtype}"
            )
    if tuple(x.shape[-len(shape) :]) != shape:
        expected = ", ".join(map(str, ("*", *shape)))
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [{expected}], but got "
            f"input of size{list(x.shape)}"
        )
    if kind.kind in "biu":
        raise NotImplementedError(f'"{op}" not implemented for {x.dtype}: it takes floating-point numbers')
    return shape


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """(N, C, *S) over (k + alpha · mean of squares of ``size`` neighbouring channels) ** beta.

    ValueError below 3 dimensions.

    https://papers.nips.cc/paper/4824
    """
    shape = tuple(input.shape)
    if len(shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {len(shape)} dimensions)")
    if 0 in shape:
        return input
    squares = reshape(input * input, shape=(shape[0], 1, shape[1], math.prod(shape[2:])))
    means = avg_pool2d(pad(squares, (0, 0, size // 2, (size - 1) // 2)), (size, 1), stride=1)
    return input / (reshape(means, shape=shape) * alpha + k) ** beta
