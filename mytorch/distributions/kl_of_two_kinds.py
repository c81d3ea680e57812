"""Kullback-Leibler divergences between distributions of different classes.

KL(p ‖ q) = -H(p) - E_p[log q], and E_p[log q] depends on a few moments of p.
"""

from __future__ import annotations

import math

from ..ops.binary import xlogy
from ..ops.elementwise import where
from ..ops.special.erf import erf
from ..ops.special.gamma import digamma, lgamma
from ..tensors.creation import full_like
from .continuous import Exponential, Laplace, Normal, Uniform
from .continuous_bernoulli import ContinuousBernoulli
from .counts import Binomial, Poisson
from .discrete import Bernoulli
from .gammas import Beta, Gamma, log_beta
from .kl import register_kl
from .transformed import Gumbel, Pareto


def _infinite(p, q):
    """KL(p ‖ q) where p has values outside of the support of q."""
    return full_like(p.mean, math.inf)


_OUTSIDE = {  # p: all q whose support is smaller
    Beta: (Pareto,),
    ContinuousBernoulli: (Pareto,),
    Exponential: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gamma: (Beta, ContinuousBernoulli, Pareto, Uniform),
    Gumbel: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Laplace: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Normal: (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform),
    Pareto: (Beta, ContinuousBernoulli, Uniform),
    Poisson: (Bernoulli, Binomial),
}
for _p, _others in _OUTSIDE.items():
    for _q in _others:
        register_kl(_p, _q)(_infinite)


def _mean_log(p):
    """E[log x] for positive x."""
    if isinstance(p, Beta):
        return digamma(p.concentration1) - digamma(p.concentration1 + p.concentration0)
    if isinstance(p, Pareto):
        return p.scale.log() + p.alpha.reciprocal()
    return (xlogy(p.high, p.high) - xlogy(p.low, p.low)) / (p.high - p.low) - 1  # Uniform


def _mean_log_rest(p):
    """E[log (1 - x)] for x of a Uniform within [0, 1]."""
    return -(xlogy(1 - p.high, 1 - p.high) - xlogy(1 - p.low, 1 - p.low)) / (p.high - p.low) - 1


# ---- q that asks for the mean and the variance ---------------------------------------------------


@register_kl(Beta, Normal)
@register_kl(ContinuousBernoulli, Normal)
@register_kl(Gumbel, Normal)
@register_kl(Pareto, Normal)
def _to_normal(p, q):
    square = p.variance + (p.mean - q.loc) ** 2
    return -p.entropy() + 0.5 * (2 * math.pi * q.scale**2).log() + square / (2 * q.scale**2)


@register_kl(Beta, Exponential)
@register_kl(ContinuousBernoulli, Exponential)
@register_kl(Pareto, Exponential)
def _to_exponential(p, q):
    return -p.entropy() - q.rate.log() + q.rate * p.mean


@register_kl(Uniform, Exponential)
def _uniform_to_exponential(p, q):
    return where(p.low < 0, math.inf, _to_exponential(p, q))


@register_kl(Beta, ContinuousBernoulli)
@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _to_continuous_bernoulli(p, q):
    return -p.entropy() - p.mean * q.logits - (-q.probs).log1p() - q._log_norm()


@register_kl(Uniform, ContinuousBernoulli)
def _uniform_to_continuous_bernoulli(p, q):
    return where((p.low < 0) | (p.high > 1), math.inf, _to_continuous_bernoulli(p, q))


# ---- q that asks for means of logarithms ---------------------------------------------------------


@register_kl(Beta, Gamma)
@register_kl(Pareto, Gamma)
def _to_gamma(p, q):
    a = q.concentration
    return -p.entropy() + lgamma(a) - a * q.rate.log() - (a - 1) * _mean_log(p) + q.rate * p.mean


@register_kl(Uniform, Gamma)
def _uniform_to_gamma(p, q):
    return where(p.low < 0, math.inf, _to_gamma(p, q))


@register_kl(Uniform, Beta)
def _uniform_to_beta(p, q):
    a, b = q.concentration1, q.concentration0
    finite = -p.entropy() + log_beta(a, b) - (a - 1) * _mean_log(p) - (b - 1) * _mean_log_rest(p)
    return where((p.low < 0) | (p.high > 1), math.inf, finite)


@register_kl(Uniform, Pareto)
def _uniform_to_pareto(p, q):
    finite = -p.entropy() - q.alpha.log() - q.alpha * q.scale.log() + (q.alpha + 1) * _mean_log(p)
    return where(p.low < q.scale, math.inf, finite)


@register_kl(Beta, Uniform)
@register_kl(ContinuousBernoulli, Uniform)
def _to_uniform(p, q):
    return where((q.low > 0) | (q.high < 1), math.inf, (q.high - q.low).log() - p.entropy())


# ---- q that asks for the mean of exp(-x / scale), or of |x - loc| --------------------------------


def _to_gumbel(p, q, mean_exp):
    """``mean_exp`` is E[exp(-(x - loc) / scale)]."""
    return -p.entropy() + q.scale.log() + (p.mean - q.loc) / q.scale + mean_exp


@register_kl(Exponential, Gumbel)
def _exponential_to_gumbel(p, q):
    return _to_gumbel(p, q, (q.loc / q.scale).exp() / (1 + (p.rate * q.scale).reciprocal()))


@register_kl(Gamma, Gumbel)
def _gamma_to_gumbel(p, q):
    return _to_gumbel(
        p, q, (q.loc / q.scale).exp() * (1 + (p.rate * q.scale).reciprocal()) ** -p.concentration
    )


@register_kl(Normal, Gumbel)
def _normal_to_gumbel(p, q):
    return _to_gumbel(p, q, ((q.loc - p.loc + 0.5 * p.scale**2 / q.scale) / q.scale).exp())


@register_kl(Uniform, Gumbel)
def _uniform_to_gumbel(p, q):
    ends = ((q.loc - p.low) / q.scale).exp() - ((q.loc - p.high) / q.scale).exp()
    return _to_gumbel(p, q, q.scale * ends / (p.high - p.low))


@register_kl(Normal, Laplace)
def _normal_to_laplace(p, q):
    z = (p.loc - q.loc) / (p.scale * math.sqrt(2))
    distance = p.scale * (math.sqrt(2 / math.pi) * (-(z**2)).exp() + math.sqrt(2) * z * erf(z))
    return -p.entropy() + (2 * q.scale).log() + distance / q.scale
