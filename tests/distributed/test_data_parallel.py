"""N ranks with equal shares compute what one rank computes with the whole batch."""

import numpy as np

import mytorch
import mytorch.distributed as dist
from mytorch import nn
from mytorch.distributed.optim import ZeroRedundancyOptimizer
from mytorch.nn.parallel import DistributedDataParallel as DDP
from tests.distributed.launch import checks

STEPS = 20


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(3, 5, batch_first=True), nn.Linear(5, 2)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Attentive(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 12, dropout=0.0, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.layer(x).mean(1))


def mlp():
    return nn.Sequential(nn.Linear(4, 300), nn.Tanh(), nn.Linear(300, 200), nn.Tanh(), nn.Linear(200, 2))


def cnn():
    first = nn.Conv2d(1, 4, 3), nn.SyncBatchNorm(4), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*first, nn.Conv2d(4, 3, 2), nn.SyncBatchNorm(3), nn.Flatten(), nn.Linear(12, 2))


MODELS = {"mlp": (mlp, (4,)), "cnn": (cnn, (1, 8, 8)), "lstm": (Recurrent, (6, 3)), "transformer": (Attentive, (5, 8))}
OPTIMIZERS = {
    "sgd": lambda p: mytorch.optim.SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: mytorch.optim.Adam(p, lr=0.01),
}


def data(shape, size, step, part):
    """The share ``part`` of a batch of 12 of step number ``step``; the whole batch for None."""
    rng = np.random.default_rng(step)
    x, y = rng.standard_normal((12, *shape)), rng.standard_normal((12, 2))
    mine = slice(None) if part is None else slice(part * 12 // size, (part + 1) * 12 // size)
    return mytorch.tensor(x[mine]), mytorch.tensor(y[mine])


def trained(name, optimizer, size, part, variant):
    """The parameters and buffers after some steps, of the whole batch (``part`` None) or by shares."""
    mytorch.manual_seed(3)
    make, shape = MODELS[name]
    inner = make().double()
    model = inner if part is None else DDP(inner, gradient_as_bucket_view=variant == "accumulation", **SETTINGS.get(variant, {}))
    if optimizer == "zero" and part is not None:
        stepper = ZeroRedundancyOptimizer(model.parameters(), mytorch.optim.Adam, lr=0.01)
    else:
        stepper = OPTIMIZERS["adam" if optimizer == "zero" else optimizer](model.parameters())
    for step in range(STEPS):
        if variant == "accumulation":
            for i in (0, 1):
                x, y = data(shape, size, 100 * i + step, part)
                if i == 0 and part is not None:
                    with model.no_sync():
                        ((model(x) - y) ** 2).mean().backward()
                else:
                    ((model(x) - y) ** 2).mean().backward()
        else:
            x, y = data(shape, size, step, part)
            ((model(x) - y) ** 2).mean().backward()
        if variant == "clipping":
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        stepper.step()
        stepper.zero_grad()
    return inner.state_dict()


SETTINGS = {"accumulation": {"bucket_cap_mb": 0.0001}, "clipping": {"static_graph": True}}


def agree(rank, size, name, optimizers, variants):
    for optimizer in optimizers:
        for variant in variants:
            whole = trained(name, optimizer, size, None, variant)
            mine = trained(name, optimizer, size, rank, variant)
            limit = 1e-12 if optimizer == "sgd" else 1e-9
            for key, value in whole.items():
                worst = (mine[key] - value).abs().max().item()
                assert worst <= limit * max(1, value.abs().max().item()), (name, optimizer, variant, key, worst)
                of_all = [mytorch.zeros_like(value) for _ in range(size)]
                dist.all_gather(of_all, mine[key].detach())
                assert all((t == mine[key]).all() for t in of_all), (name, key, "ranks differ")


def alone(name, optimizer, size, variant):
    return trained(name, optimizer, size, None, variant)


def c_mlp(rank, size):
    agree(rank, size, "mlp", ("sgd", "adam", "zero"), ("plain", "accumulation", "clipping"))


@checks(globals(), ranks=(2, 3))
def test_on_ranks(outcome):
    outcome()
