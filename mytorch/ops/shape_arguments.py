"""Arguments that are shapes and dimensions: checked, and counted from the front."""

from __future__ import annotations

import math
import operator


def sizes(args):
    """The ints of ``f(2, 3)`` or ``f((2, 3))``; entries may be 0-d tensors.

    TypeError for anything but integers.
    """
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = args[0]
    if args and type(args[0]) is bool:  # torch checks the first entry alone
        raise TypeError(f"sizes must be ints, got {args}")
    try:
        return tuple(map(operator.index, args))
    except TypeError as error:
        raise _refused_sizes(args, error) from None


def _refused_sizes(args, error):
    """A TypeError that names the first of ``args`` that is no integer; else ``error``."""
    wrong = [type(value).__name__ for value in args if not hasattr(value, "__index__")]
    return TypeError(f"sizes must be ints, got {wrong[0]} in {tuple(args)}") if wrong else error


class TooLarge(ValueError, OverflowError):
    """An int of more than 64 bits."""


def integer(value):
    """``value`` as an int.

    TypeError for booleans, as in torch, and for anything but integers and 0-d tensors of them. ValueError for
    more than 64 bits.
    """
    if type(value) is bool:
        raise TypeError(f"expected an int, got {value}")
    number = operator.index(value)
    if not -(2**63) <= number < 2**63:
        raise TooLarge(f"Overflow when unpacking long long: {number} has more than 64 bits")
    return number


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
    if type(dim) is int and -ndim <= dim < ndim:
        return dim if dim >= 0 else dim + ndim
    if not hasattr(dim, "__index__") or isinstance(dim, bool):
        raise TypeError(f"dim must be an int, not {type(dim).__name__}")
    dim, bound = dim.__index__(), max(ndim, 1)
    if not -bound <= dim < bound:
        raise IndexError(
            f"{what} out of range (expected to be in range of [{-bound}, {bound - 1}], but got {dim})"
        )
    return dim % bound


def check_dims(dim, ndim):
    """A tuple of dimensions counted from the front; None stands for all.

    RuntimeError if one appears twice.
    """
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
            "dimension size -1 can be any value and is ambiguous"
        )
    if (unknown and (known == 0 or size % known)) or (not unknown and known != size):
        raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {size}")
    return tuple(size // known if n == -1 else n for n in shape) if unknown else shape
