"""Functions of several operations, whose arguments are sorted out as those of a primitive are."""

from __future__ import annotations

import functools
import importlib
import inspect
import math
from types import FunctionType

from ..core.graph import Node
from ..core.primitive import Primitive
from ..core.scalar_arguments import PLAIN, number_settings


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
    parameters = list(inspect.signature(function).parameters.values())
    name, numbers = name or function.__name__, number_settings(function)
    function.__qualname__ = name
    flags = [(place, p.name) for place, p in enumerate(parameters) if p.default is True or p.default is False]
    names = [p.name for p in parameters]
    spellings = {theirs: ours for theirs, ours in SPELLINGS.items() if ours in names and theirs not in names}

    checked = min((place for place, *_ in (*flags, *numbers)), default=math.inf)
    plain = frozenset() if flags else PLAIN

    @functools.wraps(function)
    def call(*args, **kwargs):
        if kwargs or (len(args) > checked and not plain.issuperset(map(type, args[checked:]))):
            if out and "out" in kwargs:
                return Primitive.into(call, args, kwargs)
            args = settle(args, kwargs)
        try:
            return function(*args, **kwargs)
        except (AttributeError, TypeError) as error:
            return Primitive.instead(call, args, kwargs, error)

    def settle(args, kwargs):
        for theirs, ours in spellings.items():
            if theirs in kwargs:
                kwargs[ours] = kwargs.pop(theirs)
        for place, flag in flags:
            value = args[place] if place < len(args) else kwargs.get(flag, False)
            if value is not True and value is not False:
                raise TypeError(f"{name}(): argument {flag!r} must be bool, not {type(value).__name__}")
        for place, number, check in numbers:
            if number in kwargs:
                if type(kwargs[number]) not in PLAIN:
                    kwargs[number] = check(kwargs[number], name, number)
            elif place < len(args) and type(args[place]) not in PLAIN:
                args = (*args[:place], check(args[place], name, number), *args[place + 1 :])
        return args

    call.takes_out = out
    return call


# ---- arguments that are no tensors ---------------------------------------------------------------


def takes_tensors(function):
    """``function`` for users: what is no tensor where one is needed is a TypeError that names it.

    Operations, composites and in-place forms see to that themselves.
    """
    is_plain = isinstance(function, FunctionType) and not hasattr(function, "__wrapped__")
    if not is_plain or hasattr(function, "primitive"):
        return function

    @functools.wraps(function)
    def call(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except (AttributeError, TypeError) as error:
            return Primitive.instead(call, args, kwargs, error)

    return call
