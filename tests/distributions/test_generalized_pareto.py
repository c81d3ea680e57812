"""The generalized Pareto distribution, against PyTorch."""

import pytest

import mytorch
from mytorch import distributions as mine
from tests.distributions.test_distributions import both_of, close
from tests.referee import torch


@pytest.mark.parametrize("concentration", ["less / 5 - 0.1", "0.0", "-1.0", "0.7"])
def test_generalized_pareto(concentration):
    """In float32: torch's takes no other dtype."""
    text, x, u = f"GeneralizedPareto(loc, scale, {concentration})", [0.9, -0.5, 2.5], [0.2, 0.5, 0.9]
    for what in (
        "log_prob(x)",
        "cdf(x)",
        "log_survival_function(x)",
        "icdf(u)",
        "entropy()",
        "mean",
        "variance",
        "mode",
        "expand((2, 3)).mean",
    ):
        results = []
        for lib in (mytorch, torch):
            given = {"x": lib.tensor(x), "u": lib.tensor(u)}
            results.append(
                both_of(
                    lib,
                    text,
                    lambda d, _, given=given, what=what: eval(f"d.{what}", {"d": d, **given}),
                    "float32",
                )
            )
        (found, grads), (expected, wanted) = results
        close(found, expected, 1e-5)
        for name in sorted(grads.keys() & wanted.keys()):
            if wanted[name].isfinite().all():
                close(grads[name], wanted[name], 1e-3)
    d = mine.GeneralizedPareto(mytorch.tensor(1.0), 2.0, -0.5)
    samples = d.sample((40000,))
    assert (
        d.support.check(samples).all()
        and abs(samples.mean() - d.mean) < 0.03
        and abs(samples.var() - d.variance) < 0.05
    )
