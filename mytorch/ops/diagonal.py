"""Diagonals and triangles of matrices."""

from __future__ import annotations

import functools

import numpy

from ..core.arrays import default_device, device, move, xp
from ..core.dtypes import as_dtype
from ..core.graph import wrap
from ..core.primitive import primitive
from ..core.scalar_arguments import as_number
from ..core.sums import summed
from .assignment import setitem
from .composite import composite
from .layout import clone
from .shape_arguments import check_dim, integer


def _two_dims(dim1, dim2, ndim):
    first, second = check_dim(dim1, ndim), check_dim(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


@primitive(
    complex=True,
    view=True,
    x=lambda g, x_shape, offset, dim1, dim2: diagonal_in_zeros(
        g, shape=x_shape, offset=offset, dim1=dim1, dim2=dim2
    ),
)
def diagonal(x, *, offset=0, dim1=0, dim2=1):
    """The diagonal of dimensions ``dim1`` and ``dim2`` as a last dimension (a view).

    ``offset`` counts to the right of the main diagonal.
    """
    offset, (first, second) = integer(offset), _two_dims(dim1, dim2, x.ndim)
    matrices = xp(x).moveaxis(x, (first, second), (-2, -1))[..., max(-offset, 0) :, max(offset, 0) :]
    n = min(matrices.shape[-2:])
    return xp(x).einsum("...ii->...i", matrices[..., :n, :n])


def linalg_diagonal(A, *, offset=0, dim1=-2, dim2=-1):
    """The diagonals of matrices (…, m, n), as a view; ``offset`` counts to the right of the main one."""
    return diagonal(A, offset=offset, dim1=dim1, dim2=dim2)


@primitive(
    complex=True,
    x=lambda g, offset, dim1, dim2: diagonal(g, offset=offset, dim1=dim1, dim2=dim2),
)
def diagonal_in_zeros(x, *, shape, offset, dim1, dim2):
    """Zeros of ``shape`` with ``x`` on the diagonal: the reverse of :func:`diagonal`."""
    out = xp(x).zeros(shape, x.dtype)
    diagonal(out, offset=offset, dim1=dim1, dim2=dim2)[...] = x
    return out


@composite
def diag_embed(input, offset=0, dim1=-2, dim2=-1):
    """Square matrices with the last dimension of ``input`` on their diagonals, (…, n) -> (…, n, n).

    ``dim1`` and ``dim2`` are the dimensions of the matrices.
    """
    ndim = len(input.shape) + 1
    first, second = _two_dims(dim1, dim2, ndim)
    n = input.shape[-1] + abs(integer(offset))
    rest = iter(input.shape[:-1])
    shape = tuple(n if d in (first, second) else next(rest) for d in range(ndim))
    return diagonal_in_zeros(input, shape=shape, offset=offset, dim1=first, dim2=second)


@composite(out=True)
def diag(input, diagonal=0):
    """The diagonal of a matrix (a copy), or a matrix with the given vector on its diagonal.

    RuntimeError for other shapes.
    """
    if len(input.shape) == 1:
        return diag_embed(input, diagonal)
    if len(input.shape) != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {len(input.shape)}D")
    return clone(_diagonal(input, offset=diagonal))


_diagonal = diagonal


def diagflat(input, offset=0):
    """A matrix with all elements of ``input`` on its diagonal."""
    return diag_embed(input.reshape(-1), offset)


def trace(input):
    """The sum of a matrix's diagonal, as a 0-d tensor.

    RuntimeError unless ``input`` is a matrix, NotImplementedError for booleans.
    """
    if len(input.shape) != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {len(input.shape)}")
    if input.dtype == "bool":
        raise NotImplementedError("\"trace\" not implemented for 'Bool'")
    return summed(diagonal(input))


def _check_matrix(x, name):
    if x.ndim < 2:
        raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")


def _below(sizes, diagonal, module):
    """Which elements of a matrix are on or below a diagonal: booleans, kept for small matrices."""
    return (_small_mask if sizes[0] * sizes[1] <= 4096 else _mask)(sizes, diagonal, module)


def _mask(sizes, diagonal, module):
    return module.tri(*sizes, diagonal, dtype=bool)


_small_mask = functools.lru_cache(64)(_mask)


@primitive(complex=True, x=lambda g, diagonal: triu(g, diagonal=diagonal))
def triu(x, *, diagonal=0):
    """Matrices with zeros below a diagonal: 0 is the main one, positive numbers lie above it."""
    _check_matrix(x, "triu")
    return xp(x).where(_below(x.shape[-2:], integer(diagonal) - 1, xp(x)), x.dtype.type(0), x)


@primitive(complex=True, x=lambda g, diagonal: tril(g, diagonal=diagonal))
def tril(x, *, diagonal=0):
    """Matrices with zeros above a diagonal: 0 is the main one, positive numbers lie above it."""
    _check_matrix(x, "tril")
    return xp(x).where(_below(x.shape[-2:], integer(diagonal), xp(x)), x, x.dtype.type(0))


def _triangle(found, where, dtype):
    place = device(where) if where is not None else default_device()
    return wrap(move(numpy.stack(found).astype(as_dtype(dtype).numpy), place))


@composite
def tril_indices(row: int, col: int, offset=0, *, dtype="int64", device=None, layout=None):
    """The places of the lower triangle of a (row, col) matrix, row by row, as a (2, n) tensor."""
    _check_sizes(row, col)
    return _triangle(numpy.tril_indices(row, integer(offset), col), device, dtype or "int64")


@composite
def triu_indices(row: int, col: int, offset=0, *, dtype="int64", device=None, layout=None):
    """The places of the upper triangle of a (row, col) matrix, row by row, as a (2, n) tensor."""
    _check_sizes(row, col)
    return _triangle(numpy.triu_indices(row, integer(offset), col), device, dtype or "int64")


def _check_sizes(row, col):
    if row < 0 or col < 0:
        raise RuntimeError(f"row and col must be non-negative, got {row} and {col}")


def fill_diagonal_(x, fill_value, wrap=False):
    """Write a number to the main diagonal; returns the tensor.

    More than two dimensions must have the same size; all of them count.
    """
    ndim, sizes = x.array.ndim, x.array.shape
    fill_value = as_number(fill_value, "fill_diagonal_", "fill_value")
    if ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if ndim > 2 and len(set(sizes)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    if wrap and ndim == 2 and sizes[0] > sizes[1]:
        steps = numpy.arange(0, sizes[0] * sizes[1], sizes[1] + 1)
        setitem(x, tuple(numpy.unravel_index(steps, sizes)), fill_value)
    else:
        setitem(x, (numpy.arange(min(sizes)),) * ndim, fill_value)
    return x
