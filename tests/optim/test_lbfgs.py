"""L-BFGS against PyTorch, with and without the line search."""

import numpy
import pytest

import mytorch
from mytorch import optim
from tests.optim.test_optimizer import to_torch
from tests.referee import torch

ROWS = [
    dict(lr=0.02, max_iter=4),
    dict(lr=0.5, max_iter=6, history_size=2),
    dict(line_search_fn="strong_wolfe"),
    dict(line_search_fn="strong_wolfe", lr=1e-3, max_iter=5, history_size=3),
    dict(line_search_fn="strong_wolfe", lr=50.0, max_iter=8),
    dict(line_search_fn="strong_wolfe", max_iter=3, max_eval=5, lr=20.0),
]


def rosenbrock(library, x, y):
    """A curved valley in x of shape (3,), and a parabola in y of shape ()."""
    return ((1 - x) ** 2).sum() + 5 * ((x[1:] - x[:-1] ** 2) ** 2).sum() + (y - 1) ** 2


def problem(library, options, x0=(-1.2, 1.0, 0.5)):
    x = library.tensor(x0, dtype=library.float64, requires_grad=True)
    y = library.tensor(3.0, dtype=library.float64, requires_grad=True)
    lib = optim if library is mytorch else library.optim
    optimizer, calls = lib.LBFGS([x, y], **options), []

    def closure():
        optimizer.zero_grad()
        loss = rosenbrock(library, x, y)
        loss.backward()
        calls.append(1)
        return loss

    return optimizer, closure, (x, y), calls


@pytest.mark.parametrize("options", ROWS, ids=range(len(ROWS)))
def test_against_torch(options):
    mine, closure, ours, calls = problem(mytorch, options)
    yours, closure2, theirs, _ = problem(torch, options)
    for _ in range(5):
        loss, loss2 = mine.step(closure), yours.step(closure2)
        assert loss.item() == pytest.approx(loss2.item(), rel=1e-8, abs=1e-12)
        assert len(calls) == yours.state_dict()["state"][0]["func_evals"]
        for p, q in zip(ours, theirs):
            numpy.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-8, atol=1e-10)
    state, state2 = mine.state_dict()["state"][0], yours.state_dict()["state"][0]
    assert set(state) | {"al"} == set(state2) | {"al"}
    assert (state["n_iter"], state["func_evals"], len(state["old_dirs"])) == (
        state2["n_iter"],
        state2["func_evals"],
        len(state2["old_dirs"]),
    )


def test_it_finds_the_minimum():
    optimizer, closure, (x, y), _ = problem(mytorch, dict(line_search_fn="strong_wolfe", max_iter=100))
    optimizer.step(closure)
    numpy.testing.assert_allclose(x.detach().numpy(), 1, atol=1e-5)
    assert y.item() == pytest.approx(1, abs=1e-5)
    assert optimizer.step(closure).item() < 1e-9


def test_state_travels_both_ways():
    options = dict(lr=0.02, max_iter=3)
    mine, closure, _, _ = problem(mytorch, options)
    yours, closure2, theirs, _ = problem(torch, options)
    mine.step(closure), yours.step(closure2)
    mine2, closure3, ours2, _ = problem(mytorch, options)
    yours2, closure4, theirs2, _ = problem(torch, options)
    mine2.load_state_dict(yours.state_dict())
    yours2.load_state_dict(to_torch(mine.state_dict()))
    with mytorch.no_grad(), torch.no_grad():
        for p, q, r in zip(ours2, theirs2, theirs):
            p.copy_(mytorch.tensor(r.detach().numpy()))
            q.copy_(r)
    for _ in range(2):
        mine2.step(closure3), yours2.step(closure4)
        for p, q in zip(ours2, theirs2):
            numpy.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), rtol=1e-9)


def test_refused():
    p, q = (mytorch.tensor([1.0], requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="parameter groups"):
        optim.LBFGS([{"params": [p]}, {"params": [q]}])
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        optim.LBFGS([p], lr=-1)
    with pytest.raises(RuntimeError, match="only 'strong_wolfe'"):
        optim.LBFGS([p], line_search_fn="armijo").step(lambda: (p * p).sum())
    with pytest.raises(TypeError):
        optim.LBFGS([p]).step()
