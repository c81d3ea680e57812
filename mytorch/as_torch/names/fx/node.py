"""The steps of a trace."""

from . import Node

Argument = Target = object
