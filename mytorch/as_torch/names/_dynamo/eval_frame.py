# Names only: there is nothing to read here.
"""The compiler's wrappers."""

from . import OptimizedModule
