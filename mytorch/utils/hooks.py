# Names only: there is nothing to read here.
"""``torch.utils.hooks``: the handle that registering a hook returns."""

from ..tensors.public_names import publish as _publish
from ..tensors.removable_handle import RemovableHandle

__all__ = ["RemovableHandle"]

_publish(__name__)
