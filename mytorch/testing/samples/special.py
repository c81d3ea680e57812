"""Rows of ops/special.py, ops/gamma.py, ops/bessel.py and ops/incomplete_gamma.py."""

import functools
import math

import numpy as np

import mytorch
from mytorch.ops.special.incomplete_gamma import gamma_slope, standard_gamma

from . import Real, Sample

try:
    from torch import special as TS
except ImportError:  # then the rows that need it skip
    TS = None
S = mytorch.special

each = functools.partial(np.vectorize, otypes=["float64"])
positive, around = Real((3, 20), 0.1, 12), Real((3, 20), -4.7, 4.7)


ROWS = [
    Sample("erf", lambda x: x.erf(), (Real((3, 40), -5, 5),), each(math.erf), note="wide", empty=((0, 4),)),
    Sample("erfc", lambda x: x.erfc(), (Real((3, 40), -5, 5),), each(math.erfc), note="wide"),
    Sample("erfinv", lambda x: mytorch.erf(x).erfinv(), (Real((3, 20), -3, 3),), lambda x: x, tolerance=2e-2),
    Sample("lgamma", lambda x: x.lgamma(), (positive,), each(math.lgamma), empty=((0, 4),), tolerance=1e-4),
    Sample("lgamma", lambda x: x.lgamma(), (around,), each(math.lgamma), note="negative", tolerance=1e-2),
    Sample(
        "digamma", lambda x: x.digamma(), (Real((3, 20), 1, 12),), torch=lambda x: x.digamma(), tolerance=1e-4
    ),
    Sample(
        "digamma",
        lambda x: x.digamma(),
        (around,),
        torch=lambda x: x.digamma(),
        note="negative",
        tolerance=1e-2,
    ),
    Sample(
        "polygamma",
        lambda x: x.polygamma(1),
        (Real((3, 20), 1, 12),),
        torch=lambda x: x.polygamma(1),
        tolerance=1e-4,
    ),
    Sample(
        "polygamma",
        lambda x: mytorch.polygamma(2, x),
        (Real((3, 20), 1, 12),),
        torch=lambda x: x.polygamma(2),
        note="2",
        tolerance=1e-4,
    ),
    Sample(
        "erfc", mytorch.special.ndtr, ((3, 4),), each(lambda x: math.erfc(-x / math.sqrt(2)) / 2), note="ndtr"
    ),
    Sample("entr", mytorch.special.entr, (positive,), lambda x: -x * np.log(x)),
    Sample(
        "xlog1py", mytorch.special.xlog1py, ((3, 20), positive), lambda x, y: x * np.log1p(y), broadcast=False
    ),
]


def _gamma_slope(a, x):
    """By differences of P(a, x) in a, in steps that its precision of 1e-14 allows."""
    P, h, a, x = mytorch.igamma, 1e-3, a.astype("float64"), x.astype("float64")
    slope = (8 * (P(a + h, x) - P(a - h, x)) - (P(a + 2 * h, x) - P(a - 2 * h, x))) / (12 * h)
    return -slope * np.exp(x - (a - 1) * np.log(x) + each(math.lgamma)(a))


def _torch(name, *before):
    return lambda *arrays: getattr(TS, name)(*before, *arrays)


BESIDES = {
    "erfcx": Real((3, 20), -3, 12),
    "log_ndtr": Real((3, 20), -6, 4),
    "ndtri": Real((3, 20), 0.01, 0.99),
    "i0": Real((3, 20), -9, 9),
    "i0e": Real((3, 20), 0.1, 40),
    "i1": Real((3, 20), -9, 9),
    "i1e": Real((3, 20), 0.1, 40),
}
ROWS += [
    Sample(name, getattr(S, name), (maker,), torch=_torch(name), tolerance=2e-4, empty=((0, 4),))
    for name, maker in BESIDES.items()
]
shape = Real((3, 20), 0.3, 30, grad=False)
ROWS += [
    Sample("zeta", lambda x: S.zeta(3.0, x), (positive,), torch=_torch("zeta", 3.0), tolerance=1e-4),
    Sample(
        "igamma", mytorch.igamma, (shape, Real((3, 20), 0.3, 30)), torch=_torch("gammainc"), tolerance=1e-3
    ),
    Sample(
        "igammac", mytorch.igammac, (shape, Real((3, 20), 0.3, 30)), torch=_torch("gammaincc"), tolerance=1e-3
    ),
    Sample(
        "gamma_slope",
        gamma_slope,
        (Real((30,), 0.2, 5), Real((30,), 0.2, 5)),
        _gamma_slope,
        smooth=False,
        tolerance=1e-3,
    ),
    Sample(
        "gamma_slope",
        gamma_slope,
        (Real((30,), 15, 25), Real((30,), 15, 25)),
        _gamma_slope,
        note="large",
        smooth=False,
        tolerance=1e-3,
    ),
    # its gradient: tests/distributions
    Sample("standard_gamma", standard_gamma, (positive, positive), lambda a, x: x, smooth=False),
]
