"""Special functions of SciPy on a CPU, and CuPy's of the same names on a GPU."""

from __future__ import annotations

import functools
import importlib

import numpy

from ...core.arrays import xp


def scipy_module(name, array, wanted_by):
    """The module ``scipy.<name>``, or CuPy's of that name. RuntimeError without it."""
    try:
        return importlib.import_module(f"scipy.{name}" if xp(array) is numpy else f"cupyx.scipy.{name}")
    except ModuleNotFoundError as error:
        raise RuntimeError(f"{wanted_by} needs the package scipy: pip install 'mytorch[scipy]'") from error


def kernel(name):
    """Decorate a function whose last argument is an array: on a GPU, CuPy's kernel
    ``cupyx.scipy.special.<name>`` takes its place.
    """

    def decorate(function):
        @functools.wraps(function)
        def chosen(*arguments):
            if xp(arguments[-1]) is numpy:
                return function(*arguments)
            return getattr(scipy_module("special", arguments[-1], name), name)(*arguments)

        return chosen

    return decorate
