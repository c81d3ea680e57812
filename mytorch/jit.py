# Names only: there is nothing to read here.
"""``torch.jit`` without a compiler: functions and modules stay as they are."""

from __future__ import annotations

from typing import Final

from .nn import Module
from .tensors.public_names import lookup as _lookup

__all__ = [
    "Final",
    "ScriptFunction",
    "ScriptModule",
    "annotate",
    "export",
    "ignore",
    "interface",
    "is_scripting",
    "is_tracing",
    "load",
    "save",
    "script",
    "script_if_tracing",
    "script_method",
    "trace",
    "unused",
]


class ScriptModule(Module):
    """A base class for modules of the user; nothing is compiled here."""


class ScriptFunction:
    """The class of compiled functions, of which there are none."""


def annotate(the_type, the_value):
    """``the_value`` itself; the type would be for a compiler."""
    return the_value


def script(obj, *args, **kwargs):
    """``obj`` (a function, class or module) itself."""
    if isinstance(obj, Module) and not hasattr(obj, "save"):
        obj.save = save  # which says what to do instead
    return obj


def trace(func, example_inputs=None, *args, **kwargs):
    """``func`` itself; unlike torch's result it keeps its branches."""
    return script(func)


def ignore(drop=False, **kwargs):
    """A decorator that changes nothing."""
    return drop if callable(drop) else script


unused = export = interface = script_if_tracing = script_method = script


def is_scripting() -> bool:
    """False: nothing is compiled."""
    return False


is_tracing = is_scripting


def save(m, f=None, *args, **kwargs):
    """NotImplementedError: there is no compiled form to save."""
    raise NotImplementedError(
        "there is no TorchScript here: save the state_dict with torch.save, and load it into the same class"
    )


def load(f, *args, **kwargs):
    """NotImplementedError: TorchScript archives hold programs, not only weights."""
    raise NotImplementedError("there is no TorchScript here: load a state_dict, saved with torch.save")


__getattr__ = _lookup(__name__)
