"""N ranks with equal shares train as one with the whole batch: models × optimizers × ways to train."""

import functools
import itertools

import numpy as np

import mytorch
import mytorch.distributed as dist
from mytorch import nn, optim
from mytorch.distributed.optim import ZeroRedundancyOptimizer
from mytorch.nn.parallel import DistributedDataParallel as DDP
from tests.distributed.launch import checks

STEPS, BATCH = 20, 12


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
    first = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)
    return nn.Sequential(*first, nn.Conv2d(4, 3, 2), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2))


class Branching(nn.Module):
    """``model``, whose output goes through one more layer for some samples; another layer is never used."""

    def __init__(self, model):
        super().__init__()
        self.model, self.sometimes, self.never = model, nn.Linear(2, 2), nn.Linear(2, 2)

    def forward(self, x, chosen):
        out = self.model(x)
        return out + chosen[:, None] * self.sometimes(out) if chosen.any() else out


MODELS = {
    "mlp": (mlp, (4,)),
    "cnn_with_sync_batch_norm": (cnn, (1, 8, 8)),
    "lstm": (Recurrent, (6, 3)),
    "transformer": (Attentive, (5, 8)),
}
# how the optimizer is made on several ranks, on one, and how close they stay
adam = functools.partial(optim.Adam, lr=0.001)
sgd = functools.partial(optim.SGD, lr=0.05, momentum=0.9)
zero = functools.partial(ZeroRedundancyOptimizer, optimizer_class=optim.Adam, lr=0.001)
OPTIMIZERS = {"sgd": (sgd, sgd, 1e-12), "adam": (adam, adam, 1e-9), "zero": (zero, adam, 1e-9)}
VARIANTS = {
    "accumulation": {"bucket_cap_mb": 0.0001, "gradient_as_bucket_view": True},
    "unused": {"find_unused_parameters": True},
    "clipping": {"static_graph": True},
}


def batch(shape, size, step, part):
    """The share ``part`` of the batch of a step, the whole for None, and which of its samples take the branch
    (those of no rank, of all, of some).
    """
    rng = np.random.default_rng(step)
    ranks = np.arange(BATCH) * size // BATCH
    x, y = rng.standard_normal((BATCH, *shape)), rng.standard_normal((BATCH, 2))
    chosen = (0 * ranks, 0 * ranks + 1, (ranks + step // 3) % 2)[step % 3]
    mine = slice(None) if part is None else ranks == part
    return [mytorch.tensor(a[mine]) for a in (x, y, chosen.astype(float))]


def trained(name, make, variant, size, part=None):
    """The parameters and buffers after some steps on the whole batch, or as rank ``part`` on its share."""
    mytorch.manual_seed(3)
    model, shape = MODELS[name]
    inner = model = (Branching(model()) if variant == "unused" else model()).double()
    if part is not None:
        inner = nn.SyncBatchNorm.convert_sync_batchnorm(inner)
        model = DDP(inner, **VARIANTS[variant])
    optimizer = make(model.parameters())
    for step in range(STEPS):
        x, y, chosen = batch(shape, size, step, part)
        if variant == "accumulation":
            with model.no_sync() if part is not None else mytorch.enable_grad():
                ((model(x) - y) ** 2).mean().backward()
            x, y, chosen = batch(shape, size, 100 + step, part)
        out = model(x, chosen) if variant == "unused" else model(x)
        ((out - y) ** 2).mean().backward()
        if variant == "clipping":
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
        optimizer.step()
        optimizer.zero_grad()
    if variant == "unused":
        assert inner.never.weight.grad is None
    return inner.state_dict()


alone = functools.cache(trained)


def check(name, rank, size):
    """All cells of a model on two ranks, a few on more."""
    cells = list(itertools.product(OPTIMIZERS, VARIANTS))
    for optimizer, variant in cells if size == 2 else cells[size % 2 :: 4]:
        on_ranks, on_one, limit = OPTIMIZERS[optimizer]
        whole, mine = alone(name, on_one, variant, size), trained(name, on_ranks, variant, size, rank)
        for key, value in whole.items():
            where = name, optimizer, variant, key
            worst = (mine[key] - value).abs().max().item()
            assert worst <= limit * max(1, value.abs().max().item()), (where, worst)
            of_all = [mytorch.zeros_like(value) for _ in range(size)]
            dist.all_gather(of_all, mine[key].detach())
            assert all((t == mine[key]).all() for t in of_all), (where, "ranks differ")


globals().update({f"c_{name}": functools.partial(check, name) for name in MODELS})


@checks(globals())
def test_on_ranks(outcome):
    outcome()
