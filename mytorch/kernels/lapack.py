"""Calls of LAPACK, which cannot be cut into pieces: large ones get threads of the BLAS while they last."""

from __future__ import annotations

import contextlib

import numpy

from ..core.blas import libraries, use_one_thread
from .threads import get_num_threads, is_worker

_LARGE_MATRIX = 512 * 512  # elements; for smaller ones the BLAS's threads wait longer than they work


@contextlib.contextmanager
def several_threads(count: int):
    """The BLAS may use ``count`` threads within; a library that has several already keeps its own number."""
    ours = use_one_thread() and count > 1
    single = [library for library in libraries() if library.get_num_threads() == 1] if ours else []
    try:
        for library in single:
            library.set_num_threads(count)
        yield
    finally:
        for library in single:
            library.set_num_threads(1)


def lapack(function, x, *args, **settings):
    """``function(x, ...)``, a call of LAPACK; for large matrices the BLAS may use its own threads."""
    if type(x) is not numpy.ndarray or x.ndim < 2 or x.shape[-1] * x.shape[-2] < _LARGE_MATRIX:
        return function(x, *args, **settings)
    with several_threads(1 if is_worker() else get_num_threads()):
        return function(x, *args, **settings)
