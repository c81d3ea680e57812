"""Collectives that pass gradients: the gradient of the sum of all ranks' losses, of both orders."""

import numpy as np

import mytorch
import mytorch.distributed as dist
from mytorch import nn
from mytorch.distributed.nn import functional as F
from tests.distributed.launch import checks


def drawn(rank, *shape):
    return mytorch.tensor(np.random.default_rng(rank).standard_normal(shape))


# (what one rank computes of its x, what all ranks' results are, of all x)
CASES = {
    "all_reduce": (
        lambda x, rank, size: F.all_reduce(x),
        lambda xs, rank: sum(xs),
    ),
    "average": (
        lambda x, rank, size: F.all_reduce(x, dist.ReduceOp.AVG),
        lambda xs, rank: sum(xs) / len(xs),
    ),
    "broadcast": (lambda x, rank, size: F.broadcast(x, 1), lambda xs, rank: xs[1]),
    "reduce": (
        lambda x, rank, size: F.reduce(x, 1),
        lambda xs, rank: sum(xs) if rank == 1 else sum(xs) * 0,
    ),
    "all_gather": (
        lambda x, rank, size: mytorch.cat(F.all_gather(x)),
        lambda xs, rank: mytorch.cat(xs),
    ),
    "gather": (
        lambda x, rank, size: mytorch.cat(F.gather(x, 1)),
        lambda xs, rank: mytorch.cat(xs) * (rank == 1),
    ),
    "scatter": (
        lambda x, rank, size: F.scatter(list(x.split(2)), 1),
        lambda xs, rank: xs[1].split(2)[rank],
    ),
    "reduce_scatter": (
        lambda x, rank, size: F.reduce_scatter(x[:2], list(x.split(2))),
        lambda xs, rank: sum(x.split(2)[rank] for x in xs),
    ),
    "all_to_all": (
        lambda x, rank, size: mytorch.cat(F.all_to_all(list(x.split(2)), list(x.split(2)))),
        lambda xs, rank: mytorch.cat([x.split(2)[rank] for x in xs]),
    ),
    "all_to_all_single": (
        lambda x, rank, size: F.all_to_all_single(x, x),
        lambda xs, rank: mytorch.cat([x.split(2)[rank] for x in xs]),
    ),
}


def loss(y, rank):
    """A loss that is another one on each rank."""
    return (y**3 * (rank + 1)).sum() + y.sin().sum()


def c_gradients(rank, size):
    for name, (mine, of_all) in CASES.items():
        x = drawn(rank, 2 * size, 3).requires_grad_()
        xs = [drawn(r, 2 * size, 3).requires_grad_() for r in range(size)]
        y = mine(x, rank, size)
        assert mytorch.allclose(y, of_all(xs, rank)), name
        (g,) = mytorch.autograd.grad(loss(y, rank), x, create_graph=True)
        total = sum(loss(of_all(xs, r), r) for r in range(size))
        wanted = mytorch.autograd.grad(total, xs, create_graph=True, materialize_grads=True)
        assert mytorch.allclose(g, wanted[rank]), name
        (g2,) = mytorch.autograd.grad((g**2).sum(), x)
        squares = sum((w**2).sum() for w in wanted)
        wanted2 = mytorch.autograd.grad(squares, xs, materialize_grads=True)
        assert mytorch.allclose(g2, wanted2[rank]), name


def c_sync_batch_norm(rank, size):
    """Shares of different sizes: outputs, running statistics and gradients of both orders are those of the
    whole batch.
    """
    for shape in ((3,), (3, 4), (3, 2, 2)):
        mytorch.manual_seed(0)
        together, alone = nn.SyncBatchNorm(3).double(), nn.SyncBatchNorm(3).double()
        with mytorch.no_grad():
            for layer in (together, alone):
                layer.weight.copy_(mytorch.tensor([1.0, 2.0, -1.0]))
        plain = nn.functional.batch_norm
        xs = [drawn(r, r + 2, *shape).requires_grad_() for r in range(size)]
        x = drawn(rank, rank + 2, *shape).requires_grad_()
        y = together(x)
        whole = plain(
            mytorch.cat(xs), alone.running_mean, alone.running_var, alone.weight, alone.bias, training=True
        )
        parts = whole.split([r + 2 for r in range(size)])
        assert mytorch.allclose(y, parts[rank])
        assert mytorch.allclose(together.running_mean, alone.running_mean)
        assert mytorch.allclose(together.running_var, alone.running_var)
        assert together.num_batches_tracked.item() == 1
        (g,) = mytorch.autograd.grad(loss(y, rank), x, create_graph=True)
        wanted = mytorch.autograd.grad(sum(loss(p, r) for r, p in enumerate(parts)), xs, create_graph=True)
        assert mytorch.allclose(g, wanted[rank])
        (g2,) = mytorch.autograd.grad((g**2).sum(), x)
        wanted2 = mytorch.autograd.grad(sum((w**2).sum() for w in wanted), xs)
        assert mytorch.allclose(g2, wanted2[rank])
        together.eval()
        assert mytorch.allclose(
            together(x), plain(x, together.running_mean, together.running_var, together.weight, together.bias)
        )
    half = nn.SyncBatchNorm(3)
    assert half(drawn(rank, 4, 3).half()).dtype == mytorch.float16


@checks(globals(), ranks=(2, 3))
def test_on_ranks(outcome):
    outcome()
