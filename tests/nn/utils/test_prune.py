"""Pruning, as torch does it: masks, state dicts, hooks, refusals."""

import numpy as np
import pytest

import mytorch
from mytorch.nn.utils import prune as mine
from tests.draws import draws
from tests.referee import torch

theirs = torch.nn.utils.prune
RNG = draws(0)
WEIGHTS = RNG.standard_normal((4, 6)), RNG.standard_normal(4)
MASK = (RNG.random((4, 6)) < 0.5).astype("float64")


def layer(lib):
    module = lib.nn.Linear(6, 4).double()
    with lib.no_grad():
        module.weight.copy_(lib.tensor(WEIGHTS[0]))
        module.bias.copy_(lib.tensor(WEIGHTS[1]))
    return module


STEPS = {  # what is done to a layer
    "l1 share": lambda p, m, t: p.l1_unstructured(m, "weight", 0.3),
    "l1 number": lambda p, m, t: p.l1_unstructured(m, "bias", 2),
    "l1 scores": lambda p, m, t: p.l1_unstructured(m, "weight", 5, importance_scores=-m.weight.abs()),
    "ln rows": lambda p, m, t: p.ln_structured(m, "weight", 0.5, 2, 0),
    "ln columns": lambda p, m, t: p.ln_structured(m, "weight", 2, float("inf"), -1),
    "mask": lambda p, m, t: p.custom_from_mask(m, "weight", t.tensor(MASK)),
    "identity": lambda p, m, t: p.identity(m, "weight"),
    "twice": lambda p, m, t: (
        p.l1_unstructured(m, "weight", 0.3),
        p.ln_structured(m, "weight", 1, 1, 0),
        p.l1_unstructured(m, "weight", 4),
    ),
    "both": lambda p, m, t: (p.l1_unstructured(m, "weight", 0.3), p.l1_unstructured(m, "bias", 0.5)),
    "global": lambda p, m, t: p.global_unstructured(
        [(m, "weight"), (m, "bias")], p.L1Unstructured, amount=0.4
    ),
    "global twice": lambda p, m, t: [
        p.global_unstructured([(m, "weight"), (m, "bias")], p.L1Unstructured, amount=a) for a in (3, 5)
    ],
    "removed": lambda p, m, t: (p.l1_unstructured(m, "weight", 0.3), p.remove(m, "weight")),
    "all removed": lambda p, m, t: (
        p.l1_unstructured(m, "weight", 0.3),
        p.l1_unstructured(m, "weight", 2),
        p.remove(m, "weight"),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_as_torch(name):
    found = []
    for lib, prune in ((mytorch, mine), (torch, theirs)):
        module = layer(lib)
        STEPS[name](prune, module, lib)
        y = module(lib.ones(2, 6, dtype=lib.float64))
        y.sum().backward()
        grads = {n: p.grad.numpy() for n, p in module.named_parameters()}
        found.append(
            (
                y.detach().numpy(),
                {k: v.numpy() for k, v in module.state_dict().items()},
                grads,
                prune.is_pruned(module),
            )
        )
    (y, state, grads, pruned), (expected, wanted, wanted_grads, was) = found
    np.testing.assert_allclose(y, expected)
    assert list(state) == list(wanted) and pruned == was
    for key in wanted:
        np.testing.assert_allclose(state[key], wanted[key], err_msg=key)
    for key in wanted_grads:
        np.testing.assert_allclose(grads[key], wanted_grads[key], err_msg=key)


def test_at_random():
    module = layer(mytorch)
    mine.random_unstructured(module, "weight", 10)
    assert (module.weight_mask == 0).sum() == 10
    mine.random_structured(module, "weight", 0.5, 0)
    assert ((module.weight == 0).all(1)).sum() >= 2
    assert len(next(iter(module._forward_pre_hooks.values())).function) == 2


def test_the_forward_follows_the_original():
    module = layer(mytorch)
    mine.l1_unstructured(module, "weight", 0.5)
    with mytorch.no_grad():
        module.weight_orig.fill_(1)
    module(mytorch.ones(1, 6, dtype=mytorch.float64))
    np.testing.assert_array_equal(module.weight.detach().array, module.weight_mask.array)


REFUSED = {
    "share": lambda p, m, t: p.l1_unstructured(m, "weight", 1.5),
    "negative": lambda p, m, t: p.l1_unstructured(m, "weight", -1),
    "too many": lambda p, m, t: p.l1_unstructured(m, "weight", 1000),
    "amount": lambda p, m, t: p.l1_unstructured(m, "weight", "half"),
    "vector": lambda p, m, t: p.ln_structured(m, "bias", 1, 2, 0),
    "dim": lambda p, m, t: p.ln_structured(m, "weight", 1, 2, 2),
    "mask": lambda p, m, t: p.custom_from_mask(m, "weight", t.ones(2)),
    "scores": lambda p, m, t: p.l1_unstructured(m, "weight", 1, importance_scores=t.ones(2)),
    "not pruned": lambda p, m, t: p.remove(m, "weight"),
    "structured": lambda p, m, t: p.global_unstructured([(m, "weight")], p.LnStructured, amount=1, n=2),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    with pytest.raises(Exception) as expected:
        REFUSED[name](theirs, layer(torch), torch)
    module = layer(mytorch)
    with pytest.raises(type(expected.value)):
        REFUSED[name](mine, module, mytorch)
    assert list(module.state_dict()) == ["weight", "bias"] and module(
        mytorch.ones(1, 6, dtype=mytorch.float64)
    ).shape == (1, 4)
