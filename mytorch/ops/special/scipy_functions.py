"""Special functions that SciPy computes: Bessel functions, Airy's, and orthogonal polynomials.

They have no gradient, as in PyTorch. They need the package scipy, on a GPU CuPy's ``cupyx.scipy.special``.
"""

from __future__ import annotations

from ...core.arrays import xp
from ...core.primitive import primitive
from ..promotion import floating, only
from .erf import both_double, through_double
from .scipy_module import scipy_module


def _function(name, formula, meaning):
    """The function ``name`` of one number: ``formula(scipy.special, x)``, computed in float64."""

    def function(x):
        special = scipy_module("special", x, name)
        return through_double(lambda block: formula(special, block), x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{meaning}, elementwise. No gradient; needs the package scipy."
    return primitive(prepare=only("f", name, floating))(function)


airy_ai = _function("airy_ai", lambda s, x: s.airy(x)[0], "Airy's function Ai")
bessel_j0 = _function("bessel_j0", lambda s, x: s.j0(x), "The Bessel function of the first kind J₀")
bessel_j1 = _function("bessel_j1", lambda s, x: s.j1(x), "The Bessel function of the first kind J₁")
bessel_y0 = _function("bessel_y0", lambda s, x: s.y0(x), "The Bessel function of the second kind Y₀")
bessel_y1 = _function("bessel_y1", lambda s, x: s.y1(x), "The Bessel function of the second kind Y₁")
modified_bessel_i0 = _function("modified_bessel_i0", lambda s, x: s.i0(x), "The modified Bessel function I₀")
modified_bessel_i1 = _function("modified_bessel_i1", lambda s, x: s.i1(x), "The modified Bessel function I₁")
modified_bessel_k0 = _function("modified_bessel_k0", lambda s, x: s.k0(x), "The modified Bessel function K₀")
modified_bessel_k1 = _function("modified_bessel_k1", lambda s, x: s.k1(x), "The modified Bessel function K₁")
scaled_modified_bessel_k0 = _function("scaled_modified_bessel_k0", lambda s, x: s.k0e(x), "exp(x) · K₀(x)")
scaled_modified_bessel_k1 = _function("scaled_modified_bessel_k1", lambda s, x: s.k1e(x), "exp(x) · K₁(x)")
spherical_bessel_j0 = _function(
    "spherical_bessel_j0", lambda s, x: s.spherical_jn(0, x), "The spherical Bessel function j₀, sin(x) / x"
)


_HIGHEST = 1_000_000  # degree: SciPy takes as many steps for each element


def _polynomial(name, formula, meaning):
    """The polynomial ``name`` of the numbers x and the degrees n: ``formula(scipy.special, n, x)``."""

    def function(x, n):
        special = scipy_module("special", n if hasattr(n, "dtype") else x, name)

        def values(x, n):
            n = xp(n).nan_to_num(n, nan=-1, neginf=-1).astype("int64")  # degrees are whole, as in torch
            if (n > _HIGHEST).any():
                raise RuntimeError(f"degrees above {_HIGHEST:,} are not computed, but n has {n.max():,}")
            return xp(x).where(n < 0, 0.0, formula(special, xp(n).maximum(n, 0), x))

        return both_double(values, x, n)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = (
        f"{meaning} of degree ``n`` at ``x``, elementwise, 0 for n < 0; one of both may be a number. "
        f"RuntimeError for degrees above {_HIGHEST:,}. No gradient; needs the package scipy."
    )
    return primitive(prepare=only("f", name, floating, numbers=True))(function)


def _third(s, n, x):
    return s.eval_chebyu(n, x) - s.eval_chebyu(n - 1, x) * (n > 0)


def _fourth(s, n, x):
    return s.eval_chebyu(n, x) + s.eval_chebyu(n - 1, x) * (n > 0)


_KINDS = {
    "t": ("first kind Tₙ", lambda s, n, x: s.eval_chebyt(n, x)),
    "u": ("second kind Uₙ", lambda s, n, x: s.eval_chebyu(n, x)),
    "v": ("third kind Vₙ", _third),
    "w": ("fourth kind Wₙ", _fourth),
}


def _chebyshev(kind):
    meaning, formula = _KINDS[kind]
    return _polynomial(f"chebyshev_polynomial_{kind}", formula, f"Chebyshev's polynomial of the {meaning}")


def _shifted(kind):
    meaning, formula = _KINDS[kind]
    return _polynomial(
        f"shifted_chebyshev_polynomial_{kind}",
        lambda s, n, x: formula(s, n, 2 * x - 1),
        f"Chebyshev's polynomial of the {meaning} at 2x - 1,",
    )


chebyshev_polynomial_t, chebyshev_polynomial_u = _chebyshev("t"), _chebyshev("u")
chebyshev_polynomial_v, chebyshev_polynomial_w = _chebyshev("v"), _chebyshev("w")
shifted_chebyshev_polynomial_t, shifted_chebyshev_polynomial_u = _shifted("t"), _shifted("u")
shifted_chebyshev_polynomial_v, shifted_chebyshev_polynomial_w = _shifted("v"), _shifted("w")
hermite_polynomial_h = _polynomial(
    "hermite_polynomial_h", lambda s, n, x: s.eval_hermite(n, x), "The physicist's Hermite polynomial Hₙ"
)
hermite_polynomial_he = _polynomial(
    "hermite_polynomial_he",
    lambda s, n, x: s.eval_hermitenorm(n, x),
    "The probabilist's Hermite polynomial Heₙ",
)
laguerre_polynomial_l = _polynomial(
    "laguerre_polynomial_l", lambda s, n, x: s.eval_laguerre(n, x), "Laguerre's polynomial Lₙ"
)
legendre_polynomial_p = _polynomial(
    "legendre_polynomial_p", lambda s, n, x: s.eval_legendre(n, x), "Legendre's polynomial Pₙ"
)
