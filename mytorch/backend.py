# Names only: there is nothing to read here.
"""The old name of ``mytorch.core.arrays``."""

from .core.arrays import as_array, device, device_of, is_array, module_for, move, xp

__all__ = ["as_array", "device", "device_of", "is_array", "module_for", "move", "xp"]
