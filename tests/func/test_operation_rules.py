"""Every row of the samples under ``vmap``: values, gradients through it and inside of it, as one by one.
What is checked of all entries, and what they all would write to, as in PyTorch.
"""

import numpy as np
import pytest

import mytorch
from mytorch.func import batched_array
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
    *("as_strided", "as_strided-complex", "searchsorted", "unravel_index", "bincount", "bincount-weights"),
    *("histc", "embedding-means of bags", "embedding-maxima of bags", "put-masked_scatter"),
    *("matmul-complex exponential", "standard_gamma_derivative", "standard_gamma_derivative-large"),
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
    batched_array.loops[0] = 0
    compare(values_and_gradients(mytorch.vmap(function, randomness="same"), inputs), wanted)
    assert bool(batched_array.loops[0]) == (row.id in ONE_BY_ONE | ONE_BY_ONE_BACKWARD)


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
    batched_array.loops[0] = 0
    found = mytorch.vmap(gradients, in_dims=which)(*inputs)
    assert not batched_array.loops[0]
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
