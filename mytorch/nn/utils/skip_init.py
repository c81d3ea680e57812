# Names only: there is nothing to read here.
"""``torch.nn.utils.skip_init``."""

from __future__ import annotations

import inspect


def skip_init(module_cls, *args, **kwargs):
    """``module_cls(*args, **kwargs)``; in torch its parameters, of any shape, are left uninitialized.

    Here they are initialized, which costs little. RuntimeError if the class takes no ``device``.
    """
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    return module_cls(*args, **kwargs)
