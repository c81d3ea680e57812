"""``torch.utils._python_dispatch``: operations are function calls, and no mode sees those within them."""

import contextlib

from ...absent import absent


def is_traceable_wrapper_subclass(t):
    """False: no tensor is made of others."""
    return False


def _disable_current_modes():
    """A context manager that changes nothing."""
    return contextlib.nullcontext()


__getattr__ = absent("utils._python_dispatch").__getattr__  # type: ignore[union-attr]
