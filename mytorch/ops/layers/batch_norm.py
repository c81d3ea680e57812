"""Normalization per channel: batch and instance norm, computed in blocks that fit the cache."""

from __future__ import annotations

import math

import numpy

from ...core.arrays import array_of, xp
from ...core.graph import Variable, changed
from ...core.primitive import primitive
from ...core.sums import summed, wide
from ...kernels.numba_loops import compiled
from ...kernels.sums import column_sums, row_sums
from ...kernels.windows import batch_first, batch_last, empty_apart, over_blocks
from ..cast import in_float32
from ..reduce import mean
from ..shape import expand, reshape
from ..transcendental import rsqrt
from .layer_norm import are_few, standardise_few

# ---- per channel over the batch ------------------------------------------------------------------


def _per_channel(values, x):
    return reshape(values, shape=(1, -1, *[1] * (len(x.shape) - 2)))


# The functions below go through channels as rows (C, the rest) of arrays (C, *S, N). Those of a matrix (N, C)
# stay columns, which takes no transposing copies.


def _by_channel(x):
    """Memory for a result of the shape of ``x`` (N, C, *S)."""
    return empty_apart(x.shape if x.ndim == 2 else (*x.shape[1:], x.shape[0]), x.dtype, x)


def _channels(x, a, b):
    """The channels ``a`` to ``b`` of ``x`` (N, C, *S), each a row, or a column of a matrix."""
    return x[:, a:b] if x.ndim == 2 else batch_last(x[:, a:b]).reshape(b - a, -1)


def _target(out, a, b):
    """The same part of a result (C, *S, N), or of a matrix (N, C)."""
    return out[:, a:b] if out.ndim == 2 else out[a:b].reshape(b - a, -1)


def _sums(block, columns):
    return column_sums(block) if columns else row_sums(block)


def _dots(a, b, columns):
    """The dot product of each channel of ``a`` with that of ``b``."""
    return column_sums(a * b) if columns else xp(a).matmul(a[:, None, :], b[:, :, None])[:, 0, 0]


@in_float32
def _standardised_by_channel(x, weight=None, bias=None, *, eps, observe=None):
    dims = (0, *range(2, len(x.shape)))
    centred = x - mean(x, dim=dims, keepdim=True)
    out = centred * rsqrt(mean(centred * centred, dim=dims, keepdim=True) + eps)
    out = out if weight is None else out * _per_channel(weight, x)
    return out if bias is None else out + _per_channel(bias, x)


def _batch_norm_gradients(g, x, weight, average, scale):
    """weight · scale · (g - mean(g) - x̂ · mean(g · x̂)) to x, Σ g · x̂ to the weight, Σ g to the bias."""
    dx, columns = _by_channel(x), x.ndim == 2
    count, kind = max(x.size // max(x.shape[1], 1), 1), scale.dtype
    sums, products = xp(x).empty(x.shape[1], kind), xp(x).empty(x.shape[1], kind)
    factor = xp(x).ones(x.shape[1], kind) if weight is None else weight.astype(kind, copy=False)
    slope = scale * factor
    each = slice(None) if columns else (slice(None), None)  # one number for each channel

    def work(a, b):
        incoming = _channels(g, a, b).astype(kind, copy=False)
        block, target = _channels(x, a, b), _target(dx, a, b)
        if not columns and (loops := compiled(block, incoming)):
            ends = sums[a:b], products[a:b]
            loops.channel_gradients(target, *ends, incoming, block, average[a:b], scale[a:b], factor[a:b])
            return
        centred = empty_apart(block.shape, kind, block)
        xp(x).subtract(block, average[a:b][each], out=centred)
        sums[a:b] = _sums(incoming, columns)
        products[a:b] = _dots(incoming, centred, columns) * scale[a:b]
        result = xp(x).multiply(
            centred,
            (-slope[a:b] * scale[a:b] * products[a:b] / count)[each],
            out=target if x.dtype == kind else centred,
        )
        result += (-slope[a:b] * sums[a:b] / count)[each]
        result += xp(x).multiply(incoming, slope[a:b][each], out=centred if result is target else None)
        if result is not target:
            target[...] = result

    over_blocks(work, x.shape[1], x.size, 0.8, x)
    return dx if columns else batch_first(dx), products, sums


@primitive(composed=_standardised_by_channel, joint=_batch_norm_gradients, aux=("average", "scale"))
def standardise_channels(x, weight=None, bias=None, *, eps: float, observe=None):
    """(N, C, *S) with mean 0 and variance 1 in each channel, times ``weight`` (C,) plus ``bias`` (C,).

    observe: called with the means and the biased variances of the channels before. ``eps`` is added to the
        variances. https://arxiv.org/abs/1502.03167
    """
    channels, kind, columns = x.shape[1], wide(x.dtype), x.ndim == 2
    if columns and are_few(x):
        return _few_columns(x, weight, bias, eps, observe)
    count = max(x.size // max(channels, 1), 1)
    module, out = xp(x), _by_channel(x)
    average, variance, scale = module.empty((3, channels), kind)
    factor = module.ones(channels, kind) if weight is None else weight
    level = module.zeros(channels, kind) if bias is None else bias
    each = slice(None) if columns else (slice(None), None)  # one number for each channel

    def work(a, b):
        block, target, slope = _channels(x, a, b), _target(out, a, b), scale[a:b]
        if not columns and (loops := compiled(block)):
            ends = average[a:b], variance[a:b], slope
            loops.standardise_channels(target, *ends, block, factor[a:b], level[a:b], kind.type(eps))
            return
        average[a:b] = centre = _sums(block.astype(kind, copy=False), columns) / count
        centred = module.subtract(block, centre[each], out=target if x.dtype == kind else None)
        variance[a:b] = spread = _dots(centred, centred, columns) / count
        module.reciprocal(module.sqrt(module.add(spread, eps, out=slope), out=slope), out=slope)
        module.multiply(centred, (slope * factor[a:b])[each], out=target, casting="same_kind")
        if bias is not None:
            target += level[a:b][each]

    over_blocks(work, channels, x.size, 0.5, x)
    if observe is not None:
        observe(average, variance)
    return out if columns else batch_first(out), average, scale


def _few_columns(x, weight, bias, eps, observe):
    """What :func:`standardise_channels` returns, of a small matrix."""
    out, average, variance, deviation = standardise_few(x, eps, columns=True)
    if observe is not None:
        observe(average[0], variance[0])
    if weight is not None:
        out *= weight
    if bias is not None:
        out += bias
    return out, average[0], numpy.reciprocal(deviation[0])


@primitive(
    broadcasts=True,
    x=lambda g, scale: g * _per_channel(scale, g),
    scale=lambda g, x: summed(g * x, (0, *range(2, len(g.shape)))),
    shift=lambda g: summed(g, (0, *range(2, len(g.shape)))),
)
def scale_channels(x, scale, shift):
    """x · scale + shift for x (N, C, *S), scale (C,) and shift (C,)."""
    out = x * _per_channel(scale, x)
    out += _per_channel(shift, x)
    return out.astype(x.dtype, copy=False)


def batch_norm(
    input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
):
    """(N, C, *S) normalized per channel: by the mean and variance of the batch if ``training``, else by
    ``running_mean`` and ``running_var``.

    In training these two, unless None, are updated in place: running = (1 - momentum) · running + momentum ·
    (that of the batch, the variance unbiased). ValueError for a single value per channel in training,
    RuntimeError for sizes that do not fit. https://arxiv.org/abs/1502.03167
    """
    shape = array_of(input).shape
    count = math.prod((*shape[:1], *shape[2:]))
    if training and count == 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {list(input.shape)}"
        )
    if not math.prod(shape):
        return _nothing_normalised(input, weight, bias)
    if len(shape) < 2:
        raise RuntimeError(f"batch_norm expects (N, C, *), got {list(input.shape)}")
    parameters = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    check_dtype("batch_norm", input, "", None)
    for name, values in parameters.items():
        if values is not None:
            if array_of(values).shape != shape[1:2]:
                raise RuntimeError(f"{name} should contain {shape[1]} elements not {math.prod(values.shape)}")
            check_dtype("batch_norm", input, name, values)
    if not training:
        for name, values in (("running_mean", running_mean), ("running_var", running_var)):
            if values is None:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
        scale = rsqrt(running_var + eps)
        scale = scale if weight is None else scale * weight
        shift = -running_mean * scale if bias is None else bias - running_mean * scale
        return scale_channels(input, scale, shift)
    if eps <= 0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")

    def observe(average, variance):
        _move(running_mean, average, momentum)
        _move(running_var, variance * (count / (count - 1)), momentum)

    if running_mean is None and running_var is None:
        observe = None
    return standardise_channels(input, weight, bias, eps=eps, observe=observe)


def _nothing_normalised(input, weight, bias):
    """An input without elements, unchanged; the parameters get gradients of zeros."""
    out = input * 1
    out = out if weight is None else out * summed(weight[:1])
    return out if bias is None else out + summed(bias[:1])


def _move(running, value, momentum):
    """running = (1 - momentum) · running + momentum · value, in place; ``running`` may be None."""
    if running is None:
        return
    array = running.array if isinstance(running, Variable) else running
    old = array.astype(wide(array.dtype), copy=False)
    array[...] = old * (1 - momentum) + momentum * value
    if isinstance(running, Variable):
        changed(running)


def check_dtype(op, x, name, values):
    kind = array_of(x).dtype
    if kind.kind in "biuc" if isinstance(x, Variable) else kind.kind in "biu":
        raise NotImplementedError(f'"{op}" not implemented for {x.dtype}: it takes floating-point numbers')
    if values is not None and array_of(values).dtype != kind and kind.itemsize > 2:
        raise RuntimeError(
            f"mixed dtype: {op} expects {name} to be {x.dtype} like its input, but it is {values.dtype}"
        )


def instance_norm(
    input,
    running_mean=None,
    running_var=None,
    weight=None,
    bias=None,
    use_input_stats=True,
    momentum=0.1,
    eps=1e-5,
):
    """(N, C, *S) normalized per channel of each sample: by its mean and variance, or with
    ``use_input_stats=False`` by ``running_mean`` and ``running_var``.

    ValueError for a single element per channel, RuntimeError for sizes that do not fit.
    https://arxiv.org/abs/1607.08022
    """
    if not use_input_stats:
        mean, variance = (v if v is None else v.to(input.dtype) for v in (running_mean, running_var))
        return batch_norm(input, mean, variance, weight, bias, False, momentum, eps)
    n, channels, *sizes = input.shape
    if math.prod(sizes) == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {list(input.shape)}"
        )
    for name, values in {
        "running_mean": running_mean,
        "running_var": running_var,
        "weight": weight,
        "bias": bias,
    }.items():
        if values is not None and tuple(values.shape) != (channels,):
            raise RuntimeError(f"{name} should contain {channels} elements not {math.prod(values.shape)}")
        check_dtype("instance_norm", input, name, None if name.startswith("running") else values)

    def observe(average, variance):
        count = math.prod(sizes)
        if n and count:
            of_means, of_variances = (summed(v.reshape(n, channels), 0) / n for v in (average, variance))
            _move(running_mean, of_means, momentum)
            _move(running_var, of_variances * (count / (count - 1)), momentum)

    weight, bias = (
        v if v is None else reshape(expand(v, shape=(n, channels)), shape=(-1,)) for v in (weight, bias)
    )
    samples = reshape(input, shape=(1, n * channels, *sizes))  # each channel of each sample is a channel
    out = standardise_channels(samples, weight, bias, eps=eps, observe=observe)
    return reshape(out, shape=tuple(input.shape))
