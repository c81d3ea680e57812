"""vmap: a function of single samples, called once for a whole batch."""

from __future__ import annotations

import functools

from ..core.graph import Variable
from ..ops.join import cat, stack
from ..ops.split import narrow, select
from ..tensors.generator import default_generator
from ..utils._pytree import rebuilt
from ..utils._pytree import tree_leaves as leaves
from .batched_array import NotBatched, SharedWrite
from .batched_random import drawing
from .entrywise import loops
from .levels import Level


def vmap(func, in_dims=0, out_dims=0, randomness="error", *, chunk_size=None):
    """A function that applies ``func`` to each slice of its tensors along ``in_dims`` and stacks the results
    along ``out_dims``.

    ``in_dims``: a number for all arguments, or a tuple with the structure of the arguments; None for what is
    not batched. ``out_dims``: the same for outputs. ``randomness``: "error" raises RuntimeError if ``func``
    draws random numbers, "different" lets each entry draw its own, "same" gives all entries the same.
    ``chunk_size``: how many entries are computed at a time, to save memory; all if None.

    ``func`` is called once, with tensors that stand for all entries. Only if it reads numbers out of them is
    it called for each. It is differentiable and nests with ``grad``; a ``backward()`` inside adds up the
    gradients of what all entries share. ValueError if there is nothing to map over, or sizes differ;
    RuntimeError for ``item()`` and conditions that depend on entries.
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(
            f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}"
        )
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def mapped_function(*args, **kwargs):
        values, dims = leaves(args), _dims(in_dims, args)
        names = sorted(kwargs)
        values += [leaf for name in names for leaf in leaves(kwargs[name])]
        dims += [0 if isinstance(leaf, Variable) else None for name in names for leaf in leaves(kwargs[name])]
        size = _batch_size(values, dims, func)

        def call(entry):
            entry = iter(entry)
            return func(*rebuilt(args, entry), **{name: rebuilt(kwargs[name], entry) for name in names})

        if size == 0:  # a call with zeros finds the shapes of the results
            values = [v if d is None else _one_zero(v, d) for v, d in zip(values, dims)]
            return _narrowed(_all_at_once(call, values, dims, 1, out_dims, randomness), out_dims)
        step = chunk_size or size
        chunks = []
        for start in range(0, size, step):
            count = min(step, size - start)
            part = [
                v if d is None or count == size else narrow(v, d, start, count) for v, d in zip(values, dims)
            ]
            chunks.append(_all_at_once(call, part, dims, count, out_dims, randomness))
        return chunks[0] if len(chunks) == 1 else _joined(cat, chunks, out_dims)

    return mapped_function


def _all_at_once(call, values, dims, size, out_dims, randomness):
    """What ``call`` gives for the list of tensors that stand for all entries, along ``out_dims``."""
    level = Level(size)
    entered = [v if d is None else level.enter(v, d) for v, d in zip(values, dims)]
    try:
        with level, drawing(level, randomness):
            outputs = call(entered)
    except (NotBatched, SharedWrite) as error:
        if isinstance(error, SharedWrite) and randomness == "error":  # else draws were written
            raise
        return _one_by_one(call, values, dims, size, out_dims, randomness)
    results = [
        out if dim is None else level.leave(out, dim)
        for out, dim in zip(_tensors(outputs), _out_dims(out_dims, outputs))
    ]
    level.close(results)
    return rebuilt(outputs, iter(results))


def _one_by_one(call, values, dims, size, out_dims, randomness):
    """The same, with one call for each entry."""
    loops[0] += 1
    state, results = default_generator.get_state() if randomness == "same" else None, []
    for i in range(size):
        if state is not None:
            default_generator.set_state(state)
        with drawing(None, randomness):
            results.append(call([v if d is None else select(v, d, i) for v, d in zip(values, dims)]))
    return _joined(stack, results, out_dims)


# ---- arguments -----------------------------------------------------------------------------------


def _dims(in_dims, args):
    """The mapped dimension of every leaf of ``args``."""
    if isinstance(in_dims, int):
        return [in_dims if isinstance(leaf, Variable) else None for leaf in leaves(args)]
    if not isinstance(in_dims, (tuple, list)):
        raise ValueError(
            f"vmap(in_dims={in_dims}): expected `in_dims` to be int or a (potentially nested) tuple "
            "matching the structure of inputs"
        )
    return [
        d for tree, dim in zip(args, _same_length(in_dims, args), strict=True) for d in _spread(dim, tree)
    ]


def _same_length(dims, tree):
    if len(dims) != len(tree):
        raise ValueError(
            f"vmap: in_dims is not compatible with the structure of inputs: in_dims has {len(dims)} "
            f"entries, the inputs {len(tree)}"
        )
    return dims


def _spread(dim, tree):
    if isinstance(dim, dict) and isinstance(tree, dict):
        return [d for key in tree for d in _spread(dim[key], tree[key])]
    if isinstance(dim, (tuple, list)):
        return [d for part, below in zip(_same_length(dim, tree), tree) for d in _spread(part, below)]
    return [dim] * len(leaves(tree))


def _batch_size(values, dims, func):
    name = getattr(func, "__name__", type(func).__name__)
    sizes = []
    for value, dim in zip(values, dims):
        if dim is None:
            continue
        if not isinstance(value, Variable):
            raise ValueError(
                f"vmap({name}): Got in_dim={dim} for an input of type {type(value)}. We cannot vmap "
                "over non-Tensor arguments"
            )
        if not -value.array.ndim <= dim < value.array.ndim:
            raise ValueError(
                f"vmap({name}): Got in_dim={dim} for some input, but that input is a Tensor of "
                f"dimensionality {value.array.ndim}"
            )
        sizes.append(value.array.shape[dim])
    if not sizes:
        raise ValueError(
            f"vmap({name}): at least one Tensor must be mapped over: its in_dim must not be None"
        )
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    return sizes[0]


def _one_zero(value, dim):
    """A batch with one entry of zeros, in place of ``value``, whose batch is empty."""
    shape = list(value.shape)
    shape[dim] = 1
    return value.new_zeros(shape)


def _tensors(outputs):
    """The tensors of a result. ValueError for anything else in it."""
    found = leaves(outputs)
    for value in found:
        if not isinstance(value, Variable):
            raise ValueError(
                f"vmap: the function must only return Tensors, got type {type(value)} as a return"
            )
    return found


def _out_dims(out_dims, outputs):
    """The dimension of every tensor in ``outputs`` that the entries lie along; None for what all share."""
    if isinstance(out_dims, int) or out_dims is None:
        return [out_dims] * len(leaves(outputs))
    return _spread(out_dims, outputs if isinstance(outputs, (tuple, list, dict)) else (outputs,))


def _joined(join, results, out_dims):
    """Several results as one, by ``join`` (cat or stack) of the tensors at each place."""
    columns = zip(*map(_tensors, results))
    found = [
        column[0] if dim is None else join(column, dim)
        for column, dim in zip(columns, _out_dims(out_dims, results[0]))
    ]
    return rebuilt(results[0], iter(found))


def _narrowed(outputs, out_dims):
    """The results of an empty batch, of those of one entry."""
    found = [
        out if dim is None else narrow(out, dim, 0, 0)
        for out, dim in zip(leaves(outputs), _out_dims(out_dims, outputs))
    ]
    return rebuilt(outputs, iter(found))
