# Names only: there is nothing to read here.
"""The old name of ``mytorch.core.primitive``."""

from ..core.primitive import Primitive, primitive, primitives

__all__ = ["Primitive", "primitive", "primitives"]
