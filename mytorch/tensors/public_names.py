"""What the public namespaces say of their names: where a class or function is found, and which name was meant
by one that is not there.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from types import FunctionType, ModuleType

# Parts of torch that are left out on purpose.
ABSENT = {
    "ao": "there are no quantized tensors",
    "export": "nothing is compiled or traced: functions and modules stay as they are",
    "fx": "nothing is compiled or traced: functions and modules stay as they are",
    "masked": "there are no masked tensors: torch.where and masked_fill have gradients",
    "nested": "there are no nested tensors: nn.utils.rnn packs and pads sequences of several lengths",
    "quantization": "there are no quantized tensors",
}


def publish(namespace, names=None):
    """The classes and functions among ``names`` (those of ``__all__``) of a module say that it is theirs, as
    in torch; so pickles find them there, whichever file they are written in.
    """
    module = sys.modules[namespace]
    for name in module.__all__ if names is None else names:
        own(namespace, name, vars(module)[name])


def own(namespace, name, value):
    """``value``, which says that it is of ``namespace`` if it is a class or function of ours of that name."""
    ours = isinstance(value, (type, FunctionType)) and value.__module__.partition(".")[0] == "mytorch"
    if ours and value.__qualname__ == name:
        value.__module__ = namespace
    return value


class NoSuchName(AttributeError):
    """A module lacks a name. Its text looks for one that was meant; ``hasattr`` does without."""

    def __init__(self, module, name):
        super().__init__(f"module {module!r} has no attribute {name!r}", name=name)
        self.module = module

    def __reduce__(self):
        return NoSuchName, (self.module, self.name)

    def __str__(self):
        text = super().__str__()
        if self.module == "mytorch" and self.name in ABSENT:
            return f"{text}, on purpose: {ABSENT[self.name]}"
        meant = _closest(self.name, sys.modules[self.module])
        return f"{text}. Did you mean: {meant!r}?" if meant else text


def _closest(name, module):
    """The public name of ``module`` that is most like ``name``, a submodule's only for want of others."""
    public = [known for known in dir(module) if not known.startswith("_")]
    others = [known for known in public if not isinstance(vars(module).get(known), ModuleType)]
    close = difflib.get_close_matches(name, others, 1) or difflib.get_close_matches(name, public, 1)
    return close[0] if close else None


def lookup(namespace, later=()):
    """A module's ``__getattr__``, called for names that it lacks: imports the submodules ``later``, else
    raises AttributeError with the name that was probably meant.
    """

    def __getattr__(name):
        if name in later:
            return importlib.import_module(f"{namespace}.{name}")
        raise NoSuchName(namespace, name)

    return __getattr__


class AbsentFinder:
    """The last of the finders of imports: ImportError that says why a part of torch is left out."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        package, _, part = name.rpartition(".")
        if package == "mytorch" and part in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}, on purpose: {ABSENT[part]}", name=name)


sys.meta_path.append(AbsentFinder)
