"""Every optimizer against PyTorch, step by step in float64; what it keeps, how it is grouped, saved and
refused.
"""

import copy
import inspect
import pickle
import warnings

import numpy
import pytest

import mytorch
from mytorch import optim
from mytorch.optim import blocks
from tests.draws import draws
from tests.referee import answer, close, torch

SHAPES = [(3, 4), (5,), (), (0, 3), (2, 3, 2), (1,)]
ROWS = [
    ("SGD", dict(lr=0.1)),
    ("SGD", dict(lr=0.1, weight_decay=0.1)),
    ("SGD", dict(lr=0.1, momentum=0.9)),
    ("SGD", dict(lr=0.1, momentum=0.9, dampening=0.3, weight_decay=0.01)),
    ("SGD", dict(lr=0.1, momentum=0.9, nesterov=True)),
    ("SGD", dict(lr=0.1, momentum=0.9, maximize=True, weight_decay=0.2)),
    ("Adagrad", dict()),
    ("Adagrad", dict(lr=0.1, lr_decay=0.1, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-3)),
    ("Adagrad", dict(lr=0.1, maximize=True)),
    ("RMSprop", dict()),
    ("RMSprop", dict(lr=0.1, alpha=0.8, eps=1e-3, weight_decay=0.1)),
    ("RMSprop", dict(lr=0.1, centered=True)),
    ("RMSprop", dict(lr=0.1, momentum=0.9)),
    ("RMSprop", dict(lr=0.1, momentum=0.9, centered=True, maximize=True, weight_decay=0.1)),
    ("Adam", dict()),
    ("Adam", dict(lr=0.1, betas=(0.5, 0.8), eps=1e-3, weight_decay=0.1)),
    ("Adam", dict(lr=0.1, amsgrad=True)),
    ("Adam", dict(lr=0.1, maximize=True, weight_decay=0.1)),
    ("Adam", dict(lr=0.1, weight_decay=0.1, decoupled_weight_decay=True)),
    ("AdamW", dict()),
    ("AdamW", dict(lr=0.1, weight_decay=0.3, amsgrad=True, maximize=True)),
    ("Adadelta", dict()),
    ("Adadelta", dict(lr=0.5, rho=0.7, eps=1e-3, weight_decay=0.1, maximize=True)),
    ("Adamax", dict()),
    ("Adamax", dict(lr=0.1, betas=(0.5, 0.8), eps=1e-3, weight_decay=0.1, maximize=True)),
    ("NAdam", dict()),
    ("NAdam", dict(lr=0.1, weight_decay=0.1, momentum_decay=0.1, maximize=True)),
    ("NAdam", dict(lr=0.1, weight_decay=0.1, decoupled_weight_decay=True)),
    ("RAdam", dict()),
    ("RAdam", dict(lr=0.1, weight_decay=0.1, maximize=True, betas=(0.9, 0.99))),
    ("RAdam", dict(lr=0.1, weight_decay=0.1, decoupled_weight_decay=True)),
    ("ASGD", dict()),
    ("ASGD", dict(lr=0.1, lambd=0.1, alpha=0.5, t0=4, weight_decay=0.1, maximize=True)),
    ("Rprop", dict()),
    ("Rprop", dict(lr=0.1, etas=(0.4, 1.3), step_sizes=(1e-3, 0.5), maximize=True)),
]
IDS = [f"{name}-{'-'.join(options) or 'defaults'}" for name, options in ROWS]


def parameters(shapes=SHAPES, dtype="float64", seed=0):
    """The same parameters for both libraries, and the generator to go on with."""
    rng = draws(seed)
    arrays = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    ours = [mytorch.tensor(a, requires_grad=True) for a in arrays]
    theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
    return ours, theirs, rng


def give_gradients(ours, theirs, rng, skip=()):
    for i, (p, q) in enumerate(zip(ours, theirs)):
        g = rng.standard_normal(tuple(q.shape)).astype(p.array.dtype)
        if i in skip:
            p.grad = q.grad = None
        else:
            p.grad, q.grad = mytorch.tensor(g), torch.tensor(g)


def compare(ours, theirs, rtol=1e-12):
    for p, q in zip(ours, theirs):
        close(p, q, rtol)


def compare_states(mine, yours, rtol=1e-12):
    mine, yours = mine.state_dict(), yours.state_dict()
    assert list(mine["state"]) == list(yours["state"])
    for index, state in yours["state"].items():
        assert list(mine["state"][index]) == list(state)
        for name, value in state.items():
            got = mine["state"][index][name]
            assert str(got.dtype).split(".")[-1] == str(value.dtype).split(".")[-1], name
            assert tuple(got.shape) == tuple(value.shape)
            numpy.testing.assert_allclose(got.numpy(), value.numpy(), rtol=rtol, atol=rtol, err_msg=name)
    assert [set(g) for g in mine["param_groups"]] == [set(g) for g in yours["param_groups"]]
    assert mine["param_groups"] == yours["param_groups"]


def to_torch(value):
    """Our tensors inside nested containers as torch's."""
    if isinstance(value, mytorch.Tensor):
        return torch.tensor(value.numpy())
    if isinstance(value, dict):
        return {k: to_torch(v) for k, v in value.items()}
    return [to_torch(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_against_torch(name, options):
    ours, theirs, rng = parameters()
    mine, yours = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    compare_states(mine, yours)
    for step in range(20):
        # some parameters join late or miss steps, so that step counts differ
        give_gradients(
            ours, theirs, rng, skip={0: (1, 4), 3: (0,), 4: (0, 5), 7: range(6), 11: (4,)}.get(step, ())
        )
        mine.step()
        yours.step()
        compare(ours, theirs)
    compare_states(mine, yours)


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_state_travels_both_ways(name, options):
    ours, theirs, rng = parameters()
    mine, yours = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for _ in range(4):
        give_gradients(ours, theirs, rng, skip=(1,))
        mine.step()
        yours.step()
    mine2, yours2 = getattr(optim, name)(ours, lr=7.0), getattr(torch.optim, name)(theirs, lr=7.0)
    mine2.load_state_dict(yours.state_dict())
    yours2.load_state_dict(to_torch(mine.state_dict()))
    for _ in range(3):
        give_gradients(ours, theirs, rng)
        mine2.step()
        yours2.step()
        compare(ours, theirs)
    compare_states(mine2, yours2)


@pytest.mark.parametrize(("name", "options"), ROWS, ids=IDS)
def test_packed_or_alone_is_the_same(name, options, monkeypatch):
    shapes = [(40, 30), (7,), (3, 5), (65, 3)]
    results = []
    for block, small in [(512 * 1024, 64 * 1024), (64 * 8, 1), (1 << 30, 1 << 30)]:
        monkeypatch.setattr(blocks, "CPU_BLOCK", block)
        monkeypatch.setattr(blocks, "SMALL", small)
        monkeypatch.setattr(blocks, "scratch", blocks.Scratch())
        monkeypatch.setattr("mytorch.optim.optimizer.scratch", blocks.scratch)
        ours, theirs, rng = parameters(shapes, "float32")
        optimizer = getattr(optim, name)(ours, **options)
        for _ in range(3):
            give_gradients(ours, theirs, rng)
            optimizer.step()
        results.append([p.detach().numpy() for p in ours])
    for other in results[1:]:
        for a, b in zip(results[0], other):
            numpy.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("name", "options"),
    [("SGD", dict(lr=0.1, momentum=0.9)), ("AdamW", dict()), ("RMSprop", dict(centered=True))],
)
def test_large_and_threaded(name, options):
    ours, theirs, rng = parameters([(600, 700), (33,), (500, 400)], "float32")
    mine, yours = getattr(optim, name)(ours, **options), getattr(torch.optim, name)(theirs, **options)
    for _ in range(3):
        give_gradients(ours, theirs, rng)
        mine.step()
        yours.step()
    compare(ours, theirs, rtol=2e-5)


def test_many_small_parameters_cost_few_updates(monkeypatch):
    ours, theirs, rng = parameters([(64,), (8, 8)] * 60, "float32")
    optimizer, calls = optim.AdamW(ours), []
    update = optim.AdamW.__update__
    monkeypatch.setattr(optim.AdamW, "__update__", lambda *args: (calls.append(1), update(*args)))
    give_gradients(ours, theirs, rng)
    for _ in range(3):
        optimizer.step()
    assert len(calls) == 3


def test_groups_have_their_own_options():
    ours, theirs, rng = parameters()
    for lib, ps in ((optim, ours), (torch.optim, theirs)):
        opt = lib.AdamW(
            [{"params": ps[:2], "lr": 0.1}, {"params": ps[2], "weight_decay": 0.0, "betas": (0.5, 0.6)}],
            amsgrad=True,
        )
        opt.add_param_group({"params": ps[3:], "maximize": True})
        ps.append(opt)
    mine, yours = ours.pop(), theirs.pop()
    for _ in range(3):
        give_gradients(ours, theirs, rng)
        mine.step()
        yours.step()
        compare(ours, theirs)
    compare_states(mine, yours)
    assert repr(mine) == repr(yours)


def test_options_may_change_between_steps():
    ours, theirs, rng = parameters()
    mine, yours = optim.SGD(ours, lr=0.1), torch.optim.SGD(theirs, lr=0.1)
    for step, momentum in enumerate([0, 0, 0.9, 0.5, 0]):
        for opt in (mine, yours):
            opt.param_groups[0].update(momentum=momentum, lr=0.1 / (step + 1))
        give_gradients(ours, theirs, rng)
        mine.step()
        yours.step()
        compare(ours, theirs)


def test_state_reset_or_replaced_is_noticed():
    """The usual ways to touch the state: a new dict, a replaced value, an in-place change, a changed step
    count.
    """

    def replace_value(opt, zeros):
        for state in opt.state.values():
            state["exp_avg"] = zeros(state["exp_avg"])

    changes = [
        lambda opt, zeros: opt.state.clear(),
        replace_value,
        lambda opt, zeros: [state["exp_avg_sq"].mul_(2) for state in opt.state.values()],
        lambda opt, zeros: next(iter(opt.state.values()))["step"].fill_(7),
        lambda opt, zeros: opt.state.pop(opt.param_groups[0]["params"][1]),
        lambda opt, zeros: setattr(
            next(iter(opt.state.values()))["exp_avg"],
            "data",
            zeros(next(iter(opt.state.values()))["exp_avg"]),
        ),
    ]
    for change in changes:
        ours, theirs, rng = parameters()
        mine, yours = optim.Adam(ours, lr=0.1), torch.optim.Adam(theirs, lr=0.1)
        for step in range(4):
            give_gradients(ours, theirs, rng)
            mine.step()
            yours.step()
            compare(ours, theirs)
            if step == 1:
                change(mine, lambda x: mytorch.tensor(numpy.zeros(x.shape)))
                change(yours, lambda x: torch.zeros_like(x))


def test_parameters_keep_their_memory():
    ours = parameters()[0]
    views, arrays = [p.detach() for p in ours], [p.array for p in ours]
    optimizer = optim.Adam(ours, lr=0.5)
    for p in ours:
        p.grad = mytorch.tensor(numpy.ones(p.shape))
    before = [p._version for p in ours]
    optimizer.step()
    for p, view, array, version in zip(ours, views, arrays, before):
        assert p.array is array
        numpy.testing.assert_array_equal(view.numpy(), p.detach().numpy())
        assert p._version > version


def test_a_step_between_forward_and_backward_is_an_error():
    w = mytorch.tensor([2.0], requires_grad=True)
    loss = (w * w).sum()
    w.grad = mytorch.tensor([1.0])
    optim.SGD([w], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_new_memory_and_dtype_of_a_parameter_are_followed():
    p = mytorch.tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.SGD([p], lr=1.0, momentum=0.5)
    p.grad = mytorch.tensor([1.0, 1.0])
    optimizer.step()
    p.data = mytorch.tensor(numpy.array([5.0, 5.0]))
    p.grad = None
    p.grad = mytorch.tensor(numpy.array([1.0, 1.0]))
    optimizer.step()
    numpy.testing.assert_array_equal(p.detach().numpy(), [3.5, 3.5])


def test_not_contiguous_and_shared_memory():
    base = numpy.arange(12.0).reshape(3, 4)
    p = mytorch.core.graph.wrap(base.T).requires_grad_()
    p.grad = mytorch.core.graph.wrap(numpy.arange(12.0)[::-1].reshape(4, 3))
    optimizer = optim.SGD([p], lr=1.0)
    for _ in range(2):
        optimizer.step()
    numpy.testing.assert_array_equal(
        base, numpy.arange(12.0).reshape(3, 4) - 2 * numpy.arange(12.0)[::-1].reshape(4, 3).T
    )
    a = mytorch.tensor([1.0], requires_grad=True)
    b = mytorch.tensor([0.0], requires_grad=True)
    b.data = a.data  # tied through their memory: both updates count
    a.grad, b.grad = mytorch.tensor([1.0]), mytorch.tensor([10.0])
    optim.SGD([a, b], lr=0.1).step()
    numpy.testing.assert_allclose(a.detach().numpy(), [-0.1], rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(dtype):
    p = mytorch.tensor([1.0, -2.0, 3.0], requires_grad=True, dtype=getattr(mytorch, dtype))
    q = torch.tensor([1.0, -2.0, 3.0], requires_grad=True, dtype=getattr(torch, dtype))
    mine, yours = optim.SGD([p], lr=0.25, momentum=0.5), torch.optim.SGD([q], lr=0.25, momentum=0.5)
    for _ in range(3):
        p.grad = mytorch.tensor([0.5, 1.0, -1.5], dtype=p.dtype)
        q.grad = torch.tensor([0.5, 1.0, -1.5], dtype=q.dtype)
        mine.step()
        yours.step()
    numpy.testing.assert_allclose(p.detach().float().numpy(), q.detach().float().numpy(), rtol=1e-2)
    assert p.dtype == getattr(mytorch, dtype)


def test_infinities_pass_in_silence():
    p = mytorch.tensor([1.0, 1.0], requires_grad=True)
    optimizer = optim.Adam([p], eps=0.0)
    p.grad = mytorch.tensor([float("inf"), 0.0])
    optimizer.step()
    assert p.isnan().tolist() == [True, True]


def test_closure_runs_with_gradients():
    w = mytorch.tensor([3.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with mytorch.no_grad():
        loss = optimizer.step(closure)
    assert loss.item() == 9
    assert w.item() == pytest.approx(2.4)
    assert optimizer.step() is None


def test_zero_grad():
    w = mytorch.tensor([3.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    optimizer.zero_grad(set_to_none=False)
    w.grad = grad = mytorch.tensor([1.0])
    optimizer.zero_grad(set_to_none=False)
    assert w.grad is grad
    assert grad.tolist() == [0]
    optimizer.zero_grad()
    assert w.grad is None


class Net:
    """Anything with ``parameters()`` is taken for a module."""

    def __init__(self):
        self.w = mytorch.tensor([1.0, 2.0], requires_grad=True)

    def parameters(self):
        yield self.w


def test_a_module_in_place_of_its_parameters():
    for make, same in [
        (lambda m: optim.SGD(m, lr=1e-3, lr_decay=0), lambda p: torch.optim.SGD(p, lr=1e-3)),
        (
            lambda m: optim.Adam(m, beta1=0.9, beta2=0.99, lr=1e-2, eps=1e-8),
            lambda p: torch.optim.Adam(p, lr=1e-2, betas=(0.9, 0.99)),
        ),
        (lambda m: optim.AdaGrad(m, lr=1e-2, eps=1e-8), lambda p: torch.optim.Adagrad(p, lr=1e-2, eps=1e-8)),
        (lambda m: optim.AdamW(m, beta2=0.99), lambda p: torch.optim.AdamW(p, betas=(0.9, 0.99))),
        (lambda m: optim.Momentum(m, lr=0.1), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        (lambda m: optim.RMSprop([{"params": m}]), lambda p: torch.optim.RMSprop(p)),
    ]:
        net, p = Net(), torch.tensor([1.0, 2.0], requires_grad=True)
        mine, yours = make(net), same([p])
        for _ in range(3):
            net.w.grad, p.grad = mytorch.tensor([0.5, -1.0]), torch.tensor([0.5, -1.0])
            mine.step()
            yours.step()
        numpy.testing.assert_allclose(net.w.detach().numpy(), p.detach().numpy(), rtol=1e-6)


def test_lr_decay():
    w = mytorch.tensor(numpy.zeros(1), requires_grad=True)
    optimizer = optim.SGD([w], lr=1.0, lr_decay=0.1)
    lr, total = 1.0, 0.0
    for step in range(230):
        if step == 150:  # a checkpoint in between changes nothing
            saved = optimizer.state_dict()
            optimizer = optim.SGD([w], lr=5.0)
            optimizer.load_state_dict(saved)
        lr *= 0.9 ** ((step + 1) // 100)
        total -= lr
        w.grad = mytorch.tensor(numpy.ones(1))
        optimizer.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(lr, rel=1e-12)
    assert w.item() == pytest.approx(total, rel=1e-12)


def test_lr_decay_counts_the_step_before_it_decays():
    w = mytorch.tensor(numpy.zeros(1), requires_grad=True)
    optimizer, rates = optim.SGD([w], lr=0.5, lr_decay=0.01), []
    w.grad = mytorch.tensor(numpy.ones(1))
    for _ in range(100):
        optimizer.step()
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[:99] == [0.5] * 99 and rates[99] == pytest.approx(0.495)
    assert w.item() == pytest.approx(-99 * 0.5 - 0.495)


def test_adam_without_bias_correction():
    w = mytorch.tensor(numpy.zeros(1), requires_grad=True)
    optimizer = optim.Adam([w], lr=1.0, eps=0.0, bias_correction=False)
    w.grad = mytorch.tensor(numpy.full(1, 3.0))
    optimizer.step()
    assert w.item() == pytest.approx(-0.1 / 0.001**0.5, rel=1e-12)  # 3.16 times the step with correction


def test_learning_rate_as_a_tensor():
    ours, theirs, rng = parameters()
    lr, lr2 = mytorch.tensor(0.1), torch.tensor(0.1)
    mine, yours = optim.Adam(ours, lr=lr), torch.optim.Adam(theirs, lr=lr2, foreach=False)
    for _ in range(2):
        give_gradients(ours, theirs, rng)
        mine.step()
        yours.step()
        lr.mul_(0.5)
        lr2.mul_(0.5)
    compare(ours, theirs, rtol=1e-6)


ERRORS = [
    lambda lib, p: lib.SGD([]),
    lambda lib, p: lib.SGD(p, lr=0.1),
    lambda lib, p: lib.SGD([1.0]),
    lambda lib, p: lib.SGD([p * 2]),
    lambda lib, p: lib.SGD([{"params": {p}}]),
    lambda lib, p: lib.SGD([{"params": [p]}, {"params": [p]}]),
    lambda lib, p: lib.SGD([p], lr=-1),
    lambda lib, p: lib.SGD([p], momentum=-1),
    lambda lib, p: lib.SGD([p], weight_decay=-1),
    lambda lib, p: lib.SGD([p], nesterov=True),
    lambda lib, p: lib.SGD([p], momentum=0.9, dampening=0.1, nesterov=True),
    lambda lib, p: lib.SGD([p]).add_param_group([p]),
    lambda lib, p: lib.SGD([("w", p), p.detach().clone()]),
    lambda lib, p: lib.SGD([("w", p)]).add_param_group({"params": [p.detach().clone()]}),
    lambda lib, p: lib.SGD([p]).load_state_dict({"state": {}, "param_groups": []}),
    lambda lib, p: lib.SGD([p]).load_state_dict({"state": {}, "param_groups": [{"params": []}]}),
    lambda lib, p: lib.SGD([p], foreach=True, fused=True),
    lambda lib, p: lib.Adam([p], lr=-1.0),
    lambda lib, p: lib.Adam([p], eps=-1.0),
    lambda lib, p: lib.Adam([p], betas=(1.0, 0.9)),
    lambda lib, p: lib.Adam([p], betas=(0.9, -0.1)),
    lambda lib, p: lib.Adam([p], betas=(0, 0.9)),
    lambda lib, p: lib.AdamW([p], weight_decay=-1),
    lambda lib, p: lib.Adagrad([p], lr_decay=-1),
    lambda lib, p: lib.Adagrad([p], initial_accumulator_value=-1),
    lambda lib, p: lib.Adagrad([p], eps=-1),
    lambda lib, p: lib.RMSprop([p], alpha=-1),
    lambda lib, p: lib.RMSprop([p], momentum=-1),
    lambda lib, p: lib.Adadelta([p], rho=2),
    lambda lib, p: lib.NAdam([p], momentum_decay=-1),
    lambda lib, p: lib.RAdam([p], betas=(0.9, 1.0)),
    lambda lib, p: lib.Adamax([p], betas=(0.9, 1.0)),
    lambda lib, p: lib.ASGD([p], weight_decay=-1),
    lambda lib, p: lib.Rprop([p], etas=(1.5, 2)),
]


@pytest.mark.parametrize("case", ERRORS, ids=range(len(ERRORS)))
def test_refused_as_in_torch(case):
    with pytest.raises((ValueError, TypeError, RuntimeError)) as theirs:
        case(torch.optim, torch.tensor([1.0], requires_grad=True))
    with pytest.raises(theirs.type) as ours:
        case(optim, mytorch.tensor([1.0], requires_grad=True))
    assert str(ours.value)[:25] == str(theirs.value)[:25]


@pytest.mark.parametrize("option", ["differentiable", "capturable"])
def test_unsupported_options_are_refused(option):
    with pytest.raises(NotImplementedError, match=option):
        optim.Adam([mytorch.tensor([1.0], requires_grad=True)], **{option: True})


def test_named_parameters_and_duplicates():
    p, q = (mytorch.tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.SGD([("a", p), ("b", q)], lr=0.1)
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["a", "b"]
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizer = optim.SGD([p, p], lr=0.1)
    p.grad = mytorch.tensor([1.0])
    optimizer.step()
    assert p.item() == pytest.approx(0.8)


def test_hooks():
    p = mytorch.tensor([1.0], requires_grad=True)
    optimizer, seen = optim.SGD([p], lr=0.1, momentum=0.9), []
    handles = [
        optimizer.register_step_pre_hook(lambda o, args, kwargs: seen.append("before")),
        optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append("after")),
        optim.optimizer.register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("all")),
        optimizer.register_state_dict_pre_hook(lambda o: seen.append("save")),
        optimizer.register_state_dict_post_hook(lambda o, d: {**d, "note": 1}),
        optimizer.register_load_state_dict_pre_hook(lambda o, d: seen.append(d.pop("note"))),
        optimizer.register_load_state_dict_post_hook(lambda o: seen.append("loaded")),
        optimizer.register_load_state_dict_post_hook(lambda o: seen.append("first"), prepend=True),
    ]
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    assert seen == ["all", "before", "after", "save", 1, "first", "loaded"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert "note" not in optimizer.state_dict()
    assert len(seen) == 7


def test_an_optimizer_of_ones_own():
    """As scripts write them for torch: a subclass with a ``step`` of its own."""

    class Halving(optim.Optimizer):
        def __init__(self, params, rate=optim.optimizer.required):
            super().__init__(params, {"rate": rate})

        @mytorch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    self.state[p]["seen"] = self.state[p].get("seen", 0) + 1
                    p.mul_(group["rate"])

    p = mytorch.tensor([8.0], requires_grad=True)
    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter rate"):
        Halving([p])
    optimizer, seen = Halving([p], rate=0.5), []
    optimizer.register_step_post_hook(lambda o, args, kwargs: seen.append(1))
    optimizer.step()
    optimizer.load_state_dict(optimizer.state_dict())
    optimizer.step()
    assert p.item() == 2
    assert optimizer.state[p]["seen"] == 2
    assert seen == [1, 1]


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["deepcopy", "pickle"]
)
def test_copies_go_on_alone(duplicate):
    ours, theirs, rng = parameters()
    mine = optim.Adam(ours, lr=0.1)
    give_gradients(ours, theirs, rng)
    mine.step()
    twin = duplicate(mine)
    copies = twin.param_groups[0]["params"]
    give_gradients(ours, theirs, rng)
    for p, q in zip(ours, copies):
        assert p is not q
        q.grad = p.grad.clone()
    mine.step()
    for p, q in zip(ours, copies):
        assert p.tolist() != q.tolist() or p.numel() == 0
    twin.step()
    for p, q in zip(ours, copies):
        assert p.tolist() == q.tolist()


def test_a_loaded_state_is_a_copy_and_saved_tensors_follow():
    ours, theirs, rng = parameters()
    mine = optim.Adam(ours, lr=0.1)
    give_gradients(ours, theirs, rng)
    mine.step()
    saved = mine.state_dict()
    other = optim.Adam(ours, lr=0.2)
    other.load_state_dict(saved)
    kept = saved["state"][0]["exp_avg"].clone()
    other.step()
    assert saved["state"][0]["exp_avg"].tolist() == kept.tolist()
    assert other.param_groups[0]["lr"] == 0.1
    give_gradients(ours, theirs, rng, skip=(1,))  # another set of parameters: the state moves to new memory
    mine.step()
    assert saved["state"][0]["exp_avg"].tolist() == mine.state[ours[0]]["exp_avg"].tolist() != kept.tolist()


def test_a_parameter_without_gradient_is_left_alone():
    p, q = (mytorch.tensor([1.0], requires_grad=True) for _ in range(2))
    optimizer = optim.AdamW([p, q])
    optimizer.step()
    assert optimizer.state_dict()["state"] == {}
    p.grad = mytorch.tensor([1.0])
    optimizer.step()
    assert q.item() == 1
    assert list(optimizer.state) == [p]


def test_no_warning_and_no_growth():
    ours, theirs, rng = parameters([(100, 100)] * 3, "float32")
    optimizer = optim.Adam(ours)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            give_gradients(ours, theirs, rng)
            optimizer.step()
    assert len(optimizer._mytorch_layouts) == 1


@pytest.mark.parametrize(
    "name, option, value",
    [
        ("AdamW", "weight_decay", 0.5),
        ("Adadelta", "rho", 0.5),
        ("Adam", "eps", 0.25),
        ("SGD", "momentum", 0.5),
    ],
)
def test_options_in_tensors(name, option, value):
    """A number in a 0-d tensor is that number."""
    results = []
    for given in (value, mytorch.tensor(value)):
        p = mytorch.tensor([1.0, -2.0, 3.0], requires_grad=True)
        optimizer = getattr(mytorch.optim, name)([p], lr=0.1, **{option: given})
        for _ in range(3):
            p.grad = p.detach() * 2
            optimizer.step()
        results.append(p.tolist())
    assert results[0] == results[1]


ALL = "SGD Adam AdamW Adamax NAdam RAdam Adagrad Adadelta RMSprop Rprop ASGD LBFGS Adafactor Muon".split()


def number_arguments():
    """(optimizer, argument) for all whose default is a number or several."""
    for name in ALL:
        for p in inspect.signature(getattr(optim, name)).parameters.values():
            if type(p.default) in (int, float, tuple):
                yield name, p.name


@pytest.mark.parametrize("value", ["0.1", None, {}, object()], ids=["str", "None", "dict", "object"])
@pytest.mark.parametrize(("name", "argument"), list(number_arguments()))
def test_an_argument_that_is_no_number_is_named(name, argument, value):
    p = mytorch.nn.Parameter(mytorch.ones(2, 2))
    with pytest.raises(TypeError, match=argument):
        getattr(optim, name)([p], **{argument: value})


@pytest.mark.parametrize("betas", [("a", 0.9), (0.9, None), ([0.9], 0.9)])
def test_one_of_several_numbers_is_named(betas):
    with pytest.raises(TypeError, match=r"betas\[[01]\] must be a number"):
        optim.Adam([mytorch.ones(2)], betas=betas)
    with pytest.raises(ValueError, match="betas must be 2 numbers, not 1"):
        optim.AdamW([mytorch.ones(2)], betas=(0.9,))


def test_a_groups_option_that_is_no_number_is_named():
    with pytest.raises(TypeError, match=r"lr must be a number, not str '0.1'"):
        optim.SGD([{"params": [mytorch.ones(2)], "lr": "0.1"}], lr=0.1)


@pytest.mark.parametrize("lr", [1, 0.1, True, numpy.float32(0.1), numpy.float64(0.1), numpy.int64(1)])
def test_kinds_of_numbers(lr):
    for lib in (mytorch, torch):
        lib.optim.SGD([lib.ones(2)], lr=lr)


def test_a_generator_that_is_used_up():
    for lib in (mytorch, torch):
        parameters = lib.nn.Linear(1, 1).parameters()
        list(parameters)
        with pytest.raises(ValueError, match="optimizer got an empty parameter list"):
            lib.optim.SGD(parameters, lr=0.1)
    with pytest.raises(ValueError, match=r"may be used up; call parameters\(\) again"):
        optim.SGD(iter(()), lr=0.1)
    with pytest.raises(ValueError, match=r"optimizer got an empty parameter list$"):
        optim.SGD([], lr=0.1)


def without_init(lib):
    """A step of an optimizer whose class has an ``__init__`` of its own alone."""

    class Own(lib.optim.Optimizer):
        def __init__(self, params, lr):
            self.param_groups = [{"params": list(params), "lr": lr}]
            self.defaults, self.state = {}, {}

        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p.data -= group["lr"] * p.grad

    p = lib.nn.Parameter(lib.ones(2))
    optimizer = Own([p], 0.5)
    schedule = lib.optim.lr_scheduler.StepLR(optimizer, 1)
    p.grad = lib.ones(2)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
    if lib is mytorch:  # its hooks are there too
        calls = []
        optimizer.register_step_post_hook(lambda *args: calls.append(1))
        p.grad = lib.zeros(2)
        optimizer.step()
        assert calls == [1]
        optimizer.zero_grad()
    return p.tolist(), p.grad, round(optimizer.param_groups[0]["lr"], 9)


def test_a_subclass_that_never_calls_init():
    assert without_init(mytorch) == answer(without_init) == ([0.5, 0.5], None, 0.05)


EXTREMES = [0.0, 1.0, 1e20, -1e20, 1e38, numpy.inf, -numpy.inf, numpy.nan, 1e-42, 1e-30]
EXTREME_SETTINGS = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"lr": 0.1, "maximize": True}),
    ("Adamax", {}),
    ("NAdam", {"weight_decay": 0.1}),
    ("RAdam", {}),
    ("Adagrad", {"lr_decay": 0.1}),
    ("Adadelta", {}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"centered": True, "momentum": 0.9}),
    ("Rprop", {}),
    ("ASGD", {}),
    ("Adafactor", {}),
]


@pytest.mark.parametrize("name, settings", EXTREME_SETTINGS, ids=str)
@pytest.mark.parametrize("with_numba", [False, True])
def test_gradients_at_the_ends_of_the_range(name, settings, with_numba, monkeypatch):
    """Their squares overflow or vanish in float32. Warnings would fail the test."""
    if not with_numba:
        monkeypatch.setattr("mytorch.kernels.numba_loops.numba", lambda: None)
    found = []
    for lib in (mytorch, torch):
        p = lib.tensor([1.0] * len(EXTREMES), requires_grad=True)
        optimizer, path = getattr(lib.optim, name)([p], **settings), []
        for gradient in (EXTREMES, EXTREMES, [0.5] * len(EXTREMES)):
            p.grad = lib.tensor(gradient)
            optimizer.step()
            path.append(p.detach().numpy().copy())
        found.append(path)
    numpy.testing.assert_allclose(*found, rtol=1e-5, atol=1e-6)
