"""Bessel functions, Airy's and orthogonal polynomials, which SciPy computes."""

import sys

import numpy as np
import pytest

import mytorch
from tests.referee import agree

X = np.array([-1e3, -8.3, -1.0, -0.4, 0.0, 0.3, 1.0, 2.5, 7.5, 40.0, np.inf, np.nan])
FUNCTIONS = """
    airy_ai bessel_j0 bessel_j1 bessel_y0 bessel_y1 modified_bessel_i0 modified_bessel_i1 modified_bessel_k0
    modified_bessel_k1 scaled_modified_bessel_k0 scaled_modified_bessel_k1 spherical_bessel_j0
""".split()
POLYNOMIALS = """
    chebyshev_polynomial_t chebyshev_polynomial_u chebyshev_polynomial_v chebyshev_polynomial_w
    hermite_polynomial_h hermite_polynomial_he laguerre_polynomial_l legendre_polynomial_p
    shifted_chebyshev_polynomial_t shifted_chebyshev_polynomial_u shifted_chebyshev_polynomial_v
    shifted_chebyshev_polynomial_w
""".split()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_one_number(name):
    pytest.importorskip("scipy")
    for x in (X[3:9], X[3:9].astype("float32"), np.arange(1, 5)):  # torch's Bessel functions have 7 digits
        agree(lambda lib, x: getattr(lib.special, name)(x), [x], gradient=False, tolerance=2e-6)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials(name):
    pytest.importorskip("scipy")
    x, n = X[2:8], np.array([-1, 0, 1, 2, 5, 8])
    agree(
        lambda lib, x: getattr(lib.special, name)(x[:, None], lib.tensor(n)),
        [x],
        gradient=False,
        tolerance=1e-10,
    )
    agree(lambda lib, x: getattr(lib.special, name)(x, 3), [x], gradient=False, tolerance=1e-10)
    agree(
        lambda lib, n: getattr(lib.special, name)(0.3, n),
        [n[1:].astype("float32")],
        gradient=False,
        tolerance=1e-5,
    )


def test_without_scipy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.special", None)
    with pytest.raises(RuntimeError, match=r"mytorch\[scipy\]"):
        mytorch.special.bessel_j0(mytorch.ones(2))


@pytest.mark.parametrize("degree", [-(2**63), -1, float("-inf"), float("nan")])
@pytest.mark.parametrize("name", POLYNOMIALS)
def test_degrees_below_zero_and_none_at_all(name, degree):
    pytest.importorskip("scipy")
    assert (getattr(mytorch.special, name)(mytorch.tensor([0.3, -2.0]), degree) == 0).all()


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_degrees_that_would_take_forever_are_refused(name):
    pytest.importorskip("scipy")
    with pytest.raises(RuntimeError, match="degrees above 1,000,000 are not computed"):
        getattr(mytorch.special, name)(mytorch.tensor([0.3, -2.0]), 2**31)
