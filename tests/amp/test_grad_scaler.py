"""The gradient scaler against PyTorch."""

import math

import pytest

import mytorch
from tests.referee import agree_on, table


def trained(t, gradients, **options):
    """The scale and the parameter after each step, for a loss with these gradients."""
    p = t.tensor([1.0], requires_grad=True)
    optimizer, scaler = t.optim.SGD([p], lr=0.5), t.amp.GradScaler("cpu", **options)
    found = []
    for g in gradients:
        optimizer.zero_grad()
        scaler.scale((p * g).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        found.append((scaler.get_scale(), p.detach().clone()))
    return found


def s_good_steps_grow_the_scale(t):
    return trained(t, [1.0, 2.0, 3.0, 4.0], init_scale=8.0, growth_interval=2)


def s_bad_steps_are_skipped(t):
    return trained(t, [1.0, math.inf, math.nan, 2.0, 1.0], init_scale=8.0, growth_interval=2)


def s_disabled(t):
    return trained(t, [1.0, 2.0], enabled=False)


def s_unscale(t):
    p = t.tensor([1.0], requires_grad=True)
    optimizer, scaler = t.optim.SGD([p], lr=0.5), t.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale(p * 3).backward()
    before = p.grad.clone()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    return before, p.grad, p


def s_unscale_twice(t):
    p = t.tensor([1.0], requires_grad=True)
    optimizer, scaler = t.optim.SGD([p], lr=0.5), t.amp.GradScaler("cpu")
    scaler.scale(p * 3).backward()
    scaler.unscale_(optimizer)
    scaler.unscale_(optimizer)


def s_state(t):
    scaler, other = t.amp.GradScaler("cpu", init_scale=4.0), t.amp.GradScaler("cpu")
    other.load_state_dict(scaler.state_dict())
    return scaler.state_dict(), other.get_scale()


def s_state_of_a_disabled_one(t):
    t.amp.GradScaler("cpu").load_state_dict({})


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


@pytest.mark.skipif(mytorch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_both_are_off():
    with pytest.warns(UserWarning, match="CUDA is not available"):
        scaler = mytorch.cuda.amp.GradScaler()
    assert not scaler.is_enabled()
    with pytest.warns(UserWarning, match="CUDA is not available"), mytorch.cuda.amp.autocast():
        assert (mytorch.ones(2) * 2).dtype == mytorch.float32
