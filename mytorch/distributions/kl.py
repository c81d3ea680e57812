"""Kullback-Leibler divergences, one formula per pair of distributions."""

from __future__ import annotations

import math

from ..ops.activation import softplus
from ..ops.elementwise import where
from ..ops.linalg.matrix import cholesky_solve
from ..ops.special.gamma import digamma, lgamma, mvlgamma
from ..tensors.range_creation import arange
from .continuous import Exponential, Laplace, Normal, Uniform
from .counts import Binomial, Geometric, Poisson
from .discrete import Bernoulli, Categorical
from .gammas import Beta, Dirichlet, Gamma, InverseGamma, log_beta
from .halves import HalfNormal
from .heavy_tails import Cauchy
from .independent import Independent, sum_rightmost
from .multivariate import LowRankMultivariateNormal, MultivariateNormal, mahalanobis
from .one_hot import OneHotCategorical
from .transformed import Gumbel, Pareto, TransformedDistribution
from .wishart import Wishart

_EULER = 0.57721566490153286061

_formulas: dict = {}


def register_kl(type_p, type_q):
    """Decorator: the function (p, q) that gives KL(p ‖ q) for distributions of these types."""

    def register(formula):
        _formulas[type_p, type_q] = formula
        return formula

    return register


def kl_divergence(p, q):
    """KL(p ‖ q) = E_p[log p - log q], of the common batch shape.

    NotImplementedError for pairs without a formula.
    """
    for type_p in type(p).__mro__:
        for type_q in type(q).__mro__:
            if (type_p, type_q) in _formulas:
                return _formulas[type_p, type_q](p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )


@register_kl(Normal, Normal)
def _normals(p, q):
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale) ** 2 - 1 - ratio.log())


@register_kl(Bernoulli, Bernoulli)
def _bernoullis(p, q):
    ones = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    ones = where(p.probs == 0, 0.0, where(q.probs == 0, math.inf, ones))
    zeros = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    return ones + where(p.probs == 1, 0.0, where(q.probs == 1, math.inf, zeros))


@register_kl(Categorical, Categorical)
def _categoricals(p, q):
    terms = p.probs * (p.logits - q.logits)
    return where(p.probs == 0, 0.0, where(q.probs == 0, math.inf, terms)).sum(-1)


@register_kl(Uniform, Uniform)
def _uniforms(p, q):
    inside = (q.low <= p.low) & (q.high >= p.high)
    return where(inside, ((q.high - q.low) / (p.high - p.low)).log(), math.inf)


@register_kl(Exponential, Exponential)
def _exponentials(p, q):
    ratio = q.rate / p.rate
    return ratio - ratio.log() - 1


@register_kl(Laplace, Laplace)
def _laplaces(p, q):
    ratio, distance = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * (-distance / p.scale).exp() - 1


@register_kl(Uniform, Normal)
def _uniform_normal(p, q):
    width = p.high - p.low
    spread = (width / q.scale) ** 2 / 24 + (((p.high + p.low - 2 * q.loc) / (2 * q.scale)) ** 2) / 2
    return (math.sqrt(2 * math.pi) * q.scale / width).log() + spread


@register_kl(Independent, Independent)
def _independents(p, q):
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError("KL of Independent distributions needs the same reinterpreted_batch_ndims")
    return sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# ---- of the family of gamma random numbers -------------------------------------------------------


@register_kl(InverseGamma, InverseGamma)  # KL stays the same when both p and q are those of 1 / x
@register_kl(Gamma, Gamma)
def _gammas(p, q):
    a, b = p.concentration, q.concentration
    return (
        b * (p.rate / q.rate).log()
        + lgamma(b)
        - lgamma(a)
        + (a - b) * digamma(a)
        + (q.rate - p.rate) * (a / p.rate)
    )


@register_kl(Beta, Beta)
def _betas(p, q):
    a, b, c, d = p.concentration1, p.concentration0, q.concentration1, q.concentration0
    return (
        log_beta(c, d)
        - log_beta(a, b)
        + (a - c) * digamma(a)
        + (b - d) * digamma(b)
        + (c - a + d - b) * digamma(a + b)
    )


@register_kl(Dirichlet, Dirichlet)
def _dirichlets(p, q):
    a, b = p.concentration, q.concentration
    norm = lgamma(a.sum(-1)) - lgamma(b.sum(-1)) - (lgamma(a) - lgamma(b)).sum(-1)
    return norm + ((a - b) * (digamma(a) - digamma(a.sum(-1, True)))).sum(-1)


@register_kl(Exponential, Gamma)
def _exponential_gamma(p, q):
    ratio = q.rate / p.rate
    return (
        -q.concentration * ratio.log()
        + ratio
        + lgamma(q.concentration)
        + q.concentration * _EULER
        - (1 + _EULER)
    )


@register_kl(Gamma, Exponential)
def _gamma_exponential(p, q):
    return -p.entropy() - q.rate.log() + q.rate * p.concentration / p.rate


# ---- of counts -----------------------------------------------------------------------------------


@register_kl(Poisson, Poisson)
def _poissons(p, q):
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Bernoulli, Poisson)
def _bernoulli_poisson(p, q):
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)


@register_kl(Geometric, Geometric)
def _geometrics(p, q):
    return -p.entropy() - (-q.probs).log1p() / p.probs - q.logits


@register_kl(Binomial, Binomial)
def _binomials(p, q):
    each = p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p()
    return where(p.total_count > q.total_count, math.inf, p.total_count * each)


@register_kl(OneHotCategorical, OneHotCategorical)
def _one_hots(p, q):
    return kl_divergence(p._categorical, q._categorical)


# ---- of location and scale -----------------------------------------------------------------------


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
@register_kl(LowRankMultivariateNormal, MultivariateNormal)
@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normals(p, q):
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two multivariate normal distributions with different event shapes, "
            f"{p.event_shape} and {q.event_shape}"
        )
    L, M = p.scale_tril, q.scale_tril
    logs = (M.diagonal(dim1=-2, dim2=-1).log() - L.diagonal(dim1=-2, dim2=-1).log()).sum(-1)
    return logs + 0.5 * (mahalanobis(M, L) + mahalanobis(M, (q.loc - p.loc).unsqueeze(-1)) - p.event_shape[0])


@register_kl(Cauchy, Cauchy)
def _cauchys(p, q):
    return ((p.scale + q.scale) ** 2 + (p.loc - q.loc) ** 2).log() - (4 * p.scale * q.scale).log()


@register_kl(Gumbel, Gumbel)
def _gumbels(p, q):
    ratio, apart = p.scale / q.scale, (q.loc - p.loc) / q.scale
    return -ratio.log() - apart + ratio * _EULER + (apart + lgamma(1 + ratio)).exp() - (1 + _EULER)


@register_kl(HalfNormal, HalfNormal)
def _half_normals(p, q):
    return kl_divergence(p.base_dist, q.base_dist)


@register_kl(Pareto, Pareto)
def _paretos(p, q):
    ratio = q.alpha / p.alpha
    return where(p.scale < q.scale, math.inf, q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1)


@register_kl(Laplace, Normal)
def _laplace_normal(p, q):
    spread = (p.scale / q.scale) ** 2
    ratio = (q.scale / p.scale * math.sqrt(math.pi / 2)).log()
    return ratio + spread + ((p.loc - q.loc) / q.scale) ** 2 / 2 - 1


@register_kl(Gamma, Normal)
def _gamma_normal(p, q):
    beta, a = (p.rate * q.scale) ** 2, p.concentration
    distance = 0.5 * (a**2 + a) / beta - q.loc * p.rate * a / beta + 0.5 * (q.loc * p.rate) ** 2 / beta
    return 0.5 * (2 * math.pi * beta).log() - a - lgamma(a) + (a - 1) * digamma(a) + distance


@register_kl(Exponential, Normal)
def _exponential_normal(p, q):
    distance = p.rate**-2 - q.loc / p.rate + q.loc**2 / 2
    return 0.5 * (p.rate**2 * q.scale**2 * 2 * math.pi).log() - 1 + distance / q.scale**2


@register_kl(TransformedDistribution, TransformedDistribution)
def _transformed(p, q):
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError("KL of transformed distributions needs equal transforms and event shapes")
    between = kl_divergence(p.base_dist, q.base_dist)
    return sum_rightmost(
        between,
        len(p.event_shape) - len(p.base_dist.event_shape)
        if len(p.event_shape) > len(p.base_dist.event_shape)
        else 0,
    )


@register_kl(Wishart, Wishart)
def _wisharts(p, q):
    n, half = p.event_shape[-1], p.df / 2
    ratio = cholesky_solve(p.covariance_matrix, q.scale_tril).diagonal(dim1=-2, dim2=-1).sum(-1)
    places = arange(n, dtype=half.dtype, device=half.device) / 2
    return (
        q.df * (q._log_scale() - p._log_scale())
        + half * (ratio - n)
        + mvlgamma(q.df / 2, p=n)
        - mvlgamma(half, p=n)
        + (half - q.df / 2) * digamma(half[..., None] - places).sum(-1)
    )
