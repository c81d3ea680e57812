# Names only: there is nothing to read here.
"""Several tensors as one flat one and back, under the names by which libraries know torch's: private there,
but imported.
"""

from __future__ import annotations

from .ops.join import cat


def _flatten_dense_tensors(tensors):
    """The elements of all ``tensors``, one after the other, as one of one dimension."""
    return cat([t.reshape(-1) for t in tensors])


def _unflatten_dense_tensors(flat, tensors):
    """Views of ``flat`` in the shapes of ``tensors``."""
    parts = flat.split([t.numel() for t in tensors])
    return tuple(part.view(t.shape) for part, t in zip(parts, tensors))
