"""Where torch keeps the handle that registering a hook returns."""

from ..tensors.tensor import RemovableHandle

__all__ = ["RemovableHandle"]
