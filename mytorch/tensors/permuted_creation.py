"""Uninitialised memory whose dimensions lie in another order."""

from __future__ import annotations

from ..ops.permute import permute
from .creation import empty


def empty_permuted(size, physical_layout, *, dtype=None, device=None, requires_grad=False, **options):
    """Uninitialised memory of shape ``size``; ``physical_layout`` lists its dimensions from the outermost.

    RuntimeError unless that is a permutation of the dimensions.
    """
    if sorted(physical_layout) != list(range(len(size))):
        raise RuntimeError(
            f"Number of dimensions in size does not match the length of physical_layout, or a dimension is "
            f"missing or twice in it: size {list(size)}, physical_layout {list(physical_layout)}"
        )
    whole = empty([size[d] for d in physical_layout], dtype=dtype, device=device, **options)
    places = [physical_layout.index(d) for d in range(len(size))]
    return permute(whole, dims=tuple(places)).detach().requires_grad_(requires_grad)
