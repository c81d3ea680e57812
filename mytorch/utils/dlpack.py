# Names only: there is nothing to read here.
"""``torch.utils.dlpack``: tensors of other libraries on the same memory."""

from __future__ import annotations

from ..tensors.creation import from_dlpack as from_dlpack


def to_dlpack(tensor):
    """A capsule by which another library takes the tensor's memory."""
    return tensor.__dlpack__()
