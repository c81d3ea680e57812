"""Adafactor and Muon against PyTorch; what they keep and refuse."""

import numpy
import pytest

import mytorch
from mytorch import optim
from mytorch.optim.muon import orthogonalized
from tests.optim.test_optimizer import compare, compare_states, give_gradients, parameters
from tests.referee import torch

ADAFACTOR = [
    {},
    {"lr": 0.5, "beta2_decay": -0.5, "d": 2.0},
    {"weight_decay": 0.1, "maximize": True},
    {"eps": (0.3, 0.5)},
]
MUON = [
    {},
    {"lr": 0.1, "nesterov": False, "momentum": 0.5},
    {"weight_decay": 0.0, "adjust_lr_fn": "match_rms_adamw"},
    {"ns_coefficients": (1.5, -0.5, 0.0), "ns_steps": 3, "adjust_lr_fn": "original"},
]


@pytest.mark.parametrize("options", ADAFACTOR, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_adafactor(options, dtype):
    rtol = 1e-4 if dtype == "float32" else 1e-10
    ours, theirs, rng = parameters([(3, 4), (5,), (), (2, 3, 2), (1,)], dtype)
    mine, yours = optim.Adafactor(ours, **options), torch.optim.Adafactor(theirs, **options)
    for skip in ((), (1,), (), ()):
        give_gradients(ours, theirs, rng, skip)
        mine.step(), yours.step()
        compare(ours, theirs, rtol)
    compare_states(mine, yours, rtol)
    again = optim.Adafactor(ours)
    again.load_state_dict(yours.state_dict())
    give_gradients(ours, theirs, rng)
    again.step(), yours.step()
    compare(ours, theirs, rtol)


@pytest.mark.parametrize("options", MUON, ids=str)
def test_muon(options):
    ours, theirs, rng = parameters([(3, 4), (5, 2), (4, 4)], "float32")
    mine, yours = optim.Muon(ours, **options), torch.optim.Muon(theirs, **options)
    for _ in range(4):
        before = [p.detach().clone() for p in ours]
        give_gradients(ours, theirs, rng)
        mine.step(), yours.step()
        for p, q, old in zip(ours, theirs, before):  # torch orthogonalizes in bfloat16
            moved = abs(p.detach().numpy() - old.numpy()).max()
            numpy.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), atol=0.1 * moved)
            with mytorch.no_grad():
                p.copy_(mytorch.tensor(q.detach().numpy()))
    for p, q in zip(ours, theirs):
        numpy.testing.assert_allclose(
            mine.state[p]["momentum_buffer"].numpy(), yours.state[q]["momentum_buffer"].numpy(), rtol=1e-5
        )
    assert repr(mine) == repr(yours)


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 5)], ids=str)
def test_orthogonalized(shape):
    """With the classical coefficients the steps converge to U Vᵀ."""
    x = mytorch.tensor(numpy.random.default_rng(0).standard_normal(shape))
    u, _, v = numpy.linalg.svd(x.numpy(), full_matrices=False)
    numpy.testing.assert_allclose(orthogonalized(x, (1.5, -0.5, 0.0), 60, 1e-7).numpy(), u @ v, atol=1e-8)


REFUSED = [
    ("Adafactor", {"lr": -1.0}),
    ("Adafactor", {"beta2_decay": 0.1}),
    ("Adafactor", {"eps": (-1.0, 0.1)}),
    ("Adafactor", {"eps": (None, -0.1)}),
    ("Adafactor", {"d": 0.5}),
    ("Adafactor", {"weight_decay": -1}),
    ("Muon", {}),
    ("Muon", {"lr": -1.0}),
    ("Muon", {"momentum": -1}),
    ("Muon", {"weight_decay": -1}),
    ("Muon", {"adjust_lr_fn": "other"}),
]


@pytest.mark.parametrize(("name", "options"), REFUSED, ids=str)
def test_refused(name, options):
    for lib in (mytorch, torch):
        with pytest.raises(ValueError):
            getattr(lib.optim, name)(
                [lib.nn.Parameter(lib.ones(3) if name == "Muon" and not options else lib.ones(3, 3))],
                **options,
            )


@pytest.mark.parametrize("options", [{"ns_steps": 100}, {"ns_coefficients": (1.0, 2.0)}], ids=str)
def test_refused_steps(options):
    for lib in (mytorch, torch):
        p = lib.nn.Parameter(lib.ones(3, 3))
        p.grad = lib.ones(3, 3)
        with pytest.raises(ValueError):
            lib.optim.Muon([p], **options).step()


def test_the_closure_is_called_with_gradients():
    p = mytorch.nn.Parameter(mytorch.ones(2, 2))
    optimizer = optim.Adafactor([p])

    def closure():
        loss = (p * p).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 4 and (p < 1).all()
