"""Loops over the elements of NumPy's arrays, compiled by numba where it is installed.

NumPy makes a pass over memory for every operation. The few formulas that take a dozen, such as Adam's, have a
loop as well. It does the same operations in the same order in one pass, so results are equal to the last bit.
Those of ``compiled.py``, ``compiled_depthwise.py`` are for large arrays, and differ from NumPy by rounding.
``pip install 'mytorch[numba]'`` installs numba, ``MYTORCH_NUMBA=0`` leaves it unused.
"""

from __future__ import annotations

import functools
import importlib
import os

import numpy

_KINDS = {numpy.dtype("float32"), numpy.dtype("float64")}


@functools.cache
def numba():
    """The numba module, imported on first use, or None."""
    return None if os.environ.get("MYTORCH_NUMBA", "1") == "0" else _installed()


def _installed():
    try:
        module = importlib.import_module("numba")
    except ImportError:  # not installed, or too old for this NumPy
        return None
    return None if module.config.DISABLE_JIT else module


def run_over(array) -> bool:
    """Whether loops can run over ``array``: one of NumPy's, of float32 or float64, and numba is there."""
    return type(array) is numpy.ndarray and array.dtype in _KINDS and numba() is not None


def loop(function):
    """Decorate a loop over elements: numba compiles it at the first call, for each kind of arguments.

    It runs without the GIL. It does not check bounds: shapes are checked before.
    """
    compiled = None

    @functools.wraps(function)
    def call(*arguments):
        nonlocal compiled
        if compiled is None:
            compiled = compile_loop(function)
        return compiled(*arguments)

    return call


def compile_loop(function, fastmath=False):
    """``function`` compiled by numba, at the first call; as it is without numba.

    ``fastmath`` names what may change how results are rounded.
    """
    if (module := _installed()) is None:
        return function
    options = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}
    try:
        return module.njit(function, cache=True, **options)
    except RuntimeError:  # no folder to cache it in
        return module.njit(function, **options)


_FEW = 4096  # elements that NumPy is fast enough for


def worth_compiling(x) -> bool:
    """Whether to run compiled loops over ``x``: a large array of NumPy's, of float32, if numba is there."""
    return type(x) is numpy.ndarray and x.dtype.char == "f" and x.size > _FEW and numba() is not None


def compiled(*arrays):
    """The module ``compiled.py`` if its loops can run over the arrays: large ones of float32; else None."""
    if not worth_compiling(arrays[0]):
        return None
    if all(type(a) is numpy.ndarray and a.dtype.char == "f" and a.flags.c_contiguous for a in arrays):
        return importlib.import_module(".compiled", __package__)
    return None
