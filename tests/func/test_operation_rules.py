"""Every row of the samples under ``vmap``: values, gradients through it and inside of it, as one by one.
What is checked of all entries, and what they all would write to, as in PyTorch.
"""

import numpy as np
import pytest

import mytorch
from mytorch.func import entrywise
from mytorch.testing.samples import Real, rows
from tests.referee import agree_on, table

ROWS = rows()
# The size of a result depends on the values: refused, as in PyTorch.
REFUSED = {
    "getitem-a mask",
    "getitem-a mask of columns",
    "nonzero",
    "unique",
    "unique_consecutive",
    "positions",
}
REFUSED |= {"pinv-complex lstsq"}  # its rank is a number
# What is computed entry by entry, of all rows. The others compute all entries at once.
ONE_BY_ONE = {
    *("searchsorted", "unravel_index", "bincount", "bincount-weights", "histc", "put-masked_scatter"),
    *("standard_gamma_derivative", "standard_gamma_derivative-large"),
}
ONE_BY_ONE_BACKWARD = {"ctc"}


@pytest.fixture(autouse=True)
def _same_draws():
    mytorch.manual_seed(0)


def tensors(result, live=False):
    found = result if isinstance(result, (tuple, list)) else (result,)
    return tuple(r for r in found if isinstance(r, mytorch.Tensor) and (r.requires_grad or not live))


def batches(row, grad=True):
    """Three of each input, stacked."""
    columns = zip(*(row.arrays("float64", seed=seed) for seed in range(3)))
    stacked = [mytorch.tensor(np.stack(column)) for column in columns]
    for maker, x in zip(row.makers(), stacked):
        if grad and row.smooth and x.array.dtype.kind in "fc" and getattr(maker, "grad", True):
            x.requires_grad_()
    return stacked


def values_and_gradients(function, inputs):
    outputs = function(*inputs)
    live = [x for x in outputs if x.requires_grad]
    rng = np.random.default_rng(1)
    for x in inputs:
        x.grad = None
    if live:
        weights = [mytorch.tensor(rng.standard_normal(x.shape)).to(x.dtype) for x in live]
        mytorch.autograd.backward(live, weights)
    return [*outputs, *(x.grad for x in inputs)]


def one_by_one(function):
    def call(*inputs):
        mytorch.manual_seed(0)
        entries = [function(*(x[i] for x in inputs)) for i in range(3)]
        return [mytorch.stack(column) for column in zip(*entries)]

    return call


def compare(found, wanted):
    for mine, theirs in zip(found, wanted, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            assert type(mine.array) is np.ndarray and mine.dtype == theirs.dtype
            np.testing.assert_allclose(mine.detach().numpy(), theirs.detach().numpy(), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("row", [r for r in ROWS if r.id not in REFUSED], ids=lambda row: row.id)
def test_as_one_by_one(row):
    inputs = batches(row)
    function = lambda *inputs: tensors(row.call(*inputs))
    wanted = values_and_gradients(one_by_one(function), inputs)
    mytorch.manual_seed(0)
    entrywise.loops[0] = 0
    compare(values_and_gradients(mytorch.vmap(function, randomness="same"), inputs), wanted)
    assert bool(entrywise.loops[0]) == (row.id in ONE_BY_ONE | ONE_BY_ONE_BACKWARD)


def reals(row):
    return tuple(i for i, m in enumerate(row.makers()) if isinstance(m, Real) and m.grad)


SECOND = [r for r in ROWS if r.smooth and r.second and reals(r) and r.id not in REFUSED]


@pytest.mark.parametrize("row", SECOND[::4], ids=lambda row: row.id)
def test_gradients_of_each_entry(row):
    inputs = batches(row, grad=False)

    def loss(*inputs):
        return sum((abs(x) ** 2).sum() for x in tensors(row.call(*inputs), live=True))

    gradients = mytorch.func.grad(loss, reals(row))
    mytorch.manual_seed(0)
    compare(mytorch.vmap(gradients, randomness="same")(*inputs), one_by_one(gradients)(*inputs))


F, D = mytorch.nn.functional, mytorch.distributions
INT, REAL = mytorch.arange(6).reshape(3, 2) % 2, mytorch.linspace(0.1, 0.9, 12, dtype=mytorch.float64)
ROWS_OF, ONE = REAL.reshape(3, 4), mytorch.ones(3, dtype=mytorch.float64)
AT_ONCE = {  # function, arguments, in_dims
    "classes along the last": (F.cross_entropy, (REAL.reshape(2, 2, 3), INT[0]), (-1, None)),
    "a row of classes": (F.cross_entropy, (ROWS_OF.T, mytorch.tensor([1, 3, 0])), (1, 0)),
    "variances": (lambda v: F.gaussian_nll_loss(REAL[:4], REAL[:4] * 2, v), (ROWS_OF,), 0),
    "one variance": (lambda v: F.gaussian_nll_loss(REAL[:4], REAL[:4] * 2, v), (REAL[:3, None],), 0),
    "weights of observations": (lambda w: mytorch.cov(ROWS_OF, aweights=w), (ROWS_OF,), 0),
    "nothing to sum": (lambda x: x @ ROWS_OF[:0], (ONE.reshape(3, 1, 1)[..., :0],), 0),
    "quantiles": (lambda q: mytorch.quantile(REAL, q), (ROWS_OF,), 0),
    "buckets": (lambda x: mytorch.bucketize(x, REAL), (ROWS_OF,), 0),
    "a number beside": (lambda x: mytorch.xlogy(REAL[0], x), (REAL[:3],), 0),
    "among the same": (lambda x: mytorch.isin(x, REAL[::3]), (ROWS_OF,), 0),
    "among others": (lambda x: mytorch.isin(REAL, x, invert=True), (ROWS_OF,), 0),
    "right classes": (lambda t: F.multilabel_margin_loss(REAL[:2], t), (INT - 1,), 0),
    "margins": (lambda t: F.multi_margin_loss(REAL.reshape(2, 6), t), (INT,), 0),
    "a margin": (lambda t: F.multi_margin_loss(REAL[:3], t), (mytorch.tensor([0, 2, 1]),), 0),
    "only the bias": (lambda b: F.batch_norm(ROWS_OF, None, None, None, b, True), (ROWS_OF,), 0),
    "only the weight": (
        lambda w: F.batch_norm(REAL.reshape(2, 3, 2), 0 * ONE, +ONE, w, None, True),
        (REAL[:9].reshape(3, 3),),
        0,
    ),
    "strides": (lambda x: mytorch.as_strided(x * 1, (2, 2), (1, 2), 0), (ROWS_OF,), 0),
    "one index": (lambda i: mytorch.take(REAL, i), (0 * INT[:, :1],), 0),
    "means": (lambda x: ONE.scatter_reduce(0, INT[0], x, "mean"), (ROWS_OF[:, :2],), 0),
    "residuals": (lambda x: mytorch.linalg.lstsq(x, REAL[:4], driver="gelss")[1], (ROWS_OF[..., None],), 0),
    "exponentials": (
        mytorch.matrix_exp,
        (REAL.reshape(3, 2, 2) * mytorch.tensor([1, 30, 0])[:, None, None],),
        0,
    ),
    "filled slices": (
        lambda i, x: mytorch.index_fill(ROWS_OF, 1, i, x),
        (mytorch.tensor([[0, 0], [0, 1], [-1, 2]]), REAL[:3]),
        (0, 0),
    ),
    "softmax of a number": (lambda x: x * mytorch.softmax(x, 0), (REAL[:3],), 0),
    "uniform": (lambda x: D.Uniform(x, 9.0).log_prob(x + 0.5), (REAL[:3],), 0),
    "Pareto": (lambda x: D.Pareto(x, 2.0).log_prob(x + 0.5), (REAL[:3],), 0),
    "Wishart": (lambda x: D.Wishart(x + 3, mytorch.eye(2, dtype=x.dtype)).mean, (REAL[:3],), 0),
}


@pytest.mark.parametrize("name", AT_ONCE)
def test_at_once_beside_what_all_share(name):
    function, inputs, dims = AT_ONCE[name]
    dims = dims if isinstance(dims, tuple) else (dims,)
    inputs = [x.detach().clone().requires_grad_(x.is_floating_point()) for x in inputs]

    def one_by_one(*inputs):
        entries = [[x if d is None else x.select(d, i) for x, d in zip(inputs, dims)] for i in range(3)]
        return (mytorch.stack([function(*entry) for entry in entries]),)

    wanted = values_and_gradients(one_by_one, inputs)
    entrywise.loops[0] = 0
    compare(values_and_gradients(lambda *inputs: (mytorch.vmap(function, dims)(*inputs),), inputs), wanted)
    assert not entrywise.loops[0]


@pytest.mark.parametrize("name", ["variances", "margins", "uniform"])
def test_values_that_one_entry_must_not_have(name):
    function, (x,), _ = AT_ONCE[name]
    x = x.clone()
    x[1] = -10 if name == "variances" else 10
    with pytest.raises((ValueError, RuntimeError), match=r"negative|out of range|low>= high"):
        mytorch.vmap(function)(x)


def test_all_entries_draw_the_same():
    def draws(x):
        return F.rrelu(x, training=True), mytorch.distributions.Gamma(1 - x, 1.0).sample()

    mytorch.manual_seed(0)
    for found in mytorch.vmap(draws, randomness="same")(-ONE):
        assert (found == found[0]).all()


def test_few_run_one_by_one():
    assert len(ONE_BY_ONE | ONE_BY_ONE_BACKWARD) / len(ROWS) < 0.02


@pytest.mark.parametrize("name", ["nonzero", "unique", "getitem-a mask"])
def test_sizes_that_depend_on_values(name):
    row = next(r for r in ROWS if r.id == name)
    with pytest.raises(RuntimeError, match=r"vmap: .*other shapes"):
        mytorch.vmap(lambda *inputs: tensors(row.call(*inputs)))(*batches(row, grad=False))


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("which", [(0, None, None), (None, 0, 0), (0, 0, None), (0, 0, 0)], ids=str)
def test_convolutions_by_what_is_batched(which, groups):
    make = lambda *shape: mytorch.tensor(np.random.default_rng(len(shape)).standard_normal(shape))
    x, weight, bias = make(3, 2, 4, 6, 5), make(3, 6, 4 // groups, 3, 3), make(3, 6)
    inputs = [v if dim == 0 else v[0] for v, dim in zip((x, weight, bias), which)]

    def loss(x, weight, bias):
        y = mytorch.nn.functional.conv2d(x, weight, bias, stride=2, padding=1, groups=groups)
        return (y**3).sum()

    gradients = mytorch.func.grad(loss, (0, 1, 2))
    entrywise.loops[0] = 0
    found = mytorch.vmap(gradients, in_dims=which)(*inputs)
    assert not entrywise.loops[0]
    entries = [gradients(*(v if dim is None else v[i] for v, dim in zip(inputs, which))) for i in range(3)]
    compare(found, [mytorch.stack(column) for column in zip(*entries)])


# ---- as in PyTorch -------------------------------------------------------------------------------


def batch(t, *shape):
    return (t.arange(float(np.prod(shape)), dtype=t.float64).reshape(shape) * 0.7).sin()


def s_distributions(t):
    d, x = t.distributions, batch(t, 4, 3)
    ones, p = t.ones(3, dtype=t.float64), x.abs() / 2 + 0.1
    made = {
        "Bernoulli": lambda x, p: d.Bernoulli(p).log_prob((x > 0).double()),
        "Beta": lambda x, p: d.Beta(p, p + 1).log_prob(p),
        "Categorical": lambda x, p: d.Categorical(logits=x).log_prob((x > 0).long()),
        "Cauchy": lambda x, p: d.Cauchy(x, p).log_prob(x * 2),
        "Dirichlet": lambda x, p: d.Dirichlet(p).log_prob(p / p.sum()),
        "Exponential": lambda x, p: d.Exponential(p).log_prob(x * x),
        "Gamma": lambda x, p: d.Gamma(p, ones).log_prob(x * x + 1),
        "Independent": lambda x, p: d.Independent(d.Normal(x, p), 1).log_prob(ones),
        "MultivariateNormal": lambda x, p: d.MultivariateNormal(x, t.diag(ones)).log_prob(p),
        "Normal": lambda x, p: d.Normal(x, p).log_prob(ones),
        "Poisson": lambda x, p: d.Poisson(p).log_prob((x > 0).double()),
        "divergence": lambda x, p: d.kl_divergence(d.Normal(x, p), d.Normal(p, ones)),
        "gradient": t.func.grad(lambda x, p: d.Laplace(x, p).log_prob(x * x).sum(), (0, 1)),
    }
    return [t.vmap(f)(x, p) for f in made.values()]


def s_batch_norm_of_statistics_that_all_share(t):
    layer = t.nn.BatchNorm1d(3).double()
    try:
        t.vmap(layer)(batch(t, 2, 4, 3))
    finally:
        assert not layer.running_mean.any()


def s_batch_norm_of_statistics_that_all_share_and_its_gradient(t):
    running = t.zeros(3, dtype=t.float64), t.ones(3, dtype=t.float64)
    loss = lambda x: (t.nn.functional.batch_norm(x, *running, training=True) ** 2).sum()
    t.vmap(t.func.grad(loss))(batch(t, 2, 4, 3))


def s_instance_norm_of_statistics_that_all_share(t):
    t.vmap(t.nn.InstanceNorm1d(3, track_running_stats=True).double())(batch(t, 2, 4, 3, 5))


def s_batch_norm(t):
    plain = t.nn.BatchNorm1d(3, track_running_stats=False).double()
    still = t.nn.BatchNorm1d(3).double().eval()
    layers = [t.nn.BatchNorm1d(3).double() for _ in range(2)]
    parameters, buffers = t.func.stack_module_state(layers)
    call = lambda p, b, x: t.func.functional_call(layers[0], (p, b), (x,))
    x = batch(t, 2, 4, 3)
    return t.vmap(plain)(x), t.vmap(still)(x), t.vmap(call)(parameters, buffers, x), buffers


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_distributions_that_pytorch_refuses():
    d, x = mytorch.distributions, batch(mytorch, 4, 3)
    p = x.abs() / 2 + 0.1
    for f in (
        lambda x, p: d.ContinuousBernoulli(p).log_prob(p),
        lambda x, p: d.Geometric(p).log_prob((x > 0).double()),
        lambda x, p: d.Uniform(x - 1, x + p).log_prob(x),
        lambda x, p: d.MultivariateNormal(x, p.diag_embed()).log_prob(p),
    ):
        np.testing.assert_array_equal(mytorch.vmap(f)(x, p), f(x, p))


def test_a_distribution_whose_entries_are_not_all_valid():
    x = mytorch.tensor([1.0, -1.0])
    with pytest.raises(ValueError, match="Expected parameter scale"):
        mytorch.vmap(lambda x: mytorch.distributions.Normal(0.0, x).log_prob(x))(x)
