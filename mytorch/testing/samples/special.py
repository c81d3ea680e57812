"""Rows of ops/special.py and ops/gamma.py."""

import functools
import math

import numpy as np

import mytorch

from . import Real, Sample

each = functools.partial(np.vectorize, otypes=["float64"])
positive, around = Real((3, 20), 0.1, 12), Real((3, 20), -4.7, 4.7)


ROWS = [
    Sample("erf", lambda x: x.erf(), (Real((3, 40), -5, 5),), each(math.erf), note="wide", empty=((0, 4),)),
    Sample("erfc", lambda x: x.erfc(), (Real((3, 40), -5, 5),), each(math.erfc), note="wide"),
    Sample("erfinv", lambda x: mytorch.erf(x).erfinv(), (Real((3, 20), -3, 3),), lambda x: x, tolerance=2e-2),
    Sample("lgamma", lambda x: x.lgamma(), (positive,), each(math.lgamma), empty=((0, 4),), tolerance=1e-4),
    Sample("lgamma", lambda x: x.lgamma(), (around,), each(math.lgamma), note="negative", tolerance=1e-2),
    Sample("digamma", lambda x: x.digamma(), (Real((3, 20), 1, 12),), torch=lambda x: x.digamma(), tolerance=1e-4),
    Sample("digamma", lambda x: x.digamma(), (around,), torch=lambda x: x.digamma(), note="negative", tolerance=1e-2),
    Sample("polygamma", lambda x: x.polygamma(1), (Real((3, 20), 1, 12),), torch=lambda x: x.polygamma(1), tolerance=1e-4),
    Sample("polygamma", lambda x: mytorch.polygamma(2, x), (Real((3, 20), 1, 12),), torch=lambda x: x.polygamma(2), note="2", tolerance=1e-4),
    Sample("erfc", mytorch.special.ndtr, ((3, 4),), each(lambda x: math.erfc(-x / math.sqrt(2)) / 2), note="ndtr"),
    Sample("entr", mytorch.special.entr, (positive,), lambda x: -x * np.log(x)),
    Sample("xlog1py", mytorch.special.xlog1py, ((3, 20), positive), lambda x, y: x * np.log1p(y), broadcast=False),
]
