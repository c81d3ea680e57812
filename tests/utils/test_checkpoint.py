"""Checkpointing: the same values and gradients, with less memory."""

import tracemalloc

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential


def gradients(run, model, x):
    model.zero_grad()
    x.grad = None
    out = run(model, x)
    (out * out).sum().backward()
    return [
        out.detach().numpy().copy(),
        *([x.grad.numpy().copy()] if x.requires_grad else []),
        *(p.grad.numpy().copy() for p in model.parameters()),
    ]


def model():
    return nn.Sequential(
        nn.Linear(4, 8),
        nn.Tanh(),
        nn.Linear(8, 8),
        nn.GELU(),
        nn.LayerNorm(8),
        nn.Linear(8, 2),
        nn.Softmax(-1),
    ).double()


RUNS = {
    "whole": lambda m, x: checkpoint(m, x, use_reentrant=False),
    "parts": lambda m, x: checkpoint(m[3:], checkpoint(m[:3], x)),
    "nested": lambda m, x: checkpoint(lambda y: m[3:](checkpoint(m[:3], y)), x),
    "sequential": lambda m, x: checkpoint_sequential(m, 3, x, use_reentrant=False),
    "by keyword": lambda m, x: checkpoint(lambda *, value: m(value), value=x),
    "after something": lambda m, x: checkpoint(m, x * 1) + checkpoint(m, x.exp().log()),
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("needs", [True, False], ids=["input requires grad", "only parameters"])
def test_same_gradients(run, needs):
    net, x = model(), mytorch.tensor(np.random.default_rng(0).standard_normal((3, 4)), requires_grad=needs)
    plain = (lambda m, x: m(x) + m(x)) if run == "after something" else lambda m, x: m(x)
    for mine, wanted in zip(gradients(RUNS[run], net, x), gradients(plain, net, x), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-12)


def test_with_grad_and_second_order():
    net, x = model(), mytorch.tensor(np.random.default_rng(0).standard_normal((3, 4)), requires_grad=True)
    found = []
    for run in (net, lambda x: checkpoint(net, x)):
        (g,) = mytorch.autograd.grad((run(x) ** 2).sum(), x, create_graph=True)
        second = mytorch.autograd.grad((g * g).sum(), [x, *net.parameters()], allow_unused=True)
        found.append([g.detach().numpy(), *(h.numpy() for h in second if h is not None)])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_several_outputs_and_retained_graph():
    x = mytorch.tensor([1.0, 2.0], requires_grad=True)
    a, b = checkpoint(lambda x: (x.exp(), x * x), x)
    (a.sum() + b.sum()).backward(retain_graph=True)
    first = x.grad.clone()
    (a.sum() + b.sum()).backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * first.numpy())
    with pytest.raises(RuntimeError, match="second time"):
        a.sum().backward()


def test_the_same_random_numbers():
    x = mytorch.ones(1000, requires_grad=True)
    out = checkpoint(lambda x: nn.functional.dropout(x.exp(), 0.5), x)
    after = mytorch.rand(3)
    mytorch.manual_seed(0)
    wanted = nn.functional.dropout(x.exp(), 0.5)
    state = mytorch.get_rng_state()
    assert mytorch.equal(out, wanted)
    assert mytorch.equal(after, mytorch.rand(3))
    mytorch.set_rng_state(state)
    out.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), wanted.detach().numpy(), rtol=1e-6)
    assert mytorch.equal(after, mytorch.rand(3))  # the second run left the generator where it was


def test_another_program_the_second_time_is_an_error():
    times, x = [], mytorch.ones(3, requires_grad=True)

    def changing(x):
        times.append(1)
        return x.exp() if len(times) == 1 else x.exp().exp()

    with pytest.raises(CheckpointError, match="ExpBackward0"):
        checkpoint(changing, x).sum().backward()


def test_an_argument_changed_in_between_is_an_error():
    x = mytorch.ones(3, requires_grad=True)
    y = x * 1
    out = checkpoint(lambda y: y.exp().tanh(), y)
    y.add_(1)
    with pytest.raises(RuntimeError, match="changed in place"):
        out.sum().backward()


def test_without_gradients_nothing_is_run_twice():
    times = []
    with mytorch.no_grad():
        checkpoint(lambda x: times.append(1) or x * 2, mytorch.ones(3, requires_grad=True))
    assert times == [1]


def test_it_saves_memory():
    layers = [nn.Tanh() for _ in range(24)]

    def peak(run):
        x = mytorch.ones(200_000, requires_grad=True)
        tracemalloc.start()
        try:
            run(x).sum().backward()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    plain = peak(lambda x: nn.Sequential(*layers)(x))
    saving = peak(lambda x: checkpoint_sequential(layers, 6, x))
    assert saving < 0.6 * plain


@pytest.mark.parametrize("before", [False, True], ids=["first use", "weights were cast before"])
def test_the_second_run_is_in_the_autocast_of_the_first(before):
    model, x = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 4)), mytorch.randn(3, 4)

    def run(call):
        model.zero_grad()
        with mytorch.autocast("cpu"):
            if before:
                model(x)
            out = call()
        out.float().sum().backward()
        return out, [p.grad for p in model.parameters()]

    out, exact = run(lambda: model(x))
    again, found = run(lambda: checkpoint(model, x, use_reentrant=False))
    assert again.dtype == out.dtype == mytorch.bfloat16
    assert all(map(mytorch.equal, found, exact))
