# Names only: there is nothing to read here.
"""Modules without initial values."""

from __future__ import annotations

import inspect


def skip_init(module_cls, *args, **kwargs):
    """``module_cls(*args, **kwargs)``, for whose parameters, of any shape, the values mean nothing yet.
    RuntimeError if it takes no ``device``.

    Here the values are those of the class: an initialization costs little beside the rest.
    """
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    return module_cls(*args, **kwargs)
