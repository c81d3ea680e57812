"""Operations whose functions on arrays cannot take batched ones: how they compute all entries at once.

Most need no rule, they run as they are. Where one fails its family has a rule here, which gives the operation
plain arrays of all entries. If that fails too, or there is none, it runs entry by entry.
"""

from __future__ import annotations

import contextlib
import functools
import math

import numpy

from ..core.arrays import is_array, xp
from ..core.errors import refuse_complex
from ..core.primitive import Primitive
from ..ops.linalg.matrix import largest_norm
from ..ops.losses.class_targets import all_below
from .array_rules import lead_of, wrapped
from .batched_array import BatchedArray, aligned, batched, frame, of_entries, spread, union, writing
from .entrywise import any_batched, batched_in, entrywise

OBSERVED = (
    "Batch norm got a batched tensor as input while the running_mean or running_var, which will be updated "
    "in place, were not batched. If you are using a module and do not need eval mode, please set "
    "`track_running_stats` to be False."
)


def rescue(op, arrays, settings):
    """(result,) for batched arrays of an operation, or of a plan's rules, that failed; None if no array is
    batched. Is it a fault of the call, then it shows again where it runs entry by entry.
    """
    found = list(batched_in([arrays, settings]))
    levels = union(found)
    if not levels:  # batched arrays that are the same for all entries: one entry is all
        return (entrywise(functools.partial(_run, op), arrays, settings),) if found else None
    lead = lead_of(found, levels)
    for attempt in (_by_rule, _lifted) if isinstance(op, Primitive) else (_lifted,):
        with contextlib.suppress(Exception):
            result = attempt(op, arrays, settings, levels, lead)
            if result is not None:
                return (result,)
    if settings.get("observe") is not None:  # not to be called by one entry after the other
        raise RuntimeError(OBSERVED)
    return (entrywise(functools.partial(_run, op), arrays, settings),)


Primitive.rescue = staticmethod(rescue)


def _run(op, *arrays, **settings):
    """An operation, or the rules of a plan, on arrays."""
    return _forward(op, arrays, settings) if isinstance(op, Primitive) else op.vjp(*arrays)


def _forward(op, arrays, settings):
    arrays = arrays if op.prepare is None else op.prepare(list(arrays))
    if op.complex is None:
        refuse_complex(op, arrays)
    return op.forward(*arrays, **settings)


def _lifted(op, arrays, settings, levels, lead):
    """The function as it is, with all arrays batched, and new ones, so that parts of them can be written."""
    with writing(levels, lead):
        return _run(op, *_lift(arrays), **settings)


def _lift(value):
    """``value``, or the arrays in a tuple or list, as batched arrays."""
    if type(value) in (tuple, list):
        return type(value)(map(_lift, value))
    return batched(value, ()) if is_array(value) and not isinstance(value, BatchedArray) else value


# ---- families ------------------------------------------------------------------------------------


def _by_rule(op, arrays, settings, levels, lead):
    rule = RULES.get(op.name) or MODULES.get(op.forward.__module__.partition(".ops.")[2])
    if rule is None or any_batched(settings):
        return None
    return rule(op, arrays, settings, levels, lead)


def _broadcasting(op, arrays, settings, levels, lead):
    """Elementwise ones, and those of matrices, in the last two dimensions."""
    levels, ndim = frame(arrays)
    return wrapped(_forward(op, [aligned(a, levels, ndim) for a in arrays], settings), levels)


def _batch_first(op, arrays, settings, levels, lead):
    """Arrays (N, …): the entries are more of N."""
    arrays = [spread(a, levels, lead) if is_array(a) else a for a in arrays]
    ahead = len(levels) + 1
    flat = [a.reshape((-1, *a.shape[ahead:])) if is_array(a) else a for a in arrays]
    n = next(a for a in arrays if is_array(a)).shape[ahead - 1]
    return _each(lambda r: r.reshape((*lead, n, *r.shape[1:])), _forward(op, flat, settings), levels)


def _each(change, result, levels):
    if isinstance(result, tuple):
        return tuple(batched(change(r), levels) for r in result)
    return batched(change(result), levels)


def _row_after_row(op, arrays, settings, levels, lead):
    """Along a dimension, a setting, of a single array."""
    dim = settings["dim"]
    settings = {**settings, "dim": dim + len(levels) if dim >= 0 else dim}
    arrays = [a.data if isinstance(a, BatchedArray) else a for a in arrays]
    return wrapped(_forward(op, arrays, settings), levels)


def _is_shared(x):
    return not is_array(x) or not isinstance(x, BatchedArray) or not x.levels


def _to_channels(x, levels, lead):
    """(N, C, …) of each entry as (N, entries · C, …)."""
    data = spread(x, levels, lead)
    data = data.reshape((-1, *data.shape[len(levels) :]))
    data = xp(data).moveaxis(data, 0, 1)
    return data.reshape((data.shape[0], -1, *data.shape[3:]))


def _from_channels(data, levels, lead):
    data = data.reshape((data.shape[0], *lead, -1, *data.shape[2:]))
    return batched(xp(data).moveaxis(data, 0, len(lead)), levels)


def _first(x, levels, lead):
    """(C, …) of each entry as (entries · C, …)."""
    data = spread(x, levels, lead)
    return data.reshape((-1, *data.shape[len(levels) + 1 :]))


def _convolution(op, arrays, settings, levels, lead):
    """Entries are more of the batch if they share weights, else they are groups of channels."""
    x, *weights = arrays
    if all(map(_is_shared, weights)):
        weights = [a.data if isinstance(a, BatchedArray) else a for a in weights]
        return _batch_first_of_one(op, x, weights, settings, levels, lead)
    groups = settings["groups"] * math.prod(lead)
    weights = [_first(a, levels, lead) if is_array(a) else a for a in weights]
    out = _forward(op, [_to_channels(x, levels, lead), *weights], {**settings, "groups": groups})
    return _from_channels(out, levels, lead)


def _batch_first_of_one(op, x, others, settings, levels, lead):
    data = spread(x, levels, lead)
    out = _forward(op, [data.reshape((-1, *x.shape[1:])), *others], settings)
    return batched(out.reshape((*lead, x.shape[0], *out.shape[1:])), levels)


def _convolution_weight(op, arrays, settings, levels, lead):
    """Entries are groups of channels."""
    groups = settings["groups"] * math.prod(lead)
    channels = [_to_channels(a, levels, lead) for a in arrays]
    out = _forward(op, channels, {**settings, "groups": groups})
    return batched(out.reshape((*lead, -1, *out.shape[1:])), levels)


def _normalised_alike(op, arrays, settings, levels, lead):
    """Batch norm with a weight or bias for each entry, of an input that is the same for all."""
    x, *parameters = [of_entries(a) for a in arrays]
    if isinstance(x, BatchedArray):
        return None
    out, *statistics = _forward(op, [x, None, None], settings)
    weight, bias = (a if a is None else a.reshape(-1, *[1] * (x.ndim - 2)) for a in parameters)
    out = out if weight is None else out * weight
    return out if bias is None else out + bias, *statistics


all_below[BatchedArray] = lambda t, classes: all_below[numpy.ndarray](t.data.reshape(-1), classes)
largest_norm[BatchedArray] = lambda matrices: largest_norm[numpy.ndarray](matrices.data)

RULES = {
    **dict.fromkeys("convolution convolution_input".split(), _convolution),
    "convolution_weight": _convolution_weight,
    **dict.fromkeys(
        """max_pool max_pool_scatter max_pool_gather max_pool_indices avg_pool avg_pool_spread unfold_columns
        fold_columns pick unpick max_unpool""".split(),
        _batch_first,
    ),
    "resample": _row_after_row,
    "standardise_channels": _normalised_alike,
    **dict.fromkeys("cholesky solve_triangular svd svdvals eig eigvals".split(), _broadcasting),
}
MODULES = {
    "activation": _broadcasting,
    "gates": _broadcasting,
    **dict.fromkeys(
        [f"special.{name}" for name in "bessel erf gamma incomplete_gamma normal scipy_functions".split()],
        _broadcasting,
    ),
}
