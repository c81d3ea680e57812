"""The LDL decomposition of symmetric and Hermitian matrices, as LAPACK packs it. Needs the package scipy."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy

from ...core.arrays import CPU, array_of, move
from ...core.graph import wrap
from ..composite import composite
from ..special.scipy_module import scipy_module
from .solve import LinAlgError, check_matrices


class ldl_factor_result(NamedTuple):
    """L and D in one matrix; the exchanges of rows."""

    LD: Any
    pivots: Any


class ldl_factor_ex_result(NamedTuple):
    """L and D in one matrix; the exchanges of rows; the place of the first zero in D, or 0."""

    LD: Any
    pivots: Any
    info: Any


def _routine(name, x, hermitian, wanted_by):
    """LAPACK's ``?sytrf`` or ``?hetrf`` (or ``…trs``) for the dtype of ``x``."""
    lapack = scipy_module("linalg.lapack", numpy.empty(0), wanted_by)
    kind = "he" if hermitian and x.dtype.kind == "c" else "sy"
    return getattr(lapack, f"{'sdcz'['fdFD'.index(x.dtype.char)]}{kind}{name}")


@composite
def ldl_factor_ex(A, *, hermitian=False, check_errors=False):
    """(LD, pivots, info) of symmetric or ``hermitian`` matrices (…, n, n), whose lower triangle is read.

    info: the place of the first zero on the diagonal of D, counted from 1; 0 for none. With ``check_errors``
    LinAlgError instead. No gradient.
    """
    x = move(array_of(A), CPU)
    check_matrices(x, "ldl_factor_ex")
    factor, n = _routine("trf", x, hermitian, "linalg.ldl_factor"), x.shape[-1]
    packed, pivots = x.copy(), numpy.empty(x.shape[:-1], "int32")
    info = numpy.zeros(x.shape[:-2], "int32")
    for at in itertools.product(*map(range, x.shape[:-2])) if n else ():
        packed[at], pivots[at], info[at] = factor(numpy.tril(x[at]), lower=1)
    if check_errors and info.any():
        raise LinAlgError("torch.linalg.ldl_factor_ex: the block diagonal D has a zero on its diagonal")
    return ldl_factor_ex_result(wrap(packed), wrap(pivots), wrap(info))


@composite
def ldl_factor(A, *, hermitian=False):
    """(LD, pivots) of symmetric or ``hermitian`` matrices (…, n, n), whose lower triangle is read.

    LinAlgError for singular matrices. No gradient.
    """
    LD, pivots, _ = ldl_factor_ex(A, hermitian=hermitian, check_errors=True)
    return ldl_factor_result(LD, pivots)


@composite
def ldl_solve(LD, pivots, B, *, hermitian=False):
    """X with A X = B for the decomposition of A by :func:`ldl_factor`; B (…, n, k). No gradient."""
    a, b, places = (move(array_of(x), CPU) for x in (LD, B, pivots))
    solve, batch = _routine("trs", a, hermitian, "linalg.ldl_solve"), a.shape[:-2]
    batch = numpy.broadcast_shapes(batch, b.shape[:-2])
    a, b = (numpy.broadcast_to(x, (*batch, *x.shape[-2:])) for x in (a, b))
    places, out = numpy.broadcast_to(places, (*batch, places.shape[-1])), b.copy()
    for at in itertools.product(*map(range, batch)) if b.size else ():
        out[at] = solve(a[at], places[at], b[at], lower=1)[0]
    return wrap(out)
