"""Where torch keeps the handle that registering a hook returns."""

from ..names import publish
from ..tensors.tensor import RemovableHandle

__all__ = ["RemovableHandle"]

publish(__name__)
