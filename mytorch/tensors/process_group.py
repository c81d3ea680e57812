"""The process group of all processes, which ``mytorch.distributed`` registers here, so that layers and samplers
can ask for it without knowing of that room.
"""

from __future__ import annotations

from typing import Any

registered: Any = (
    None  # has rank(), size() and sum(tensor), whose gradient is the sum of all ranks' gradients
)


def register(group) -> None:
    """Make ``group`` the one that layers and samplers find; None for no group."""
    global registered
    registered = group
