"""Probability distributions: torch.distributions' names. Names only; the code is in the modules."""

import sys

from ..tensors.public_names import lookup as _lookup
from . import (
    constraints,
    continuous,
    counts,
    discrete,
    gammas,
    halves,
    heavy_tails,
    kl_of_two_kinds,
    lkj,
    mixture,
    multivariate,
    one_hot,
    transformed,
    transforms,
)
from .constraint_registry import biject_to, transform_to
from .continuous import Exponential, Laplace, Normal, Uniform
from .continuous_bernoulli import ContinuousBernoulli
from .counts import Binomial, Geometric, Multinomial, NegativeBinomial, Poisson
from .discrete import Bernoulli, Categorical
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .gammas import Beta, Chi2, Dirichlet, FisherSnedecor, Gamma, InverseGamma, StudentT
from .generalized_pareto import GeneralizedPareto
from .halves import HalfCauchy, HalfNormal
from .heavy_tails import Cauchy, VonMises
from .independent import Independent
from .kl import kl_divergence, register_kl
from .lkj import LKJCholesky
from .mixture import MixtureSameFamily
from .multivariate import LowRankMultivariateNormal, MultivariateNormal
from .one_hot import (
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
)
from .transformed import (
    Gumbel,
    Kumaraswamy,
    LogisticNormal,
    LogNormal,
    Pareto,
    TransformedDistribution,
    Weibull,
)
from .transforms import (
    AbsTransform,
    AffineTransform,
    CatTransform,
    ComposeTransform,
    CorrCholeskyTransform,
    CumulativeDistributionTransform,
    ExpTransform,
    IndependentTransform,
    LowerCholeskyTransform,
    PositiveDefiniteTransform,
    PowerTransform,
    ReshapeTransform,
    SigmoidTransform,
    SoftmaxTransform,
    SoftplusTransform,
    StackTransform,
    StickBreakingTransform,
    TanhTransform,
    Transform,
    identity_transform,
)
from .wishart import Wishart

__all__ = [
    "AbsTransform",
    "AffineTransform",
    "Bernoulli",
    "Beta",
    "Binomial",
    "CatTransform",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ComposeTransform",
    "CorrCholeskyTransform",
    "ContinuousBernoulli",
    "CumulativeDistributionTransform",
    "Dirichlet",
    "Distribution",
    "ExpTransform",
    "Exponential",
    "ExponentialFamily",
    "FisherSnedecor",
    "Gamma",
    "GeneralizedPareto",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Independent",
    "IndependentTransform",
    "InverseGamma",
    "Kumaraswamy",
    "LKJCholesky",
    "Laplace",
    "LogNormal",
    "LogisticNormal",
    "LowRankMultivariateNormal",
    "LowerCholeskyTransform",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "PositiveDefiniteTransform",
    "PowerTransform",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "ReshapeTransform",
    "SigmoidTransform",
    "SoftmaxTransform",
    "SoftplusTransform",
    "StackTransform",
    "StickBreakingTransform",
    "StudentT",
    "TanhTransform",
    "Transform",
    "TransformedDistribution",
    "Uniform",
    "VonMises",
    "Weibull",
    "Wishart",
    "biject_to",
    "constraints",
    "identity_transform",
    "kl_divergence",
    "register_kl",
    "transform_to",
    "transforms",
]

# Scripts import from torch's files, which hold one distribution each: their names lead to ours.
_FILES = {
    continuous: "exponential laplace normal uniform",
    counts: "binomial geometric multinomial negative_binomial poisson",
    discrete: "bernoulli categorical",
    gammas: "beta chi2 dirichlet fishersnedecor gamma inverse_gamma studentT",
    heavy_tails: "cauchy von_mises",
    mixture: "mixture_same_family",
    lkj: "lkj_cholesky",
    multivariate: "lowrank_multivariate_normal multivariate_normal",
    one_hot: "one_hot_categorical relaxed_bernoulli relaxed_categorical",
    halves: "half_cauchy half_normal",
    transformed: "gumbel kumaraswamy log_normal logistic_normal pareto transformed_distribution weibull",
}
_PLACES = {name: module for module, names in _FILES.items() for name in names.split()}
globals().update(_PLACES)
sys.modules |= {f"{__name__}.{name}": module for name, module in _PLACES.items()}

__getattr__ = _lookup(__name__)
