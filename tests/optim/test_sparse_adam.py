"""Sparse gradients in every optimizer, against PyTorch: values, what is kept, and who refuses them."""

import pytest

import mytorch
from tests.draws import draws
from tests.referee import agree_on, torch

WEIGHT = draws(3).standard_normal((6, 3))
ROWS = [
    ("SGD", {}),
    ("SGD", {"maximize": True}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.1, "maximize": True}),
    ("LBFGS", {}),
    ("SparseAdam", {}),
    ("SparseAdam", {"lr": 0.1, "betas": (0.5, 0.8), "eps": 1e-3, "maximize": True}),
]
REFUSED = [
    ("SGD", {"weight_decay": 0.1}),
    ("Adagrad", {"weight_decay": 0.1}),
    *(
        (name, {})
        for name in "ASGD Adadelta Adafactor Adam AdamW Adamax Muon NAdam RAdam RMSprop Rprop".split()
    ),
    ("SparseAdam", {"lr": 0.0}),
    ("SparseAdam", {"eps": 0.0}),
    ("SparseAdam", {"betas": (1.0, 0.9)}),
]
STEPS = [[0, 2], [2, 5], [5, 5], [0, 1]]


def trained(lib, name, options):
    """The table and its state after steps that read different rows."""
    weight = lib.nn.Parameter(lib.tensor(WEIGHT))
    optimizer = getattr(lib.optim, name)([weight], **options)
    for rows in STEPS:

        def closure(rows=rows):
            optimizer.zero_grad()
            loss = (lib.nn.functional.embedding(lib.tensor(rows), weight, sparse=True) ** 2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
    kept = (
        {}
        if name == "LBFGS"
        else {k: v for k, v in optimizer.state[weight].items() if k != "momentum_buffer"}
    )
    return weight, kept


@pytest.mark.parametrize(("name", "options"), ROWS, ids=str)
def test_as_torch(name, options):
    agree_on(trained, name, options)


@pytest.mark.parametrize(("name", "options"), REFUSED, ids=str)
def test_refused_as_in_torch(name, options):
    assert agree_on(trained, name, options).startswith("raises")


def test_the_messages_of_adam_name_each_other():
    weight = mytorch.nn.Parameter(mytorch.ones(3, 2))
    weight.sum().backward()
    with pytest.raises(RuntimeError, match="consider Adam instead"):
        mytorch.optim.SparseAdam([weight]).step()
    with pytest.raises(RuntimeError, match="consider SparseAdam instead"):
        trained(mytorch, "AdamW", {})


def test_state_dict_as_torch():
    def saved(lib):
        weight = lib.nn.Parameter(lib.tensor(WEIGHT))
        first, second = (lib.optim.SparseAdam([weight], lr=0.1) for _ in range(2))
        lib.nn.functional.embedding(lib.tensor([1]), weight, sparse=True).sum().backward()
        first.step()
        second.load_state_dict(first.state_dict())
        second.step()
        return second.state_dict(), weight

    agree_on(saved)
    assert repr(mytorch.optim.SparseAdam([mytorch.ones(2)])) == repr(torch.optim.SparseAdam([torch.ones(2)]))


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_with_a_gradient_scaler(reduce):
    table = mytorch.nn.Embedding(5, 3, sparse=True)
    before, optimizer = table.weight.detach().clone(), mytorch.optim.SparseAdam(table.parameters(), lr=0.1)
    scaler = mytorch.amp.GradScaler("cpu", init_scale=4.0)
    scaler.scale(getattr(table(mytorch.tensor([1, 2])), reduce)()).backward()
    scaler.step(optimizer)
    moved = (table.weight.detach() - before).abs() > 0
    assert moved.all(1).tolist() == [False, True, True, False, False]
