"""Functions of several operations, whose arguments are sorted out as those of a primitive are."""

from __future__ import annotations

import functools
import importlib
from types import FunctionType

from ..core.graph import Node
from ..core.primitive import Primitive


def late(module, name):
    """A function of a module that most programs never need."""
    return getattr(importlib.import_module(f".{module}", __package__), name)


Primitive.into = staticmethod(lambda *call: late("out_argument", "into")(*call))  # ``out=``
Primitive.public = property(lambda op: late("nodes", "public_name")(op))
Node.name = property(lambda node: late("nodes", "name_of")(node))  # type: ignore[assignment]
Node.next_functions = property(lambda node: late("nodes", "next_functions")(node))  # type: ignore[attr-defined]
Node.guarded = lambda *place: late("nodes", "guarded")(*place)  # type: ignore[method-assign]
Node.shown = lambda node: late("nodes", "shown")(node)  # type: ignore[attr-defined]

# NumPy's names, and torch's outside of linalg
SPELLINGS = {"axis": "dim", "keepdims": "keepdim", "input": "A"}


def composite(function=None, /, *, out=False, name=None):
    """Let a function of several operations take its arguments as a primitive does.

    NumPy's ``axis`` and ``keepdims`` are accepted for ``dim`` and ``keepdim``, and ``input`` for a matrix
    ``A``; a parameter whose default is True or False must be a bool; one that is a number by default or
    annotation may be a tensor of no dimensions; what is no tensor where one is needed is a TypeError.
    ``out=True``: the result may be written into tensors that the caller gives. ``name``: that of the public
    function if it is another one.
    """
    if function is None:
        return functools.partial(composite, out=out, name=name)
    function.__qualname__ = name or function.__name__
    call = _compiled(function)
    call.takes_out = out
    return call


def _compiled(function):
    """A function around ``function`` that compiles itself when it is first called."""
    names = {"late": late, "Primitive": Primitive, "__name__": f"{__package__}.composite_call"}
    names["op"] = functools.update_wrapper(FunctionType(first_call.__code__, names), function)
    return names["op"]


def first_call(*args, **kwargs):
    """What a composite ``op`` does until it has the code of later calls, with as many frames as they have."""
    run, args, kwargs = late("composite_call", "first_call")(op, args, kwargs)  # noqa: F821
    try:
        return run(*args, **kwargs)
    except (AttributeError, TypeError) as error:
        return Primitive.instead(op, args, kwargs, error)  # noqa: F821


# ---- arguments that are no tensors ---------------------------------------------------------------


def takes_tensors(function):
    """``function`` for users: what is no tensor where one is needed is a TypeError that names it.

    Operations, composites and in-place forms see to that themselves.
    """
    is_plain = isinstance(function, FunctionType) and not hasattr(function, "__wrapped__")
    if not is_plain or hasattr(function, "primitive"):
        return function
    return _compiled(function)
