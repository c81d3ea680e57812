"""Rows of ops/complex.py: from real numbers to real numbers, through complex ones."""

import numpy as np

import mytorch

from . import Sample

PAIRS = (3, 2)


def _complex(x):
    return x[..., 0] + 1j * x[..., 1]


def _pairs(z):
    return np.stack([z.real, z.imag], -1)


ROWS = [
    Sample(
        "view_as_complex",
        lambda x, y: (
            mytorch.view_as_complex(
                x.contiguous() * mytorch.view_as_complex(y.contiguous()).real[:, None]
            ).imag
        ),
        (PAIRS, PAIRS),
        lambda x, y: x[:, 1] * y[:, 0],
    ),
    Sample(
        "view_as_real",
        lambda x, y: mytorch.view_as_real(
            mytorch.view_as_complex(x.contiguous()) * mytorch.view_as_complex(y.contiguous())
        ),
        (PAIRS, PAIRS),
        lambda x, y: _pairs(_complex(x) * _complex(y)),
        empty=((0, 2), (0, 2)),
    ),
    Sample(
        "conj",
        lambda x, y: mytorch.view_as_real(
            mytorch.view_as_complex(x.contiguous()).conj() * mytorch.polar(y, y * y)
        ),
        (PAIRS, (3,)),
        lambda x, y: _pairs(_complex(x).conj() * y * np.exp(1j * y * y)),
    ),
    Sample("real_angle", lambda x: x.angle(), ((3, 4),), np.angle, empty=((0, 4),)),
]
