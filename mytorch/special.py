# Names only: there is nothing to read here.
"""Special functions under the names of ``torch.special``."""

from .ops.binary import xlogy
from .ops.reduce import logsumexp
from .ops.rounding import round
from .ops.softmax import log_softmax, softmax
from .ops.special.bessel import i0, i0e, i1, i1e
from .ops.special.erf import entr, erf, erfc, erfcx, erfinv, xlog1py
from .ops.special.gamma import digamma, polygamma, zeta
from .ops.special.gamma import digamma as psi
from .ops.special.gamma import lgamma as gammaln
from .ops.special.gamma import mvlgamma as multigammaln
from .ops.special.incomplete_gamma import igamma as gammainc
from .ops.special.incomplete_gamma import igammac as gammaincc
from .ops.special.normal import log_ndtr, ndtr, ndtri
from .ops.transcendental import exp2, expm1, log1p, logit, sinc
from .ops.transcendental import sigmoid as expit
from .tensors.public_names import lookup as _lookup

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfcx",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammainc",
    "gammaincc",
    "gammaln",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "log1p",
    "log_ndtr",
    "log_softmax",
    "logit",
    "logsumexp",
    "multigammaln",
    "ndtr",
    "ndtri",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
    "zeta",
]

__getattr__ = _lookup(__name__)
