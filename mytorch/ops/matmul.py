"""Matrix products."""

from __future__ import annotations

import math

from ..autograd.engine import primitive
from .shape import transpose


def _check_matmul(x, y):
    if x.ndim == 0 or y.ndim == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D")
    if x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        raise RuntimeError(_mismatch(x.shape, y.shape))
    if x.dtype != y.dtype:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {x.dtype} != {y.dtype}")


def _mismatch(a, b):
    """torch's words for two shapes that do not multiply."""
    if len(a) == len(b) == 1:
        return f"inconsistent tensor size, expected tensor {list(a)} and src {list(b)} to have the same number of elements, but got {a[0]} and {b[0]} elements respectively"
    if len(b) == 1:
        return f"size mismatch, got input ({math.prod(a[:-1])}), mat ({math.prod(a[:-1])}x{a[-1]}), vec ({b[0]})"
    if len(b) == 2 or (len(a) <= 2 and len(b) == 2):
        return f"mat1 and mat2 shapes cannot be multiplied ({math.prod(a[:-1])}x{a[-1]} and {b[0]}x{b[1]})"
    return f"Expected size for first two dimensions of batch2 tensor to be: [{math.prod(a[:-2])}, {a[-1]}] but got: [{math.prod(b[:-2])}, {b[-2]}]."


@primitive(
    broadcasts=True,
    x=lambda g, x_shape, y: _matmul_x(g, x_shape, y),
    y=lambda g, x, y_shape: _matmul_y(g, x, y_shape),
)
def matmul(x, y):
    """Matrix product over the last two dimensions, (…, n, k) @ (…, k, m) -> (…, n, m); leading ones broadcast, 1-d inputs are vectors.

    RuntimeError for shapes or dtypes that do not match.
    """
    _check_matmul(x, y)
    if x.ndim > 2 and y.ndim <= 2:  # one product for the whole batch
        return (x.reshape(-1, x.shape[-1]) @ y).reshape(x.shape[:-1] + y.shape[1:])
    return x @ y


def _matmul_x(g, x_shape, y):
    if len(y.shape) == 1:
        return g * y if len(x_shape) == 1 else g[..., None] * y
    return matmul(g, transpose(y, -2, -1)) if len(x_shape) > 1 else matmul(g[..., None, :], transpose(y, -2, -1))[..., 0, :]


def _matmul_y(g, x, y_shape):
    if len(x.shape) == 1:
        return g * x if len(y_shape) == 1 else x[:, None] * g[..., None, :]
    if len(y_shape) == 1:
        return matmul(transpose(x, -2, -1), g[..., None])[..., 0]
    if len(y_shape) == 2 and len(x.shape) > 2:  # the sum over the batch is part of one product
        return matmul(transpose(x.reshape((-1, x.shape[-1])), 0, 1), g.reshape((-1, g.shape[-1])))
    return matmul(transpose(x, -2, -1), g)
