"""Settings of operations that are numbers: torch takes a tensor of no dimensions for one, if it does not
require grad, and no bool for an integer.
"""

from __future__ import annotations

import inspect

from .graph import Variable

PLAIN = {int, float}


def as_number(value, function, argument):
    """The number in a tensor of no dimensions; what is no tensor as it is. TypeError for other tensors, those
    that require grad, and text.
    """
    if not isinstance(value, (Variable, str)):
        return value
    if isinstance(value, str) or value.array.ndim or value._node is not None:
        raise TypeError(f"{function}(): argument {argument!r} must be a number, not {type(value).__name__}")
    return value.array.item()


def as_integer(value, function, argument):
    """As :func:`as_number`. TypeError for booleans, and for tensors that hold no integer."""
    number = as_number(value, function, argument)
    if type(number) is bool or (type(number) is float and number is not value):
        raise TypeError(f"{function}(): argument {argument!r} must be int, not {type(value).__name__}")
    return number


def number_settings(function):
    """(place, name, :func:`as_number` or :func:`as_integer`) of the parameters of ``function`` that are
    numbers, by annotation or else by default. ``complex``: any number, which the function itself looks at.
    """
    kinds = {
        "float": as_number,
        "float | None": as_number,
        "int": as_integer,
        "int | None": as_integer,
        float: as_number,
        int: as_integer,
    }
    parameters = enumerate(inspect.signature(function).parameters.values())
    found = []
    for place, p in parameters:
        kind = type(p.default) if p.annotation is p.empty else p.annotation
        if kind in kinds:
            found.append((place, p.name, kinds[kind]))
    return found
