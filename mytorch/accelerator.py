# Names only: there is nothing to read here.
"""The queries of ``torch.accelerator``: CUDA is the only accelerator."""

from __future__ import annotations

from . import cuda
from .core.arrays import device
from .tensors.public_names import lookup as _lookup


def is_available() -> bool:
    """Whether there is a GPU that mytorch can use."""
    return cuda.is_available()


def current_accelerator(check_available: bool = False) -> device | None:
    """``device("cuda")``, or None without a GPU."""
    return device("cuda") if cuda.is_available() else None


def device_count() -> int:
    """How many GPUs there are."""
    return cuda.device_count()


def current_device_index() -> int:
    """The number of the current GPU. RuntimeError without one."""
    return cuda.current_device()


def set_device_index(device) -> None:
    """Make another GPU the current one."""
    cuda.set_device(device)


def synchronize(device=None) -> None:
    """Wait until the GPU has finished all that was asked of it."""
    cuda.synchronize(device)


__getattr__ = _lookup(__name__)
