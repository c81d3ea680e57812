"""Fractional max pooling: windows of one size that begin at pseudo-random places.

Graham, Fractional Max-Pooling, 2014.
"""

from __future__ import annotations

import math

from ...core.arrays import xp
from ...core.primitive import primitive
from .pooling import batched
from .unpooling import pick


def _starts(samples, n, kernel, count):
    """Where the windows along a dimension of ``n`` begin, for each sample in [0, 1): (…,) -> (…, count)."""
    module = xp(samples)
    last = module.full((*samples.shape, 1), n - kernel, "int64")
    if count == 1:
        return last
    step = samples.dtype.type((n - kernel) / (count - 1))
    places = (module.arange(count - 1).astype(samples.dtype) + samples[..., None]) * step
    return module.concatenate(
        [places.astype("int64") - (samples * step).astype("int64")[..., None], last], -1
    )


@primitive
def fractional_indices(x, samples, *, kernel, sizes):
    """Where each window of (N, C, *S) has its maximum: (N, C, *sizes); samples: (N, C, dims).

    The numbers count the elements within a channel.
    """
    module, shape, nd = xp(x), x.shape[2:], len(sizes)
    flat = module.zeros((*x.shape[:2], *(1,) * (2 * nd)), "int64")
    for d in range(nd):
        # torch takes the width first, but only in two dimensions
        sample = samples[..., nd - 1 - d if nd == 2 else d]
        # (N, C, count, kernel)
        places = _starts(sample, shape[d], kernel[d], sizes[d])[..., None] + module.arange(kernel[d])
        room = [1] * (2 * nd)
        room[d], room[nd + d] = sizes[d], kernel[d]
        flat = flat * shape[d] + places.reshape(*x.shape[:2], *room)
    flat = flat.reshape(*x.shape[:2], math.prod(sizes), math.prod(kernel))
    elements = module.take_along_axis(
        x.reshape(*x.shape[:2], math.prod(shape)), flat.reshape(*x.shape[:2], math.prod(flat.shape[2:])), -1
    ).reshape(flat.shape)
    return module.take_along_axis(flat, elements.argmax(-1)[..., None], -1).reshape(*x.shape[:2], *sizes)


def fractional_max_pool(name, x, samples, kernel, sizes):
    """(the maxima of (N, C, *S) or (C, *S), their places). RuntimeError for windows that do not fit."""
    x, added = batched(name, len(sizes), x)
    for n, k, count in zip(x.shape[2:], kernel, sizes):
        if count + k - 1 > n - (len(sizes) == 3):  # torch wants one element more in three dimensions
            raise RuntimeError(f"{name}(): pool size {k} too large relative to input size {n}")
    if added and len(sizes) == 3:
        samples = samples[:1]  # torch reads the first of a batch
    if tuple(samples.shape) != (*x.shape[:2], len(sizes)):
        raise RuntimeError(
            f"{name}(): _random_samples should have the shape {[*x.shape[:2], len(sizes)]}, but it has "
            f"{list(samples.shape)}"
        )
    indices = fractional_indices(x, samples, kernel=kernel, sizes=sizes)
    out = pick(x, indices)
    return (out[0], indices[0]) if added else (out, indices)
