"""Rows of ops/statistics/scan.py."""

import numpy as np

import mytorch

from . import Real, Sample

SHAPE = (2, 4, 3)


class WithZeros(Real):
    """Numbers with one or two zeros in some rows."""

    def make(self, rng, dtype, shape=None):
        values = super().make(rng, dtype, shape)
        values[0, 1, 0] = values[1, 0, 1] = values[1, 2, 1] = 0
        return values


def along(name, reference, maker=SHAPE, dims=(0, 1, -1), note="", **options):
    """A row of the running function ``name`` along each of ``dims``."""
    return [
        Sample(
            options.pop("op", name),
            lambda x, d=d: getattr(x, name)(d),
            (maker,),
            lambda x, d=d: reference(x, d),
            note=f"{d} {note}",
            **options,
        )
        for d in dims
    ]


def latest(f):
    """The running extremes, and the last places where they are."""

    def reference(x, dim):
        values = f.accumulate(x, dim)
        number = np.arange(x.shape[dim]).reshape((-1,) + (1,) * (x.ndim - dim % x.ndim - 1))
        return values, np.maximum.accumulate(np.where(x == values, number, 0), dim)

    return reference


zeros, distinct = WithZeros(SHAPE), Real(SHAPE, distinct=True)

ROWS = [
    *along("cumsum", np.cumsum),
    Sample(
        "cumsum", lambda x: x.cumsum(1), (SHAPE,), lambda x: np.cumsum(x, 1), note="empty", empty=((2, 0, 3),)
    ),
    *along("cumprod", np.cumprod),
    *along("cumprod", np.cumprod, zeros, note="zeros"),
    *along("prod", np.prod),
    *along("prod", np.prod, zeros, note="zeros"),
    Sample("prod", lambda x: x.prod(), (SHAPE,), np.prod, note="all", empty=((0, 3),)),
    Sample("prod", lambda x: x.prod(), (zeros,), np.prod, note="all, zeros"),
    Sample(
        "prod",
        lambda x: x.prod(1, keepdim=True),
        (zeros,),
        lambda x: x.prod(1, keepdims=True),
        note="keepdim",
    ),
    *(
        row
        for d in (0, 1, -1)
        for row in (
            Sample(
                "cummax",
                lambda x, d=d: x.cummax(d),
                (distinct,),
                lambda x, d=d: latest(np.maximum)(x, d),
                note=str(d),
            ),
            Sample(
                "cummin",
                lambda x, d=d: x.cummin(d),
                (distinct,),
                lambda x, d=d: latest(np.minimum)(x, d),
                note=str(d),
            ),
        )
    ),
    *along("logcumsumexp", lambda x, d: np.log(np.cumsum(np.exp(x), d))),
    Sample("nansum", lambda x: mytorch.nansum(x, 1), (SHAPE,), lambda x: np.nansum(x, 1)),
    Sample(
        "nansum",
        lambda x: mytorch.nanmean(x, (0, 2), keepdim=True),
        (SHAPE,),
        lambda x: np.nanmean(x, (0, 2), keepdims=True),
        note="nanmean",
    ),
]
