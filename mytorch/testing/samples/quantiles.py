"""Rows of ops/statistics/quantiles.py and ops/statistics/counting.py."""

import numpy as np

import mytorch

from . import Int, Real, Sample

distinct = Real((3, 5), distinct=True)


def lower_median(x, axis):
    return np.sort(x, axis).take((x.shape[axis] - 1) // 2, axis), np.argsort(x, axis).take(
        (x.shape[axis] - 1) // 2, axis
    )


ROWS = [
    Sample(
        "median_of_all",
        lambda x: x.median(),
        (Real((3, 4), distinct=True),),
        lambda x: np.sort(x.reshape(-1))[5],
    ),
    Sample("median_dim", lambda x: x.median(0), (Real((4, 5), distinct=True),), lambda x: lower_median(x, 0)),
    Sample(
        "median_dim", lambda x: x.nanmedian(-1), (distinct,), lambda x: lower_median(x, -1), note="nanmedian"
    ),
    Sample("mode", lambda x: x.mode(1), (distinct,), lambda x: (x.min(1), x.argmin(1))),
    *(
        Sample(
            "lerp",
            lambda x, m=m, d=d: x.quantile(0.4, d, interpolation=m),
            (distinct,),
            lambda x, m=m, d=d: np.quantile(x, 0.4, d, method=m),
            note=f"quantile {m} {d}",
        )
        for m in ("linear", "midpoint")
        for d in (None, 0, 1)
    ),
    Sample(
        "lerp",
        lambda x: mytorch.nanquantile(x, mytorch.tensor([0.25, 0.6], dtype=x.dtype), 1, True),
        (distinct,),
        lambda x: np.nanquantile(x, [0.25, 0.6], 1, keepdims=True),
        note="nanquantile",
    ),
    Sample(
        "bincount",
        lambda x: mytorch.bincount(x, minlength=7),
        (Int((20,), 5),),
        lambda x: np.bincount(x, minlength=7),
        smooth=False,
    ),
    Sample("bincount", mytorch.bincount, (Int((20,), 5), (20,)), np.bincount, note="weights", smooth=False),
    Sample(
        "histc", lambda x: x.histc(5, -1, 1), ((40,),), lambda x: np.histogram(x, 5, (-1, 1))[0], smooth=False
    ),
]
