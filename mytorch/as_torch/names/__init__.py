"""The module ``torch``: the names of mytorch, and of the modules beside this file."""

from __future__ import annotations

import importlib
import pkgutil

import mytorch
from mytorch.tensors.public_names import NoSuchName

from . import version

__name__ = "torch"
__version__ = version.__version__
_OWN = {module.name for module in pkgutil.iter_modules(__path__)}


def __getattr__(name):
    if name in _OWN or name in mytorch._SUBMODULES:
        return importlib.import_module(f"torch.{name}")
    if name not in mytorch.__all__ and not name.startswith("__"):
        raise NoSuchName("torch", name)
    value = globals()[name] = getattr(mytorch, name)
    return value


def __dir__():
    return sorted({*globals(), *mytorch.__all__, *_OWN, *mytorch._SUBMODULES})
