"""Divergences between distributions of one kind: torch's values and gradients."""

import numpy as np
import pytest

from mytorch import distributions as mine
from tests.distributions.test_distributions import close, divergences

PAIRS = [
    ("Gamma(more, rate)", "Gamma(less, 2.0)"),
    ("Chi2(more)", "Gamma(less, 2.0)"),
    ("Beta(more, less)", "Beta(less, more)"),
    ("Dirichlet(more)", "Dirichlet(less)"),
    ("Exponential(rate)", "Gamma(more, less)"),
    ("Gamma(more, rate)", "Exponential(less)"),
    ("Poisson(more)", "Poisson(less)"),
    ("Bernoulli(p)", "Poisson(less)"),
    ("Geometric(p)", "Geometric(logits=logits / 3)"),
    ("Binomial(n, p)", "Binomial(4, logits=logits)"),
    ("Binomial(n, p)", "Binomial(3, p)"),
    ("OneHotCategorical(table[2] + 1)", "OneHotCategorical(probs[2])"),
    (
        "MultivariateNormal(loc, scale_tril=tril)",
        "MultivariateNormal(table, precision_matrix=tril @ tril.mT)",
    ),
    ("Cauchy(loc, scale)", "Cauchy(0.0, rate)"),
    ("Gumbel(loc, scale)", "Gumbel(0.0, rate)"),
    ("LowRankMultivariateNormal(loc, tril[:, :2], scale)", "MultivariateNormal(loc + 1, scale_tril=tril)"),
    ("MultivariateNormal(loc, scale_tril=tril)", "LowRankMultivariateNormal(loc + 1, tril[:, :1], scale)"),
    (
        "LowRankMultivariateNormal(loc, tril[:, :2], scale)",
        "LowRankMultivariateNormal(loc + 1, tril[:, :1], more)",
    ),
    ("HalfNormal(scale)", "HalfNormal(rate)"),
    ("Pareto(scale, more)", "Pareto(0.7, less)"),
    ("Laplace(loc, scale)", "Normal(0.0, rate)"),
    ("Gamma(more, rate)", "Normal(loc, scale)"),
    ("Exponential(rate)", "Normal(loc, scale)"),
    ("LogNormal(loc, scale)", "LogNormal(0.0, rate)"),
    ("Independent(Gamma(more, rate), 1)", "Independent(Gamma(less, rate), 1)"),
]


@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_kl_divergence(p, q):
    (result, grads), (expected, wanted) = divergences(p, q)
    close(result, expected, 1e-9)
    for name, grad in grads.items():
        if np.isfinite(wanted[name].numpy()).all():
            close(grad, wanted[name], 1e-8)


def test_kl_of_other_transforms():
    with pytest.raises(NotImplementedError, match="equal transforms"):
        mine.kl_divergence(
            mine.LogNormal(0.0, 1.0),
            mine.TransformedDistribution(mine.Normal(0.0, 1.0), [mine.TanhTransform()]),
        )
