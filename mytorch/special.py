"""Special functions under the names of ``torch.special``."""

from .ops.activation import log_softmax, softmax
from .ops.arithmetic import xlogy
from .ops.elementwise import exp2, expm1, log1p, logit, round, sinc
from .ops.elementwise import sigmoid as expit
from .ops.gamma import digamma, polygamma
from .ops.gamma import digamma as psi
from .ops.gamma import lgamma as gammaln
from .ops.gamma import mvlgamma as multigammaln
from .ops.reduce import logsumexp
from .ops.special import entr, erf, erfc, erfinv, ndtr, xlog1py

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p", "log_softmax", "logit", "logsumexp", "multigammaln",
    "ndtr", "polygamma", "psi", "round", "sinc", "softmax", "xlog1py", "xlogy",
]  # fmt: skip
