"""TypeErrors for arguments that are no tensors, in the place of the AttributeErrors that they cause."""

from __future__ import annotations

import difflib
import inspect

from ..core.errors import in_torchs_words
from ..core.graph import Variable


def no_tensor(function, args, kwargs, error, name=None):
    """A TypeError in the place of the AttributeError ``error`` of an argument that is no tensor, or of one in
    a list; else the same error.
    """
    value = error.obj
    if isinstance(value, Variable) or type(value).__name__ not in str(error):
        return error
    try:
        given = inspect.signature(function).bind(*args, **kwargs).arguments
    except TypeError:
        return error
    for position, (argument, found) in enumerate(given.items(), 1):
        if _holds(found, value):
            kind = "Tensor" if found is value else "Tensors"
            argument = in_torchs_words(argument)
            return TypeError(
                f"{name or function.__name__}(): argument {argument!r} (position {position}) must be {kind}, "
                f"not {type(value).__name__}"
            )
    return error


def _holds(given, value):
    """Whether ``given`` is ``value``, or a list or string that holds it."""
    if given is value:
        return True
    if isinstance(given, str):
        return type(value) is str and value in given
    return isinstance(given, (tuple, list)) and any(_holds(part, value) for part in given)


def no_misspelt_dtype(name, dtypes):
    """True for the name of a device. RuntimeError if it is nearly that of one of ``dtypes``."""
    if meant := difflib.get_close_matches(name, dtypes, 1):
        raise RuntimeError(
            f"Invalid device string: {name!r}, which names no dtype either; did you mean {meant[0]!r}?"
        )
    return True
