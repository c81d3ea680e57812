"""Checkpointing with a policy of what is computed once: the same values and gradients, less work."""

import functools

import pytest

import mytorch
from mytorch import nn
from mytorch.core.primitive import primitives
from mytorch.utils.checkpoint import CheckpointPolicy, checkpoint, create_selective_checkpoint_contexts
from tests.draws import draws
from tests.referee import agree_on, torch

ARRAY = draws(1).standard_normal((3, 3))


def model():
    layers = nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.LayerNorm(4), nn.Linear(4, 3), nn.Softmax(-1)
    return nn.Sequential(*layers).double()


def run(net, x):
    return net(x @ x).sin().chunk(3)[0].exp()


def everything(ctx, op, *args, **kwargs):
    return CheckpointPolicy.MUST_SAVE


def products(ctx, op, *args, **kwargs):
    return op in ("aten.mm", "aten.addmm")


def by_size(ctx, op, *args, **kwargs):
    small = ctx.op_output.numel() < 10 and not ctx.is_recompute
    return CheckpointPolicy.PREFER_CPU_OFFLOAD if small else CheckpointPolicy.MUST_RECOMPUTE


@pytest.mark.parametrize("policy", [everything, products, by_size, ["aten.exp", "aten.tanh"], []], ids=str)
def test_same_values_and_gradients(policy):
    net, found = model(), []
    for how in (None, policy):
        net.zero_grad()
        mytorch.manual_seed(0)
        x = mytorch.tensor(ARRAY, requires_grad=True)
        contexts = functools.partial(create_selective_checkpoint_contexts, how)
        y = run(net, x) if how is None else checkpoint(run, net, x, use_reentrant=False, context_fn=contexts)
        (y * y).sum().backward()
        found.append([y.tolist(), x.grad.tolist(), *(p.grad.tolist() for p in net.parameters())])
    assert found[0] == found[1]


@pytest.mark.parametrize(("saved", "times"), [(["aten.exp"], 1), (["aten.sin"], 2)], ids=str)
def test_what_is_saved_is_computed_once(monkeypatch, saved, times):
    computed = []
    op = primitives["exp"]
    forward = op.forward

    def counted(*args, **settings):
        computed.append(op)
        return forward(*args, **settings)

    mytorch.exp(mytorch.ones(1))  # compiles the call
    monkeypatch.setattr(op, "forward", counted)
    monkeypatch.setitem(op.function.__globals__, "forward", counted)
    x = mytorch.tensor(ARRAY, requires_grad=True)
    contexts = functools.partial(create_selective_checkpoint_contexts, saved)
    checkpoint(lambda x: (x.sin() * 2).exp().sin(), x, context_fn=contexts).sum().backward()
    assert len(computed) == times


def test_the_policy_is_asked_about_the_operations_of_torch():
    def asked(lib):
        seen, x = [], lib.tensor(ARRAY, requires_grad=True)
        w, b = lib.ones(2, 3).double(), lib.ones(2).double()

        def policy(ctx, op, *args, **kwargs):
            name = str(op).removesuffix(".default").removesuffix(".Tensor")
            if name not in ("aten.t", "aten.transpose"):
                seen.append((name, list(ctx.op_output.shape), ctx.is_recompute))
            return False

        tools = lib.utils.checkpoint
        contexts = functools.partial(tools.create_selective_checkpoint_contexts, policy)
        linear = lib.nn.functional.linear
        y = tools.checkpoint(
            lambda x: linear(linear(x @ x, w, b).relu(), b[None]).exp(),
            x,
            use_reentrant=False,
            context_fn=contexts,
        )
        y.sum().backward()
        return [entry for entry in seen if entry[0] != "aten.unsqueeze"], x.grad

    agree_on(asked)


@pytest.mark.parametrize("may_change", [False, True])
def test_a_saved_result_that_was_changed_in_place(may_change):
    x = mytorch.tensor(ARRAY, requires_grad=True)
    contexts = functools.partial(create_selective_checkpoint_contexts, ["aten.mul"], may_change)
    y = checkpoint(lambda x: (x * 2).add_(1).sin(), x, context_fn=contexts)
    if may_change:
        return y.sum().backward()
    with pytest.raises(RuntimeError, match="mul was changed in place"):
        y.sum().backward()
    return None


def test_another_program_the_second_time_is_an_error():
    runs, x = [], mytorch.tensor(ARRAY, requires_grad=True)
    contexts = functools.partial(create_selective_checkpoint_contexts, ["aten.exp"])
    y = checkpoint(
        lambda x: (x.sin() if runs.append(0) or len(runs) == 1 else x.cos()).exp(), x, context_fn=contexts
    )
    with pytest.raises(RuntimeError, match="cos is not what was called"):
        y.sum().backward()


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [(5, TypeError), ("aten.mm", TypeError), (["mm"], ValueError), ([mytorch.mm], ValueError)],
    ids=str,
)
def test_refused(wrong, kind):
    with pytest.raises(kind):
        create_selective_checkpoint_contexts(wrong)


def test_only_without_reentry():
    def refused(lib):
        tools = lib.utils.checkpoint
        contexts = functools.partial(tools.create_selective_checkpoint_contexts, [])
        return tools.checkpoint(lambda x: x, lib.ones(2), use_reentrant=True, context_fn=contexts)

    assert agree_on(refused) == "raises ValueError"


def test_policies_as_torch():
    theirs = torch.utils.checkpoint.CheckpointPolicy
    assert all(theirs[policy.name].value == policy.value for policy in CheckpointPolicy)
    for tools in (mytorch.utils.checkpoint, torch.utils.checkpoint):
        with tools.set_checkpoint_early_stop(False), tools.set_checkpoint_debug_enabled(None):
            pass


@pytest.mark.parametrize("policy", [everything, products])
def test_in_autocast(policy):
    model, x = nn.Linear(4, 4), mytorch.ones(3, 4, requires_grad=True)
    contexts = functools.partial(create_selective_checkpoint_contexts, policy)
    with mytorch.autocast("cpu"):
        exact = model(x)
        found = checkpoint(model, x, use_reentrant=False, context_fn=contexts)
    assert found.dtype == exact.dtype == mytorch.bfloat16 and mytorch.equal(found, exact)
    gradients = [mytorch.autograd.grad(out.float().sum(), [x, model.weight]) for out in (exact, found)]
    assert all(map(mytorch.equal, *gradients))
