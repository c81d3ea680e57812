"""What the public namespaces say of their names: where a class or function is found, and which name was meant
by one that is not there.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from types import CodeType, FunctionType, ModuleType

from ..ops.composite import takes_tensors

# Parts of torch that are left out on purpose.
ABSENT = {
    **dict.fromkeys(("chalf", "complex32"), "NumPy has no complex numbers of two 16-bit parts"),
    "ao": "there are no quantized tensors",
    "export": "nothing is compiled or traced: functions and modules stay as they are",
    "fx": "nothing is compiled or traced: functions and modules stay as they are",
    "nested": "there are no nested tensors: nn.utils.rnn packs and pads sequences of several lengths",
    "quantization": "there are no quantized tensors",
}


def publish(namespace, names=None):
    """The classes and functions among ``names`` (those of ``__all__``) of a module say that it is theirs, as
    in torch; so pickles find them there, whichever file they are written in.
    """
    module = sys.modules[namespace]
    for name in module.__all__ if names is None else names:
        value = vars(module)[name]
        own(namespace, name, documented(value) if isinstance(value, type) else value)


def documented(value):
    """``value``, with its whole documentation if it is a class or function of ours."""
    if isinstance(value, (type, FunctionType)) and value.__module__.startswith("mytorch"):
        importlib.import_module("mytorch.documentation").document(value)
    return value


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


def _referred(names):
    """The global names that the code of a module's functions and methods refers to."""
    members = [m for v in names.values() for m in (vars(v).values() if isinstance(v, type) else [v])]
    functions = [getattr(m, "fget", None) or getattr(m, "__func__", m) for m in members]
    codes = [f.__code__ for f in functions if isinstance(f, FunctionType) and f.__globals__ is names]
    found: set = set()
    while codes:
        code = codes.pop()
        found.update(code.co_names)
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
    return found


def lookup(namespace, later=(), tensors=False):
    """The end of a public module. Returns its ``__getattr__``, called for names that it lacks: it imports the
    submodules ``later``, else raises AttributeError with the name that was probably meant. ``tensors``: the
    functions take tensors, and name arguments that are none.

    The public names, those of ``__all__`` or written in the module, get their documentation. Functions wait
    for it until they are first looked up, unless code of the module refers to them.
    """
    names, waiting = vars(sys.modules[namespace]), {}
    public = (lambda value: takes_tensors(documented(value))) if tensors else documented
    listed, needed = names.get("__all__"), _referred(names)
    for name in [*(listed or names)]:
        value = names.get(name)
        home = getattr(value, "__module__", None) or ""
        if (listed or home.startswith(namespace)) and not name.startswith("_"):
            if isinstance(value, FunctionType) and name not in needed:
                waiting[name] = names.pop(name)
            else:
                documented(value)
                if isinstance(value, FunctionType):
                    names[name] = public(value)

    def __getattr__(name):
        if name in waiting:
            names[name] = public(waiting[name])
            return names[name]
        if name in later:
            return importlib.import_module(f"{namespace}.{name}")
        raise NoSuchName(namespace, name)

    names["__dir__"] = lambda: sorted({*names, *waiting})
    return __getattr__


class AbsentFinder:
    """The last of the finders of imports: ImportError that says why a part of torch is left out."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        package, _, part = name.rpartition(".")
        if package == "mytorch" and part in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}, on purpose: {ABSENT[part]}", name=name)


sys.meta_path.append(AbsentFinder)
