"""Functions of several operations, whose arguments are sorted out as those of a primitive are."""

from __future__ import annotations

import functools
import inspect

from ..core.graph import Variable
from ..core.scalar_arguments import PLAIN, number_settings
from .out_argument import into

# NumPy's names, and torch's outside of linalg
SPELLINGS = {"axis": "dim", "keepdims": "keepdim", "input": "A"}


def composite(function=None, /, *, out=False):
    """Let a function of several operations take its arguments as a primitive does.

    NumPy's ``axis`` and ``keepdims`` are accepted for ``dim`` and ``keepdim``, and ``input`` for a matrix
    ``A``; a parameter whose default is True or False must be a bool; one that is a number by default or
    annotation may be a tensor of no dimensions; what is no tensor where one is needed is a TypeError.
    ``out=True``: the result may be written into tensors that the caller gives.
    """
    if function is None:
        return functools.partial(composite, out=out)
    parameters = list(inspect.signature(function).parameters.values())
    name, numbers = function.__name__, number_settings(function)
    flags = [(place, p.name) for place, p in enumerate(parameters) if p.default is True or p.default is False]
    spellings = {
        theirs: ours for theirs, ours in SPELLINGS.items() if any(p.name == ours for p in parameters)
    }

    @functools.wraps(function)
    def call(*args, **kwargs):
        if out and "out" in kwargs:
            return into(call, args, kwargs)
        if kwargs:
            for theirs, ours in spellings.items():
                if theirs in kwargs:
                    kwargs[ours] = kwargs.pop(theirs)
        for place, flag in flags:
            value = args[place] if place < len(args) else kwargs.get(flag, False)
            if value is not True and value is not False:
                raise TypeError(f"{name}(): argument {flag!r} must be bool, not {type(value).__name__}")
        for place, number, check in numbers:
            if number in kwargs:
                kwargs[number] = check(kwargs[number], name, number)
            elif place < len(args) and type(args[place]) not in PLAIN:
                args = (*args[:place], check(args[place], name, number), *args[place + 1 :])
        try:
            return function(*args, **kwargs)
        except AttributeError as error:
            raise _no_tensor(name, args, kwargs, error) from error

    call.takes_out = out
    return call


def _no_tensor(name, args, kwargs, error):
    """A TypeError in the place of an AttributeError of an argument that is no tensor; else the same error."""
    value = error.obj
    if isinstance(value, Variable) or not any(value is given for given in (*args, *kwargs.values())):
        return error
    return TypeError(f"{name}(): expected a Tensor, not {type(value).__name__} {value!r:.40}")
