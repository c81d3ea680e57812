# Names only: there is nothing to read here.
"""The standard library's ``multiprocessing``, under torch's name.

Tensors that travel between processes are copied, not shared.
"""

from __future__ import annotations

from multiprocessing import *  # noqa: F403  (all of it, that is the point)

from .distributed.spawn import spawn  # noqa: F401
from .tensors.public_names import lookup as _lookup


def get_all_sharing_strategies() -> set:
    """The ways to send tensors to other processes: through a file descriptor, by value."""
    return {"file_descriptor"}


def get_sharing_strategy() -> str:
    """The way in which tensors are sent."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Nothing. ValueError for another strategy than that of :func:`get_all_sharing_strategies`."""
    if new_strategy not in get_all_sharing_strategies():
        raise ValueError(f"unknown sharing strategy {new_strategy!r}: there is {get_sharing_strategy()!r}")


__getattr__ = _lookup(__name__)
