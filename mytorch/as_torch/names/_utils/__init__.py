"""What packages take from ``torch._utils`` beside flat tensors."""

from __future__ import annotations

import importlib
import sys
import traceback

from ....core.arrays import device as as_device

__all__ = """
    ExceptionWrapper _get_all_device_indices _get_available_device_type _get_device_index _get_device_module
    _get_devices_properties is_compiling
""".split()


class ExceptionWrapper:
    """An exception with its trace as text, which another process raises again."""

    def __init__(self, exc_info=None, where="in background"):
        kind, value, trace = exc_info or sys.exc_info()
        self.exc_type, self.where = kind, where
        self.exc_msg = "".join(traceback.format_exception(kind, value, trace))

    def reraise(self):
        """Raise it, or a RuntimeError if its class wants other arguments."""
        text = f"Caught {self.exc_type.__name__} {self.where}.\nOriginal {self.exc_msg}"
        try:
            error = self.exc_type(text)
        except Exception:
            raise RuntimeError(text) from None
        raise error


def _get_available_device_type():
    """ "cuda" if there is one, else None."""
    return "cuda" if importlib.import_module("torch").cuda.is_available() else None


def _get_device_module(device_type):
    """``torch.cuda`` or ``torch.cpu``."""
    return importlib.import_module(f"torch.{device_type}")


def _get_all_device_indices():
    """The numbers of all GPUs."""
    return list(range(importlib.import_module("torch").cuda.device_count()))


def _get_devices_properties(device_ids):
    """What is known of these GPUs."""
    return [importlib.import_module("torch").cuda.get_device_properties(i) for i in device_ids]


def _get_device_index(device, optional=False, allow_cpu=False):
    """The number of a GPU; -1 for the CPU where it is allowed. ValueError where it is not."""
    if isinstance(device, int):
        return device
    if device is None and optional:
        return importlib.import_module("torch").cuda.current_device()
    place = as_device(device)
    if place.type == "cpu":
        if not allow_cpu:
            raise ValueError(f"Expected a non cpu device, but got: {device}")
        return -1
    return place.index or 0


def is_compiling():
    """False."""
    return False
