"""What packages ask about files."""

from typing import Any

__all__ = ["DEFAULT_PROTOCOL", "MAP_LOCATION", "get_unsafe_globals_in_checkpoint"]

DEFAULT_PROTOCOL = 2
MAP_LOCATION = Any


def get_unsafe_globals_in_checkpoint(f):
    """NotImplementedError: ``torch.load`` names what it refuses."""
    raise NotImplementedError("get_unsafe_globals_in_checkpoint: torch.load(f) says what it refuses, and why")
