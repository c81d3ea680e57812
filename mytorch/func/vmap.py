"""vmap: a function of single samples, applied to each entry of a batch in a loop."""

from __future__ import annotations

import functools

from ..core.graph import Variable
from ..ops.join import stack
from ..ops.split import narrow, select
from ..tensors.generator import default_generator
from ..utils._pytree import leaves, rebuilt


def vmap(func, in_dims=0, out_dims=0, randomness="error", *, chunk_size=None):
    """A function that applies ``func`` to each slice of its tensors along ``in_dims`` and stacks the results
    along ``out_dims``.

    ``in_dims``: a number for all arguments, or a tuple with the structure of the arguments; None for what is
    not batched. ``out_dims``: the same for outputs. ``randomness``: "error" raises RuntimeError if ``func``
    draws random numbers, "different" lets each entry draw its own, "same" gives all entries the same.
    ``chunk_size`` has no effect: this is a loop, with the speed of one. It is differentiable and nests with
    ``grad``. ValueError if there is nothing to map over, or sizes differ.
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
        results = []
        if empty := size == 0:  # a call with zeros finds the shapes of the results
            values, size = [v if d is None else _one_zero(v, d) for v, d in zip(values, dims)], 1
        state = default_generator.get_state() if randomness == "same" else None
        for i in range(size):
            entry = iter([v if d is None else select(v, d, i) for v, d in zip(values, dims)])
            before = default_generator.numpy.bit_generator.state if randomness == "error" else None
            results.append(
                func(*rebuilt(args, entry), **{name: rebuilt(kwargs[name], entry) for name in names})
            )
            if before is not None and before != default_generator.numpy.bit_generator.state:
                raise RuntimeError(
                    "vmap: called random operation while in randomness error mode. Please either use the "
                    "'same' or 'different' randomness flags on vmap or perform the randomness operation out "
                    "of vmap"
                )
            if state is not None and i + 1 < size:
                default_generator.set_state(state)
        return _stacked(results, out_dims, empty)

    return mapped_function


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


def _stacked(results, out_dims, empty):
    columns = list(zip(*map(leaves, results)))
    if isinstance(out_dims, int) or out_dims is None:
        dims = [out_dims] * len(columns)
    else:
        tree = results[0] if isinstance(results[0], (tuple, list, dict)) else (results[0],)
        dims = _spread(out_dims, tree)
    outputs = []
    for column, dim in zip(columns, dims):
        if not all(isinstance(value, Variable) for value in column):
            raise ValueError(
                f"vmap: the function must only return Tensors, got type {type(column[0])} as a return"
            )
        stacked = column[0] if dim is None else stack(column, dim)
        outputs.append(narrow(stacked, dim, 0, 0) if empty and dim is not None else stacked)
    return rebuilt(results[0], iter(outputs))
