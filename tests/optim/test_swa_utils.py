"""Averages of weights and their schedule: the same as PyTorch's."""

import warnings

import numpy as np
import pytest

import mytorch
from mytorch.optim import swa_utils
from tests.draws import draws
from tests.referee import torch

theirs = torch.optim.swa_utils
LIBS = ((mytorch, swa_utils), (torch, theirs))
X = draws(1).standard_normal((5, 8, 3))


def net(lib):
    model = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4), lib.nn.Linear(4, 1)).double()
    rng = draws(0)
    with lib.no_grad():
        for p in model.parameters():
            p.copy_(lib.tensor(rng.standard_normal(tuple(p.shape))))
    return model


AVERAGES = {
    "equal": lambda s: {},
    "buffers": lambda s: {"use_buffers": True},
    "ema": lambda s: {"avg_fn": s.get_ema_avg_fn(0.9)},
    "with buffers": lambda s: {"use_buffers": True},
    "ema with buffers": lambda s: {"use_buffers": True, "multi_avg_fn": s.get_ema_multi_avg_fn(0.8)},
    "ema of lists": lambda s: {"multi_avg_fn": s.get_ema_multi_avg_fn(0.8)},
    "equal, of lists": lambda s: {"multi_avg_fn": s.get_swa_multi_avg_fn()},
    "own": lambda s: {"avg_fn": lambda average, value, n: average / 2 + value / (n + 1)},
}


@pytest.mark.parametrize("name", AVERAGES)
def test_averages(name):
    found = []
    for lib, swa in LIBS:
        model = net(lib)
        averaged, optimizer = (
            swa.AveragedModel(model, **AVERAGES[name](swa)),
            lib.optim.SGD(model.parameters(), lr=0.1),
        )
        for x in X:
            optimizer.zero_grad()
            model(lib.tensor(x)).pow(2).mean().backward()
            optimizer.step()
            averaged.update_parameters(model)
        before = averaged.training
        swa.update_bn([[lib.tensor(x), 1] for x in X], averaged)
        state = {k: np.array(v.numpy()) for k, v in averaged.state_dict().items()}
        found.append(
            (
                state,
                averaged(lib.tensor(X[0])).detach().numpy(),
                before == averaged.training,
                model[1].momentum,
            )
        )
    mine, expected = found
    assert list(mine[0]) == list(expected[0]) and mine[2:] == expected[2:]
    for key in expected[0]:
        # torch divides in float32
        np.testing.assert_allclose(mine[0][key], expected[0][key], rtol=1e-6, atol=1e-9, err_msg=key)
    np.testing.assert_allclose(mine[1], expected[1], rtol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [{}, {"anneal_epochs": 3}, {"anneal_epochs": 4, "anneal_strategy": "linear"}, {"anneal_epochs": 0}],
)
@pytest.mark.parametrize("rates", [0.05, [0.5, 0.01]])
def test_schedule(settings, rates):
    found = []
    for lib, swa in LIBS:
        groups = [
            {"params": [lib.nn.Parameter(lib.ones(1))]},
            {"params": [lib.nn.Parameter(lib.ones(1))], "lr": 0.3},
        ]
        optimizer = lib.optim.SGD(groups, lr=0.1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            schedule = swa.SWALR(optimizer, rates, **settings)
            seen = []
            for _ in range(13):
                optimizer.step()
                schedule.step()
                seen.append([group["lr"] for group in optimizer.param_groups])
        found.append(seen)
        assert schedule.state_dict()["_anneal_strategy"] == settings.get("anneal_strategy", "cos")
    np.testing.assert_allclose(*found, rtol=1e-9)


def test_what_is_refused():
    for lib, swa in LIBS:
        optimizer = lib.optim.SGD([lib.nn.Parameter(lib.ones(1))], lr=0.1)
        for bad in ({"anneal_strategy": "x"}, {"anneal_epochs": -1}, {"swa_lr": [1.0, 2.0]}):
            with pytest.raises(ValueError, match="must"):
                swa.SWALR(optimizer, **{"swa_lr": 0.1, **bad})
        with pytest.raises(ValueError, match="decay"):
            swa.get_ema_avg_fn(2)
        with pytest.raises(AssertionError, match="Only one"):
            swa.AveragedModel(net(lib), avg_fn=swa.get_swa_avg_fn(), multi_avg_fn=swa.get_swa_multi_avg_fn())
        swa.update_bn([], lib.nn.Linear(2, 2))  # nothing to do
