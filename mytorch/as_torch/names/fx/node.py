# Names only: there is nothing to read here.
"""The steps of a trace."""

from . import Node

Argument = Target = object
