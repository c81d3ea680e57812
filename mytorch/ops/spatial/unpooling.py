"""Elements by their number within a channel: picking them, and the inverse of max pooling."""

from __future__ import annotations

import math

from ...core.arrays import xp
from ...core.primitive import primitive
from ...kernels.scatter import scatter_add
from ..shape import reshape
from .arguments import tuple_of
from .pooling import batched


def max_unpool1d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros with ``input`` (N, C, L) at ``indices``, as :func:`max_pool1d` returned them."""
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros with ``input`` (N, C, H, W) at ``indices``, as :func:`max_pool2d` returned them."""
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(input, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Zeros with ``input`` (N, C, D, H, W) at ``indices``, as :func:`max_pool3d` returned them."""
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


@primitive(x=lambda g, x_shape, indices: unpick(g, indices, sizes=x_shape[2:]))
def pick(x, indices):
    """The elements of (N, C, *S) with the numbers ``indices`` (N, C, *sizes) within their channel."""
    flat, places = (v.reshape(*x.shape[:2], math.prod(v.shape[2:])) for v in (x, indices))
    return xp(x).take_along_axis(flat, places, -1).reshape(indices.shape)


@primitive(x=lambda g, indices: pick(g, indices))
def unpick(x, indices, *, sizes):
    """Zeros (N, C, *sizes) with ``x`` (N, C, *S) added at the numbers ``indices`` within each channel."""
    n, c = x.shape[:2]
    out = xp(x).zeros((n * c, math.prod(sizes)), x.dtype)
    each = math.prod(x.shape[2:])
    scatter_add(out, (xp(x).arange(n * c)[:, None], indices.reshape(n * c, each)), x.reshape(n * c, each))
    return out.reshape(n, c, *sizes)


@primitive(x=lambda g, indices: pick(g, indices))
def max_unpool(x, indices, *, sizes):
    """Zeros (N, C, *sizes) with ``x`` (N, C, *S) written to the numbers ``indices`` within each channel."""
    if indices.shape != x.shape:
        raise RuntimeError(
            f"Expected shape of indices to be the same as that of input {list(x.shape)}, but got "
            f"{list(indices.shape)}"
        )
    (n, c), size = x.shape[:2], math.prod(sizes)
    if indices.size and (int(indices.max()) >= size or int(indices.min()) < 0):
        raise RuntimeError(
            f"found an invalid max index: {int(indices.max())} (output volumes are of size "
            f"{'x'.join(map(str, sizes))})"
        )
    out = xp(x).zeros((n * c, size), x.dtype)
    xp(x).put_along_axis(out, indices.reshape(n * c, -1), x.reshape(n * c, -1), -1)
    return out.reshape(n, c, *sizes)


def _max_unpool(name, nd, x, indices, kernel_size, stride, padding, output_size):
    kernel = tuple_of(kernel_size, nd, "kernel_size")
    stride = kernel if stride is None else tuple_of(stride, nd, "stride")
    padding = tuple_of(padding, nd, "padding")
    x, added = batched(name, nd, x)
    default = tuple((n - 1) * s - 2 * p + k for n, k, s, p in zip(x.shape[2:], kernel, stride, padding))
    if output_size is None:
        sizes = default
    else:
        sizes = tuple(output_size)[-nd:]
        if len(output_size) not in (nd, nd + 1, nd + 2):
            raise ValueError(
                f"output_size should be a sequence containing {nd} or {nd + 2} elements, but it has a "
                f"length of '{len(output_size)}'"
            )
        if any(not d - s < n < d + s for n, d, s in zip(sizes, default, stride)):
            raise ValueError(
                f"invalid output_size {list(sizes)} (each must be less than stride={stride} away from "
                f"{list(default)})"
            )
    if added:
        indices = reshape(indices, shape=(1, *indices.shape))
    out = max_unpool(x, indices, sizes=sizes)
    return out[0] if added else out
