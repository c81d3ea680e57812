"""Operations that only rearrange. Most results share memory with their input."""

from __future__ import annotations

import math
import operator

from ..core.arrays import broadcast_shape, spread, xp
from ..core.composite import composite
from ..core.primitive import primitive
from ..core.sums import summed
from .layout import clone


def sizes(args):
    """``f(2, 3)`` and ``f((2, 3))`` mean the same; entries may be 0-d tensors. TypeError for anything but
    integers.
    """
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = args[0]
    if args and type(args[0]) is bool:  # torch looks no further than the first
        raise TypeError(f"sizes must be ints, got {args}")
    return tuple(map(operator.index, args))


def integer(value):
    """``value`` as an int. TypeError for anything but integers and 0-d tensors of them;

    for booleans too, as in torch.
    """
    if type(value) is bool:
        raise TypeError(f"expected an int, got {value}")
    return operator.index(value)


def listed(args, named, name):
    """The list that a method takes as ``f(2, 3)``, ``f((2, 3))`` or ``f(name=(2, 3))``.

    TypeError for other keywords and for both at once.
    """
    if named:
        if named.keys() != {name} or args:
            raise TypeError(
                f"expected one list, as positional arguments or as {name!r}, got {args} and "
                f"{', '.join(named)}"
            )
        return named[name]
    return args[0] if len(args) == 1 else args


def check_dim(dim, ndim, what="Dimension"):
    """``dim`` counted from the front. IndexError, as in torch, if there is no such dimension."""
    if type(dim) is not int:
        if not hasattr(dim, "__index__") or isinstance(dim, bool):
            raise TypeError(f"dim must be an int, not {type(dim).__name__}")
        dim = dim.__index__()
    bound = max(ndim, 1)
    if not -bound <= dim < bound:
        raise IndexError(
            f"{what} out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})"
        )
    return dim % bound


def check_dims(dim, ndim):
    """A tuple of dimensions counted from the front: all of them for None. RuntimeError if one appears
    twice."""
    if dim is None:
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        dim = (dim,)
    dims: list = []
    for d in dim:
        d = check_dim(d, ndim)
        if d in dims:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
        dims.append(d)
    return tuple(dims) if ndim else ()


# ---- another shape for the same elements ---------------------------------------------------------


def infer_shape(shape, size):
    """``shape`` with its -1 replaced by what ``size`` elements need. RuntimeError if they do not fit."""
    unknown = shape.count(-1)
    if unknown > 1:
        raise RuntimeError("only one dimension can be inferred")
    if (least := min(shape, default=0)) < -1:
        raise RuntimeError(f"invalid shape dimension {least}")
    known = math.prod(n for n in shape if n != -1)
    if unknown and known == 0 == size:
        raise RuntimeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified "
            "dimension size -1 can be any value "
            f"and is ambiguous"
        )
    if (unknown and (known == 0 or size % known)) or (not unknown and known != size):
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
    return tuple(size // known if n == -1 else n for n in shape) if unknown else shape


def _arranged(x, shape):
    shape = sizes((shape,))
    if min(shape, default=0) >= -1:
        try:
            return x.reshape(shape)
        except ValueError:
            pass  # torch's words are better
    return x.reshape(infer_shape(shape, x.size))


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def reshape(x, *, shape):
    """The same elements in ``shape`` (one entry may be -1); a view where the layout allows it. RuntimeError
    if they do not fit.
    """
    return _arranged(x, shape)


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def view(x, *, shape):
    """The same elements in ``shape`` (one entry may be -1), sharing memory. RuntimeError if the layout does
    not allow that.

    What convolutions and pooling make lies in memory with the batch last; where that does not allow a view
    that torch gives, it is a copy.
    """
    out = _arranged(x, shape)
    batch_last = x.ndim > 2 and x.transpose(*range(1, x.ndim), 0).flags.c_contiguous
    if x.size and not batch_last and out.base is not x and (x.base is None or out.base is not x.base):
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension "
            "spans across two contiguous subspaces). "
            "Use .reshape(...) instead."
        )
    return out


@primitive(view=True)
def view_as_dtype(x, *, dtype):
    """The same bytes read as another ``dtype``; the last dimension shrinks or grows with the size of an
    element.
    """
    if x.dtype.itemsize != dtype.itemsize:
        if x.ndim == 0:
            raise RuntimeError(
                f"self.dim() cannot be 0 to view {x.dtype} as {dtype} (different element sizes)"
            )
        if x.strides[-1] != x.itemsize and x.shape[-1] != 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {x.dtype} as {dtype} (different element sizes), "
                f"but got {x.strides[-1] // x.itemsize}"
            )
        if x.shape[-1] * x.itemsize % dtype.itemsize:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {dtype.itemsize // x.itemsize} to view {x.dtype} "
                f"as {dtype} (different element sizes), "
                f"but got {x.shape[-1]}"
            )
    return x.view(dtype)


def _kept(shape, dim):
    """``shape`` without the dimensions ``dim`` (None for all) of size 1."""
    dims = check_dims(dim, len(shape))
    return tuple(n for i, n in enumerate(shape) if n != 1 or i not in dims)


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def squeeze(x, *, dim=None):
    """Without its dimensions of size 1, or without those of ``dim`` (an int or a tuple) that have size 1 (a
    view).
    """
    return x.reshape(_kept(x.shape, dim))


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def unsqueeze(x, *, dim):
    """With a new dimension of size 1 at ``dim`` (a view)."""
    dim = check_dim(dim, x.ndim + 1)
    return x.reshape(x.shape[:dim] + (1,) + x.shape[dim:])


def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions ``start_dim`` to ``end_dim`` folded into one; a 0-d tensor becomes 1-d. RuntimeError if the
    first comes after the last.
    """
    shape = tuple(input.shape)
    start, end = check_dim(start_dim, len(shape)), check_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, shape=(1,))
    return (
        input
        if start == end
        else reshape(input, shape=shape[:start] + (math.prod(shape[start : end + 1]),) + shape[end + 1 :])
    )


def ravel(input):
    """All elements in one dimension; a view where the layout allows it."""
    return reshape(input, shape=(-1,))


@composite
def unflatten(input, dim, sizes):
    """Dimension ``dim`` unfolded into ``sizes`` (one may be -1).

    RuntimeError if they do not multiply to its size.
    """
    if not input.shape:
        raise RuntimeError("unflatten: a 0-d tensor has no dimension to unfold")
    dim, shape = check_dim(dim, len(input.shape)), tuple(sizes)
    if not shape:
        raise RuntimeError("unflatten: sizes must be non-empty")
    if (
        shape.count(-1) < 2
        and math.prod(n for n in shape if n != -1)
        and input.shape[dim] % math.prod(n for n in shape if n != -1)
    ):
        raise RuntimeError(
            f"unflatten: Provided sizes {list(shape)} don't multiply up to the size of dim {dim} "
            f"({input.shape[dim]}) in the input tensor"
        )
    return reshape(
        input, shape=input.shape[:dim] + infer_shape(shape, input.shape[dim]) + input.shape[dim + 1 :]
    )


# ---- another order of the dimensions -------------------------------------------------------------


@primitive(complex=True, view=True, x=lambda g, dim0, dim1: transpose(g, dim0=dim0, dim1=dim1))
def transpose(x, *, dim0, dim1):
    """Swap two dimensions (a view)."""
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


def adjoint(x):
    """The conjugate transpose of matrices (…, m, n): for real numbers the last two dimensions swapped, as a
    view.

    RuntimeError for vectors.
    """
    if len(x.shape) == 1:
        raise RuntimeError(
            "tensor.adjoint() is only supported on matrices or batches of matrices. Got 1-D tensor."
        )
    return mT(x).conj()


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
    if len(input.shape) > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {len(input.shape)}D")
    return transpose(input, dim0=0, dim1=1) if len(input.shape) == 2 else transpose(input, dim0=0, dim1=0)


def reverse_dims(x):
    """The dimensions in reverse order (a view): the transpose of a matrix."""
    return (
        transpose(x, dim0=0, dim1=1)
        if len(x.shape) == 2
        else permute(x, dims=tuple(range(len(x.shape)))[::-1])
    )


def _inverse(dims):
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
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length "
            "of the desired ordering "
            f"of dimensions i.e. input.dim() = {x.ndim} is not equal to len(dims) = {len(dims)}"
        )
    if len({check_dim(d, x.ndim) for d in dims}) < len(dims):
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return x.transpose(tuple(dims))


def movedim(input, source, destination):
    """Dimensions ``source`` moved to ``destination`` (ints or tuples); the others keep their order (a view).

    RuntimeError if they are not as many as each other, or one is named twice.
    """
    ndim = len(input.shape)
    source, destination = ((d,) if not isinstance(d, (tuple, list)) else d for d in (source, destination))
    if len(source) != len(destination):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({list(source)} dims) should contain "
            "the same number of dims as "
            f"destination ({list(destination)} dims)"
        )
    source, destination = (
        tuple(check_dim(d, ndim) for d in source),
        tuple(check_dim(d, ndim) for d in destination),
    )
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
    return xp(x).flip(x, check_dims(dims, x.ndim)).copy()


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


@primitive(
    complex=True, x=lambda g, shifts, dims: roll(g, shifts=tuple(-s for s in _together(shifts)), dims=dims)
)
def roll(x, *, shifts, dims=None):
    """Elements moved by ``shifts`` along ``dims``, what falls off the end coming back at the start; of the
    flattened tensor without ``dims``.

    RuntimeError unless there is a shift for each dimension, IndexError for a dimension of a 0-d tensor.
    """
    shifts, dims = (
        sizes(_together(shifts)),
        None if dims is None or (isinstance(dims, (tuple, list)) and not dims) else _together(dims),
    )
    if len(shifts) != len(dims if dims is not None else (0,)):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(shifts)}, dims:{len(dims or ())}")
    if dims is None:
        return xp(x).roll(x, shifts[0])
    if not x.size:
        return x.copy()
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dims[0]} but tensor has no dimensions")
    return xp(x).roll(x, shifts, tuple(check_dim(d, x.ndim) for d in dims))


def _together(numbers):
    return tuple(numbers) if isinstance(numbers, (tuple, list)) else (numbers,)


def rot90(input, k=1, dims=(0, 1)):
    """Turned by 90 degrees ``k`` times, from ``dims[0]`` towards ``dims[1]``.

    RuntimeError unless these are two different dimensions.
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


# ---- repeats -------------------------------------------------------------------------------------


@primitive(complex=True, view=True, x=lambda g, x_shape: sum_to(g, shape=x_shape))
def expand(x, *, shape):
    """``x`` repeated along dimensions of size 1 and new leading ones, without copying; -1 keeps a size.
    RuntimeError for other sizes.
    """
    shape, extra = sizes((shape,)), len(shape) - x.ndim
    if extra < 0:
        raise RuntimeError(
            f"expand({x.dtype}{list(x.shape)}, size={list(shape)}): the number of sizes provided "
            f"({len(shape)}) must be greater or equal to "
            f"the number of dimensions in the tensor ({x.ndim})"
        )
    target = []
    for i, n in enumerate(shape):
        have = x.shape[i - extra] if i >= extra else None
        if n < 0 and (n < -1 or have is None):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing "
                f"dimension {i}"
            )
        if have not in (None, 1, n) and n != -1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at "
                f"non-singleton dimension {i}.  "
                f"Target sizes: {list(shape)}.  Tensor sizes: {list(x.shape)}"
            )
        target.append(have if n == -1 else n)
    return spread(x, tuple(target))


def broadcast_to(x, shape):
    """``x`` in a larger ``shape`` without copying, as :func:`expand`."""
    return expand(x, shape=sizes((shape,)))


@primitive(complex=True, x=lambda g, x_shape: expand(g, shape=x_shape))
def sum_to(x, *, shape):
    """The reverse of broadcasting: sum over what :func:`expand` repeated."""
    extra = x.ndim - len(shape)
    axes = tuple(i for i, n in enumerate(x.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
    return (summed(x, axes, x.dtype, True) if axes else x).reshape(shape)


def broadcast_shapes(*shapes):
    """The shape that ``shapes`` (tuples or ints) broadcast to. RuntimeError if they do not."""
    return broadcast_shape(*((int(n),) if isinstance(n, int) else tuple(map(int, n)) for n in shapes))


def broadcast_tensors(*tensors):
    """All ``tensors`` in the shape that they broadcast to, as views."""
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = broadcast_shape(*(x.shape for x in tensors))
    return tuple(expand(x, shape=shape) for x in tensors)


def repeat(input, *args, **named):
    """``input`` copied ``repeats[i]`` times along dimension i; new dimensions come first."""
    times, shape = sizes((listed(args, named, "repeats"),)), tuple(input.shape)
    if len(times) < len(shape):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    if min(times, default=0) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension: repeats {list(times)}")
    shape = (1,) * (len(times) - len(shape)) + shape
    apart = reshape(input, shape=tuple(n for size in shape for n in (1, size)))
    apart = expand(apart, shape=tuple(n for pair in zip(times, shape) for n in pair))
    return clone(reshape(apart, shape=tuple(n * size for n, size in zip(times, shape))))


def tile(input, *args, **named):
    """As :func:`repeat`, with missing leading entries of ``dims`` being 1."""
    times = sizes((listed(args, named, "dims"),))
    return repeat(input, (1,) * (len(input.shape) - len(times)) + times)
