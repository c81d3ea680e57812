"""Large arrays in blocks that stay in the cache, and how NumPy computes in them with few passes.

The blocks do not depend on the number of threads, so neither do results.
"""

from __future__ import annotations

import functools
import importlib
import itertools
import math

import numpy

from ..core.arrays import float_errors, ndarray, quiet_state, xp
from .elementwise import BLOCK, fill_in_blocks
from .numba_loops import compiled
from .threads import parallel_for, spans
from .windows import threads_for

_ROWS = 128 * 1024  # elements: shorter blocks of rows lose more by calls than they gain in the cache
_BUFFER = 256  # elements: NumPy repeats an operand in a buffer first, unless rows are longer than that
_SMALL = 8192  # elements
_NEAR = 512 * 1024  # elements that stay in the cache
_, _SMALL_BUFFER = quiet_state(_BUFFER)
_FEW = 512  # elements for which one slow call of NumPy's is faster than several
_LOG2E = 1 / math.log(2)


def filled(function, x, *more, count=1, loop=""):
    """An array like ``x`` that ``function(out, x, *more)`` fills; with ``count`` a list of so many.

    ``loop``: the name of a compiled function that does the same.
    """
    loops = compiled(x, *more) if loop else None
    if loops is not None:
        function = getattr(loops, loop)
    if loops is not None or x.size > BLOCK and xp(x) is numpy:
        results = fill_in_blocks(function, count, x, *more)
    else:
        results = [xp(x).empty_like(x) for _ in range(count)]
        arrays = [*results, x, *more]  # as vectors if they are one number, for which NumPy makes no array
        function(*(arrays if x.ndim else [a.reshape(1) for a in arrays]))
    return results[0] if count == 1 else results


def over_rows(function, n, size, nanoseconds, array, run=None):
    """Call ``function(first, last + 1)`` for blocks that cover ``n`` rows of ``size`` elements.

    On several threads if the work, ``nanoseconds`` for each element, is worth it. ``run``: along how many
    elements the function repeats operands, the whole row by default.
    """
    if n * size <= _SMALL or type(array) is not ndarray:
        function(0, n)
        return
    step = max(min(max(n * size // 8, _ROWS), 2 * _ROWS) // max(size, 1), 1)

    def work(a):
        function(a, min(a + step, n))

    call = work if (run or size) < 2 * _BUFFER else functools.partial(_without_buffers, work)
    starts = range(0, max(n, 1), step)
    if len(starts) > 1 and threads_for(n * size * nanoseconds) > 1:
        parallel_for(call, starts)
    else:
        for a in starts:
            call(a)


def _without_buffers(function, *arrays, **options):
    token = float_errors.set(_SMALL_BUFFER)
    try:
        function(*arrays, **options)
    finally:
        float_errors.reset(token)


def outer(a, b):
    """``a[..., None] * b[..., None, :]``: the outer products of vectors, or of stacks of them."""
    if type(a) is not ndarray or type(b) is not ndarray or a.size * b.shape[-1] <= _SMALL:
        return a[..., None] * b[..., None, :]
    lead = a.shape[:-1]
    if b.shape[:-1] != lead:
        lead = numpy.broadcast_shapes(lead, b.shape[:-1])
        a, b = (numpy.broadcast_to(v, (*lead, v.shape[-1])) for v in (a, b))
    out = numpy.empty((*lead, a.shape[-1], b.shape[-1]), numpy.result_type(a, b))
    a, b, rows = (v.reshape(math.prod(lead), *v.shape[len(lead) :]) for v in (a, b, out))
    if (threads := threads_for(out.size)) == 1:
        _fill_outer(rows, a, b)
    else:
        parts = itertools.starmap(slice, spans(len(rows), threads))
        parallel_for(lambda part: _fill_outer(rows[part], a[part], b[part]), list(parts))
    return out


def _fill_outer(out, a, b):
    """NumPy's product would repeat both by copying them to a buffer, its einsum is fast in the cache only,
    and the BLAS is slow with rank one.
    """
    if (loops := compiled(out, a, b)) is not None:
        loops.outer(out, a, b)
    elif out.size <= _NEAR:
        numpy.einsum("na,nb->nab", a, b, out=out)
    elif b.shape[1] >= _BUFFER:
        _without_buffers(numpy.multiply, a[:, :, None], b[:, None], out=out)
    else:
        numpy.matmul(numpy.stack((a, a), 2), numpy.stack((b, numpy.zeros_like(b)), 1), out=out)


def exponential(x, out, scale=1.0):
    """``exp(scale · x)`` into ``out``; float32 has a relative error of up to 8e-8 · abs(scale · x) more.

    NumPy's ``exp2`` takes half the time of its ``exp`` where both are vectorised.
    """
    if x.dtype.char == "f" and type(x) is ndarray and _is_fast("exp2"):
        numpy.multiply(x, scale * _LOG2E, out=out)
        return numpy.exp2(out, out=out)
    return xp(x).exp(x if scale == 1 else xp(x).multiply(x, scale, out=out), out=out)


HIGHEST = 11  # up to this x, exponential(x) is rounded as that of x less a maximum would be


def log_one_plus(x):
    """log(1 + x) for 0 ≤ x ≤ 1, to the last digits, in the memory of ``x``.

    Where NumPy's ``log1p`` is not vectorised, its ``log`` and a correction for the rounding of 1 + x take a
    third of the time.
    """
    if x.dtype.char != "f" or x.size <= _FEW or type(x) is not ndarray or _is_fast("log1p"):
        return xp(x).log1p(x, out=None if isinstance(x, numpy.generic) else x)
    total = x + 1
    lost = total - 1
    numpy.subtract(x, lost, out=lost)
    lost /= total
    numpy.log(total, out=x)
    x += lost
    return x


@functools.cache
def _is_fast(name):
    """Whether NumPy's function ``name`` of float32 uses AVX-512."""
    try:
        introspect = importlib.import_module("numpy.lib.introspect")
    except ImportError:  # NumPy 2.0
        return False
    used = introspect.opt_func_info(func_name=f"^{name}$", signature="float32")[name]["ff"]["current"]
    return used.startswith(("X86_V4", "AVX512"))
