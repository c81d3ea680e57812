"""Distributions: values, gradients, shapes and errors are torch's; samples have the right moments."""

import importlib
import inspect

import numpy as np
import pytest

import mytorch
from mytorch import distributions as mine
from tests.referee import answer, torch

theirs = torch.distributions

ROW = {
    "loc": [0.5, -1.0, 2.0],
    "scale": [0.5, 1.0, 3.0],
    "low": [-1.0, 0.0, 2.0],
    "high": [0.5, 1.0, 5.0],
    "rate": [0.2, 1.0, 4.0],
    "p": [0.2, 0.5, 0.9],
    "logits": [-2.0, 0.0, 5.0],
    "probs": [[1.0, 2.0, 3.0], [0.0, 1.0, 0.0], [0.2, 0.2, 0.6]],
    "more": [1.5, 3.0, 7.0],
    "less": [0.3, 0.8, 4.5],
    "n": [4.0, 4.0, 4.0],
    "tril": [[1.0, 0.0, 0.0], [0.5, 2.0, 0.0], [-0.3, 0.4, 0.7]],
    "table": [[1.0, 2.0, 3.0], [-1.0, 0.0, 4.0], [0.2, 0.2, 0.6]],
}

CASES = {  # expression: values to score
    "Normal(loc, scale)": [-1.0, 0.0, 2.5],
    "Normal(0.5, scale)": [-1.0, 0.0, 2.5],
    "Normal(0.0, 2.0)": [-1.0, 0.0, 2.5],
    "Uniform(low, high)": [0.0, 0.5, 2.0],
    "Laplace(loc, scale)": [-1.0, -1.0, 2.5],
    "Exponential(rate)": [0.0, 0.5, 2.5],
    "Bernoulli(p)": [1.0, 0.0, 1.0],
    "Bernoulli(logits=logits)": [1.0, 0.0, 1.0],
    "Bernoulli(0.25)": [1.0, 0.0, 1.0],
    "Categorical(probs)": [2, 1, 0],
    "Categorical(logits=table)": [2, 1, 0],
    "Categorical(table[2])": [2, 1, 0],
    "Independent(Normal(loc, scale), 1)": [-1.0, 0.0, 2.5],
    "Independent(Bernoulli(p), 1)": [1.0, 0.0, 1.0],
    "Independent(Normal(loc, scale), 0)": [-1.0, 0.0, 2.5],
}


def build(expression, package, dtype="float64", requires_grad=False):
    """(the distribution, its parameters)."""
    module, library = (mine, mytorch) if package is mytorch else (theirs, torch)
    kind = getattr(library, dtype)
    parameters = {
        name: library.tensor(row, dtype=kind, requires_grad=requires_grad) for name, row in ROW.items()
    }
    names = {name: getattr(module, name) for name in mine.__all__}
    return eval(expression, names | parameters), parameters


def close(a, b, tolerance=1e-10):
    assert a.dtype.name == str(b.dtype)[6:]
    assert tuple(a.shape) == tuple(b.shape)
    tolerance = max(tolerance, 2e-5) if a.dtype == "float32" else tolerance
    np.testing.assert_allclose(a.detach().array, b.detach().numpy(), rtol=tolerance, atol=tolerance)


def both_of(library, expression, what, dtype="float64"):
    """``what`` of a distribution of one library, and the gradients of its sum."""
    distribution, parameters = build(expression, library, dtype, requires_grad=True)
    result = what(distribution, library)
    if result.requires_grad:
        result.sum().backward()
    return result, {k: v.grad for k, v in parameters.items() if v.grad is not None}


def both(expression, what, dtype="float64"):
    """``what(distribution, library)`` in both, with the gradients of its sum."""
    return [both_of(library, expression, what, dtype) for library in (mytorch, torch)]


def divergences(p, q):
    """KL(p ‖ q) in both, with the gradients of its sum for the parameters of p."""
    modules = {mytorch: mine, torch: theirs}
    found = both(p, lambda a, library: modules[library].kl_divergence(a, build(q, library)[0]))
    assert all(result.requires_grad for result, _ in found)
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("expression", CASES)
def test_log_prob_and_entropy(expression, dtype):
    discrete = "Categorical" in expression

    def score(d, library):
        return d.log_prob(
            library.tensor(CASES[expression], dtype=library.int64 if discrete else getattr(library, dtype))
        )

    for what in (score, lambda d, library: d.entropy(), lambda d, library: d.perplexity()):
        (a, grads), (b, expected) = both(expression, what, dtype)
        close(a, b, 1e-7 if "(0.25)" in expression else 1e-10)  # a number makes a float32 parameter
        assert grads.keys() == expected.keys()
        for name, grad in grads.items():
            close(grad, expected[name], 1e-9 if dtype == "float64" else 1e-4)


@pytest.mark.parametrize("name", ["mean", "variance", "stddev", "mode"])
@pytest.mark.parametrize("expression", CASES)
def test_moments_and_mode(expression, name):
    a, b = build(expression, mytorch)[0], build(expression, torch)[0]
    close(getattr(a, name), getattr(b, name))
    assert (a.batch_shape, a.event_shape) == (tuple(b.batch_shape), tuple(b.event_shape))
    assert (a.has_rsample, a.has_enumerate_support) == (
        b.has_rsample,
        b.has_enumerate_support,
    ) or "Independent" in expression


@pytest.mark.parametrize(
    "expression", ["Normal(loc, scale)", "Uniform(low, high)", "Laplace(loc, scale)", "Exponential(rate)"]
)
def test_cdf_and_its_inverse(expression):
    for method, values in (("cdf", CASES[expression]), ("icdf", [0.1, 0.5, 0.9])):
        (a, grads), (b, expected) = both(
            expression, lambda d, library: getattr(d, method)(library.tensor(values, dtype=library.float64))
        )
        close(a, b, 1e-7)
        for name, grad in grads.items():
            close(grad, expected[name], 1e-7)


@pytest.mark.parametrize("expression", CASES)
def test_expand(expression):
    a, b = build(expression, mytorch)[0], build(expression, torch)[0]
    shape = (4, *a.batch_shape)
    a, b = a.expand(shape), b.expand(shape)
    assert (a.batch_shape, a.event_shape) == (tuple(b.batch_shape), tuple(b.event_shape))
    close(a.entropy(), b.entropy())
    assert a.sample().shape == shape + a.event_shape


@pytest.mark.parametrize(
    "expression",
    [
        "Bernoulli(p)",
        "Categorical(probs)",
        "Categorical(table[2])",
        "Bernoulli(0.25)",
        "Independent(Bernoulli(p), 0)",
    ],
)
def test_enumerate_support(expression):
    for expand in (True, False):
        close(
            build(expression, mytorch)[0].enumerate_support(expand),
            build(expression, torch)[0].enumerate_support(expand),
        )


@pytest.mark.parametrize("expression", CASES)
def test_samples(expression):
    d = build(expression, mytorch)[0]
    samples = d.sample((20000,))
    other = build(expression, torch)[0].sample((20000,))
    assert (
        samples.shape == tuple(other.shape)
        and samples.dtype.name == str(other.dtype)[6:]
        and not samples.requires_grad
    )
    assert (
        d.sample().shape == d.batch_shape + d.event_shape
        and d.sample((2, 3)).shape == (2, 3) + d.batch_shape + d.event_shape
    )
    mean, std = samples.array.mean(0), samples.array.std(0)
    expected, spread = other.double().mean(0).numpy(), other.double().std(0).numpy()
    np.testing.assert_allclose(mean, expected, atol=6 * spread.max() / 20000**0.5 + 1e-12)
    np.testing.assert_allclose(std, spread, rtol=0.06, atol=0.02)
    assert d.support.check(samples).all()


@pytest.mark.parametrize(
    "expression", ["Normal(loc, scale)", "Uniform(low, high)", "Laplace(loc, scale)", "Exponential(rate)"]
)
def test_reparameterised_gradients(expression):
    """d E[x²] / d parameter, from samples and from the moments."""
    d, parameters = build(expression, mytorch, requires_grad=True)
    (d.rsample((40000,)) ** 2).mean(0).sum().backward()
    got = {name: p.grad.array.copy() for name, p in parameters.items() if p.grad is not None}
    d, parameters = build(expression, mytorch, requires_grad=True)
    (d.variance + d.mean**2).sum().backward()
    assert got
    for name, grad in got.items():
        np.testing.assert_allclose(grad, parameters[name].grad.array, rtol=0.1, atol=0.1)


PAIRS = [
    ("Normal(loc, scale)", "Normal(0.0, 2.0)"),
    ("Normal(loc, scale)", "Normal(low, high + 2)"),
    ("Bernoulli(p)", "Bernoulli(logits=logits)"),
    ("Bernoulli(p * 0)", "Bernoulli(p)"),
    ("Bernoulli(p)", "Bernoulli(p * 0)"),
    ("Bernoulli(p)", "Bernoulli(p * 0 + 1)"),
    ("Categorical(probs)", "Categorical(logits=table)"),
    ("Categorical(logits=table)", "Categorical(probs)"),
    ("Uniform(low, high)", "Uniform(-2.0, 7.0)"),
    ("Uniform(low, high)", "Uniform(low + 0.1, high)"),
    ("Exponential(rate)", "Exponential(2.0)"),
    ("Laplace(loc, scale)", "Laplace(0.5, 2.0)"),
    ("Uniform(low, high)", "Normal(loc, scale)"),
    ("Independent(Normal(loc, scale), 1)", "Independent(Normal(0.0 * loc, 1.0), 1)"),
]


@pytest.mark.parametrize(("p", "q"), PAIRS)
def test_kl_divergence(p, q):
    (result, grads), (expected, wanted) = divergences(p, q)
    close(result, expected)
    for name, grad in grads.items():
        if np.isfinite(wanted[name].numpy()).all():
            close(grad, wanted[name], 1e-8)


def test_kl_of_other_pairs():
    with pytest.raises(NotImplementedError, match="p type Normal and q type Bernoulli"):
        mine.kl_divergence(mine.Normal(0.0, 1.0), mine.Bernoulli(0.5))

    class Special(mine.Normal):
        pass

    @mine.register_kl(Special, Special)
    def _special(p, q):
        return "special"

    assert mine.kl_divergence(Special(0.0, 1.0), Special(0.0, 1.0)) == "special"
    assert mine.kl_divergence(Special(0.0, 1.0), mine.Normal(0.0, 1.0)).item() == 0


REFUSED = """
D.Normal(0.0, -1.0)
D.Normal(T.tensor([0.0, float('nan')]), 1.0)
D.Normal(T.zeros(2), T.ones(3))
D.Normal('a', 1.0)
D.Normal(0.0, 1.0).log_prob(T.tensor(float('nan')))
D.Normal(0.0, 1.0).log_prob(1.0)
D.Normal(T.zeros(3), 1.0).log_prob(T.zeros(2))
D.Uniform(1.0, 1.0)
D.Uniform(0.0, 1.0).log_prob(T.tensor(2.0))
D.Bernoulli(1.5)
D.Bernoulli(0.5, 0.5)
D.Bernoulli()
D.Bernoulli(0.5).log_prob(T.tensor(0.5))
D.Bernoulli(0.5).rsample()
D.Categorical(T.tensor([-1.0, 2.0]))
D.Categorical(T.tensor(1.0))
D.Categorical(logits=T.tensor([float('nan'), 2.0]))
D.Categorical(T.ones(3)).log_prob(T.tensor(3))
D.Categorical(T.ones(3)).log_prob(T.tensor(0.5))
D.Categorical(T.ones(3)).rsample()
D.Exponential(0.0)
D.Exponential(1.0).log_prob(T.tensor(-1.0))
D.Independent(D.Normal(0.0, 1.0), 1)
D.Independent(D.Normal(T.zeros(2), 1.0), 1).log_prob(T.tensor(float('nan')))
""".strip().splitlines()


@pytest.mark.parametrize("expression", REFUSED)
def test_refused_as_torch_refuses(expression):
    with pytest.raises(Exception) as expected:
        eval(expression, {"T": torch, "D": theirs})
    with pytest.raises(type(expected.value)) as got:
        eval(expression, {"T": mytorch, "D": mine})
    if (
        type(expected.value) is ValueError
        and "Expected" in str(expected.value)
        and "D.Uniform(1.0" not in expression
    ):
        assert str(got.value) == str(expected.value).replace("torch.", "mytorch.")


def test_validation_can_be_switched_off():
    assert mine.Normal(0.0, -1.0, validate_args=False).scale.item() == -1
    assert mine.Uniform(0.0, 1.0, validate_args=False).log_prob(mytorch.tensor(2.0)).item() == -np.inf
    try:
        mine.Distribution.set_default_validate_args(False)
        mine.Normal(0.0, -1.0)
    finally:
        mine.Distribution.set_default_validate_args(True)


def test_repr():
    for expression in CASES:
        assert repr(build(expression, mytorch, "float32")[0]) == repr(
            build(expression, torch, "float32")[0]
        ).replace("torch.", "mytorch.")


@pytest.mark.parametrize(
    "make, value, wanted",
    [
        (lambda d: d.Normal(0.0, 1.0), -10.0, 7.619853024160525e-24),
        (lambda d: d.LogNormal(0.0, 1.0), 4.5399929762484854e-05, 7.619853024160525e-24),
        (lambda d: d.HalfNormal(1.0), 1e-10, 7.978845608028654e-11),
        (lambda d: d.Laplace(0.0, 1.0), -50.0, 9.643749239819589e-23),
        (lambda d: d.Cauchy(0.0, 1.0), -1e20, 3.183098861837907e-21),
        (lambda d: d.HalfCauchy(1.0), 1e-10, 6.366197723675814e-11),
        (lambda d: d.Exponential(1.0), 1e-10, 1e-10),
        (lambda d: d.InverseGamma(1.0, 1.0), 0.02, 1.9287498479639178e-22),
    ],
)
def test_cumulative_distributions_do_not_cancel(make, value, wanted):
    distribution = make(mytorch.distributions)
    assert distribution.cdf(mytorch.tensor(value)).item() == pytest.approx(wanted, rel=2e-5)
    try:
        back = distribution.icdf(mytorch.tensor(wanted)).item()
    except NotImplementedError:
        return
    if not isinstance(distribution, mytorch.distributions.Cauchy):
        assert back == pytest.approx(value, rel=2e-5)


def test_each_distribution_by_the_path_of_torchs_file():
    def paths(torch):
        found = vars(torch.distributions)
        return {n: c.__module__ for n, c in found.items() if inspect.isclass(c)}

    theirs = {n: path for n, path in answer(paths).items() if hasattr(mytorch.distributions, n)}
    assert len(theirs) > 30
    for name, path in theirs.items():
        module = importlib.import_module(path.replace("torch", "mytorch", 1))
        assert getattr(module, name) is getattr(mytorch.distributions, name)


def test_a_subclass_is_expanded_into_an_instance_of_its_own():
    class Diagonal(mine.Independent):
        def __init__(self, loc, scale):
            super().__init__(mine.Normal(loc, scale), 1)

        def expand(self, batch_shape, new=None):
            return super().expand(batch_shape, self._get_checked_instance(Diagonal, new))

    class Other(Diagonal):
        def __init__(self):
            super().__init__(mytorch.zeros(2), mytorch.ones(2))

    found = Diagonal(mytorch.zeros(3), mytorch.ones(3)).expand((4,))
    assert type(found) is Diagonal and found.rsample().shape == (4, 3)
    with pytest.raises(NotImplementedError, match="custom __init__"):
        Other().expand((4,))


def test_a_normal_distribution_that_finds_its_factor_later():
    class Late(mine.MultivariateNormal):
        def __init__(self):
            self.loc = mytorch.zeros(2)
            super(mine.MultivariateNormal, self).__init__((), (2,), validate_args=False)

        _unbroadcasted_scale_tril = property(lambda self: mytorch.eye(2))

    same = mine.MultivariateNormal(mytorch.zeros(2), mytorch.eye(2)).log_prob(mytorch.ones(2))
    assert Late().log_prob(mytorch.ones(2)) == same
