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
    viewed = inspect.unwrap(function)  # by a function that copies a view
    op = getattr(function, "primitive", None) or getattr(viewed, "primitive", None)
    # there if something is done around its calls at present
    chain = (getattr(viewed, "__kwdefaults__", None) or {}).get("_chain")
    signature = inspect.signature(op.forward if op else chain.original if chain else function)
    composite = hasattr(function, "takes_out")
    if op is None and not composite:
        return signature
    parameters = [p.replace(annotation=Parameter.empty) for p in signature.parameters.values()]
    parameters = [_as_called(p, op) if op else p for p in parameters if p.name != "out"]
    in_place = function.__name__.endswith("_")
    if not in_place and (function.takes_out if composite else not op.view):
        parameters.append(Parameter("out", Parameter.KEYWORD_ONLY, default=None))
    return inspect.Signature(sorted(parameters, key=lambda p: p.kind))


def _as_called(parameter, op):
    """A parameter of an operation's function on arrays, as a call may give it."""
    if parameter.kind is Parameter.KEYWORD_ONLY:
        free = op.signature.variadic is None and parameter.name not in BY_NAME
        return parameter.replace(kind=Parameter.POSITIONAL_OR_KEYWORD) if free else parameter
    is_named_so = op.inputs[:1] == ("x",)
    return parameter.replace(name=NAMES.get(parameter.name, parameter.name)) if is_named_so else parameter
