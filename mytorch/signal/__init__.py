# Names only: there is nothing to read here.
"""``torch.signal``: window functions."""

from . import windows

__all__ = ["windows"]
