"""The dimensions, or the elements along them, in another order."""

from __future__ import annotations

import functools

from ..core.arrays import array_of, xp
from ..core.primitive import primitive
from .layout import clone
from .shape_arguments import check_dim, check_dims, integer, sizes


@primitive(complex=True, view=True, x=lambda g, dim0, dim1: transpose(g, dim0=dim0, dim1=dim1))
def transpose(x, *, dim0, dim1):
    """Swap two dimensions (a view)."""
    if type(dim0) is type(dim1) is int:
        try:
            return x.swapaxes(dim0, dim1)
        except ValueError:
            pass  # torch's error follows
    dim0, dim1 = check_dim(dim0, x.ndim), check_dim(dim1, x.ndim)
    return x.swapaxes(dim0, dim1) if x.ndim else x.reshape(())


swapaxes = swapdims = transpose


def mT(x):
    """The last two dimensions swapped (a view). RuntimeError below two dimensions."""
    if not x.shape:
        return transpose(x, dim0=0, dim1=0)
    if len(x.shape) < 2:
        raise RuntimeError(
            f"tensor.mT is only supported on matrices or batches of matrices. Got {len(x.shape)}-D tensor."
        )
    return transpose(x, dim0=-2, dim1=-1)


def adjoint(input):
    """The conjugate transpose of matrices (…, m, n).

    For real numbers it is a view with the last two dimensions swapped. RuntimeError for vectors.
    """
    if len(input.shape) == 1:
        raise RuntimeError(
            "tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor."
        )
    return mT(input).conj()


def H(x):
    """The conjugate transpose of a matrix: a view of real numbers.

    RuntimeError for other numbers of dimensions than 2 and 0.
    """
    if len(x.shape) not in (0, 2):
        raise RuntimeError(
            f"tensor.H is only supported on matrices (2-D tensors). Got {len(x.shape)}-D tensor."
        )
    return adjoint(x)


def t(input):
    """The transpose of a matrix (a view); vectors and scalars stay. RuntimeError above two dimensions."""
    ndim = array_of(input).ndim
    if ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D")
    return transpose(input, 0, 1 if ndim == 2 else 0)


def reverse_dims(x):
    """The dimensions in reverse order (a view): the transpose of a matrix."""
    if x.array.ndim == 2:
        return transpose(x, 0, 1)
    return permute(x, dims=tuple(range(x.ndim))[::-1])


def _inverse(dims):
    """The permutation that undoes ``dims``."""
    order = [0] * len(dims)
    for i, d in enumerate(dims):
        order[d % len(dims)] = i
    return tuple(order)


@primitive(complex=True, view=True, x=lambda g, dims: permute(g, dims=_inverse(dims)))
def permute(x, *, dims):
    """Reorder the dimensions (a view): dimension ``dims[i]`` of ``x`` becomes dimension i.

    RuntimeError unless each dimension is named once.
    """
    if len(dims) != x.ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of "
            f"the desired ordering of dimensions i.e. input.dim() = {x.ndim} is not equal to len(dims) = "
            f"{len(dims)}"
        )
    try:
        return x.transpose(tuple(dims))
    except ValueError:  # torch's error
        if len({check_dim(d, x.ndim) for d in dims}) < len(dims):
            raise RuntimeError("permute(): duplicate dims are not allowed.") from None
        raise


def movedim(input, source, destination):
    """Dimensions ``source`` moved to ``destination`` (ints or tuples); the others keep their order (a view).

    RuntimeError for different numbers of dimensions, or one that is named twice.
    """
    ndim = len(input.shape)
    source, destination = ((d,) if not isinstance(d, (tuple, list)) else d for d in (source, destination))
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain the "
            f"same number of dims as destination ({list(destination)} dims)"
        )
    source = tuple(check_dim(d, ndim) for d in source)
    destination = tuple(check_dim(d, ndim) for d in destination)
    for name, dims in (("source", source), ("destination", destination)):
        if len(set(dims)) < len(dims):
            raise RuntimeError(f"movedim: repeated dim in `{name}` ({list(dims)})")
    if not ndim:
        return permute(input, dims=())
    order = [d for d in range(ndim) if d not in source]
    for to, d in sorted(zip(destination, source)):
        order.insert(to, d)
    return permute(input, dims=tuple(order))


moveaxis = movedim


@primitive(complex=True, x=lambda g, dims: flip(g, dims=dims))
def flip(x, *, dims):
    """The order of elements along ``dims``, a tuple, reversed (a copy). TypeError for a bare int."""
    if not isinstance(dims, (tuple, list)):
        raise TypeError(
            f"flip(): argument 'dims' (position 2) must be tuple of ints, not {type(dims).__name__}"
        )
    dims = tuple(dims)
    reversing = _reversing if {int}.issuperset(map(type, dims)) else _reversing.__wrapped__
    return x[reversing(dims, x.ndim)].copy()


@functools.lru_cache(256)
def _reversing(dims, ndim):
    """The index that reverses the order along ``dims``."""
    index = [slice(None)] * ndim
    for d in check_dims(dims, ndim):
        index[d] = slice(None, None, -1)
    return tuple(index)


def fliplr(input):
    """The order of columns reversed (a copy). RuntimeError for fewer than two dimensions."""
    if len(input.shape) < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, dims=(1,))


def flipud(input):
    """The order of rows reversed (a copy). RuntimeError for a 0-d tensor."""
    if not input.shape:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, dims=(0,))


def _roll_vjp(g, shifts, dims):
    return roll(g, shifts=tuple(-s for s in _as_tuple(shifts)), dims=dims)


@primitive(complex=True, x=_roll_vjp)
def roll(x, *, shifts, dims=None):
    """Elements moved by ``shifts`` along ``dims``; what falls off the end comes back at the start.

    Without ``dims`` the tensor is flattened. RuntimeError unless there is a shift for each dimension,
    IndexError for a dimension of a 0-d tensor.
    """
    shifts = sizes(_as_tuple(shifts))
    dims = () if dims is None else _as_tuple(dims)
    if len(shifts) != (len(dims) or 1):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims)}")
    if not dims:
        return _rolled(x.reshape(-1), shifts[0], 0).reshape(x.shape)
    if not x.size:
        return x.copy()
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    for n, d in zip(shifts, dims):
        x = _rolled(x, n, check_dim(d, x.ndim))
    return x


def _rolled(x, n, dim):
    """``numpy.roll`` along one dimension: the end, then the start."""
    if not x.size:
        return x.copy()
    n, before = n % x.shape[dim], (slice(None),) * dim
    at = x.shape[dim] - n
    return xp(x).concatenate((x[(*before, slice(at, None))], x[(*before, slice(at))]), dim)


def _as_tuple(numbers):
    return tuple(numbers) if isinstance(numbers, (tuple, list)) else (numbers,)


def rot90(input, k=1, dims=(0, 1)):
    """Turned by 90 degrees ``k`` times, from ``dims[0]`` towards ``dims[1]``.

    RuntimeError unless ``dims`` are two different dimensions.
    """
    k, ndim = integer(k), len(input.shape)
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    first, second = (check_dim(d, ndim) for d in dims)
    if first == second:
        raise RuntimeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    if k % 4 == 0:
        return clone(input)
    if k % 4 == 2:
        return flip(input, dims=(first, second))
    turned = flip(input, dims=(second if k % 4 == 1 else first,))
    return clone(transpose(turned, dim0=first, dim1=second))
