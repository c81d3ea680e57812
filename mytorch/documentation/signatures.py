"""Signatures with PyTorch's parameter names, as calls really accept them."""

from __future__ import annotations

import inspect

Parameter = inspect.Parameter
NAMES = {"x": "input", "y": "other"}  # of an operation's arrays, as torch names them
BY_NAME = ("dtype", "out")  # settings that torch takes by keyword only


def stated(text):
    """The signature that is written as ``(input, dim=None)``."""
    scope: dict = {}
    exec(f"def function{text}: ...", {"inf": float("inf"), "nan": float("nan")}, scope)
    return inspect.signature(scope["function"])


def accepted(function):
    """The signature of a function; for an operation that of its calls, in which settings may follow the
    arrays by position, and results be written to ``out``.
    """
    op = getattr(function, "primitive", None)
    signature = inspect.signature(op.forward if op else function)
    in_place = function.__name__.endswith("_")
    writes = not in_place and ((op is not None and not op.view) or getattr(function, "takes_out", False))
    if op is None and not (writes or in_place):
        return signature
    parameters = [
        p.replace(annotation=Parameter.empty)
        for p in signature.parameters.values()
        if p.name != "out" or not in_place
    ]
    if op is not None:
        parameters = [_as_called(p, op) for p in parameters]
    if writes and "out" not in signature.parameters:
        parameters.append(Parameter("out", Parameter.KEYWORD_ONLY, default=None))
    return inspect.Signature(sorted(parameters, key=lambda p: p.kind))


def _as_called(parameter, op):
    """A parameter of an operation's function on arrays, as a call may give it."""
    if parameter.kind is Parameter.KEYWORD_ONLY:
        free = op.signature.variadic is None and parameter.name not in BY_NAME
        return parameter.replace(kind=Parameter.POSITIONAL_OR_KEYWORD) if free else parameter
    if parameter.name == op.inputs[0] or op.inputs[0] == "x":
        return parameter.replace(name=NAMES.get(parameter.name, parameter.name))
    return parameter
