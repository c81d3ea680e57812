"""Normalisation: batch, instance, group, layer and root-mean-square norms, each in a few passes over cache-sized blocks."""

from __future__ import annotations

import math

import numpy

from ..autograd.engine import Variable, changed, primitive
from ..backend import is_array, xp
from ..dtypes import as_dtype
from .elementwise import rsqrt
from .shape import reshape
from .windows import batch_first, batch_last, over_blocks

def _wide(dtype):
    """The dtype to compute in: float32 for 16-bit numbers."""
    return numpy.dtype("float32") if dtype.itemsize == 2 else dtype


def _dots(a, b):
    """The dot product of each row of ``a`` with that of ``b``: (R, M), (R, M) -> (R,)."""
    return xp(a).matmul(a[:, None, :], b[:, :, None])[:, 0, 0]


# ---- per channel over the batch -----------------------------------------------------------------------------------------


def _per_channel(values, x):
    return reshape(values, shape=(1, -1, *[1] * (len(x.shape) - 2)))


def _standardised_by_channel(x, weight=None, bias=None, *, eps, observe=None):
    dims = (0, *range(2, len(x.shape)))
    centred = x - x.mean(dims, True)
    out = centred * rsqrt((centred * centred).mean(dims, True) + eps)
    out = out if weight is None else out * _per_channel(weight, x)
    return out if bias is None else out + _per_channel(bias, x)


def _batch_norm_gradients(g, x, weight, average, scale):
    dx = xp(x).empty((x.shape[1], *x.shape[2:], x.shape[0]), x.dtype)
    count, kind = x.size // max(x.shape[1], 1), scale.dtype
    sums, products = xp(x).empty(x.shape[1], kind), xp(x).empty(x.shape[1], kind)
    slope = scale if weight is None else scale * weight

    def work(a, b):
        incoming = batch_last(g[:, a:b]).reshape(b - a, -1).astype(kind, copy=False)
        centred = batch_last(x[:, a:b]).reshape(b - a, -1) - average[a:b, None]
        sums[a:b], products[a:b] = incoming.sum(1), _dots(incoming, centred) * scale[a:b]
        centred *= (-slope[a:b] * scale[a:b] * products[a:b] / count)[:, None]
        centred += (-slope[a:b] * sums[a:b] / count)[:, None]
        centred += incoming * slope[a:b, None]
        dx[a:b].reshape(b - a, -1)[...] = centred

    over_blocks(work, x.shape[1], x.size, 6, x)
    return batch_first(dx), products, sums


@primitive(composed=_standardised_by_channel, joint=_batch_norm_gradients, aux=("average", "scale"))
def standardise_channels(x, weight=None, bias=None, *, eps, observe=None):
    """Each channel of (N, C, *S) shifted and scaled to mean 0 and variance 1 over batch and space, then by ``weight`` and ``bias`` (C,).

    ``observe`` is called with the means and the (biased) variances. https://arxiv.org/abs/1502.03167
    """
    channels, kind = x.shape[1], _wide(x.dtype)
    count = x.size // max(channels, 1)
    average, variance = xp(x).empty(channels, kind), xp(x).empty(channels, kind)
    scale, out = xp(x).empty(channels, kind), xp(x).empty((channels, *x.shape[2:], x.shape[0]), x.dtype)

    def work(a, b):
        block, target = batch_last(x[:, a:b]).reshape(b - a, -1), out[a:b].reshape(b - a, -1)
        average[a:b] = block.mean(1, kind)
        centred = block - average[a:b, None]
        variance[a:b] = _dots(centred, centred) / count
        scale[a:b] = 1 / xp(x).sqrt(variance[a:b] + eps)
        xp(x).multiply(centred, (scale[a:b] if weight is None else scale[a:b] * weight[a:b])[:, None], out=target, casting="same_kind")
        if bias is not None:
            target += bias[a:b, None]

    over_blocks(work, channels, x.size, 4, x)
    if observe is not None:
        observe(average, variance)
    return batch_first(out), average, scale


def batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    """(N, C, *) normalised per channel: by the batch's mean and variance in training, else by the running ones.

    In training the running ones, if given, move by ``momentum`` towards those of the batch (the unbiased variance), in place.
    ValueError for a single value per channel in training, RuntimeError for sizes that do not fit. https://arxiv.org/abs/1502.03167
    """
    if len(input.shape) < 2:
        raise RuntimeError(f"batch_norm expects (N, C, *), got {list(input.shape)}")
    for name, values in {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}.items():
        if values is not None and tuple(values.shape) != (input.shape[1],):
            raise RuntimeError(f"{name} should contain {input.shape[1]} elements not {math.prod(values.shape)}")
        _check_dtype("batch_norm", input, name, values)
    if not training:
        for name, values in (("running_mean", running_mean), ("running_var", running_var)):
            if values is None:
                raise RuntimeError(f"{name} must be defined in evaluation mode")
        scale = rsqrt(running_var + eps)
        scale = scale if weight is None else scale * weight
        shift = -running_mean * scale if bias is None else bias - running_mean * scale
        return (input * _per_channel(scale, input) + _per_channel(shift, input)).to(input.dtype)
    count = math.prod(input.shape) // max(input.shape[1], 1)
    if count == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(input.shape)}")

    def observe(average, variance):
        if count:
            _move(running_mean, average, momentum)
            _move(running_var, variance * (count / (count - 1)), momentum)

    return standardise_channels(input, weight, bias, eps=eps, observe=observe)


def _move(running, value, momentum):
    """Move ``running`` (a Tensor, an array or None) towards ``value`` in place."""
    if running is None:
        return
    array = running.array if isinstance(running, Variable) else running
    array *= 1 - momentum
    array += momentum * value
    if isinstance(running, Variable):
        changed(running)


def _check_dtype(op, x, name, values):
    if x.dtype.kind in "biu" if is_array(x) else not x.is_floating_point():
        raise NotImplementedError(f'"{op}" not implemented for {x.dtype}: it takes floating-point numbers')
    if values is not None and values.dtype != x.dtype and as_dtype(x.dtype).itemsize > 2:
        raise RuntimeError(f"mixed dtype: {op} expects {name} to be {x.dtype} like its input, but it is {values.dtype}")
