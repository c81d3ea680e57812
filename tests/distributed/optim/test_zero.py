"""The optimizer in shares: steps as without shares, state on one rank each, saved and loaded as a whole."""

import pytest

import mytorch
import mytorch.distributed as dist
from mytorch import nn
from mytorch.distributed.optim import ZeroRedundancyOptimizer
from tests.distributed.launch import checks

KINDS = {
    "adam": (mytorch.optim.Adam, {"lr": 0.01}),
    "momentum": (mytorch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
}


def model(seed=0):
    mytorch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2)).double()


def step(net, optimizer, i):
    optimizer.zero_grad()
    net(mytorch.ones(2, 4).double() * i).square().sum().backward()
    optimizer.step()


def equal(a, b):
    return all((p == q).all() for p, q in zip(a.parameters(), b.parameters()))


def c_steps_and_states(rank, size):
    for kind, settings in KINDS.values():
        shared, plain = model(), model()
        mine, whole = (
            ZeroRedundancyOptimizer(shared.parameters(), kind, **settings),
            kind(plain.parameters(), **settings),
        )
        schedules = [mytorch.optim.lr_scheduler.StepLR(o, 2, 0.5) for o in (mine, whole)]
        for i in range(5):
            step(shared, mine, i)
            step(plain, whole, i)
            for schedule in schedules:
                schedule.step()
            assert equal(shared, plain)
        kept = [None] * size
        owned = len(mine.optim.state) if mine.optim else 0
        dist.all_gather_object(kept, owned)
        assert sum(kept) == 6 and max(kept) < 6
        root = size - 1
        if rank != root:
            with pytest.raises(RuntimeError, match="consolidate_state_dict"):
                mine.state_dict()
        mine.consolidate_state_dict(to=root)
        states = [mine.state_dict() if rank == root else None]
        dist.broadcast_object_list(states, src=root)
        (state,) = states
        theirs = whole.state_dict()
        assert state["param_groups"][0]["lr"] == theirs["param_groups"][0]["lr"]
        assert state["state"].keys() == theirs["state"].keys()
        for i, values in theirs["state"].items():
            assert all((state["state"][i][name] == value).all() for name, value in values.items())
        # it goes on from the state of a whole optimizer, as that from its own
        again = ZeroRedundancyOptimizer(shared.parameters(), kind, **settings)
        again.load_state_dict(theirs)
        for i in range(3):
            step(shared, again, i)
            step(plain, whole, i)
            assert equal(shared, plain)


def c_groups_and_few_parameters(rank, size):
    a, b = model(), model()
    groups = [
        [{"params": net[0].parameters()}, {"params": net[2:].parameters(), "lr": 0.5}] for net in (a, b)
    ]
    shared = ZeroRedundancyOptimizer(groups[0], mytorch.optim.SGD, lr=0.1)
    whole = mytorch.optim.SGD(groups[1], lr=0.1)
    for i in range(3):
        step(a, shared, i)
        step(b, whole, i)
    assert equal(a, b)
    assert [g["lr"] for g in shared.param_groups] == [0.1, 0.5] and "momentum" in shared.param_groups[0]
    single = nn.Parameter(mytorch.ones(3))  # fewer parameters than ranks
    optimizer = ZeroRedundancyOptimizer([single], mytorch.optim.Adam, lr=0.5)
    single.sum().backward()
    assert optimizer.step(lambda: 7.0) == 7.0
    assert mytorch.allclose(single, mytorch.full((3,), 0.5))
    optimizer.add_param_group({"params": [nn.Parameter(mytorch.ones(2))]})
    optimizer.param_groups[1]["params"][0].sum().backward()
    optimizer.step()
    assert mytorch.allclose(optimizer.param_groups[1]["params"][0], mytorch.full((2,), 0.5))


@checks(globals(), ranks=(2, 3))
def test_on_ranks(outcome):
    outcome()
