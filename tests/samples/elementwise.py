"""Rows of ops/elementwise.py."""

import numpy as np

from . import Real, Sample

ROWS = [
    Sample("add", lambda x, y: x + y, ((3, 4), (3, 4)), np.add, broadcast=True, empty=((0, 4), (4,))),
    Sample("sub", lambda x, y: x - y, ((3, 4), (3, 4)), np.subtract, broadcast=True, empty=((0, 4), (4,))),
    Sample("mul", lambda x, y: x * y, ((3, 4), (3, 4)), np.multiply, broadcast=True, empty=((0, 4), (4,))),
    Sample("true_divide", lambda x, y: x / y, ((3, 4), Real((3, 4), 0.5, 2)), np.divide, broadcast=True, empty=((0, 4), (4,))),
    Sample("exp", lambda x: x.exp(), ((3, 4),), np.exp, empty=((0, 4),)),
    Sample("log", lambda x: x.log(), (Real((3, 4), 0.5, 3),), np.log, empty=((0, 4),)),
    Sample("tanh", lambda x: x.tanh(), ((3, 4),), np.tanh, empty=((0, 4),)),
    Sample("relu", lambda x: x.relu(), (Real((3, 4), distinct=True),), lambda x: np.maximum(x, 0), empty=((0, 4),)),
]
