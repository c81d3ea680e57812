"""The module ``torch``: the names of mytorch, and those of the modules in ``names``."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import mytorch
from mytorch.tensors import casting, foreach
from mytorch.tensors.public_names import NoSuchName

from . import meta
from . import names as _names
from .finder import OURS
from .names import _C, _native, _root, _tensor, version
from .names.storage import TypedStorage, UntypedStorage

__name__ = "torch"
__path__: list = []  # a package without files
__version__ = version.__version__
_PARTS = {module.name for module in pkgutil.iter_modules(_names.__path__)}
_PARTS |= {*getattr(mytorch, "_SUBMODULES")} - OURS
_MORE = {**vars(_C), **vars(_native), **vars(_root), **vars(foreach), "torch": sys.modules[__spec__.name]}
finfo = _root.finfo

__all__ = sorted({*getattr(mytorch, "__all__")} - _PARTS)

# programs compare these texts with "torch.float32" and the like
mytorch.dtype.__repr__ = lambda self: f"torch.{self.name}"  # type: ignore[method-assign]
mytorch.Size.__repr__ = lambda self: f"torch.Size({list(self)})"  # type: ignore[method-assign]
casting.ROOM = "torch"
meta.install()
mytorch.Tensor.__module__ = "torch"


def __getattr__(name):
    if name in _PARTS:
        return importlib.import_module(f"torch.{name}")
    if name in mytorch.__all__:
        value = getattr(mytorch, name)
    elif name in _MORE and not name.startswith("__"):
        value = _MORE[name]
    else:
        raise NoSuchName("torch", name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__():
    return sorted({*globals(), *mytorch.__all__, *_PARTS})
