"""Grids and combinations of the elements of vectors."""

from __future__ import annotations

import itertools

from ..core.arrays import array_of, xp
from .composite import composite
from .indexing import getitem
from .join import stack
from .shape import expand, reshape


def meshgrid(*tensors, indexing="ij"):
    """Coordinates of a grid: each vector spread over all dimensions; ``indexing="xy"`` swaps the first two.

    RuntimeError for tensors of two dimensions or more or of different dtypes, ValueError without a tensor.
    """
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    if not tensors:
        raise ValueError("meshgrid expects a non-empty TensorList")
    if indexing not in ("ij", "xy", None):
        raise RuntimeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in tensors:
        if len(x.shape) > 1:
            raise RuntimeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {list(x.shape)}"
            )
    if any(x.dtype != tensors[0].dtype for x in tensors):
        raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    swap = indexing == "xy" and len(tensors) > 1
    if swap:
        tensors = (tensors[1], tensors[0], *tensors[2:])
    whole = tuple(1 if not x.shape else x.shape[0] for x in tensors)
    grids = [
        expand(reshape(x, shape=tuple(whole[i] if i == j else 1 for j in range(len(whole)))), shape=whole)
        for i, x in enumerate(tensors)
    ]
    return (grids[1], grids[0], *grids[2:]) if swap else tuple(grids)


def cartesian_prod(*tensors):
    """All combinations of one element of each vector, as rows. RuntimeError for other shapes."""
    tensors = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)) else tensors
    for x in tensors:
        if len(x.shape) != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([reshape(g, shape=(-1,)) for g in meshgrid(*tensors)], 1)


@composite
def combinations(input, r=2, with_replacement=False):
    """All choices of ``r`` elements of a vector, as rows.

    RuntimeError for other shapes and a negative ``r``.
    """
    if len(input.shape) != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = list(choose(range(input.shape[0]), r))
    if not rows or r == 0:
        return input[:0] if r == 0 else reshape(input[:0], shape=(0, r))
    return getitem(input, index=(xp(array_of(input)).asarray(rows),))
