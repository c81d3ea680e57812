"""Rows of ops/special/."""

import functools
import math

import numpy as np

import mytorch
from mytorch.ops.special.erf import erfcx_integral
from mytorch.ops.special.incomplete_gamma import standard_gamma, standard_gamma_derivative
from mytorch.ops.special.normal import inverse_mills, mills_excess
from mytorch.ops.transcendental import gaussian, logistic_density, one_minus_square, sech_squared

from . import Real, Sample

try:
    from torch import special as TS
except ImportError:  # then the rows that need it skip
    TS = None
S = mytorch.special

each = functools.partial(np.vectorize, otypes=["float64"])


def _log_ndtr(x):
    return math.log(math.erfc(-x / 2**0.5) / 2)


def _inverse_mills(x):
    return math.exp(-x * x / 2 - _log_ndtr(x)) / (2 * math.pi) ** 0.5


positive, around = Real((3, 20), 0.1, 12), Real((3, 20), -4.7, 4.7)


ROWS = [
    Sample("erf", lambda x: x.erf(), (Real((3, 40), -5, 5),), each(math.erf), note="wide", empty=((0, 4),)),
    Sample("erfc", lambda x: x.erfc(), (Real((3, 40), -5, 5),), each(math.erfc), note="wide"),
    Sample("ndtr", lambda x: S.ndtr(x), (Real((3, 40), -5, 5),), each(lambda x: math.erfc(-x / 2**0.5) / 2)),
    Sample("inverse_mills", inverse_mills, (Real((3, 20), -3, 3),), each(_inverse_mills)),
    Sample("mills_excess", mills_excess, (Real((3, 20), -3, 3),), each(lambda x: x + _inverse_mills(x))),
    Sample(
        "erfcx_integral",
        lambda x: erfcx_integral(x, order=1),
        (Real((3, 20), 0, 2),),
        each(lambda x: math.pi**-0.5 - x * math.exp(x * x) * math.erfc(x)),
    ),
    Sample("gaussian", lambda x: gaussian(x), (Real((3, 20), -3, 3),), lambda x: np.exp(-x * x)),
    Sample(
        "gaussian",
        lambda x: gaussian(x, rate=0.5),
        (Real((3, 20), -3, 3),),
        lambda x: np.exp(-x * x / 2),
        note="half",
    ),
    Sample(
        "logistic_density",
        lambda x: logistic_density(x),
        (Real((3, 20), -5, 5),),
        lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2,
    ),
    Sample("sech_squared", lambda x: sech_squared(x), (Real((3, 20), -3, 3),), lambda x: np.cosh(x) ** -2.0),
    Sample("one_minus_square", lambda x: one_minus_square(x), (Real((3, 4), -2, 2),), lambda x: 1 - x * x),
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
    Sample("entr", mytorch.special.entr, (positive,), lambda x: -x * np.log(x)),
    Sample(
        "xlog1py", mytorch.special.xlog1py, ((3, 20), positive), lambda x, y: x * np.log1p(y), broadcast=False
    ),
]


def _gamma_derivative(a, x):
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
# SciPy's, without gradients; torch's Bessel functions have 7 digits
ROWS += [
    Sample(
        name,
        getattr(S, name),
        (Real((3, 20), 0.1, 4),),
        torch=_torch(name),
        smooth=False,
        tolerance=2e-4,
        gpu=False,
    )
    for name in """
        airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1
        modified_bessel_k0 modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1
        spherical_bessel_j0
    """.split()
]
ROWS += [
    Sample(
        name,
        lambda x, name=name: getattr(S, name)(x, 3),
        (Real((3, 20), 0.1, 0.9),),
        torch=lambda x, name=name: getattr(TS, name)(x, 3),
        smooth=False,
        tolerance=2e-4,
        gpu=False,
    )
    for name in """
        chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w
        hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p
        shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
        shifted_chebyshev_polynomial_w
    """.split()
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
        "standard_gamma_derivative",
        standard_gamma_derivative,
        (Real((30,), 0.2, 5), Real((30,), 0.2, 5)),
        _gamma_derivative,
        smooth=False,
        tolerance=1e-3,
    ),
    Sample(
        "standard_gamma_derivative",
        standard_gamma_derivative,
        (Real((30,), 15, 25), Real((30,), 15, 25)),
        _gamma_derivative,
        note="large",
        smooth=False,
        tolerance=1e-3,
    ),
    # its gradient: tests/distributions
    Sample("standard_gamma", standard_gamma, (positive, positive), lambda a, x: x, smooth=False),
]
