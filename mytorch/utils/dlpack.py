# Names only: there is nothing to read here.
"""``torch.utils.dlpack``: tensors of other libraries on the same memory."""

from __future__ import annotations

from ..tensors.creation import from_dlpack as from_dlpack
from ..tensors.public_names import lookup as _lookup
from ..tensors.public_names import publish as _publish

__all__ = ["from_dlpack", "to_dlpack"]


def to_dlpack(tensor):
    """A capsule by which another library takes the tensor's memory."""
    return tensor.__dlpack__()


_publish(__name__)
__getattr__ = _lookup(__name__)
