"""The process group of all processes, which ``mytorch.distributed`` registers here, so that layers and
samplers can ask for it without knowing of that room.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

registered: Any = None  # has rank() and size()
sum_over: Callable | None = None  # sum_over(tensor, group): the sum over its ranks, which passes gradients


def register(group) -> None:
    """Make ``group`` the one that layers and samplers find; None for no group."""
    global registered
    registered = group
