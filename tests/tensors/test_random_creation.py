"""Random numbers: states to the bit, distributions by their moments, dtypes, shapes and errors as in
torch."""

import warnings

import numpy as np
import pytest

import mytorch
from tests.referee import torch

N = 40000


def moments(t):
    values = t.detach().cpu().array.astype(np.float64)
    return values.mean(), values.std()


# ---- distributions -------------------------------------------------------------------------------

MOMENTS = {  # expression: mean, standard deviation
    "rand(N)": (0.5, 12**-0.5),
    "rand(N, dtype=T.float16)": (0.5, 12**-0.5),
    "rand_like(T.zeros(N, dtype=T.float64))": (0.5, 12**-0.5),
    "randn(N)": (0, 1),
    "randn(N, dtype=T.float64)": (0, 1),
    "randn_like(T.zeros(N))": (0, 1),
    "randint(10, (N,))": (4.5, 8.25**0.5),
    "randint(-3, 4, (N,), dtype=T.int8)": (0, 2),
    "randint_like(T.zeros(N), 2, 5)": (3, (2 / 3) ** 0.5),
    "randperm(N).double() / N": (0.5, 12**-0.5),
    "bernoulli(T.full((N,), 0.3))": (0.3, 0.21**0.5),
    "bernoulli(T.zeros(N, dtype=T.int64), 0.3)": (0.3, 0.21**0.5),
    "multinomial(T.tensor([0.2, 0.0, 0.8]), N, replacement=True)": (1.6, 0.8),
    "multinomial(T.tensor([0.0, 3.0, 1.0]).expand(N, 3), 1)": (1.25, 0.1875**0.5),
    "normal(2.0, 3.0, (N,))": (2, 3),
    "normal(T.full((N,), 2.0), 3.0)": (2, 3),
    "normal(2.0, T.full((N,), 3.0))": (2, 3),
    "normal(T.full((N, 1), 2.0), T.full((2,), 3.0, dtype=T.float32))": (2, 3),
    "poisson(T.full((N,), 4.0))": (4, 2),
    "empty(N).uniform_(-1, 3)": (1, 4 / 12**0.5),
    "empty(N).normal_(-1, 3)": (-1, 3),
    "empty(N, dtype=T.int64).bernoulli_(0.3)": (0.3, 0.21**0.5),
    "empty(N, 2).bernoulli_(T.tensor([0.3, 0.3]))": (0.3, 0.21**0.5),
    "empty(N).random_(10)": (4.5, 8.25**0.5),
    "empty(N).random_(-3, 4)": (0, 2),
    "empty(N, dtype=T.uint8).random_()": (127.5, 73.9),
    "empty(N, dtype=T.bool).random_()": (0.5, 0.5),
    "empty(N, dtype=T.int64).random_() / 2**63": (0.5, 12**-0.5),
    "empty(N).random_() / 2**24": (0.5, 12**-0.5),
    "empty(N).exponential_(2)": (0.5, 0.5),
    "empty(N).log_normal_(0, 0.5)": (np.exp(0.125), np.exp(0.125) * (np.exp(0.25) - 1) ** 0.5),
    "empty(N).cauchy_(1, 2).atan()": (None, None),
    "empty(N, dtype=T.int64).geometric_(0.25)": (4, 12**0.5),
    "empty(N).geometric_(0.25)": (4, 12**0.5),
    "view_as_real(T.rand(N, dtype=T.complex64))": (0.5, 12**-0.5),
    "view_as_real(T.rand_like(T.zeros(N, dtype=T.complex128)))": (0.5, 12**-0.5),
    "view_as_real(T.randn(N, dtype=T.complex64))": (0, 0.5**0.5),
    "view_as_real(T.randn_like(T.zeros(N, dtype=T.complex128)))": (0, 0.5**0.5),
    "view_as_real(T.normal(2.0, 3.0, (N,), dtype=T.complex64))": (2, 4.5**0.5),
    "normal(T.full((N,), 2j), 3.0).real": (0, 4.5**0.5),
    "normal(T.full((N,), 2j), 3.0).imag": (2, 4.5**0.5),
    "view_as_real(T.empty(N, dtype=T.complex64).uniform_(-1, 3))": (1, 4 / 12**0.5),
    "view_as_real(T.empty(N, dtype=T.complex64).normal_(-1, 3))": (-1, 4.5**0.5),
    "view_as_real(T.nn.Linear(4, N, dtype=T.complex64).weight.detach())": (0, 0.5 / 3**0.5),
    "view_as_real(T.nn.Embedding(N, 1, dtype=T.complex64).weight.detach())": (0, 0.5**0.5),
}


@pytest.mark.parametrize("expression", MOMENTS)
def test_moments(expression):
    t = eval(f"T.{expression}", {"T": mytorch, "N": N})
    mean, std = MOMENTS[expression]
    if mean is None:  # Cauchy has none, its quantiles do
        values = mytorch.empty(N).cauchy_(1, 2).array
        np.testing.assert_allclose(np.quantile(values, [0.25, 0.5, 0.75]), [-1, 1, 3], atol=0.15)
        return
    got = moments(t)
    assert abs(got[0] - mean) < 5 * std / N**0.5, got
    assert abs(got[1] - std) < 0.03 * std + 5 * std / N**0.5, got


def test_halves_stay_below_one():
    values = mytorch.rand(200000, dtype=mytorch.float16).array
    assert values.max() < 1 and values.min() >= 0
    if pytest.importorskip("ml_dtypes"):
        assert mytorch.rand(20000, dtype=mytorch.bfloat16).array.max() < 1


def test_multinomial_without_replacement():
    weights = mytorch.tensor([[1.0, 2.0, 3.0, 4.0]]).expand(20000, 4)
    picks = mytorch.multinomial(weights, 4)
    assert picks.shape == (20000, 4) and (np.sort(picks.array) == np.arange(4)).all()
    first = np.bincount(picks.array[:, 0], minlength=4) / 20000
    np.testing.assert_allclose(first, [0.1, 0.2, 0.3, 0.4], atol=0.015)
    second = np.mean(picks.array[picks.array[:, 0] == 3, 1] == 2)  # 3 of the 6 that are left
    assert abs(second - 0.5) < 0.03
    assert set(mytorch.multinomial(mytorch.tensor([0.0, 1.0, 0.0, 1.0]), 2).tolist()) == {1, 3}
    draws = mytorch.multinomial(mytorch.tensor([0.0, 1.0, 0.0]), 1000, replacement=True)
    assert draws.tolist() == [1] * 1000


def test_permutations():
    assert sorted(mytorch.randperm(50).tolist()) == list(range(50))
    assert mytorch.randperm(0).shape == (0,)


# ---- as in torch ---------------------------------------------------------------------------------

FORMS = """
T.rand(2, 3)
T.rand((2, 3), generator=G)
T.rand(())
T.rand(size=(2,), dtype=T.float64, requires_grad=True)
T.rand(2, out=T.zeros(2))
T.randn(2, dtype=T.float16)
T.randn(0, 3)
T.randint(3, (2,))
T.randint(3, [2, 2], dtype=T.float32)
T.randint(1, 3, (2,), generator=G)
T.randint(low=0, high=3, size=(2,))
T.randint(high=3, size=(2,))
T.randint(1, high=3, size=(2,))
T.randint(0, 2, (2,), dtype=T.bool)
T.randint(-2**63, 2**63 - 1, (2,))
T.randint(0, 3, ())
T.randperm(5)
T.randperm(5, dtype=T.float32)
T.rand_like(T.zeros(2, 3, dtype=T.float64))
T.rand_like(T.zeros(2), dtype=T.float64, requires_grad=True)
T.randn_like(T.zeros(()))
T.randint_like(T.zeros(2), 3)
T.randint_like(T.zeros(2, dtype=T.int64), 3, 5)
T.randint_like(T.zeros(2), low=0, high=3)
T.bernoulli(T.tensor(1.0))
T.bernoulli(T.zeros(3, dtype=T.int64), p=1.0)
T.multinomial(T.tensor([0., 1.]), 2, replacement=True)
T.multinomial(T.tensor([[0., 1.], [1., 0.]]), 1)
T.multinomial(T.ones(0, 3), 1)
T.multinomial(T.ones(3, dtype=T.half), 2)
T.normal(0, 1, size=(2,))
T.normal(T.zeros(3))
T.normal(T.zeros(3, 1), T.ones(4))
T.normal(mean=T.zeros(3, dtype=T.float64), std=2.0)
T.poisson(T.ones(2))
T.zeros(()).uniform_()
T.zeros(3).uniform_(1, 1)
T.zeros(3).normal_(2, 0)
T.zeros(3).bernoulli_(T.tensor(1.))
T.zeros(3, dtype=T.int32).random_(1)
T.rand(2, dtype=T.cfloat)
T.randn(2, 3, dtype=T.cdouble, requires_grad=True)
T.rand_like(T.zeros(2), dtype=T.cfloat)
T.randn_like(T.zeros(2, dtype=T.cdouble))
T.zeros(3, dtype=T.cfloat).normal_(1, 2)
T.zeros(3, dtype=T.cfloat).uniform_()
T.normal(T.zeros(3, dtype=T.cfloat), 1.)
T.normal(0., 1., (3,), dtype=T.cfloat)
T.nn.Conv2d(1, 2, 3, dtype=T.cfloat).weight
T.nn.Linear(2, 3).to(T.cfloat).to(T.cdouble).weight
T.nn.LSTM(2, 2, dtype=T.cfloat).weight_ih_l0
T.nn.MultiheadAttention(2, 1, dtype=T.cfloat).in_proj_weight
T.nn.LayerNorm(2, dtype=T.cfloat).weight
T.nn.init.xavier_normal_(T.zeros(3, 3, dtype=T.cfloat))
T.nn.init.kaiming_uniform_(T.zeros(3, 3, dtype=T.cfloat))
T.nn.init.sparse_(T.zeros(3, 3, dtype=T.cfloat), 0.5)
T.nn.init.eye_(T.zeros(3, 3, dtype=T.cfloat))
T.nn.functional.dropout(T.ones(9, dtype=T.cfloat), training=False)
T.ones(2, dtype=T.cdouble.to_real())
""".strip().splitlines()

REFUSED = """
T.rand()
T.rand(-1)
T.rand(2, dtype=T.int64)
T.randn(2, dtype=T.int64)
T.rand_like(T.zeros(2, dtype=T.int64))
T.rand_like([1])
T.randint(3, 3, (2,)) + T.randint(3, 2, (2,))
T.randint(3, 2)
T.randint(0, 2.5, (2,))
T.randint(0, 300, (2,), dtype=T.uint8)
T.randperm(-1)
T.randperm(300, dtype=T.uint8)
T.bernoulli(T.tensor([0., 1.5]))
T.bernoulli(T.tensor([0, 1]))
T.bernoulli(0.5)
T.multinomial(T.tensor([1., 1.]), 3)
T.multinomial(T.tensor([0., 0.]), 1)
T.multinomial(T.tensor([-1., 2.]), 1)
T.multinomial(T.tensor([float('nan'), 2.]), 1)
T.multinomial(T.tensor([float('inf'), 2.]), 1)
T.multinomial(T.tensor([1, 2]), 1)
T.multinomial(T.ones(2, 2, 2), 1)
T.multinomial(T.ones(3), 0)
T.multinomial(T.ones(0), 1)
T.normal(T.zeros(3), -1.)
T.normal(0., -1., (2,))
T.normal(T.zeros(3), T.tensor([1., -1, 1]))
T.normal(T.zeros(3, dtype=T.int64), 1.)
T.normal(0., 1.)
T.poisson(T.tensor([-1.]))
T.zeros(3).uniform_(2, 1)
T.zeros(3, dtype=T.int64).uniform_()
T.zeros(3).uniform_(0, 1e40)
T.zeros(3).normal_(0, -1)
T.zeros(3, dtype=T.int64).normal_()
T.zeros(3).bernoulli_(1.5)
T.zeros(3).bernoulli_(T.tensor([0., 1.]))
T.zeros(3).random_(5, 5)
T.zeros(3).random_(5, 4)
T.zeros(3, dtype=T.uint8).random_(0, 300)
T.zeros(3).exponential_(0.)
T.zeros(3, dtype=T.int64).exponential_()
T.zeros(3).log_normal_(0, 0.)
T.zeros(3).cauchy_(0, -1.)
T.zeros(3).geometric_(0.)
T.zeros(3).geometric_(1.)
T.normal(T.zeros(3), T.ones(3, dtype=T.cfloat))
T.normal(T.zeros(3, dtype=T.cfloat), -1.)
T.bernoulli(T.zeros(3, dtype=T.cfloat))
T.poisson(T.zeros(3, dtype=T.cfloat))
T.multinomial(T.ones(3, dtype=T.cfloat), 2)
T.zeros(3, dtype=T.cfloat).random_()
T.zeros(3, dtype=T.cfloat).bernoulli_()
T.zeros(3, dtype=T.cfloat).exponential_()
T.zeros(3, dtype=T.cfloat).cauchy_()
T.zeros(3, dtype=T.cfloat).geometric_(0.5)
T.zeros(3, dtype=T.cfloat).log_normal_()
T.randperm(3, dtype=T.cfloat)
T.randint(0, 3, (3,), dtype=T.cfloat)
T.arange(3, dtype=T.cfloat)
T.nn.functional.dropout(T.ones(9, dtype=T.cfloat))
T.nn.init.trunc_normal_(T.zeros(3, dtype=T.cfloat))
T.nn.init.orthogonal_(T.zeros(3, 3, dtype=T.cfloat))
T.nn.functional.rrelu(T.ones(3, dtype=T.cfloat), training=True)
""".strip().splitlines()


def run(expression, package):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(expression, {"T": package, "G": package.Generator()})


@pytest.mark.parametrize("expression", FORMS)
def test_forms_of_torch(expression):
    mine, theirs = run(expression, mytorch), run(expression, torch)
    assert (mine.dtype.name, mine.shape, mine.requires_grad) == (
        str(theirs.dtype)[6:],
        tuple(theirs.shape),
        theirs.requires_grad,
    )


@pytest.mark.parametrize("expression", REFUSED)
def test_refused_as_torch_refuses(expression):
    with pytest.raises(Exception) as theirs:
        run(expression, torch)
    with pytest.raises(type(theirs.value)) as mine:
        run(expression, mytorch)
    assert len(str(mine.value)) > 10


def test_devices(device):
    mytorch.manual_seed(0)
    here = [mytorch.rand(3), mytorch.bernoulli(mytorch.full((3,), 0.5)), mytorch.zeros(3).normal_()]
    mytorch.manual_seed(0)
    there = [
        mytorch.rand(3, device=device),
        mytorch.bernoulli(mytorch.full((3,), 0.5, device=device)),
        mytorch.zeros(3, device=device).normal_(),
    ]
    for a, b in zip(here, there):
        assert b.device.type == device.type and a.tolist() == b.tolist()
    assert mytorch.multinomial(mytorch.ones(3, device=device), 2).device.type == device.type


def test_normal_has_a_gradient_of_zero():
    mean, std = mytorch.ones(2, 3, requires_grad=True), mytorch.ones(3, requires_grad=True)
    mytorch.normal(mean, std).sum().backward()
    assert mean.grad.tolist() == [[0, 0, 0]] * 2 and std.grad.tolist() == [0, 0, 0]


def test_overflow_is_silent():
    assert mytorch.isinf(mytorch.normal(1e30, 0.5, (2,), dtype=mytorch.float16)).all()
    assert mytorch.isinf(mytorch.zeros(2).half().normal_(1e30)).all()
    assert mytorch.isinf(mytorch.logspace(90, 100, 2, dtype=mytorch.float16)).all()


HUGE = {
    "rrelu": lambda x, v: mytorch.nn.functional.rrelu(x, -v, v, training=True),
    "cauchy_": lambda x, v: x.detach().clone().cauchy_(0, v),
    "uniform": lambda x, v: mytorch.nn.init.uniform_(x.detach().clone(), -v, v),
    "trunc_normal": lambda x, v: mytorch.nn.init.trunc_normal_(x.detach().clone(), 0, v),
    "linspace": lambda x, v: mytorch.linspace(-v, v, 5),
    "max_norm": lambda x, v: mytorch.nn.functional.embedding(
        mytorch.tensor([1]), mytorch.ones(2, 3) * v, max_norm=1.0
    ),
}


@pytest.mark.parametrize("value", [1e38, 1e300, float("inf")])
@pytest.mark.parametrize("name", HUGE)
def test_what_overflows_is_infinite_in_silence(name, value):  # warnings are errors here
    HUGE[name](mytorch.ones(2, 3) - 2, value)
