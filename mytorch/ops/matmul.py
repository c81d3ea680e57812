"""Products of vectors and matrices."""

from __future__ import annotations

import math

from ..core.arrays import array_of, broadcast_shape
from ..core.primitive import primitive
from ..core.sums import summed
from ..kernels.gemm import product
from .composite import composite
from .elementwise import widened
from .permute import permute
from .shape import reshape


def _check_matmul(x, y):
    if x.ndim == 0 or y.ndim == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {x.ndim}D and {y.ndim}D"
        )
    if x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        raise RuntimeError(_mismatch(x.shape, y.shape))
    if x.dtype != y.dtype:
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {x.dtype} != {y.dtype}")
    if x.dtype.kind == "b":
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")


def _mismatch(a, b):
    """torch's message for two shapes that do not multiply."""
    if len(a) == len(b) == 1:
        return (
            f"inconsistent tensor size, expected tensor {list(a)} and src {list(b)} to have the same number "
            f"of elements, but got {a[0]} and {b[0]} elements respectively"
        )
    rows = math.prod(a[:-1])
    if len(b) == 1:
        return f"size mismatch, got input ({rows}), mat ({rows}x{a[-1]}), vec ({b[0]})"
    if len(b) == 2:
        return f"mat1 and mat2 shapes cannot be multiplied ({rows}x{a[-1]} and {b[0]}x{b[1]})"
    batch = math.prod(broadcast_shape(a[:-2], b[:-2]))
    return (
        f"Expected size for first two dimensions of batch2 tensor to be: [{batch}, {a[-1]}] but got: "
        f"[{batch}, {b[-2]}]."
    )


@primitive(
    complex="holomorphic",
    broadcasts=True,
    later=("x", "y"),
    x=lambda g, x_shape, y: _matmul_x_vjp(g, x_shape, y),
    y=lambda g, x, y_shape: _matmul_y_vjp(g, x, y_shape),
)
def matmul(x, y):
    """Matrix product over the last two dimensions, (…, n, k) @ (…, k, m) -> (…, n, m).

    Leading dimensions broadcast; 1-d inputs are vectors. RuntimeError for shapes or dtypes that do not match.
    16-bit numbers are multiplied in float32.
    """
    if not (x.ndim == y.ndim == 2 and x.shape[1] == y.shape[0] and x.dtype is y.dtype and x.itemsize > 2):
        _check_matmul(x, y)
    return array_product(x, y) if x.ndim > 2 or x.itemsize < 4 else product(x, y)


@widened
def array_product(x, y):
    """The product of :func:`matmul` of two arrays."""
    if x.ndim > 2 and y.ndim <= 2:  # one product for the whole batch
        rows = x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))
        return product(rows, y).reshape(x.shape[:-1] + y.shape[1:])
    return product(x, y)


def _matmul_x_vjp(g, x_shape, y):
    if len(y.shape) == 1:
        return g * y if len(x_shape) == 1 else matmul(g[..., None], y[None])
    if len(x_shape) == 1:
        return matmul(g[..., None, :], y.swapaxes(-2, -1))[..., 0, :]
    return matmul(g, y.swapaxes(-2, -1))


def _matmul_y_vjp(g, x, y_shape):
    if len(x.shape) == 1:
        return g * x if len(y_shape) == 1 else matmul(x[:, None], g[..., None, :])
    if len(y_shape) == 1:
        return matmul(x.swapaxes(-2, -1), g[..., None])[..., 0]
    if len(y_shape) == 2 and len(x.shape) > 2:  # the sum over the batch is part of one product
        rows = math.prod(x.shape[:-1])
        x, g = reshape(x, shape=(rows, x.shape[-1])), reshape(g, shape=(rows, g.shape[-1]))
        return matmul(x.swapaxes(0, 1), g)
    return matmul(x.swapaxes(-2, -1), g)


# ---- by the number of dimensions -----------------------------------------------------------------


def check_ndims(*pairs):
    """RuntimeError with the text of the first (tensor, number of dimensions, text) that does not fit."""
    for x, ndim, text in pairs:
        if x.ndim != ndim:
            raise RuntimeError(f"{text}, got {x.ndim}-D tensor")


@composite(out=True)
def mm(input, mat2):
    """Matrix product of two matrices, (n, k) @ (k, m) -> (n, m), without broadcasting."""
    if not array_of(input).ndim == array_of(mat2).ndim == 2:
        check_ndims((input, 2, "self must be a matrix"), (mat2, 2, "mat2 must be a matrix"))
    return matmul(input, mat2)


@composite(out=True)
def bmm(input, mat2):
    """Matrix products of two batches of the same size, (b, n, k) @ (b, k, m) -> (b, n, m).

    RuntimeError if sizes do not fit.
    """
    sizes, others = array_of(input).shape, array_of(mat2).shape
    if not len(sizes) == len(others) == 3:
        check_ndims((input, 3, "batch1 must be a 3D tensor"), (mat2, 3, "batch2 must be a 3D tensor"))
    if sizes[0] != others[0] or sizes[2] != others[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{sizes[0]}, {sizes[2]}] but "
            f"got: [{others[0]}, {others[1]}]."
        )
    return matmul(input, mat2)


@composite(out=True)
def mv(input, vec):
    """Matrix times vector, (n, k) @ (k,) -> (n,). RuntimeError for other shapes."""
    if (len(input.shape), len(vec.shape)) != (2, 1):
        raise RuntimeError(f"vector + matrix @ vector expected, got 1, {len(input.shape)}, {len(vec.shape)}")
    return matmul(input, vec)


@composite(out=True)
def dot(input, tensor):
    """The inner product of two vectors of the same size, as a 0-d tensor.

    RuntimeError for other shapes and for unequal dtypes.
    """
    if (len(input.shape), len(tensor.shape)) != (1, 1):
        raise RuntimeError(
            f"1D tensors expected, but got {len(input.shape)}D and {len(tensor.shape)}D tensors"
        )
    if input.dtype != tensor.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {input.dtype} and {tensor.dtype}"
        )
    return matmul(input, tensor)


@composite(out=True)
def vdot(input, other):
    """As :func:`dot`, with the conjugate of ``input``."""
    return dot(input.conj(), other)


@composite(out=True)
def inner(input, other):
    """Inner products over the last dimensions, (…, k) and (…', k) -> (…, …'); a 0-d tensor multiplies.

    RuntimeError if the last sizes differ.
    """
    if not input.shape or not other.shape:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


@composite(out=True)
def outer(input, vec2):
    """All products of an element of each vector, (n,) and (m,) -> (n, m).

    RuntimeError unless both are vectors.
    """
    for name, x in (("self", input), ("vec2", vec2)):
        if len(x.shape) != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {len(x.shape)}-D")
    return reshape(input, shape=(-1, 1)) * vec2 if input.shape[0] else input[:, None] * vec2


ger = outer


@composite(out=True)
def tensordot(a, b, dims=2):
    """Products of ``a`` and ``b`` summed over pairs of dimensions.

    ``dims``: how many of the last of a and first of b, or two lists of dimensions. RuntimeError for
    sizes that differ, or lists of different lengths.
    """
    if isinstance(dims, (tuple, list)) or (hasattr(dims, "tolist") and getattr(dims, "shape", ()) != ()):
        of_a, of_b = dims.tolist() if hasattr(dims, "tolist") else dims
        of_a, of_b = ([d] if isinstance(d, int) else list(d) for d in (of_a, of_b))
    else:
        dims = int(dims)
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(len(a.shape), len(b.shape)):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        of_a, of_b = list(range(-dims, 0)), list(range(dims))
    if len(of_a) != len(of_b):
        raise RuntimeError("both dimension lists should have same length")
    of_a, of_b = [known_dim(d, len(a.shape)) for d in of_a], [known_dim(d, len(b.shape)) for d in of_b]
    for i, j in zip(of_a, of_b):
        if a.shape[i] != b.shape[j]:
            if 1 not in (a.shape[i], b.shape[j]):
                raise RuntimeError(
                    f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} and "
                    f"second has size {b.shape[j]} in dim {j}"
                )
            a = summed(a, i, a.dtype, True) if b.shape[j] == 1 else a
            b = summed(b, j, b.dtype, True) if a.shape[i] == 1 else b
    kept_a = [d for d in range(len(a.shape)) if d not in of_a]
    kept_b = [d for d in range(len(b.shape)) if d not in of_b]
    shape = tuple(a.shape[d] for d in kept_a) + tuple(b.shape[d] for d in kept_b)
    inner = math.prod(a.shape[d] for d in of_a)
    left = reshape(permute(a, dims=(*kept_a, *of_a)), shape=(math.prod(a.shape[d] for d in kept_a), inner))
    right = reshape(permute(b, dims=(*of_b, *kept_b)), shape=(inner, math.prod(b.shape[d] for d in kept_b)))
    return reshape(matmul(left, right), shape=shape)


def known_dim(dim, ndim):
    """``dim`` counted from the front. IndexError if there is no such dimension, or none at all."""
    if not -max(ndim, 1) <= dim < max(ndim, 1):
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got {dim})"
        )
    if not ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return dim % ndim
