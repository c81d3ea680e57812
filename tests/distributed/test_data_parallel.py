"""DistributedDataParallel: how it starts, buckets, hooks, random numbers, uneven inputs."""

import pytest

import mytorch
import mytorch.distributed as dist
from mytorch import nn
from mytorch.distributed.optim import ZeroRedundancyOptimizer
from mytorch.nn.parallel import DistributedDataParallel as DDP
from tests.distributed.launch import checks
from tests.distributed.test_equality import mlp


class Branches(nn.Module):
    """Uses one of two layers, and never the third."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 2), nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x, which):
        return self.a(x) if which == 0 else self.b(x)


def c_a_gradient_that_is_missing_is_named(rank, size):
    model = DDP(Branches())
    x = mytorch.ones(2, 4)
    model(x, 0).sum().backward()
    with pytest.raises(RuntimeError, match=r"no gradient to b\.weight, b\.bias"):
        model(x, 0)


def c_differing_models_are_named(rank, size):
    with pytest.raises(RuntimeError, match=rf"rank {size - 1} has weight \(.*float32 \[3, 3\]"):
        DDP(nn.Linear(2 if rank < size - 1 else 3, 3))
    with pytest.raises(RuntimeError, match=r"does.*have any parameters that require"):
        DDP(nn.ReLU())
    with pytest.raises(ValueError, match="device_ids"):
        DDP(nn.Linear(2, 2), device_ids=[rank])
    with pytest.raises(NotImplementedError, match="use amp"):
        DDP(nn.Linear(2, 2), mixed_precision=object())
    with pytest.raises(NotImplementedError, match="none waits"):
        DDP(nn.Linear(2, 2), delay_all_reduce_named_params=[("a", mytorch.ones(1))])


def c_start_and_buffers(rank, size):
    """Rank 0's parameters at the start, its buffers in each forward."""
    mytorch.manual_seed(rank)
    model = DDP(nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)))
    of_all = [mytorch.zeros(3, 3) for _ in range(size)]
    dist.all_gather(of_all, model.module[0].weight.detach())
    assert all((t == of_all[0]).all() for t in of_all)
    mytorch.manual_seed(rank)
    for _ in range(2):
        model(mytorch.randn(5, 3)).sum().backward()
    model.eval()
    model(mytorch.randn(5, 3))
    means = [mytorch.zeros(3) for _ in range(size)]
    dist.all_gather(means, model.module[1].running_mean)
    assert all((t == means[0]).all() for t in means)
    assert next(iter(model.state_dict())) == "module.0.weight"


def c_buffers_that_are_not_shared(rank, size):
    """``broadcast_buffers=False`` leaves them alone at the start too, the newer keyword does not."""
    for settings, start in (({"broadcast_buffers": False}, rank), ({"forward_sync_buffers": False}, 0)):
        model = nn.BatchNorm1d(2)
        model.running_mean += rank
        model = DDP(model, **settings)
        assert (model.module.running_mean == start).all()
        before = model.module.running_mean.clone()
        model(mytorch.ones(3, 2) * rank)
        assert mytorch.allclose(model.module.running_mean, 0.9 * before + 0.1 * rank)


def c_sizes_of_buckets(rank, size):
    for settings, counts in (
        ({"bucket_cap_mb": 1e-5}, [1, 1, 1, 1]),
        ({"bucket_cap_mb_list": [1e-5, 1]}, [1, 3]),
    ):
        model = DDP(nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)), **settings)
        assert [len(bucket.members) for bucket in model.reducer.buckets] == counts


def c_views_of_buckets(rank, size):
    model = DDP(mlp(), gradient_as_bucket_view=True)
    for zero in (True, False, True):
        model.zero_grad(set_to_none=zero)
        model(mytorch.ones(3, 4) * (rank + 1)).sum().backward()
        for bucket in model.reducer.buckets:
            for i, slot in bucket.slots.items():
                assert model.reducer.params[i].grad.array is slot
        of_all = [mytorch.zeros(2) for _ in range(size)]
        dist.all_gather(of_all, model.module[4].bias.grad)
        assert all((t == 3).all() for t in of_all)


def c_two_forwards_one_backward(rank, size):
    inner = mlp().double()
    model = DDP(inner)
    x, y = mytorch.ones(2, 4).double() * (rank + 1), mytorch.ones(2, 4).double() * (rank - 3)
    (model(x).sum() + 2 * model(y).sum()).backward()
    mine = [p.grad.clone() for p in inner.parameters()]
    inner.zero_grad()
    with model.no_sync():
        total = sum(
            inner(mytorch.ones(2, 4).double() * (r + 1)).sum()
            + 2 * inner(mytorch.ones(2, 4).double() * (r - 3)).sum()
            for r in range(size)
        )
        model.reducer.sync = False
        (total / size).backward()
    for a, p in zip(mine, inner.parameters()):
        assert (a - p.grad).abs().max().item() < 1e-10


def c_buckets_start_while_backward_goes_on(rank, size):
    model = DDP(nn.Sequential(*[nn.Linear(300, 300) for _ in range(6)]))
    for _ in range(2):
        model.reducer.timeline = timeline = []
        begun = []
        model.module[0].weight.register_hook(lambda g: begun.append(model.reducer.next))
        model(mytorch.ones(4, 300)).sum().backward()
    assert begun[-1] >= 4, "buckets of later layers are under way before the first layer has its gradient"
    assert [what for what, _, _ in timeline].count("wait") == 1


def c_dropout_draws_by_rank(rank, size):
    """Everything else draws the same on all ranks; the run is reproducible."""

    def run():
        mytorch.manual_seed(5)
        inner = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5))
        model = DDP(inner)
        masks = [(model(mytorch.ones(4, 8)) == 0).float() for _ in range(2)]
        return *masks, mytorch.rand(3), inner[0].weight.detach()

    first, again = run(), run()
    assert all((a == b).all() for a, b in zip(first, again))
    assert (first[0] != first[1]).any()
    for t, equal in zip(first, (False, False, True, True)):
        of_all = [mytorch.zeros_like(t) for _ in range(size)]
        dist.all_gather(of_all, t)
        assert all((other == t).all() == equal for r, other in enumerate(of_all) if r != rank)
    state = mytorch.get_rng_state()
    DDP(nn.Linear(2, 2))(mytorch.ones(1, 2))
    mytorch.set_rng_state(state)
    model = DDP(nn.Linear(2, 2))
    state = mytorch.get_rng_state()
    model(mytorch.ones(1, 2))
    assert (mytorch.get_rng_state() == state).all(), "without dropout nothing is drawn"


def c_communication_hooks(rank, size):
    hooks = dist.algorithms.ddp_comm_hooks.default_hooks
    exact = None
    for hook, limit in (
        (None, 0),
        (hooks.allreduce_hook, 1e-6),
        (hooks.fp16_compress_hook, 1e-2),
        (hooks.bf16_compress_hook, 5e-2),
        (hooks.fp16_compress_wrapper(hooks.allreduce_hook), 1e-2),
    ):
        mytorch.manual_seed(0)
        inner = mlp()
        model = DDP(inner)
        if hook is not None:
            model.register_comm_hook(None, hook)
            with pytest.raises(RuntimeError, match="only be called once"):
                model.register_comm_hook(None, hook)
        for _ in range(2):
            model.zero_grad()
            model(mytorch.ones(3, 4) * (rank + 1)).sum().backward()
        grads = [p.grad for p in inner.parameters()]
        exact = exact or grads
        for a, b in zip(grads, exact):
            assert (a - b).abs().max() <= limit * (1 + b.abs().max())
    own = DDP(mlp())
    own.register_comm_hook(None, dist.algorithms.ddp_comm_hooks.debugging_hooks.noop_hook)
    own(mytorch.ones(3, 4) * (rank + 1)).sum().backward()
    assert (own.module[4].bias.grad == 3).all() and (own.module[0].bias.grad != 0).any()
    seen = []

    def hook(state, bucket):
        seen.append(
            (bucket.index(), bucket.is_last(), len(bucket.parameters()), len(bucket.gradients()), state)
        )
        future = dist.Future()
        future.set_result(mytorch.full_like(bucket.buffer(), 7.0))
        return future

    model = DDP(mlp())
    model.register_comm_hook("state", hook)
    model(mytorch.ones(3, 4)).sum().backward()
    assert all((p.grad == 7).all() for p in model.parameters())
    assert [s[0] for s in seen] == list(range(len(seen))) and seen[-1][1] and seen[0][4] == "state"
    assert sum(s[2] for s in seen) == sum(s[3] for s in seen) == 6


def c_join(rank, size):
    """Ranks with fewer inputs take part with zeros; at the end all have the last one's model."""
    for initial in (True, False):
        mytorch.manual_seed(2)
        inner = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3), nn.Linear(3, 2)).double()
        model = DDP(inner)
        optimizer = mytorch.optim.SGD(model.parameters(), lr=0.1)
        averages = []
        with model.join(divide_by_initial_world_size=initial):
            for step in range(2 + 3 * rank):
                optimizer.zero_grad()
                model(mytorch.ones(2, 4).double() * (step + 1 + mytorch.arange(2)[:, None])).sum().backward()
                averages.append(inner[2].bias.grad[0].item())
                optimizer.step()
        for step, average in enumerate(averages):
            active = sum(step < 2 + 3 * r for r in range(size))
            assert abs(average - (2 * active / size if initial else 2)) < 1e-12
        for t in inner.state_dict().values():
            of_all = [mytorch.zeros_like(t) for _ in range(size)]
            dist.all_gather(of_all, t)
            assert all((other == t).all() for other in of_all)
        model(mytorch.ones(2, 4).double()).sum().backward()


def c_join_that_throws(rank, size):
    model = DDP(mlp())
    with pytest.raises(RuntimeError, match="exhausted inputs"), model.join(throw_on_early_termination=True):
        for _ in range(2 + rank):
            model(mytorch.ones(2, 4)).sum().backward()
    dist.barrier()


def c_join_with_a_sharded_optimizer(rank, size):
    inner = mlp().double()
    model = DDP(inner)
    optimizer = ZeroRedundancyOptimizer(model.parameters(), mytorch.optim.Adam, lr=0.001)
    with dist.algorithms.Join([model, optimizer]):
        for _ in range(2 + rank):
            optimizer.zero_grad()
            model(mytorch.ones(3, 4).double()).sum().backward()
            optimizer.step()
    for p in inner.parameters():
        of_all = [mytorch.zeros_like(p) for _ in range(size)]
        dist.all_gather(of_all, p.detach())
        assert all((other == p).all() for other in of_all)


def c_outputs_in_containers(rank, size):
    class Several(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x):
            return {"one": [self.a(x)], "two": (self.b(x), 3)}

    model = DDP(Several())
    for _ in range(2):
        model.zero_grad()
        out = model(mytorch.ones(1, 2) * rank)
        (out["one"][0] + out["two"][0]).sum().backward()
    mean = (size - 1) / 2
    assert (model.module.a.weight.grad == mean).all() and (model.module.b.weight.grad == mean).all()


@checks(globals(), ranks=(2, 3))
def test_on_ranks(outcome):
    outcome()


def test_alone():
    """A world of one: the module, as it is; a hook is called all the same."""
    with pytest.raises(ValueError, match="process group"):
        DDP(mlp())
    dist.init_process_group()
    try:
        inner = mlp()
        model, x = DDP(inner), mytorch.ones(3, 4)
        assert (model(x) == inner(x)).all()
        model(x).sum().backward()
        c_communication_hooks(0, 1)
        c_join(0, 1)
        c_views = DDP(mlp(), gradient_as_bucket_view=True)
        c_views(x).sum().backward()
        optimizer = ZeroRedundancyOptimizer(model.parameters(), mytorch.optim.SGD, lr=0.1)
        optimizer.step()
    finally:
        dist.destroy_process_group()
