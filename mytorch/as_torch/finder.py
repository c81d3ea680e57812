"""A finder of imports for which ``torch`` and its submodules are other names of what is here."""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.metadata
import os
import pathlib
import pkgutil
import sys
from types import ModuleType

from .absent import REASONS, absent

VERSION = "2.13.0"  # the PyTorch whose names, defaults and errors are followed
HOME = pathlib.Path(__file__).parent
FACE, NAMES = "mytorch.as_torch.face", "mytorch.as_torch.names"
# of mytorch alone: torch has another module of that name, or none
OURS = {"as_torch", "backend", "core", "datasets", "gradcheck", "kernels", "ops", "tensors", "__main__"}
# a module of torch whose names another one has here
ELSEWHERE = {
    "amp.autocast_mode": "amp",
    "cuda.amp.autocast_mode": "cuda.amp",
    "cuda.amp.grad_scaler": "cuda.amp",
    "cuda.memory": "cuda",
    "cuda.random": "cuda",
    "cuda.streams": "cuda",
    "distributed.distributed_c10d": "distributed",
    "distributed.rendezvous": "distributed",
    "distributed.tensor.placement_types": "distributed.tensor",
    "nn.parallel.data_parallel": "nn.parallel",
    "optim.adamw": "optim.adam",
    "signal.windows.windows": "signal.windows",
    "utils.tensorboard.writer": "utils.tensorboard",
}


def _imported(name):
    """The module ``name``, or None if there is none; an import that fails inside of it fails here too."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            return None
        raise


def _give(module, name, make):
    if not hasattr(module, name):
        setattr(module, name, make())


def find(name):
    """The module that ``torch.name`` is: one of mytorch, else one of :mod:`.names`, else one whose names are
    refused; None if there is none.

    Where both have one, mytorch's gets the names that it lacks: the other's ``__all__`` and submodules.
    """
    if not name:
        return importlib.import_module(FACE)
    name = ELSEWHERE.get(name, name)
    more = _imported(f"{NAMES}.{name}")
    if name == "version" or name.partition(".")[0] in OURS:
        return more
    module = _imported(f"mytorch.{name}")
    if module is not None and more is not None:
        for known in getattr(more, "__all__", ()):
            _give(module, known, lambda known=known: getattr(more, known))
        for part in pkgutil.iter_modules(getattr(more, "__path__", ())):
            inner = find(f"{name}.{part.name}")  # also where mytorch has it: it gets what it lacks
            _give(module, part.name, lambda inner=inner: inner)
    module = module or more or absent(name)
    for part in REASONS:
        parent, _, last = part.rpartition(".")
        if parent == name:
            _give(module, last, lambda part=part: find(part))
    if isinstance(module, ModuleType) and not hasattr(module, "__path__"):
        _give(module, "__all__", lambda: _public(module))
    return module


def _public(module):
    """The public names of a module that does not list them, for ``from module import *`` and the like."""
    names = [name for name in dir(module) if not name.startswith("_")]
    return [name for name in names if not isinstance(vars(module).get(name), ModuleType)]


class Finder:
    """Stands first in ``sys.meta_path``: it finds torch, its submodules, and which version is installed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """The spec of a module of torch, or None for the other finders."""
        if name.partition(".")[0] not in ("torch", "functorch"):
            return None
        module = find("func" + name[9:] if name.startswith("functorch") else name[6:])
        if module is None:
            raise ModuleNotFoundError(f"No module named {name!r} in mytorch, which stands for it", name=name)
        # any of them may have submodules in ``names``, as a package has
        return importlib.machinery.ModuleSpec(
            name, Alias(module), origin=getattr(module, "__file__", None), is_package=True
        )

    @staticmethod
    def find_distributions(context=importlib.metadata.DistributionFinder.Context()):
        """What ``importlib.metadata.version("torch")`` looks for."""
        return iter([Installed()] if context.name in (None, "torch") else [])

    @staticmethod
    def invalidate_caches():
        """Nothing is kept."""


class Alias:
    """Loads a module by giving another name to one that is loaded, which stays what it was."""

    def __init__(self, module):
        self.module, self.spec = module, getattr(module, "__spec__", None)

    def create_module(self, spec):
        """The module that exists."""
        return self.module

    def exec_module(self, module):
        """It has been executed; the spec is its own again."""
        module.__spec__ = self.spec


class Installed(importlib.metadata.Distribution):
    """Says that torch is installed, with the version whose interface this is."""

    def read_text(self, filename):
        """The metadata; None for other files."""
        if filename == "METADATA":
            return f"Metadata-Version: 2.1\nName: torch\nVersion: {VERSION}\nSummary: mytorch in its place\n"
        return None

    def locate_file(self, path):
        """Where the code is."""
        return HOME / path


def install():
    """Put the finder first, here and in the processes that are started from here.

    ImportError if PyTorch itself is loaded already: two libraries of one name would mix their tensors.
    """
    loaded, stand_in = sys.modules.get("torch"), str(HOME / "path/torch.py")
    if loaded is not None and loaded is not find("") and loaded.__file__ != stand_in:
        raise ImportError(
            f"PyTorch {getattr(loaded, '__version__', '')} is loaded already: import mytorch.as_torch before "
            "anything that imports torch, or run the program with python -m mytorch"
        )
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)
    folder = str(HOME / "path")  # there torch.py is found first, and calls this function
    if folder not in sys.path:
        sys.path.insert(1, folder)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if folder not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([folder, *filter(None, paths)])
