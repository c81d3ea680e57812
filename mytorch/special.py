"""Special functions under the names of ``torch.special``."""

from .ops.activation import log_softmax, softmax
from .ops.arithmetic import xlogy
from .ops.bessel import i0, i0e, i1, i1e
from .ops.elementwise import exp2, expm1, log1p, logit, round, sinc
from .ops.elementwise import sigmoid as expit
from .ops.gamma import digamma, polygamma, zeta
from .ops.gamma import digamma as psi
from .ops.gamma import lgamma as gammaln
from .ops.gamma import mvlgamma as multigammaln
from .ops.incomplete_gamma import igamma as gammainc
from .ops.incomplete_gamma import igammac as gammaincc
from .ops.reduce import logsumexp
from .ops.special import entr, erf, erfc, erfcx, erfinv, log_ndtr, ndtr, ndtri, xlog1py

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
