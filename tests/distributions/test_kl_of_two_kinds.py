"""Divergences between distributions of two kinds: torch's values and gradients; infinite where p has values
that q does not have.
"""

import numpy as np
import pytest

import mytorch
from tests.distributions.test_distributions import build, close, divergences, mine, theirs
from tests.referee import torch

# within (0, 1), where torch's formulas are right; it takes a whole [0, 1] for too large
INSIDE = "Uniform(p * 0.3, p * 0.3 + 0.5)"
FINITE = [
    *(
        (f"{p}", "Normal(loc, scale)")
        for p in (
            "Beta(more, less)",
            "ContinuousBernoulli(p)",
            "Gumbel(loc, scale)",
            "Pareto(scale, more + 1)",
        )
    ),
    *(
        (f"{p}", "Exponential(rate)")
        for p in ("Beta(more, less)", "ContinuousBernoulli(p)", "Pareto(scale, more)", INSIDE)
    ),
    *((f"{p}", "Gamma(more, rate)") for p in ("Beta(more, less)", "Pareto(scale, more)", INSIDE)),
    *(
        (f"{p}", "ContinuousBernoulli(logits=logits)")
        for p in ("Beta(more, less)", "ContinuousBernoulli(p)", INSIDE)
    ),
    *(
        (f"{p}", "Gumbel(loc, scale)")
        for p in ("Exponential(rate)", "Gamma(more, rate)", "Normal(loc, scale + 1)", INSIDE)
    ),
    *((f"{p}", "Uniform(-1.0 + 0 * p, 2.0)") for p in ("Beta(more, less)", "ContinuousBernoulli(p)")),
    (INSIDE, "Beta(more, less)"),
    ("Uniform(high, high + 2)", "Pareto(0.4, more)"),
    ("Normal(loc, scale)", "Laplace(low, rate)"),
    ("InverseGamma(more, rate)", "InverseGamma(less, scale)"),
]
KINDS = {
    "Beta": "Beta(more, less)",
    "ContinuousBernoulli": "ContinuousBernoulli(p)",
    "Exponential": "Exponential(rate)",
    "Gamma": "Gamma(more, rate)",
    "Gumbel": "Gumbel(loc, scale)",
    "Laplace": "Laplace(loc, scale)",
    "Normal": "Normal(loc, scale)",
    "Pareto": "Pareto(scale, more)",
    "Poisson": "Poisson(more)",
    "Uniform": "Uniform(low - 1, high + 0.1)",
    "Bernoulli": "Bernoulli(p)",
    "Binomial": "Binomial(n, p)",
}
INFINITE = [
    *(
        (p, q)
        for p in ("Normal", "Laplace", "Gumbel")
        for q in ("Beta", "ContinuousBernoulli", "Exponential", "Gamma", "Pareto", "Uniform")
    ),
    *((p, q) for p in ("Exponential", "Gamma") for q in ("Beta", "ContinuousBernoulli", "Pareto", "Uniform")),
    *(("Pareto", q) for q in ("Beta", "ContinuousBernoulli", "Uniform")),
    *(("Poisson", q) for q in ("Bernoulli", "Binomial")),
    *(("Uniform", q) for q in ("Beta", "ContinuousBernoulli", "Exponential", "Gamma", "Pareto")),
    ("Beta", "Pareto"),
    ("ContinuousBernoulli", "Pareto"),
    ("Beta", "Uniform"),
    ("ContinuousBernoulli", "Uniform"),
]


@pytest.mark.parametrize(("p", "q"), FINITE)
def test_values_and_gradients(p, q):
    (result, grads), (expected, wanted) = divergences(p, q)
    assert result.isfinite().all() and expected.isfinite().all()
    close(result, expected, 1e-8)
    assert grads.keys() == wanted.keys()
    for name, grad in grads.items():
        close(grad, wanted[name], 1e-7)


@pytest.mark.parametrize(("p", "q"), INFINITE)
def test_infinite(p, q):
    found, expected = (
        module.kl_divergence(build(KINDS[p], lib)[0], build(KINDS[q], lib)[0])
        for lib, module in ((mytorch, mine), (torch, theirs))
    )
    close(found, expected)
    assert np.isinf(found.numpy()).any()


def test_the_whole_interval_is_not_too_large():
    """As the definition has it; torch says infinity."""
    pixels, flat = mine.ContinuousBernoulli(0.3), mine.Uniform(0.0, 1.0)
    np.testing.assert_allclose(mine.kl_divergence(pixels, flat).item(), -pixels.entropy().item(), rtol=1e-6)
    np.testing.assert_allclose(
        mine.kl_divergence(flat, pixels).item(),
        -pixels.log_prob(mytorch.linspace(0, 1, 10001)).mean().item(),
        rtol=1e-4,
    )
