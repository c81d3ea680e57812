# Names only: there is nothing to read here.
"""Where torch keeps the handle that registering a hook returns."""

from ..core.public_names import publish as _publish
from ..tensors.tensor import RemovableHandle

__all__ = ["RemovableHandle"]

_publish(__name__)
