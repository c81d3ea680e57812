"""Operations that only rearrange. Most results share memory with their input."""

from __future__ import annotations

import functools
import math

from ..core.arrays import array_of, broadcast_shape
from ..core.primitive import primitive
from ..core.sums import summed
from ..kernels.elementwise import broadcast_view
from .composite import composite
from .layout import clone
from .shape_arguments import check_dim, check_dims, infer_shape, listed, sizes


def _arranged(x, shape):
    """``x.reshape(shape)`` of an array, with torch's errors."""
    try:
        out = x.reshape(shape)
        if out.shape == shape or shape == -1 or -1 in shape:  # NumPy takes any negative number for -1
            return out
    except (TypeError, ValueError):
        pass  # torch's error follows
    return x.reshape(infer_shape(sizes((shape,)), x.size))


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def reshape(x, *, shape):
    """The same elements in ``shape`` (one entry may be -1); a view where the layout allows it.

    RuntimeError if the number of elements does not fit ``shape``.
    """
    return _arranged(x, shape)


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def view(x, *, shape, whole=False):
    """The same elements in ``shape`` (one entry may be -1), sharing memory.

    RuntimeError if the layout does not allow that. What operations make may lie in memory in another order
    than in torch, as convolutions and pooling do, with the batch last. Where that does not allow a view that
    torch gives, it is a copy: of these, and of the ``whole`` result of an operation.
    """
    out = _arranged(x, shape)
    if whole:
        return out
    if out.base is x or (x.base is not None and out.base is x.base) or not x.size:
        return out
    if x.ndim < 3 or not x.transpose(*range(1, x.ndim), 0).flags.c_contiguous:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans "
            "across two contiguous subspaces). Use .reshape(...) instead."
        )
    return out


@primitive(view=True)
def view_as_dtype(x, *, dtype):
    """The same bytes read as another ``dtype``.

    The last dimension shrinks or grows with the size of an element.
    """
    if x.dtype.itemsize != dtype.itemsize:
        if x.ndim == 0:
            raise RuntimeError(
                f"self.dim() cannot be 0 to view {x.dtype} as {dtype} (different element sizes)"
            )
        if x.strides[-1] != x.itemsize and x.shape[-1] != 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {x.dtype} as {dtype} (different element sizes), but got "
                f"{x.strides[-1] // x.itemsize}"
            )
        if x.shape[-1] * x.itemsize % dtype.itemsize:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {dtype.itemsize // x.itemsize} to view {x.dtype} as "
                f"{dtype} (different element sizes), but got {x.shape[-1]}"
            )
    return x.view(dtype)


@functools.lru_cache(256)
def _kept(shape, dim):
    """``shape`` without the dimensions ``dim`` (None for all) of size 1."""
    dims = check_dims(dim, len(shape))
    return tuple(n for i, n in enumerate(shape) if n != 1 or i not in dims)


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def squeeze(x, *, dim=None):
    """Without its dimensions of size 1 (a view), or only those of ``dim`` (an int or a tuple)."""
    kept = (_kept if dim is None or type(dim) is int else _kept.__wrapped__)(x.shape, dim)
    return x[...] if kept == x.shape else x.reshape(kept)


@primitive(complex=True, view=True, x=lambda g, x_shape: g.reshape(x_shape))
def unsqueeze(x, *, dim):
    """With a new dimension of size 1 at ``dim`` (a view)."""
    widened = _with_one if type(dim) is int else _with_one.__wrapped__
    return x.reshape(widened(x.shape, dim))


@functools.lru_cache(256)
def _with_one(shape, dim):
    dim = check_dim(dim, len(shape) + 1)
    return (*shape[:dim], 1, *shape[dim:])


def flatten(input, start_dim=0, end_dim=-1):
    """Dimensions ``start_dim`` to ``end_dim`` folded into one; a 0-d tensor becomes 1-d.

    RuntimeError if ``start_dim`` comes after ``end_dim``.
    """
    folded = _folded if type(start_dim) is type(end_dim) is int else _folded.__wrapped__
    shape = folded(getattr(input, "array", input).shape, start_dim, end_dim)
    return input if shape is None else reshape(input, shape)


@functools.lru_cache(256)
def _folded(shape, start_dim, end_dim):
    start, end = check_dim(start_dim, len(shape)), check_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if shape and start == end:
        return None
    return (*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :])


def ravel(input):
    """All elements in one dimension; a view where the layout allows it."""
    return reshape(input, shape=(-1,))


@composite
def unflatten(input, dim, sizes):
    """Dimension ``dim`` unfolded into ``sizes`` (one may be -1).

    RuntimeError if ``sizes`` do not multiply to the size of the dimension.
    """
    if not input.shape:
        raise RuntimeError("unflatten: a 0-d tensor has no dimension to unfold")
    dim, shape = check_dim(dim, len(input.shape)), tuple(sizes)
    if not shape:
        raise RuntimeError("unflatten: sizes must be non-empty")
    known = math.prod(n for n in shape if n != -1)
    if shape.count(-1) < 2 and known and input.shape[dim] % known:
        raise RuntimeError(
            f"unflatten: Provided sizes {list(shape)} don't multiply up to the size of dim {dim} "
            f"({input.shape[dim]}) in the input tensor"
        )
    return reshape(
        input, shape=input.shape[:dim] + infer_shape(shape, input.shape[dim]) + input.shape[dim + 1 :]
    )


# ---- repeats -------------------------------------------------------------------------------------


@primitive(complex=True, view=True, x=lambda g, x_shape: sum_to(g, shape=x_shape))
def expand(x, *, shape):
    """``x`` repeated along dimensions of size 1 and new leading ones, without copying; -1 keeps a size.

    RuntimeError for other sizes.
    """
    extra = len(shape) - x.ndim
    if extra < 0:
        raise RuntimeError(
            f"expand({x.dtype}{list(x.shape)}, size={list(shape)}): the number of sizes provided "
            f"({len(shape)}) must be greater or equal to the number of dimensions in the tensor ({x.ndim})"
        )
    if x.shape == shape[extra:] and (not extra or min(shape) >= 0):
        return broadcast_view(x, shape)
    target = []
    for i, n in enumerate(shape):
        have = x.shape[i - extra] if i >= extra else None
        if n < 0 and (n < -1 or have is None):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension "
                f"{i}"
            )
        if have not in (None, 1, n) and n != -1:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at "
                f"non-singleton dimension {i}.  Target sizes: {list(shape)}.  Tensor sizes: {list(x.shape)}"
            )
        target.append(have if n == -1 else n)
    return broadcast_view(x, tuple(target))


@composite
def broadcast_to(input, shape):
    """``input`` in a larger ``shape`` without copying, as :func:`expand`."""
    return expand(input, shape=sizes((shape,)))


@primitive(complex=True, x=lambda g, x_shape: expand(g, shape=x_shape))
def sum_to(x, *, shape):
    """The reverse of broadcasting: sum over what :func:`expand` repeated."""
    extra = x.ndim - len(shape)
    axes = tuple(i for i, n in enumerate(x.shape) if i < extra or (shape[i - extra] == 1 and n != 1))
    return (summed(x, axes, x.dtype, True) if axes else x).reshape(shape)


def broadcast_shapes(*shapes):
    """The shape that ``shapes`` (tuples or ints) broadcast to. RuntimeError for shapes that do not."""
    return broadcast_shape(*((int(n),) if isinstance(n, int) else tuple(map(int, n)) for n in shapes))


def broadcast_tensors(*tensors):
    """All ``tensors`` in the shape that they broadcast to, as views."""
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    shape = broadcast_shape(*(x.shape for x in tensors))
    return tuple(expand(x, shape=shape) for x in tensors)


def repeat(input, *args, **named):
    """``input`` copied ``repeats[i]`` times along dimension i; new dimensions come first."""
    times, shape = sizes((listed(args, named, "repeats"),)), array_of(input).shape
    if len(times) < len(shape):
        raise RuntimeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor"
        )
    if min(times, default=0) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension: repeats {list(times)}")
    apart, each, together = _repeated(times, shape)
    return clone(reshape(expand(reshape(input, apart), each), together))


@functools.lru_cache(64)
def _repeated(times, shape):
    """``shape`` with a 1 before each size, with the number of times there, and with both multiplied."""
    shape = (1,) * (len(times) - len(shape)) + shape
    pairs = list(zip(times, shape))
    apart = tuple(n for size in shape for n in (1, size))
    return apart, tuple(n for pair in pairs for n in pair), tuple(n * size for n, size in pairs)


def tile(input, *args, **named):
    """As :func:`repeat`, with missing leading entries of ``dims`` being 1."""
    times = sizes((listed(args, named, "dims"),))
    return repeat(input, (1,) * (len(input.shape) - len(times)) + times)
