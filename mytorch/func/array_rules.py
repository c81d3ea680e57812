"""What NumPy's functions mean for batched arrays, family by family.

A rule takes (function, args, kwargs), with the arguments as they were given for one entry, and calls the
function once for all entries. What has no rule runs entry by entry.
"""

from __future__ import annotations

import numpy

from ..core.arrays import is_array
from ..kernels.elementwise import choose
from .array_indexing import add_at
from .array_products import dot, einsum, matmul
from .batched_array import (
    BatchedArray,
    NotBatched,
    SharedWrite,
    aligned,
    batched,
    frame,
    grow,
    lead_of,
    of_entries,
    spread,
    union,
)
from .entrywise import any_batched, entrywise


def of_function(self, function, types, args, kwargs):
    """``function``, one of NumPy's that is no ufunc, of batched arrays."""
    out, rule = kwargs.pop("out", None), RULES.get(function.__name__)
    if function.__name__ in WRITERS:
        raise SharedWrite  # entry by entry all would write to the same array, or to copies
    found = entrywise(function, args, kwargs) if rule is None else rule(function, *args, **kwargs)
    return found if out is None else _written(out, found)


def _written(out, values):
    """``out`` with ``values`` written to it."""
    out = out[0] if isinstance(out, tuple) else out
    if not isinstance(out, BatchedArray):
        raise SharedWrite
    out[...] = values
    return out


# ---- ufuncs --------------------------------------------------------------------------------------


def of_ufunc(self, ufunc, method, *inputs, **options):
    """``ufunc`` or a method of it, such as ``numpy.add.reduce``."""
    if method == "__call__" and ufunc.signature is None:
        if len(inputs) == 2 and not options and ufunc.nout == 1:
            return binary(ufunc, *inputs)
        return elementwise(ufunc, *inputs, **options)
    if method == "at":
        return add_at(ufunc, *inputs)
    if method == "outer":
        x, y = inputs
        ndim = y.ndim if is_array(y) else 0
        return ufunc(x.reshape((*x.shape, *(1,) * ndim)), y, **options)
    out = options.pop("out", None)
    if ufunc is numpy.matmul:
        found = matmul(*inputs)
    elif method in ("reduce", "accumulate"):
        found = _along_the_first(getattr(ufunc, method), *inputs, **options)
    else:
        found = entrywise(getattr(ufunc, method), inputs, options)
    return found if out is None else _written(out, found)


def elementwise(function, *inputs, out=None, where=True, **options):
    """What broadcasts: batch dimensions lead, then dimensions of size 1 up to the most that one input has."""
    target = out[0] if isinstance(out, tuple) else out
    if len(inputs) == 1 and target is None and where is True:
        return wrapped(function(inputs[0].data, **options), inputs[0].levels)
    everything = inputs if target is None and where is True else (*inputs, where, target)
    levels, ndim = frame(everything)
    if where is not True:
        options["where"] = aligned(where, levels, ndim)
    arrays = [aligned(x, levels, ndim) for x in inputs]
    if target is None:
        return wrapped(function(*arrays, **options), levels)
    if not isinstance(target, BatchedArray):
        raise SharedWrite  # a += b, too, whose ``a`` others may hold
    grow(target, everything)
    function(*arrays, out=target.data, **options)
    return target


def binary(ufunc, x, y):
    """``ufunc(x, y)``: at once where nothing is to be aligned."""
    x, y = of_entries(x), of_entries(y)
    if not isinstance(y, BatchedArray):
        if not isinstance(x, BatchedArray):
            return batched(ufunc(x, y), ())
        if getattr(y, "ndim", 0) <= x.ndim:
            return type(x)(ufunc(x.data, y), x.levels)
    elif not isinstance(x, BatchedArray):
        if getattr(x, "ndim", 0) <= y.ndim:
            return type(y)(ufunc(x, y.data), y.levels)
    elif x.levels == y.levels and x.ndim == y.ndim:
        return type(x)(ufunc(x.data, y.data), x.levels)
    return elementwise(ufunc, x, y)


def wrapped(result, levels):
    if isinstance(result, tuple):
        parts = [batched(r, levels) for r in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return batched(result, levels)


# ---- along dimensions ----------------------------------------------------------------------------


def shifted(axis, ahead):
    """``axis`` of one entry as that of all: those counted from the end stay."""
    if isinstance(axis, (tuple, list)):
        return tuple(shifted(a, ahead) for a in axis)
    return axis + ahead if axis >= 0 else axis


def _along(default=None, whole="axes", position=1, name="axis"):
    """The rule of functions of one array along an axis, the argument at ``position``.

    default: the axis if none is given. whole: what None means: all "axes", the array made "flat", or the
    axes of size "one".
    """

    def rule(function, x, *args, **options):
        if any_batched([args, options]):
            if len(args) < position:
                options.setdefault(name, default)
            return entrywise(function, (x, *args), options)
        before, (axis, *after) = args[: position - 1], args[position - 1 :] or (options.pop(name, default),)
        data, ahead = x.data, len(x.levels)
        if axis is None:
            if whole == "flat":
                data, axis = data.reshape((*x.lead, -1)), -1
            elif whole == "one":
                axis = tuple(i for i, n in enumerate(data.shape) if i >= ahead and n == 1)
            else:
                axis = tuple(range(ahead, data.ndim))
        else:
            axis = shifted(axis, ahead)
        if after:
            return wrapped(function(data, *before, axis, *after, **options), x.levels)
        return x.again(function(data, *before, **{name: axis}, **options))

    return rule


_along_the_first = _along(0)


def _moved(function, x, *axes, **named):
    """What is told axes only, by place or by name."""
    ahead = len(x.levels)
    named = {name: shifted(axis, ahead) for name, axis in named.items()}
    return x.again(function(x.data, *(shifted(a, ahead) for a in axes), **named))


def _transpose(function, x, axes=()):
    return x.transpose(*axes or ())


def _matrices(function, x, *args, **options):
    """What works on the last two dimensions, whatever leads."""
    if x.ndim < 2 or any_batched([args, options]):
        return entrywise(function, (x, *args), options)
    return wrapped(function(x.data, *args, **options), x.levels)


def _solve(function, a, b):
    vector = b.ndim == 1
    b = b[..., None] if vector else b
    levels, ndim = frame([a, b])
    x = batched(function(aligned(a, levels, ndim), aligned(b, levels, ndim)), levels)
    return x[..., 0] if vector else x


def _diagonal(function, x, offset=0, axis1=0, axis2=1, **options):
    ahead = len(x.levels)
    return x.again(function(x.data, offset, *shifted((axis1, axis2), ahead), **options))


def _of_one(function, x, *args, **options):
    """What treats each element alone, or makes an array like ``x``."""
    if any_batched([args, options]) or options.get("shape") or not isinstance(x, BatchedArray):
        return entrywise(function, (x, *args), options)
    return x.again(function(x.data, *args, **options))


# ---- shapes --------------------------------------------------------------------------------------


def reshape(function, x, shape, order="C", **options):
    if order == "A" and shape in (-1, (-1,)) and (entry := _in_memory(x)) is not None:
        x = entry
    elif order != "C":
        raise NotBatched(f"each entry has an order {order!r} of its own")
    shape = (shape,) if isinstance(shape, (int, numpy.integer)) else tuple(shape)
    if -1 in shape and not x.data.size:
        shape = numpy.broadcast_to(0, x.shape).reshape(shape).shape
    return x.again(x.data.reshape((*x.lead, *shape)))


def _in_memory(x):
    """``x`` with the dimensions of each entry in the order of memory. None if its elements lie apart."""
    if x.data.flags.c_contiguous:
        return x
    for entry in (x, x.T):
        steps = numpy.cumprod((x.itemsize, *entry.shape[:0:-1]))[::-1]
        if all(n == 1 or step == each for n, step, each in zip(entry.shape, entry.strides, steps)):
            return entry
    return None


def _ravel(function, x, order="C"):
    return reshape(function, x, (-1,), order)


def _broadcast_to(function, x, shape, subok=False):
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    return x.again(function(aligned(x, x.levels, len(shape)), (*x.lead, *shape)))


def _tile(function, x, reps):
    reps = (reps,) if isinstance(reps, int) else tuple(reps)
    x = x.reshape((1,) * (len(reps) - x.ndim) + x.shape)
    reps = (1,) * (x.ndim - len(reps)) + reps
    return x.again(function(x.data, (*(1,) * len(x.levels), *reps)))


# ---- several arrays ------------------------------------------------------------------------------


def _join(function, arrays, axis=0, **options):
    arrays = list(arrays)
    levels = union(arrays)
    lead = lead_of(arrays, levels)
    axis = None if axis is None else shifted(axis, len(levels))
    if axis is None:
        arrays, axis = [numpy.ravel(a) for a in arrays], -1
    return batched(function([spread(a, levels, lead) for a in arrays], axis, **options), levels)


def _where(function, condition, *values):
    if not values:
        return entrywise(function, (condition,), {})
    return elementwise(choose if is_array(condition) else function, condition, *values)


def _clip(function, x, a_min=None, a_max=None, **options):
    low, high = options.pop("min", a_min), options.pop("max", a_max)
    inputs = (x, low, high)
    levels, ndim = frame(inputs)
    return batched(function(*(aligned(v, levels, ndim) for v in inputs), **options), levels)


def _full_like(function, x, value, dtype=None, **options):
    made = _of_one(numpy.empty_like, x, dtype, **options)
    made[...] = value
    return made


def _take(function, x, indices, axis=None, mode="raise"):
    if axis is None:
        x, axis = numpy.ravel(x), 0
    if not isinstance(x, BatchedArray):
        x = batched(x, ())
    indices = of_entries(indices)
    if not isinstance(indices, BatchedArray):
        return x.again(function(x.data, indices, shifted(axis, len(x.levels)), mode=mode))
    return x[(slice(None),) * (axis % x.ndim) + (indices,)]


def _isin(function, x, values, invert=False, **options):
    values = of_entries(values)
    if not isinstance(values, BatchedArray):
        return x.again(function(x.data, values, invert=invert))
    found = (numpy.expand_dims(x, -1) == numpy.ravel(values)).any(-1)
    return ~found if invert else found


def _broadcast_arrays(function, *arrays, **options):
    shape = numpy.broadcast_shapes(*(a.shape for a in arrays))
    return tuple(numpy.broadcast_to(a, shape) for a in arrays)


def _take_along(function, x, indices, axis=-1):
    levels = union([x, indices])
    lead = lead_of([x, indices], levels)
    axis = shifted(axis, len(levels))
    return batched(function(spread(x, levels, lead), spread(indices, levels, lead), axis), levels)


RULES = {
    **dict.fromkeys("sum prod max min mean var std any all count_nonzero".split(), _along()),
    **dict.fromkeys("argmax argmin cumsum cumprod".split(), _along(whole="flat")),
    **dict.fromkeys("sort argsort".split(), _along(-1)),
    **dict.fromkeys("fft ifft rfft irfft hfft ihfft partition".split(), _along(-1, position=2)),
    **dict.fromkeys("fftn ifftn rfftn irfftn".split(), _along(position=2, name="axes")),
    "repeat": _along(whole="flat", position=2),
    "flip": _along(),
    "squeeze": _along(whole="one"),
    "concatenate": _join,
    "stack": _join,
    **dict.fromkeys("expand_dims moveaxis swapaxes".split(), _moved),
    "transpose": _transpose,
    **dict.fromkeys("diagonal trace".split(), _diagonal),
    "reshape": reshape,
    "ravel": _ravel,
    "broadcast_to": _broadcast_to,
    "tile": _tile,
    **dict.fromkeys(
        "real imag angle round nan_to_num isreal sinc copy zeros_like ones_like empty_like".split(), _of_one
    ),
    "full_like": _full_like,
    "where": _where,
    "clip": _clip,
    "isin": _isin,
    "broadcast_arrays": _broadcast_arrays,
    "take": _take,
    "take_along_axis": _take_along,
    "dot": dot,
    "einsum": einsum,
    **dict.fromkeys(
        "tril triu inv pinv det slogdet cholesky qr svd svdvals eig eigh eigvals eigvalsh".split(), _matrices
    ),
    "solve": _solve,
}

WRITERS = set("copyto fill_diagonal place put put_along_axis putmask".split())  # to their first argument

BatchedArray.__array_ufunc__ = of_ufunc  # type: ignore[method-assign]
BatchedArray.__array_function__ = of_function  # type: ignore[attr-defined]
