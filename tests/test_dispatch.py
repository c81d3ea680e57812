"""Making, drawing, scoring, printing and saving on a device that takes no NumPy array (a stand-in for a
GPU)."""

import io
import sys

import numpy as np
import pytest

import mytorch
from mytorch import distributions, nn
from tests import stand_in

EXPRESSIONS = """
T.zeros(2, device=G)
T.full((2,), 3, device=G)
T.arange(3, device=G)
T.linspace(0, 1, 3, device=G)
T.eye(3, device=G)
T.empty_strided((2, 3), (1, 2), device=G).zero_()
T.tensor([1.0, 2], device=G)
T.tensor(np.ones(3), device=G)
T.as_tensor(x)
T.asarray(x)
T.zeros_like(x)
T.full_like(x, 3)
T.ones(2, 3, out=x.clone())
x.new_full((2,), 3)
x.new_tensor([1.0])
x.new_zeros(2)
T.rand(2, device=G)
T.rand_like(x)
T.randint_like(x, 3)
T.randperm(4, device=G)
T.bernoulli(x * 0.5)
T.multinomial(x, 2)
T.normal(x, 2.0)
T.normal(0.0, x)
T.poisson(x)
x.clone().uniform_()
x.clone().normal_()
x.clone().bernoulli_(0.5)
x.clone().bernoulli_(x * 0.5)
x.clone().random_(3)
x.clone().exponential_()
x.clone().geometric_(0.5)
x.clone().cauchy_()
x.clone().log_normal_()
D.Normal(x, 1.0).rsample((2,))
D.Normal(x, x).log_prob(x)
D.Uniform(x * 0, x).rsample()
D.Exponential(x).rsample()
D.Laplace(x, x).rsample()
D.Categorical(x).sample()
D.Categorical(logits=x).log_prob(T.tensor(1, device=G))
D.Bernoulli(x * 0.5).sample()
D.Bernoulli(x * 0.5).log_prob(x)
D.Bernoulli(x * 0.5).entropy()
D.kl_divergence(D.Uniform(x * 0, x), D.Uniform(x * 0, x))
""".strip().splitlines()


@pytest.fixture
def gpu():
    if "cupy" in sys.modules:
        pytest.skip("a real CuPy is in use")
    with stand_in.installed():
        yield mytorch.device("cuda:0")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_stays_on_the_device(expression, gpu):
    results = []
    for where in (gpu, mytorch.device("cpu")):
        mytorch.manual_seed(0)
        names = {
            "T": mytorch,
            "D": distributions,
            "G": where,
            "np": np,
            "x": mytorch.ones(2, 3, device=where),
        }
        results.append(eval(expression, names))
        assert results[-1].device == where
    np.testing.assert_allclose(results[0].cpu().array, results[1].array)


def test_saving(gpu):
    x = mytorch.ones(2, 3, device=gpu)
    saved = {"x": x, "again": x.detach(), "row": x[0], "p": nn.Parameter(x)}
    file = io.BytesIO()
    mytorch.save(saved, file)
    for where, expected in (
        (None, gpu),
        ("cpu", mytorch.device("cpu")),
        ({"cuda:0": "cpu"}, mytorch.device("cpu")),
        (lambda t, place: t.cuda(), gpu),
    ):
        file.seek(0)
        back = mytorch.load(file, map_location=where)
        assert [t.device for t in back.values()] == [expected] * 4 and [
            t.tolist() for t in back.values()
        ] == [t.tolist() for t in saved.values()]
        assert (
            back["x"].array is back["again"].array
            and type(back["p"]) is nn.Parameter
            and back["p"].requires_grad
        )


def test_printing(gpu):
    assert repr(mytorch.ones(2, device=gpu)) == "tensor([1., 1.], device='cuda:0')"
