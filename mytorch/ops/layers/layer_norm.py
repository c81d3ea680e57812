"""Layer norm, root-mean-square norm and local response norm."""

from __future__ import annotations

import functools
import math
import operator

import numpy

from ...core.arrays import array_of, xp
from ...core.primitive import primitive
from ...core.sums import wide
from ...kernels.blocks import outer, over_rows
from ...kernels.numba_loops import compiled
from ...kernels.sums import column_sums
from ...kernels.windows import empty_apart
from ..cast import in_float32
from ..reduce import mean
from ..shape import reshape
from ..spatial.padding import pad
from ..spatial.pooling import avg_pool2d
from ..transcendental import rsqrt

_FEW = 4096  # elements up to which squares and their sums take less time apart than row by row


@in_float32
def _standardised_rows(x, weight=None, bias=None, *, size, eps, centred=True):
    rows = x.reshape((math.prod(x.shape) // max(size, 1), size))
    if centred:
        rows = rows - mean(rows, dim=-1, keepdim=True)
    out = rows * rsqrt(mean(rows * rows, dim=-1, keepdim=True) + eps)
    out = out if weight is None else out * weight.reshape((size,))
    return (out if bias is None else out + bias.reshape((size,))).reshape(x.shape)


def _row_gradients(g, x, weight, bias, average, scale, size, centred, needs):
    """scale · (h - mean(h)) - scale³ · mean(h · c) · c to x, for c = x - average and h = g · weight.

    Σ scale · g · c to the weight, Σ g to the bias.
    """
    module, rows, kind = xp(g), len(scale), scale.dtype
    g, x = g.reshape(rows, size), x.reshape(rows, size)
    flat = None if weight is None else weight.reshape(size)
    dx, share = empty_apart(x.shape, g.dtype, g), module.empty(size, kind)
    share[...] = 1 / max(size, 1)
    slope = share if flat is None else flat * share
    slopes, sums = {}, {}
    loops = compiled(g, x) if needs[0] else None

    def work(a, b):
        if loops:
            slopes[a], sums[a] = numpy.zeros((2, size), kind)
            rows = (array[a:b] for array in (dx, g, x, average, scale))
            loops.row_gradients(*rows, slopes[a], sums[a], _each(weight, size, 1, kind), centred)
            return
        incoming, offset = g[a:b].astype(kind, copy=False), x[a:b]
        centre = average[a:b, None] if centred else 0
        offset = xp(g).subtract(offset, centre, out=empty_apart(offset.shape, kind, offset))
        products, rate = empty_apart(offset.shape, kind, incoming), scale[a:b]
        xp(g).multiply(incoming, offset, out=products)
        if needs[1]:
            slopes[a] = rate @ products
        if needs[2]:
            sums[a] = column_sums(incoming)
        if needs[0]:
            offset *= (products @ slope * rate**3)[:, None]
            if centred:
                offset += (incoming @ slope * rate)[:, None]
            factor = rate[:, None] if flat is None else outer(rate, flat)
            part = xp(g).multiply(incoming, factor, out=products)
            xp(g).subtract(part, offset, out=dx[a:b], casting="same_kind")

    over_rows(work, rows, size, 0.8, g)
    return dx, _total(slopes, weight), _total(sums, bias)


def _each(values, size, default, kind):
    """A parameter as a contiguous vector, or ``default`` for None."""
    return (
        numpy.full(size, default, kind) if values is None else numpy.ascontiguousarray(values.reshape(size))
    )


def _total(parts, like):
    """The sum of the blocks' parts of a gradient, in a fixed order, in the shape of the parameter."""
    if like is None or not parts:
        return None if like is None else xp(like).zeros_like(like)
    first, *others = (parts[a] for a in sorted(parts))
    return sum(others, first).reshape(like.shape).astype(like.dtype, copy=False)


def _gradients(g, x, weight, bias, average, scale, size, centred, needs):
    dx, slopes, sums = _row_gradients(g, x, weight, bias, average, scale, size, centred, needs)
    return dx.reshape(x.shape), slopes, sums


@primitive(composed=_standardised_rows, joint=_gradients, aux=("average", "scale"))
def standardise_rows(x, weight=None, bias=None, *, size, eps: float, centred=True):
    """Each row of ``size`` elements of ``x`` over its root mean square, times ``weight`` plus ``bias``.

    centred: the mean of the row is subtracted first. ``eps`` is added to the mean square.
    """
    if are_few(x):
        is_matrix = x.ndim == 2 and x.shape[1] == size
        out, average, _, deviation = standardise_few(x if is_matrix else x.reshape(-1, size), eps, centred)
        if not is_matrix:
            out = out.reshape(x.shape)
        if weight is not None:
            out *= weight
        if bias is not None:
            out += bias
        return out, average[:, 0], numpy.reciprocal(deviation[:, 0])
    module, rows, kind = xp(x), x.size // max(size, 1), wide(x.dtype)
    flat, out = x.reshape(rows, size), empty_apart((rows, size), x.dtype, x)
    average, scale, share = module.zeros(rows, kind), module.empty(rows, kind), module.empty(size, kind)
    share[...] = 1 / max(size, 1)
    loops = compiled(x)

    def work(a, b):
        if loops:
            rows, parameters = (array[a:b] for array in (out, average, scale, flat)), (weight, bias)
            each = (_each(values, size, default, kind) for default, values in zip((1, 0), parameters))
            loops.standardise_rows(*rows, *each, kind.type(eps), centred)
            return
        block = flat[a:b].astype(kind, copy=False)
        target = out[a:b] if x.dtype == kind else module.empty_like(block)
        if centred:
            average[a:b] = centre = block.dot(share)
            block = module.subtract(block, centre[:, None], out=target)
        if block.size <= _FEW:
            spread = (block * block).dot(share)
        else:
            spread = module.matmul(block[:, None, :], block[:, :, None])[:, 0, 0]
            spread /= max(size, 1)
        spread += eps
        scale[a:b] = slope = module.reciprocal(module.sqrt(spread, out=spread), out=spread)
        factor = slope[:, None] if weight is None else outer(slope, weight.reshape(size))
        module.multiply(block, factor, out=target)
        if bias is not None:
            target += bias.reshape(size)
        if x.dtype != kind:
            out[a:b] = target

    over_rows(work, rows, size, 0.5, x)
    return out.reshape(x.shape), average, scale


def are_few(x):
    """Whether the elements are so few that calls of NumPy's take longer than what they do."""
    return 0 < x.size <= _FEW and type(x) is numpy.ndarray and x.dtype.char in "fd"


def standardise_few(x, eps, centred=True, columns=False):
    """Each row, or column, of a matrix as :func:`standardise_rows` has it, and its mean, variance and
    deviation; of small ones all are given for each element.
    """
    size = len(x) if columns else x.shape[1]
    share, least = _share(size, columns, x.dtype, eps)
    average = (share.dot(x) if columns else x.dot(share)) if centred else numpy.zeros((len(x), 1), x.dtype)
    out = x - average
    variance = share.dot(out * out) if columns else (out * out).dot(share)
    deviation = variance + least
    numpy.sqrt(deviation, out=deviation)
    out /= deviation
    return out, average, variance, deviation


@functools.lru_cache(64)
def _share(size, columns, kind, eps):
    """A matrix whose product gives means: to each element that of its row, or column, since NumPy is slow to
    broadcast; large ones once for each. And ``eps`` as an array.
    """
    count = size if size <= 32 else 1
    share = numpy.full((count, size) if columns else (size, count), 1 / size, kind)
    return share, numpy.array(eps, kind)


def layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-5):
    """``input`` with mean 0 and variance 1 over its last dimensions, times ``weight`` plus ``bias``.

    The last dimensions, the weight and the bias have ``normalized_shape``. RuntimeError for shapes that do
    not fit. https://arxiv.org/abs/1607.06450
    """
    shape = _normalized_shape("layer_norm", input, normalized_shape, weight, bias)
    return standardise_rows(input, weight, bias, math.prod(shape), eps)


def rms_norm(input, normalized_shape, weight=None, eps=None):
    """``input`` over the root mean square of its last dimensions, times ``weight``.

    The last dimensions and the weight have ``normalized_shape``; ``eps`` is the machine epsilon by default.
    RuntimeError for shapes that do not fit. https://arxiv.org/abs/1910.07467
    """
    shape = _normalized_shape("rms_norm", input, normalized_shape, weight, None)
    if _numpy_dtype(input).kind == "c":
        eps = float(numpy.finfo(_numpy_dtype(input)).eps) if eps is None else eps
        return _standardised_rows(input, weight, size=math.prod(shape), eps=eps, centred=False)
    if eps is None:
        eps = float(numpy.finfo(wide(_numpy_dtype(input))).eps)
    return standardise_rows(input, weight, size=math.prod(shape), eps=eps, centred=False)


def _numpy_dtype(x):
    return array_of(x).dtype


def _normalized_shape(op, x, normalized_shape, weight, bias):
    """``normalized_shape`` as a tuple, once all shapes and dtypes are checked."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{op}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(normalized_shape).__name__}"
        )
    shape, array = tuple(map(operator.index, normalized_shape)), array_of(x)
    kind = array.dtype
    fits = shape and array.shape[-len(shape) :] == shape and kind.kind in "fc"
    for values in (weight, bias) if fits else ():
        if values is not None:
            values = array_of(values)
            fits = fits and values.shape == shape and values.dtype is kind
    if not fits:
        _check_shapes(op, x, shape, weight, bias)
    return shape


def _check_shapes(op, x, shape, weight, bias):
    """What is wrong with the shapes and dtypes, if anything is."""
    kind = _numpy_dtype(x)
    if not shape:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None and array_of(values).shape != shape:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(values.shape)} and normalized_shape = {list(shape)}"
            )
        if values is not None and _numpy_dtype(values) != kind and kind.itemsize > 2:
            raise RuntimeError(
                f"mixed dtype: {op} expects {name} to be {x.dtype} like its input, but it is {values.dtype}"
            )
    if array_of(x).shape[-len(shape) :] != shape:
        expected = ", ".join(map(str, ("*", *shape)))
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [{expected}], but got "
            f"input of size{list(x.shape)}"
        )
    if kind.kind in "biu":
        raise NotImplementedError(f'"{op}" not implemented for {x.dtype}: it takes floating-point numbers')


def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """(N, C, *S) divided by (k + alpha · the mean square of ``size`` neighbouring channels) ** beta.

    ValueError for fewer than 3 dimensions. https://papers.nips.cc/paper/4824
    """
    shape = tuple(input.shape)
    if len(shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {len(shape)} dimensions)")
    if 0 in shape:
        return input
    squares = reshape(input * input, shape=(shape[0], 1, shape[1], math.prod(shape[2:])))
    means = avg_pool2d(pad(squares, (0, 0, size // 2, (size - 1) // 2)), (size, 1), stride=1)
    return input / (reshape(means, shape=shape) * alpha + k) ** beta
