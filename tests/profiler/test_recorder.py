"""What is watched while a profile runs, that each call is counted, and that nothing is left when it ends."""

import inspect
import os
import sys
import threading
import weakref
from collections import Counter

import pytest

import mytorch
from mytorch import nn
from mytorch.autograd import Function
from mytorch.core.primitive import Primitive, primitive, primitives
from mytorch.core.walk import Walk
from mytorch.nn.hooks import HookedCall
from mytorch.ops.interpose import interpose
from mytorch.ops.matmul import matmul as bound_by_name
from mytorch.optim.step_hooks import _EveryOptimizer
from mytorch.profiler import ProfilerActivity, profile, record_function
from mytorch.profiler.recorder import Recorder
from mytorch.utils.data import DataLoader, TensorDataset
from mytorch.utils.data.epoch import Epoch
from tests import stand_in


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        return self.second(self.first(x).relu()) + x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(x).tanh()


class Square(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return 2 * x * g


apply_square = Square.apply


def training_step(model=None):
    """A function that runs one step: several modules, a loss, a user's function, an optimizer."""
    model = Net() if model is None else model
    optimizer = mytorch.optim.Adam(model.parameters())
    loader = DataLoader(TensorDataset(mytorch.randn(4, 8), mytorch.tensor([0, 1, 2, 0])), batch_size=4)

    def step():
        for x, y in loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y) + apply_square(model.head.weight).sum() * 0.1
            loss.backward()
            optimizer.step()

    step()
    return step


def calls_of_operations(run):
    """{name: calls} of operations, counted by the interpreter."""
    counts = Counter()
    general = {op.function.__code__ for op in primitives.values() if op.signature.variadic}

    def note(frame, event, argument):
        code, given = frame.f_code, frame.f_locals
        if event != "call" or "out" in given.get("others", given.get("settings", ())):
            return
        if code.co_filename.startswith("<call of "):
            counts[code.co_filename.removeprefix("<call of ").rstrip(">")] += 1
        elif code in general:
            counts[given["self"].name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return counts


def watched():
    """Every function that is watched while a profile runs."""
    functions = [op.function for op in primitives.values()]
    methods = [Primitive.as_function, Function.apply.__func__, HookedCall.__call__, Epoch.__next__]
    return [*functions, *methods, Walk.run, Walk.gradients_of, Walk.finish]


def state_of(functions):
    """All that a profile may exchange in them."""
    slots = [(f, f.__code__, f.__kwdefaults__, f.__defaults__, f.__closure__) for f in functions]
    return (
        slots,
        dict(vars(Walk)),
        dict(vars(HookedCall)),
        dict(_EveryOptimizer.pre),
        dict(_EveryOptimizer.post),
    )


# ---- what is counted --------------------------------------------------------------------------------


def test_every_operation_of_a_step_is_counted():
    step = training_step()
    expected = calls_of_operations(step)
    with profile() as prof:
        step()
    assert Counter(e.name for e in prof.events() if e.kind == "op" and e.name != "Square") == expected
    assert expected["linear"] == 5
    assert sum(expected.values()) > 15


def test_nodes_and_leaves_of_a_backward_are_counted():
    model = Net()
    with profile() as prof:
        loss = model(mytorch.randn(4, 8)).sum()
        loss.backward()
    names = Counter(e.name for e in prof.events() if e.kind == "node")
    assert names.pop("AccumulateGrad") == len(list(model.parameters()))
    seen, stack = set(), [loss.grad_fn]
    while stack:
        node = stack.pop()
        if node not in seen and node.plan is not None:
            seen.add(node)
            stack += [before for before, _ in node.next_functions if before is not None]
    assert names == Counter(node.plan.name for node in seen)


def test_each_part_of_a_step_has_its_event():
    step = training_step()
    with profile() as prof:
        step()
    names = Counter(e.name for e in prof.events())
    assert names["DataLoader.__next__"] == 2  # a batch, and the end
    assert names["Optimizer.step#Adam.step"] == names["backward"] == names["nn.Module: Net"] == 1
    assert names["nn.Module: Linear"] == 5
    assert names["Square"] == names["SquareBackward"] == 1


def test_a_fused_operation_is_one_event():
    x, w, b = mytorch.randn(4, 3), mytorch.randn(2, 3), mytorch.randn(2)
    with profile() as prof:
        nn.functional.linear(x, w, b)
    assert [e.name for e in prof.events()] == ["linear"]


def test_names_that_were_bound_before_are_seen():
    multiply, x = mytorch.Tensor.__mul__, mytorch.ones(2, 2)
    with profile() as prof:
        bound_by_name(x, x)
        multiply(x, x)
        apply_square(x)
    assert [e.name for e in prof.events()][:3] == ["matmul", "mul", "Square"]


def test_an_operation_made_meanwhile_is_seen_and_left_alone_afterwards():
    with profile() as prof:

        @primitive(x=lambda g: 2 * g)
        def doubled_meanwhile(x):
            """2 x."""
            return 2 * x

        code = doubled_meanwhile.__code__
        doubled_meanwhile(mytorch.ones(2))
    del primitives["doubled_meanwhile"]
    assert [e.name for e in prof.events()] == ["doubled_meanwhile"]
    assert doubled_meanwhile.__code__ is not code
    assert doubled_meanwhile.__code__.co_filename == "<call of doubled_meanwhile>"


def test_out_is_one_call():
    x, out = mytorch.ones(3), mytorch.empty(3)
    with profile() as prof:
        mytorch.exp(x, out=out)
    assert [e.name for e in prof.events()] == ["exp"]


def test_only_the_thread_that_began_it_is_recorded():
    x = mytorch.ones(2)
    with profile() as prof:
        other = threading.Thread(target=lambda: x.exp())
        other.start()
        other.join()
        x.log()
    assert [e.name for e in prof.events()] == ["log"]


def test_work_in_threads_of_its_own_counts_within(threads):
    threads(2)
    x = mytorch.randn(2048, 1024)
    with profile() as prof, record_function("all"):
        x.exp().sum()
    assert {e.name for e in prof.events()} == {"all", "exp", "sum"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_worker_that_is_forked_meanwhile_records_nothing():
    code = HookedCall.__call__.__code__
    with profile():
        process = os.fork()
        if process == 0:
            os._exit(HookedCall.__call__.__code__ is not code or Recorder.active is not None)
        assert os.waitpid(process, 0)[1] == 0
        assert HookedCall.__call__.__code__ is not code


# ---- modules and phases ------------------------------------------------------------------------------


def test_paths_of_modules_and_the_module_that_made_a_node():
    step = training_step()
    with profile() as prof:
        step()
    linear = [(e.module, e.phase) for e in prof.events() if e.name == "linear"]
    paths = [f"Net.blocks.{i}.{name}" for i in (0, 1) for name in ("first", "second")] + ["Net.head"]
    assert linear == [(path, "forward") for path in paths]
    backward = [(e.module, e.phase) for e in prof.events() if e.name == "LinearBackward0"]
    assert backward == [(path, "backward") for path in reversed(paths)]
    assert {e.module for e in prof.events() if e.name == "ReluBackward0"} == {"Net.blocks.0", "Net.blocks.1"}
    leaves = Counter(e.module for e in prof.events() if e.name == "AccumulateGrad")
    assert leaves == dict.fromkeys(paths, 2)
    assert {e.module for e in prof.events() if e.name == "cross_entropy_of_classes"} == {""}


def test_what_a_rule_calls_belongs_to_the_node():
    x = mytorch.randn(3, 3, requires_grad=True)
    with profile() as prof:
        (mytorch.linalg.det(x) + 0).backward()
    inside = [e for e in prof.events() if e.parent is not None and e.parent.name.endswith("Backward0")]
    assert inside
    assert {e.phase for e in inside} == {"backward"}


def test_second_order_gradients_belong_to_their_module():
    layer, x = nn.Linear(3, 3), mytorch.randn(2, 3, requires_grad=True)
    with profile() as prof:
        y = layer(x).tanh().sum()
        (g,) = mytorch.autograd.grad(y, x, create_graph=True)
        g.square().sum().backward()
    found = [e.module for e in prof.events() if e.name == "LinearBackward0"]
    assert set(found) == {"Linear"}


def test_two_models_of_a_class_have_paths_of_their_own():
    first, second, x = nn.Linear(2, 2), nn.Linear(2, 2), mytorch.ones(1, 2)
    with profile() as prof:
        for model in (first, second, first):
            model(x)
        for _ in range(2):
            nn.ReLU()(x)
    paths = [e.module for e in prof.events() if e.kind == "module"]
    assert paths == ["Linear", "Linear#2", "Linear", "ReLU", "ReLU"]


def test_a_module_that_is_no_submodule_is_named_by_its_class():
    class Outer(nn.Module):
        def forward(self, x):
            return nn.ReLU()(x)

    with profile() as prof:
        Outer()(mytorch.ones(2))
    assert [e.module for e in prof.events()] == ["Outer", "Outer.ReLU", "Outer.ReLU"]


def test_without_modules():
    with profile(with_modules=False) as prof:
        nn.ReLU()(mytorch.ones(2))
    assert [(e.name, e.module) for e in prof.events()] == [("relu", "")]


# ---- shapes, memory, stacks --------------------------------------------------------------------------


def test_shapes_of_inputs():
    x, y = mytorch.ones(2, 3), mytorch.ones(3, 4)
    with profile(record_shapes=True) as prof:
        x @ y
        mytorch.cat([x, x])
        x * 2
    assert [e.input_shapes for e in prof.events()] == [[[2, 3], [3, 4]], [[2, 3], [2, 3]], [[2, 3], []]]


def test_bytes_are_what_stays_allocated():
    x = mytorch.ones(1000, 100)  # 400 kB
    with profile(profile_memory=True) as prof:
        with record_function("kept"):
            y = x.exp()
        with record_function("dropped"):
            x.exp().sum()
        with record_function("freed"):
            del y
        x.view(-1)
    found = {e.name: e.cpu_memory_usage for e in prof.events()}
    for name, expected in {"kept": 400_000, "dropped": 0, "freed": -400_000, "view": 0}.items():
        assert abs(found.get(name, 0) - expected) < 4000, name
    exp = next(e for e in prof.events() if e.name == "exp")
    assert abs(exp.self_cpu_memory_usage - 400_000) < 4000


def test_stacks_begin_at_the_line_that_called():
    with profile(with_stack=True) as prof:
        x = mytorch.ones(2, requires_grad=True)
        y = x.exp()
        y.sum().backward()
    by_name = {e.name: e for e in prof.events()}
    own = [line for line in by_name["exp"].stack if __file__ in line]
    assert own[0].endswith("test_stacks_begin_at_the_line_that_called")
    assert by_name["ExpBackward0"].stack == by_name["exp"].stack
    assert by_name["exp"].stack[0] == own[0]


# ---- nothing is left ---------------------------------------------------------------------------------


def test_nothing_is_left_when_it_ends():
    step = training_step()
    before = state_of(watched())
    with profile(record_shapes=True, profile_memory=True, with_stack=True):
        assert state_of(watched()) != before
        step()
    assert state_of(watched()) == before
    assert Recorder.active is None


def test_nothing_is_left_after_an_exception():
    before = state_of(watched())
    with pytest.raises(RuntimeError, match="shape"), profile() as prof, record_function("failing"):
        nn.Linear(2, 2)(mytorch.ones(2, 3))
    assert state_of(watched()) == before
    assert [e.name for e in prof.events()] == ["failing", "nn.Module: Linear", "linear"]
    assert all(e.end is not None for e in prof.events())


def test_a_step_of_an_optimizer_that_fails_is_ended():
    class Failing(mytorch.optim.SGD):
        def step(self, closure=None):
            raise ValueError("no")

    optimizer = Failing([mytorch.ones(1, requires_grad=True)], lr=0.1)
    with profile() as prof:
        with pytest.raises(ValueError, match="no"), record_function("around"):
            optimizer.step()
        mytorch.ones(1).exp()
    assert [(e.name, e.parent and e.parent.name) for e in prof.events()] == [
        ("around", None),
        ("Optimizer.step#Failing.step", "around"),
        ("exp", None),
    ]


def test_results_are_the_same_while_a_profile_runs():
    def losses():
        mytorch.manual_seed(3)
        model = Net()
        step = training_step(model)
        step()
        return [p.detach().clone() for p in model.parameters()]

    plain = losses()
    with profile(record_shapes=True, with_stack=True):
        watched_too = losses()
    assert all(bool((a == b).all()) for a, b in zip(plain, watched_too))


def test_recording_ends_after_so_many_events():
    x, code = mytorch.ones(2), bound_by_name.__code__
    with profile(max_events=5) as prof:
        with record_function("around"):
            for _ in range(20):
                x.exp()
        assert bound_by_name.__code__ is code
        x.exp()
    assert len(prof.events()) == 5


def test_events_hold_no_graph():
    with profile(record_shapes=True, with_stack=True) as prof:
        y = mytorch.ones(2, requires_grad=True).exp()
        y.sum().backward()
        node = weakref.ref(y.grad_fn)
        del y
        assert node() is None
    assert "ExpBackward0" in [e.name for e in prof.events()]


def test_replace_passes_all_kinds_of_arguments():
    def function(a, b=2, *rest, c, d=4, **more):
        return a, b, rest, c, d, more, free

    free, seen = "free", []

    def around(original, args, kwargs):
        seen.append((args, kwargs))
        return original(*args, **kwargs)

    signature, expected = inspect.signature(function), function(1, c=3)
    undo = interpose(function, around)
    assert function(1, c=3) == expected
    assert function(1, 5, 6, c=3, e=7) == (1, 5, (6,), 3, 4, {"e": 7}, "free")
    assert len(seen) == 2
    undo()
    assert function(1, c=3) == expected
    assert len(seen) == 2
    assert inspect.signature(function) == signature


# ---- a GPU ---------------------------------------------------------------------------------------------


def test_time_on_a_gpu(gpu, request, monkeypatch):
    if request.config.getoption("--device") != "cuda":
        clock = iter(range(1000))

        class Event:
            def record(self):
                self.time = next(clock)

            def synchronize(self):
                assert self.time is not None

        monkeypatch.setattr(stand_in.cupy.cuda, "Event", Event, raising=False)
        gpu_time = {"get_elapsed_time": lambda begin, end: float(end.time - begin.time)}
        monkeypatch.setattr(stand_in.cupy.cuda, *gpu_time.popitem(), raising=False)
    x = mytorch.ones(4, device=gpu, requires_grad=True)
    with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as prof, record_function("all"):
        x.exp().sum().backward()
    times = {e.name: (e.device_time_total, e.self_device_time_total) for e in prof.events()}
    assert times["exp"][0] > 0
    assert times["all"][0] == pytest.approx(sum(own for _, own in times.values()))
    text = prof.key_averages().table(sort_by="cuda_time_total")
    assert "Self CUDA" in text
    assert "CUDA time total" in text


def test_without_a_gpu():
    if not mytorch.cuda.is_available():
        with pytest.warns(UserWarning, match="CUDA is not available, disabling CUDA profiling"):
            prof = profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA])
        with prof:
            mytorch.ones(2).exp()
        assert "CUDA" not in prof.key_averages().table()
