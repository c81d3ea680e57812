"""What has no rule for batched arrays: it runs once for each entry, and the results are stacked."""

from __future__ import annotations

import math
from contextvars import ContextVar

from ..core.arrays import xp
from ..tensors.generator import default_generator
from .batched_array import BatchedArray, batched, lead_of, spread, union

loops = [0]  # how often something ran entry by entry, for the tests
same_draws: ContextVar = ContextVar("whether all entries draw the same random numbers", default=False)


def entrywise(function, args, kwargs):
    """``function`` called with the arrays of each entry, its results stacked."""
    found = list(batched_in([args, kwargs]))
    levels = union(found)
    lead = lead_of(found, levels)
    count = math.prod(lead)
    loops[0] += bool(levels)
    flat = {id(x): spread(x, levels, lead).reshape(count, *x.shape) for x in found}
    state, results = default_generator.get_state() if same_draws.get() else None, []
    for i in range(max(count, 1)):
        if state is not None:
            default_generator.set_state(state)
        results.append(function(*_entry(args, flat, i), **_entry(kwargs, flat, i)))
    return _stacked(results, levels, lead)


def batched_in(value):
    """The batched arrays in dicts, tuples and lists."""
    if isinstance(value, BatchedArray):
        yield value
    elif isinstance(value, dict):
        for v in value.values():
            yield from batched_in(v)
    elif isinstance(value, (tuple, list)):
        for v in value:
            yield from batched_in(v)


def any_batched(value):
    return next(batched_in(value), None) is not None


def _entry(value, flat, i):
    if isinstance(value, BatchedArray):
        return flat[id(value)][i, ...] if value.levels else value.data
    if isinstance(value, dict):
        return {name: _entry(v, flat, i) for name, v in value.items()}
    if type(value) in (tuple, list):
        return type(value)(_entry(v, flat, i) for v in value)
    if isinstance(value, tuple):
        return type(value)(*(_entry(v, flat, i) for v in value))
    return value


def _stacked(results, levels, lead):
    first = results[0]
    if isinstance(first, (tuple, list)):
        parts = [_stacked(column, levels, lead) for column in zip(*results, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if hasattr(first, "shape"):
        if any(r.shape != first.shape for r in results):
            raise RuntimeError(
                "vmap: It looks like you're attempting to use an operation whose results have other shapes "
                f"for each entry, here {sorted({r.shape for r in results})}. This is not supported."
            )
        data = xp(first).stack([xp(first).asarray(r) for r in results])
        return batched(data.reshape((*lead, *first.shape)), levels)
    return first
