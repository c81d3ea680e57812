# Names only: there is nothing to read here.
"""The step of an optimizer as a function."""

from ._functional import rmsprop

__all__ = ["rmsprop"]
