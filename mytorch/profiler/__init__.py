# Names only: there is nothing to read here.
"""``torch.profiler``: where the time of a training step goes, by operation and by module.

``profiler.py`` has what users call, ``recorder.py`` what is put into the framework while a profile runs,
``events.py`` the tables. ``python -m mytorch.profiler train.py`` profiles a script.
"""

from ..tensors.public_names import lookup as _lookup
from .profiler import (
    ProfilerAction,
    ProfilerActivity,
    profile,
    record_function,
    schedule,
    supported_activities,
    tensorboard_trace_handler,
)

__all__ = [
    "ProfilerAction",
    "ProfilerActivity",
    "profile",
    "record_function",
    "schedule",
    "supported_activities",
    "tensorboard_trace_handler",
]

__getattr__ = _lookup(__name__)
