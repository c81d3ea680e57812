"""``torch.backends.cudnn``: how scripts set it for a while."""

import contextlib

__all__ = ["flags", "is_acceptable", "set_flags"]


def flags(enabled=False, benchmark=False, benchmark_limit=10, deterministic=False, allow_tf32=True, **more):
    """A context manager that changes nothing."""
    return contextlib.nullcontext()


def set_flags(**settings):
    """Nothing."""


def is_acceptable(tensor):
    """False: cuDNN is not used."""
    return False
