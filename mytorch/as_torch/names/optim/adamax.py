# Names only: there is nothing to read here.
"""The step of an optimizer as a function."""

from ._functional import adamax

__all__ = ["adamax"]
