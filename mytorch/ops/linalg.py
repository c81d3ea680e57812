"""Matrix products and linear algebra."""

from __future__ import annotations

from ..autograd.engine import primitive


def _check_matmul(x, y):
    if x.ndim == 0 or y.ndim == 0:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D")
    if x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({_rows(x.shape)} and {_rows(y.shape)})")
    if x.dtype != y.dtype:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {x.dtype} != {y.dtype}")


def _rows(shape):
    return "x".join(map(str, shape))


@primitive(
    broadcasts=True,
    x=lambda g, x_shape, y: _matmul_x(g, x_shape, y),
    y=lambda g, x, y_shape: _matmul_y(g, x, y_shape),
)
def matmul(x, y):
    """Matrix product over the last two dimensions, (…, n, k) @ (…, k, m) -> (…, n, m); leading ones broadcast, 1-d inputs are vectors."""
    _check_matmul(x, y)
    return x @ y


def _matmul_x(g, x_shape, y):
    if len(y.shape) == 1:
        return g * y if len(x_shape) == 1 else g[..., None] * y
    return g @ y.mT if len(x_shape) > 1 else (g[..., None, :] @ y.mT)[..., 0, :]


def _matmul_y(g, x, y_shape):
    if len(x.shape) == 1:
        return g * x if len(y_shape) == 1 else x[:, None] * g[..., None, :]
    return x.mT @ g if len(y_shape) > 1 else (x.mT @ g[..., None])[..., 0]
