"""Checks of optimizers' arguments: what has to be a number, and in which range."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Sequence
from numbers import Real

from ..tensors.tensor import Tensor

_WORDS = {"lr": "learning rate", "eps": "epsilon value"}  # torch's names for them in messages


def check(holds, what, value):
    """ValueError in torch's words unless ``holds``."""
    if not holds:
        raise ValueError(f"Invalid {what}: {value}")


def check_not_negative(**arguments):
    """ValueError for a negative argument, and for an ``lr`` that is a tensor of several elements."""
    lr = arguments.get("lr")
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    for name, value in arguments.items():
        check(value >= 0, _WORDS.get(name, f"{name} value"), value)


def check_betas(betas):
    """ValueError unless all are in [0, 1)."""
    for i, beta in enumerate(betas):
        check(0 <= beta < 1, f"beta parameter at index {i}", beta)


def numbers_checked(init):
    """Decorator of a constructor: TypeError for an argument that is no number although its default is one,
    or no sequence of numbers although its default is a tuple.
    """
    signature = inspect.signature(init)
    defaults = {
        p.name: p.default for p in signature.parameters.values() if type(p.default) in (int, float, tuple)
    }

    @functools.wraps(init)
    def checked(*args, **kwargs):
        if unknown := [name for name in kwargs if name not in signature.parameters]:
            meant = difflib.get_close_matches(unknown[0], signature.parameters, 1)
            hint = f". Did you mean {meant[0]!r}?" if meant else ""
            raise TypeError(f"{init.__qualname__}() got an unexpected keyword argument {unknown[0]!r}{hint}")
        try:
            given = signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"{init.__qualname__}(): {error}") from None
        for name, value in given.items():
            if type(defaults.get(name)) is tuple:
                _check_numbers(name, value, defaults[name])
            elif name in defaults:
                _check_number(name, value)
        return init(*args, **kwargs)

    return checked


def _check_number(name, value):
    if not isinstance(value, (Real, Tensor)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__} {value!r:.40}")


def _check_numbers(name, values, defaults):
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise TypeError(f"{name} must be {len(defaults)} numbers, not {type(values).__name__} {values!r:.40}")
    if len(values) != len(defaults):
        raise ValueError(f"{name} must be {len(defaults)} numbers, not {len(values)}")
    for i, (value, default) in enumerate(zip(values, defaults)):
        if value is not None or default is not None:
            _check_number(f"{name}[{i}]", value)
