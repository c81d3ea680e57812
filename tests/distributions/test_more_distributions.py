"""The further distributions and the transforms: values, gradients, moments and divergences are torch's;
samples follow their distributions.
"""

import numpy as np
import pytest

import mytorch
from mytorch import distributions as mine
from tests.distributions.test_distributions import both_of, build, close, theirs
from tests.referee import answer, torch

CASES = {  # expression: values to score
    "Gamma(more, rate)": [0.3, 1.0, 2.5],
    "Gamma(less, 2.0)": [0.3, 1.0, 2.5],
    "Chi2(more)": [0.3, 1.0, 2.5],
    "InverseGamma(more + 2, rate)": [0.3, 1.0, 2.5],
    "Beta(more, less)": [0.2, 0.5, 0.9],
    "Beta(0.5, 0.5)": [0.2, 0.5, 0.9],
    "Dirichlet(more)": [0.2, 0.5, 0.3],
    "Dirichlet(table + 1.5)": [0.2, 0.5, 0.3],
    "FisherSnedecor(more, more + 5)": [0.3, 1.0, 2.5],
    "StudentT(more + 4, loc, scale)": [-1.0, 0.0, 2.5],
    "StudentT(more)": [-1.0, 0.0, 2.5],
    "Cauchy(loc, scale)": [-1.0, 0.0, 2.5],
    "VonMises(loc, more)": [-1.0, 0.0, 2.5],
    "LogNormal(loc / 4, scale / 4)": [0.3, 1.0, 2.5],
    "Gumbel(loc, scale)": [-1.0, 0.0, 2.5],
    "Weibull(scale, more)": [0.3, 1.0, 2.5],
    "Pareto(scale, more + 4)": [0.7, 1.1, 3.5],
    "Kumaraswamy(more, less + 1)": [0.2, 0.5, 0.9],
    "HalfNormal(scale)": [0.3, 1.0, 2.5],
    "HalfCauchy(scale)": [0.3, 1.0, 2.5],
    "LogisticNormal(loc, scale / 4)": [0.2, 0.3, 0.4, 0.1],
    "Poisson(more)": [0.0, 1.0, 5.0],
    "Geometric(p)": [0.0, 1.0, 5.0],
    "Geometric(logits=logits / 3)": [0.0, 1.0, 5.0],
    "Binomial(n, p)": [0.0, 1.0, 4.0],
    "Binomial(4, logits=logits)": [0.0, 1.0, 4.0],
    "NegativeBinomial(more, p / 2)": [0.0, 1.0, 4.0],
    "NegativeBinomial(more, logits=logits - 6)": [0.0, 1.0, 4.0],
    "Multinomial(5, probs[2])": [2.0, 1.0, 2.0],
    "Multinomial(5, logits=table)": [2.0, 1.0, 2.0],
    "OneHotCategorical(probs)": [0.0, 1.0, 0.0],
    "OneHotCategorical(logits=table)": [0.0, 1.0, 0.0],
    "OneHotCategoricalStraightThrough(logits=table)": [0.0, 1.0, 0.0],
    "RelaxedBernoulli(rate[1], p)": [0.2, 0.5, 0.9],
    "RelaxedBernoulli(rate[1] * 0.7, logits=logits)": [0.2, 0.5, 0.9],
    "RelaxedOneHotCategorical(rate[1] * 0.7, probs[2])": [0.2, 0.5, 0.3],
    "RelaxedOneHotCategorical(rate[1], logits=table)": [0.2, 0.5, 0.3],
    "MultivariateNormal(loc, scale_tril=tril)": [-1.0, 0.0, 2.5],
    "MultivariateNormal(loc, tril @ tril.mT)": [-1.0, 0.0, 2.5],
    "MultivariateNormal(table, precision_matrix=tril @ tril.mT)": [-1.0, 0.0, 2.5],
    "LowRankMultivariateNormal(loc, tril[:, :2], scale)": [-1.0, 0.0, 2.5],
    "LowRankMultivariateNormal(table, tril[:, :1], scale)": [-1.0, 0.0, 2.5],
    "ContinuousBernoulli(p)": [0.2, 0.5, 0.9],
    "ContinuousBernoulli(logits=logits)": [0.0, 0.5, 1.0],
    "MixtureSameFamily(Categorical(p), Normal(loc, scale))": [-1.0, 0.0, 2.5],
    "MixtureSameFamily(Categorical(p), Independent(Normal(table, scale), 1))": [-1.0, 0.0, 2.5],
    "MixtureSameFamily(Categorical(probs), Gamma(table + 1.5, 2.0))": [0.3, 1.0, 2.5],
    "TransformedDistribution(Normal(loc, scale), [TanhTransform()])": [-0.5, 0.0, 0.9],
    "TransformedDistribution(Normal(loc, scale), [AffineTransform(loc, -2.0), SigmoidTransform()])": [
        0.2,
        0.5,
        0.9,
    ],
    "TransformedDistribution(Normal(0.0, 1.0), AffineTransform(loc, scale))": [-1.0, 0.0, 2.5],
    "TransformedDistribution(Uniform(low - 9.0, high + 9.0), "
    "CumulativeDistributionTransform(Normal(loc, scale)))": [0.05, 0.6, 0.6],
    "Independent(Gamma(more, rate), 1)": [0.3, 1.0, 2.5],
}

WITH_CDF = [
    e
    for e in CASES
    if e.split("(")[0]
    in "Gamma Chi2 InverseGamma Cauchy LogNormal Gumbel Weibull Pareto Kumaraswamy HalfNormal HalfCauchy".split()  # noqa: E501
]

WITH_CDF += [e for e in CASES if e.startswith("ContinuousB")]

WITH_CDF += [e for e in CASES if e.startswith("TransformedD") and "Cumulative" not in e]

REPARAMETERIZED = [
    "Gamma(more, rate)",
    "Gamma(more * 20, rate)",
    "Chi2(more)",
    "InverseGamma(more + 5, rate)",
    "Beta(more, less)",
    "Dirichlet(more)",
    "StudentT(more + 9, loc, scale)",
    "FisherSnedecor(more, more + 12)",
    "LogNormal(loc / 4, scale / 4)",
    "Gumbel(loc, scale)",
    "Weibull(scale, more)",
    "Pareto(scale, more + 5)",
    "Kumaraswamy(more, less + 1)",
    "HalfNormal(scale)",
    "MultivariateNormal(loc, scale_tril=tril)",
    "MultivariateNormal(loc, tril @ tril.mT)",
    "LowRankMultivariateNormal(loc, tril[:, :2], scale)",
    "ContinuousBernoulli(p)",
]

COARSE = ("VonMises", "Multinomial")  # torch computes I₀ to single precision, and a factor of an entropy

OWN = ("Kumaraswamy(more, less + 1)", "mode")  # torch gives nan


def values(expression, library, dtype="float64"):
    return library.tensor(CASES[expression], dtype=getattr(library, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("expression", CASES)
def test_log_prob_and_entropy(expression, dtype):
    for what in (
        lambda d, library: d.log_prob(values(expression, library, dtype)),
        lambda d, library: d.entropy(),
    ):
        try:
            b, expected = both_of(torch, expression, what, dtype)
        except NotImplementedError:
            with pytest.raises(NotImplementedError):
                both_of(mytorch, expression, what, dtype)
            continue
        a, grads = both_of(mytorch, expression, what, dtype)
        close(a, b, 2e-5 if dtype == "float32" else 1e-7 if expression.startswith(COARSE) else 1e-9)
        assert grads.keys() == expected.keys()
        for name, grad in grads.items():
            close(grad, expected[name], 1e-6 if dtype == "float64" else 1e-3)


@pytest.mark.parametrize("name", ["mean", "variance", "stddev", "mode"])
@pytest.mark.parametrize("expression", CASES)
def test_moments_and_mode(expression, name):
    a, b = build(expression, mytorch)[0], build(expression, torch)[0]
    assert (tuple(a.batch_shape), tuple(a.event_shape)) == (tuple(b.batch_shape), tuple(b.event_shape))
    assert (a.has_rsample, a.has_enumerate_support) == (b.has_rsample, b.has_enumerate_support)
    try:
        expected = getattr(b, name)
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            getattr(a, name)
        return
    if (expression, name) == OWN:
        grid = mytorch.linspace(0.001, 0.999, 999, dtype=mytorch.float64)
        np.testing.assert_allclose(
            a.mode.array, grid.array[a.log_prob(grid[:, None]).array.argmax(0)], atol=1e-3
        )
    else:
        close(getattr(a, name), expected, 1e-6 if expression.startswith(COARSE) else 1e-9)


@pytest.mark.parametrize("expression", WITH_CDF)
def test_cdf_and_its_inverse(expression):
    for method in ("cdf", "icdf"):

        def call(d, library, method=method):
            return getattr(d, method)(
                values(expression, library)
                if method == "cdf"
                else library.tensor([0.1, 0.5, 0.9], dtype=library.float64)
            )

        try:
            b, expected = both_of(torch, expression, call)
        except (NotImplementedError, RuntimeError):  # torch has no gradient of the gamma's cdf in its shape
            continue
        a, grads = both_of(mytorch, expression, call)
        close(a, b, 1e-8)
        for name, grad in grads.items():
            close(grad, expected[name], 1e-7)


@pytest.mark.parametrize("expression", CASES)
def test_expand(expression):
    a, b = build(expression, mytorch)[0], build(expression, torch)[0]
    shape = (4, *a.batch_shape)
    a, b = a.expand(shape), b.expand(shape)
    assert (tuple(a.batch_shape), tuple(a.event_shape)) == (tuple(b.batch_shape), tuple(b.event_shape))
    assert a.sample((2,)).shape == (2, *shape, *a.event_shape)
    value = (
        (lambda library: values(expression, library))
        if b.batch_shape[1:] or b.event_shape
        else lambda library: values(expression, library)[:1]
    )
    close(
        a.log_prob(value(mytorch)), b.log_prob(value(torch)), 1e-7 if expression.startswith(COARSE) else 1e-9
    )


@pytest.mark.parametrize("expression", CASES)
def test_samples(expression):
    d = build(expression, mytorch)[0]
    samples = d.sample((20000,))
    shape, dtype, quantiles = answer(quantiles_of_torch, expression)
    assert samples.shape == shape and samples.dtype.name == dtype and not samples.requires_grad
    assert (
        d.sample().shape == d.batch_shape + d.event_shape
        and d.sample((2, 3)).shape == (2, 3) + d.batch_shape + d.event_shape
    )
    assert d.support.check(samples).all()
    for share, b, spread in quantiles:
        a = np.quantile(samples.array, share, axis=0)
        assert (np.abs(a - b) <= spread + 1e-9).all(), (share, a, b, spread)


def quantiles_of_torch(torch, expression):
    """Of many samples: shape, dtype, and quantiles, since some have no moments."""
    samples = build(expression, torch)[0].sample((20000,))
    array, found = samples.numpy(), []
    for share in (0.1, 0.5, 0.9):
        low, middle, high = (np.quantile(array, share + d, axis=0) for d in (-0.03, 0, 0.03))
        found.append((share, middle, high - low))
    return tuple(samples.shape), str(samples.dtype)[6:], found


@pytest.mark.parametrize("expression", REPARAMETERIZED)
def test_reparameterised_gradients(expression):
    """d E[f(x)] / d parameter, from samples and from those of torch; f is bounded, so that the tails matter
    little.
    """
    found = []
    for library in (mytorch, torch):
        d, parameters = build(expression, library, requires_grad=True)
        d.rsample((40000,)).sigmoid().mean(0).sum().backward()
        found.append({name: p.grad.numpy() for name, p in parameters.items() if p.grad is not None})
    assert found[0].keys() == found[1].keys()
    for name, grad in found[0].items():
        np.testing.assert_allclose(grad, found[1][name], rtol=0.08, atol=0.012, err_msg=name)


def test_relaxed_samples_have_gradients():
    for expression in (
        "RelaxedBernoulli(rate[1], p)",
        "RelaxedOneHotCategorical(rate[1], probs[2])",
        "OneHotCategoricalStraightThrough(logits=table)",
    ):
        d, parameters = build(expression, mytorch, requires_grad=True)
        (d.rsample((3,)) ** 2).sum().backward()
        assert any(
            p.grad is not None and np.isfinite(p.grad.array).all() and p.grad.array.any()
            for p in parameters.values()
        )


@pytest.mark.parametrize(
    "expression",
    [
        "Binomial(n, p)",
        "Binomial(4, logits=logits)",
        "OneHotCategorical(probs)",
        "OneHotCategorical(logits=table)",
    ],
)
def test_enumerate_support(expression):
    for expand in (True, False):
        close(
            build(expression, mytorch)[0].enumerate_support(expand),
            build(expression, torch)[0].enumerate_support(expand),
        )


def test_torchs_names_of_arguments():
    for lib, module in ((mytorch, mine), (torch, theirs)):
        mixture = module.MixtureSameFamily(
            module.Categorical(lib.ones(2)), module.Normal(lib.zeros(2), lib.ones(2))
        )
        assert (
            abs(mixture.cdf(x=lib.tensor(0.0)).item() - 0.5) < 1e-6
            and mixture.log_prob(x=lib.tensor(0.0)).item() < 0
        )
        assert module.HalfNormal(1.0).icdf(prob=lib.tensor(0.0)).item() == 0
        both = module.constraints.independent(
            base_constraint=module.constraints.real, reinterpreted_batch_ndims=1
        )
        assert both.check(lib.ones(2, 3)).shape == (2,)


def test_gamma_of_a_number():
    found, expected = (module.Gamma(2.0, 3.0).log_prob(0.3).item() for module in (mine, theirs))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_one_binomial_number():
    assert 0 <= mine.Binomial(5, 0.3).sample().item() <= 5


REFUSED = """
D.Gamma(-1.0, 1.0)
D.Gamma(1.0, 1.0).log_prob(T.tensor(-1.0))
D.Chi2(-1.0)
D.Beta(0.0, 1.0)
D.Beta(1.0, 1.0).log_prob(T.tensor(1.5))
D.Dirichlet(T.tensor(1.0))
D.Dirichlet(T.tensor([1.0, -1.0]))
D.Dirichlet(T.ones(2)).log_prob(T.ones(2))
D.Poisson(-1.0)
D.Poisson(1.0).log_prob(T.tensor(0.5))
D.Poisson(1.0).rsample()
D.Geometric(0.0)
D.Binomial(3, 1.5)
D.Binomial(3, 0.5).log_prob(T.tensor(4.0))
D.Binomial(T.tensor([1.0, 2.0]), 0.5).entropy()
D.Multinomial(3, T.ones(2)).log_prob(T.tensor([2.0, -1.0]))
D.OneHotCategorical(T.ones(3)).log_prob(T.ones(3))
D.MultivariateNormal(T.zeros(2))
D.MultivariateNormal(T.tensor(0.0), T.eye(2))
D.MultivariateNormal(T.zeros(2), -T.eye(2))
D.MultivariateNormal(T.zeros(2), T.ones(2))
D.MultivariateNormal(T.zeros(2), scale_tril=T.ones(2, 2))
D.LogNormal(0.0, -1.0)
D.LogNormal(0.0, 1.0).log_prob(T.tensor(-1.0))
D.Weibull(1.0, -1.0)
D.TransformedDistribution(D.Normal(0.0, 1.0), [3])
D.TransformedDistribution(D.Normal(0.0, 1.0), 3)
D.TransformedDistribution(D.Normal(0.0, 1.0), D.StickBreakingTransform())
D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(T.zeros(2), 1.0))
D.MixtureSameFamily(D.Categorical(T.ones(3)), D.Normal(T.zeros(2), 1.0))
D.RelaxedBernoulli(T.tensor(1.0))
D.ReshapeTransform((2,), (3,))
""".strip().splitlines()


@pytest.mark.parametrize("expression", REFUSED)
def test_refused_as_torch_refuses(expression):
    with pytest.raises(Exception) as expected:
        eval(expression, {"T": torch, "D": theirs})
    with pytest.raises(type(expected.value)):
        eval(expression, {"T": mytorch, "D": mine})


def test_kept_from_underflow():
    tiny = mine.Gamma(mytorch.full((1000,), 1e-3), 1.0).sample()
    assert (tiny.array > 0).all()
    assert mine.Gamma(mytorch.ones(3, requires_grad=True), 1.0).rsample().requires_grad
    with pytest.raises(NotImplementedError, match="second derivative"):
        a = mytorch.ones(3, requires_grad=True)
        (grad,) = mytorch.autograd.grad(mine.Gamma(a, 1.0).rsample().sum(), a, create_graph=True)
        grad.sum().backward()
