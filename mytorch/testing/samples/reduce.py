"""Rows of ops/reduce.py and ops/statistics/variance.py."""

import numpy as np

import mytorch

from . import Real, Sample

SHAPE = (2, 3, 4)
DIMS = [(None, False), (1, False), (-1, True), ((0, 2), False), ((0, 2), True)]
distinct = Real(SHAPE, distinct=True)


def over(name, reference, maker=SHAPE, dims=DIMS, op=None, call=None, **options):
    """A row of the reduction ``name`` for each of several ``dim`` and ``keepdim``."""
    rows = []
    for dim, keep in dims:
        function = call or (lambda x, dim, keep: getattr(x, name)(dim=dim, keepdim=keep))
        rows.append(
            Sample(
                op or name,
                lambda x, dim=dim, keep=keep, function=function: function(x, dim, keep),
                (maker,),
                lambda x, dim=dim, keep=keep: reference(x, dim, keep),
                note=f"{name} {dim} {keep}",
                **options,
            )
        )
    return rows


def folded(f):
    return lambda x, dim, keep: f(x, axis=dim, keepdims=keep)


def picked(f, arg):
    return lambda x, dim, keep: (f(x, axis=dim, keepdims=keep), arg(x, axis=dim, keepdims=keep))


def p_norm(p):
    return lambda x, dim, keep: (np.abs(x) ** p).sum(axis=dim, keepdims=keep) ** (1 / p)


ONE = [(0, False), (-1, True)]

ROWS = [
    *over("sum", folded(np.sum), empty=((2, 0, 4),)),
    *over("mean", folded(np.mean)),
    *over("var", lambda x, dim, keep: x.var(axis=dim, keepdims=keep, ddof=1)),
    *over("std", lambda x, dim, keep: x.std(axis=dim, keepdims=keep, ddof=1), op="std"),
    *over("amax", folded(np.max), distinct, DIMS[1:]),
    *over("amin", folded(np.min), distinct, DIMS[1:]),
    *over("max", picked(np.max, np.argmax), distinct, ONE, op="max_dim"),
    *over("min", picked(np.min, np.argmin), distinct, ONE, op="min_dim"),
    Sample("max_of_all", lambda x: x.max(), (distinct,), np.max),
    Sample("min_of_all", lambda x: x.min(), (distinct,), np.min),
    *over("argmax", folded(np.argmax), distinct, [(None, False), *ONE], smooth=False),
    *over("argmin", folded(np.argmin), distinct, [(None, False), *ONE], smooth=False),
    *over("all", folded(np.all), smooth=False),
    *over("any", folded(np.any), smooth=False),
    Sample(
        "count_nonzero",
        lambda x: x.count_nonzero(dim=1),
        (SHAPE,),
        lambda x: np.count_nonzero(x, axis=1),
        smooth=False,
    ),
    Sample(
        "places",
        lambda x: mytorch.ops.reduce.places(x.argmax(1), shape=(3, 4), dim=1, keepdim=False),
        ((3, 4),),
        lambda x: x == x.max(1, keepdims=True),
        smooth=False,
    ),
    *over("logsumexp", lambda x, dim, keep: np.log(np.exp(x).sum(axis=dim, keepdims=keep)), dims=DIMS[1:]),
    *(
        row
        for p in (1, 2, 2.5, 3)
        for row in over(
            f"norm{p}", p_norm(p), op="vector_norm", call=lambda x, dim, keep, p=p: x.norm(p, dim, keep)
        )
    ),
    *over(
        "norm inf",
        lambda x, dim, keep: np.abs(x).max(axis=dim, keepdims=keep),
        distinct,
        op="vector_norm",
        call=lambda x, dim, keep: x.norm(float("inf"), dim, keep),
    ),
    *over(
        "norm 0",
        lambda x, dim, keep: (x != 0).sum(axis=dim, keepdims=keep).astype(x.dtype),
        dims=ONE,
        op="vector_norm",
        second=False,
        call=lambda x, dim, keep: x.norm(0, dim, keep),
    ),
]
