"""Gradients per sample and ensembles of modules."""

import numpy as np
import pytest

import mytorch
from mytorch import nn
from tests.draws import draws

PER_SAMPLE = {
    "Linear": (lambda: nn.Linear(4, 3), (5, 4)),
    "Conv2d": (lambda: nn.Conv2d(2, 3, 3, padding=1), (5, 2, 4, 4)),
    "Embedding": (lambda: nn.Embedding(7, 3), None),
    "LayerNorm": (lambda: nn.LayerNorm(4), (5, 4)),
    "GroupNorm": (lambda: nn.GroupNorm(2, 4), (5, 4, 3)),
}


@pytest.mark.parametrize("name", PER_SAMPLE)
def test_gradients_per_sample(name):
    make, shape = PER_SAMPLE[name]
    rng = draws(0)
    model = make().double()
    x = mytorch.tensor(rng.integers(0, 7, (5, 4)) if shape is None else rng.standard_normal(shape))
    parameters = {key: p.detach() for key, p in model.named_parameters()}

    def loss(parameters, sample):
        return (mytorch.func.functional_call(model, parameters, (sample.unsqueeze(0),)) ** 2).sum()

    found = mytorch.func.vmap(mytorch.func.grad(loss), in_dims=(None, 0))(parameters, x)
    for i in range(5):
        model.zero_grad()
        (model(x[i : i + 1]) ** 2).sum().backward()
        for key, p in model.named_parameters():
            np.testing.assert_allclose(found[key][i].numpy(), p.grad.numpy(), rtol=1e-10, atol=1e-12)


def test_an_ensemble():
    models = [nn.Linear(3, 2) for _ in range(4)]
    parameters, buffers = mytorch.func.stack_module_state(models)
    assert parameters["weight"].shape == (4, 2, 3)
    x = mytorch.ones(5, 3)
    found = mytorch.vmap(
        lambda p, b, x: mytorch.func.functional_call(models[0], (p, b), (x,)), in_dims=(0, 0, None)
    )(parameters, buffers, x)
    for out, model in zip(found, models):
        np.testing.assert_allclose(out.detach().numpy(), model(x).detach().numpy(), rtol=1e-6)
