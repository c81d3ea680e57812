"""Group norm: each group of channels of each sample is a row, normalized in blocks that fit the cache."""

from __future__ import annotations

import math

import numpy

from ...core.arrays import array_of, xp
from ...core.primitive import primitive
from ...core.sums import summed, wide
from ...kernels.blocks import over_rows
from ...kernels.numba_loops import compiled
from ...kernels.sums import row_sums
from ...kernels.windows import empty_apart
from ..cast import in_float32
from ..reduce import mean
from ..shape import reshape
from ..shape_arguments import integer
from ..transcendental import rsqrt
from .batch_norm import check_dtype
from .layer_norm import are_few, standardise_few

# Below, ``x`` (N, C, *S) is (N · groups, C / groups, the rest): rows, each with a number per channel.


@in_float32
def _standardised_groups(x, weight=None, bias=None, *, groups, eps):
    rows = reshape(x, shape=(x.shape[0] * groups, math.prod(x.shape[1:]) // groups))
    centred = rows - mean(rows, dim=1, keepdim=True)
    out = centred * rsqrt(mean(centred * centred, dim=1, keepdim=True) + eps)
    out, each = reshape(out, shape=tuple(x.shape)), (1, -1, *[1] * (len(x.shape) - 2))
    out = out if weight is None else out * reshape(weight, shape=each)
    return out if bias is None else out + reshape(bias, shape=each)


def _rows(x, groups):
    return x.reshape(x.shape[0] * groups, x.shape[1] // groups, math.prod(x.shape[2:]))


def _by_row(values, x, groups, kind, default):
    """The parameters (C,) of the channels in each row, or ``default`` for None."""
    if values is None:
        return xp(x).full((x.shape[0] * groups, x.shape[1] // groups), default, kind)
    return xp(x).tile(values.astype(kind, copy=False).reshape(groups, -1), (x.shape[0], 1))


def _dots(a, b):
    """The dot product of each channel of ``a`` with that of ``b``."""
    return xp(a).matmul(a[..., None, :], b[..., :, None])[..., 0, 0]


def _gradients(g, x, weight, bias, average, scale, groups, eps, needs):
    """scale · (h - mean(h)) - scale³ · mean(h · c) · c to x, for c = x - average and h = g · weight.

    Σ scale · g · c to the weight, Σ g to the bias.
    """
    kind, shape = scale.dtype, x.shape
    factor = _by_row(weight, x, groups, kind, 1)
    g, x = _rows(g, groups), _rows(x, groups)
    count = max(math.prod(x.shape[1:]), 1)
    dx = empty_apart(x.shape, x.dtype, g)
    sums, products = xp(x).empty(factor.shape, kind), xp(x).empty(factor.shape, kind)
    loops = compiled(g, x)

    def work(a, b):
        if loops:
            arrays = (dx, sums, products, g, x, factor, average, scale)
            loops.group_gradients(*(array[a:b] for array in arrays))
            return
        incoming, rate = g[a:b].astype(kind, copy=False), scale[a:b, None, None]
        centred = empty_apart(incoming.shape, kind, x[a:b])
        xp(x).subtract(x[a:b], average[a:b, None, None], out=centred)
        sums[a:b], products[a:b] = row_sums(incoming), _dots(incoming, centred)
        along = summed(products[a:b] * factor[a:b], 1) * scale[a:b] ** 3 / count
        level = summed(sums[a:b] * factor[a:b], 1) * scale[a:b] / count
        centred *= along[:, None, None]
        centred += level[:, None, None]
        change = empty_apart(incoming.shape, kind, incoming)
        xp(x).multiply(incoming, factor[a:b, :, None] * rate, out=change)
        xp(x).subtract(change, centred, out=dx[a:b], casting="same_kind")

    over_rows(work, len(x), math.prod(x.shape[1:]), 0.8, x, x.shape[2])
    to_weight, to_bias = (
        None if values is None else summed(part.reshape(shape[:2]), 0).astype(values.dtype, copy=False)
        for values, part in ((weight, products * scale[:, None]), (bias, sums))
    )
    return dx.reshape(shape), to_weight, to_bias


@primitive(composed=_standardised_groups, joint=_gradients, aux=("average", "scale"))
def standardise_groups(x, weight=None, bias=None, *, groups: int, eps: float):
    """(N, C, *S) with mean 0 and variance 1 over each of ``groups`` equal groups of channels.

    Times ``weight`` (C,) plus ``bias`` (C,). ``eps`` is added to the variances.
    """
    kind, shape = wide(x.dtype), x.shape
    if are_few(x):
        out, average, _, deviation = standardise_few(x.reshape(shape[0] * groups, -1), eps)
        out, each = out.reshape(shape), (-1, *[1] * (x.ndim - 2))
        if weight is not None:
            out *= weight.reshape(each)
        if bias is not None:
            out += bias.reshape(each)
        return out, average[:, 0], numpy.reciprocal(deviation[:, 0])
    factor, level = _by_row(weight, x, groups, kind, 1), _by_row(bias, x, groups, kind, 0)
    x = _rows(x, groups)
    out, count = empty_apart(x.shape, x.dtype, x), max(math.prod(x.shape[1:]), 1)
    average, scale = xp(x).empty(len(x), kind), xp(x).empty(len(x), kind)
    loops = compiled(x)

    def work(a, b):
        if loops:
            arrays = (out, average, scale, x, factor, level)
            loops.standardise_groups(*(array[a:b] for array in arrays), kind.type(eps))
            return
        block = x[a:b].astype(kind, copy=False)
        average[a:b] = summed(row_sums(block), 1) / count
        target = out[a:b] if x.dtype == kind else xp(x).empty_like(block)
        centred = xp(x).subtract(block, average[a:b, None, None], out=target)
        scale[a:b] = 1 / xp(x).sqrt(summed(_dots(centred, centred), 1) / count + eps)
        centred *= (factor[a:b] * scale[a:b, None])[..., None]
        if bias is not None:
            centred += level[a:b, :, None]
        if x.dtype != kind:
            out[a:b] = centred

    over_rows(work, len(x), math.prod(x.shape[1:]), 0.5, x, x.shape[2])
    return out.reshape(shape), average, scale


def group_norm(input, num_groups, weight=None, bias=None, eps=1e-5):
    """(N, C, *S) normalized over each of ``num_groups`` equal groups of channels, then scaled per channel.

    RuntimeError for a C that ``num_groups`` does not divide, ValueError for a single value per group.
    https://arxiv.org/abs/1803.08494
    """
    shape = array_of(input).shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if (num_groups := integer(num_groups)) <= 0 or shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(shape)} and num_groups={num_groups}"
        )
    for name, values in (("weight", weight), ("bias", bias)):
        if values is not None and array_of(values).shape != (shape[1],):
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got "
                f"{name} of shape {list(values.shape)} and input of shape {list(shape)}"
            )
        check_dtype("group_norm", input, name, values)
    if math.prod(shape[2:]) * shape[0] * shape[1] // num_groups == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(shape)}"
        )
    return standardise_groups(input, weight, bias, groups=num_groups, eps=eps)
