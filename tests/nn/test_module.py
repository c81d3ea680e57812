"""Module: attributes, names, state dicts, errors, against PyTorch where it defines the answer."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import mytorch
from tests.nn.scenarios import in_torch, outcome, scenario, small
from tests.referee import answer, torch


def names(lib):
    net = small(lib)
    return [
        [n for n, _ in net.named_parameters()],
        [n for n, _ in net.named_parameters(prefix="p", recurse=False)],
        [n for n, _ in net.named_parameters(remove_duplicate=False)],
        [n for n, _ in net.named_buffers()],
        len(list(net.parameters())),
        [n for n, _ in net.named_modules()],
        [n for n, _ in net.named_modules(remove_duplicate=False)],
        [n for n, _ in net.named_children()],
        len(list(net.modules())),
        len(list(net.children())),
        len(list(net.buffers())),
    ]


def state(lib):
    net = small(lib)
    net.scale.grad = lib.ones(3)
    return (
        list(net.state_dict(prefix="x.")),
        net.state_dict(),
        next(iter(net.state_dict(keep_vars=True).values())).requires_grad,
        type(net.state_dict()).__name__,
    )


def look_up(lib):
    net = small(lib)
    return (
        net.get_submodule("layers.0"),
        net.get_submodule("") is net,
        net.get_parameter("layers.0.weight"),
        net.get_buffer("mean"),
    )


def no_submodule(lib):
    small(lib).get_submodule("layers.7")


def not_a_submodule(lib):
    small(lib).get_submodule("mean.x")


def not_a_parameter(lib):
    small(lib).get_parameter("mean")


def not_a_buffer(lib):
    small(lib).get_buffer("scale")


def no_attribute(lib):
    return small(lib).absent


def put_submodule(lib):
    net = small(lib)
    net.set_submodule("layers.1", lib.nn.Tanh())
    return net


def representation(lib):
    return small(lib)


def listed(lib):
    return [n for n in dir(small(lib)) if not n.startswith("_") and hasattr(torch.nn.Module, n) is False]


def reassign(lib):
    net = small(lib)
    net.scale = lib.nn.Parameter(lib.zeros(2))
    net.first = lib.nn.Identity()
    net.mean = lib.ones(4)
    net.nothing = lib.nn.Parameter(lib.ones(1))
    net.plain = lib.ones(1)
    net.plain = lib.nn.Parameter(lib.ones(1))
    return list(net.state_dict()), [n for n, _ in net.named_modules()], "plain" in net.__dict__


def change_kind(lib):
    net = small(lib)
    net.first = lib.nn.Parameter(lib.zeros(2))
    net.scale = None
    net.tied = None
    net.layers = None
    return list(net.state_dict()), net


def delete(lib):
    net = small(lib)
    del net.scale, net.first, net.mean, net.cache
    return list(net.state_dict()), hasattr(net, "scale"), net._non_persistent_buffers_set == set()


def buffers_assigned(lib):
    net = small(lib)
    net.kept, net.dropped = lib.nn.Buffer(lib.ones(1)), lib.nn.Buffer(lib.ones(1), persistent=False)
    return list(net.state_dict()), [n for n, _ in net.named_buffers()]


def delete_what_is_not_there(lib):
    del small(lib).absent


def parameter_before_init(lib):
    class Net(lib.nn.Module):
        def __init__(self):
            self.weight = lib.nn.Parameter(lib.ones(1))

    Net()


def module_before_init(lib):
    class Net(lib.nn.Module):
        def __init__(self):
            self.layer = lib.nn.ReLU()

    Net()


def buffer_before_init(lib):
    class Net(lib.nn.Module):
        def __init__(self):
            self.register_buffer("x", lib.ones(1))

    Net()


def tensor_for_parameter(lib):
    small(lib).scale = lib.ones(3)


def number_for_module(lib):
    small(lib).first = 3


def string_for_buffer(lib):
    small(lib).mean = "x"


def register_twice(lib):
    small(lib).register_buffer("scale", lib.ones(1))


def dotted_buffer(lib):
    small(lib).register_buffer("a.b", lib.ones(1))


def nameless_parameter(lib):
    small(lib).register_parameter("", None)


def number_as_name(lib):
    small(lib).register_parameter(3, None)


def dotted_module(lib):
    small(lib).add_module("a.b", lib.nn.ReLU())


def string_as_module(lib):
    small(lib).add_module("a", "b")


def computed_parameter(lib):
    small(lib).register_parameter("new", lib.ones(1, requires_grad=True) * 2)


def tensor_as_buffer_needed(lib):
    small(lib).register_buffer("new", [1.0])


def no_forward(lib):
    lib.nn.Module()(1)


def unknown_argument(lib):
    lib.nn.Module(size=3)


def train_needs_bool(lib):
    small(lib).train(1)


def to_integers(lib):
    small(lib).to(lib.int64)


def loads(lib):
    net, other = small(lib), small(lib)
    other.scale.data = lib.ones(3) * 7
    result = net.load_state_dict(other.state_dict())
    return repr(result), net.state_dict(), net.tied is net.scale


def incomplete(lib):
    values = small(lib).state_dict()
    values["more"] = values.pop("scale")
    values["layers.9.x"] = lib.ones(1)
    values["mean"] = lib.ones(3)
    small(lib).load_state_dict(values)


def incomplete_allowed(lib):
    values = small(lib).state_dict()
    values["more"] = values.pop("scale")
    result = small(lib).load_state_dict(values, strict=False)
    return result.missing_keys, result.unexpected_keys, repr(result)


def batches_not_counted(lib):
    """Files of the first version."""
    net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3))
    values = {k: v for k, v in net.state_dict().items() if "num_batches" not in k}
    result = net.load_state_dict(values)
    partly = net.load_state_dict({k: v for k, v in values.items() if "0." in k}, strict=False)
    counted = net.state_dict()
    del counted["1.num_batches_tracked"]  # says that it is of the second version
    return (
        result,
        list(values),
        list(partly.missing_keys),
        net.load_state_dict(counted, strict=False).missing_keys,
    )


def wrong_size_even_if_not_strict(lib):
    values = small(lib).state_dict()
    values["first.weight"] = lib.ones(2, 2)
    small(lib).load_state_dict(values, strict=False)


def not_a_dict(lib):
    small(lib).load_state_dict([1])


def assigned(lib):
    net, values = small(lib), small(lib).double().state_dict()
    net.load_state_dict(values, assign=True)
    return (
        net.scale.dtype == lib.float64,
        net.scale.requires_grad,
        type(net.scale).__name__,
        net.mean.dtype == lib.float64,
    )


def one_element_for_a_number(lib):
    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.x = lib.nn.Parameter(lib.tensor(1.0))

    net = Net()
    net.load_state_dict({"x": lib.tensor([3.0])})
    return net.x


def extra_state(lib):
    class Net(lib.nn.Module):
        def get_extra_state(self):
            return {"seen": 3}

        def set_extra_state(self, state):
            self.seen = state["seen"]

    net = lib.nn.Sequential(Net())
    net.load_state_dict(net.state_dict())
    return list(net.state_dict()), net[0].seen


def hooks_of_state(lib):
    net, seen = small(lib), []
    net.register_state_dict_pre_hook(lambda m, prefix, keep: seen.append(("save", prefix)))
    net.register_state_dict_post_hook(lambda m, values, prefix, local: values.__setitem__("extra", 1))
    net.register_load_state_dict_pre_hook(lambda m, values, *rest: values.pop("extra"))
    net.register_load_state_dict_post_hook(lambda m, keys: seen.append(("loaded", keys.missing_keys)))
    values = net.state_dict()
    net.load_state_dict(values)
    return list(values), seen


# ---- all at once ---------------------------------------------------------------------------------


def modes(lib):
    net = small(lib)
    net.eval()
    inner = net.layers[1].training
    net.requires_grad_(False)
    wants = [p.requires_grad for p in net.parameters()]
    seen = []
    net.train().apply(lambda m: seen.append(type(m).__name__))
    return inner, wants, net.layers[1].training, seen


def gradients(lib):
    net = small(lib)
    net(lib.ones(1, 2)).sum().backward()
    kept = net.scale.grad is not None
    net.zero_grad(set_to_none=False)
    zero = net.scale.grad
    net.zero_grad()
    return kept, zero, net.scale.grad is None


def conversion(lib):
    net = small(lib)
    net.register_buffer("count", lib.tensor(3))
    before = net.scale
    net(lib.ones(1, 2)).sum().backward()
    net.double()
    return (
        net.scale is before,
        net.scale.dtype == lib.float64,
        net.scale.grad.dtype == lib.float64,
        net.count.dtype == lib.int64,
        net.mean.dtype == lib.float64,
    )


def conversion_by_type(lib):
    net = small(lib).to(lib.float16)
    again = small(lib).half().float().to(lib.ones(1, dtype=lib.float64)).to("cpu")
    return str(net.scale.dtype).split(".")[1], str(again.scale.dtype).split(".")[1]


def moved_without_values(lib):
    net = small(lib)
    weight = net.first.weight
    net.to_empty(device="cpu")
    return (
        net.first.weight is weight,
        list(net.state_dict()),
        [list(p.shape) for p in net.parameters()],
        weight.requires_grad,
    )


def copies(lib):
    net = small(lib)
    twin = copy.deepcopy(net)
    with lib.no_grad():
        twin.scale.fill_(9)
    return net.scale, twin.scale, twin.tied is twin.scale, twin.scale.requires_grad, list(twin.state_dict())


@scenario(
    names,
    state,
    look_up,
    no_submodule,
    not_a_submodule,
    not_a_parameter,
    not_a_buffer,
    no_attribute,
    put_submodule,
    representation,
    listed,
    reassign,
    change_kind,
    delete,
    buffers_assigned,
    parameter_before_init,
    module_before_init,
    buffer_before_init,
    tensor_for_parameter,
    number_for_module,
    string_for_buffer,
    register_twice,
    dotted_buffer,
    nameless_parameter,
    number_as_name,
    dotted_module,
    string_as_module,
    computed_parameter,
    tensor_as_buffer_needed,
    unknown_argument,
    train_needs_bool,
    loads,
    incomplete,
    incomplete_allowed,
    batches_not_counted,
    wrong_size_even_if_not_strict,
    not_a_dict,
    assigned,
    one_element_for_a_number,
    extra_state,
    hooks_of_state,
    modes,
    gradients,
    conversion,
    conversion_by_type,
    moved_without_values,
    copies,
    delete_what_is_not_there,
)
def test_same_as_torch(function):
    assert outcome(function, mytorch) == answer(in_torch, function)


@scenario(no_forward, to_integers)
def test_same_refusal_in_other_words(function):
    mine, theirs = outcome(function, mytorch), answer(in_torch, function)
    assert mine[0] == theirs[0] and theirs[1].split(" dtype=")[0] in mine[1]


def test_numpy_arrays_load():
    net = small(mytorch)
    values = {k: v.numpy() + 1 for k, v in net.state_dict().items()}
    net.load_state_dict(values)
    np.testing.assert_array_equal(net.scale.detach().numpy(), values["scale"])
    with pytest.raises(RuntimeError, match='While copying the parameter named "scale"'):
        net.load_state_dict({**values, "scale": "text"})


def test_loading_keeps_optimizers_working():
    net = mytorch.nn.Linear(2, 2)
    optimizer = mytorch.optim.SGD(net.parameters(), lr=1.0)
    net.double()
    net.load_state_dict({k: v * 0 for k, v in net.state_dict().items()})
    net(mytorch.ones(1, 2).double()).sum().backward()
    optimizer.step()
    assert net.weight.tolist() == [[-1, -1], [-1, -1]]


def test_pickle():
    net = pickle.loads(
        pickle.dumps(
            mytorch.nn.Sequential(mytorch.nn.Linear(2, 3), mytorch.nn.ELU(0.5), mytorch.nn.LSTM(3, 4))
        )
    )
    assert (
        "ELU(alpha=0.5)" in repr(net)
        and net[0].weight.requires_grad
        and isinstance(net[0].weight, mytorch.nn.Parameter)
    )


def test_parameter():
    p = mytorch.nn.Parameter(mytorch.ones(2))
    assert (
        repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
        and p.is_leaf
        and type(p * 1) is mytorch.Tensor
    )
    assert not mytorch.nn.Parameter(mytorch.ones(2), requires_grad=False).requires_grad
    assert mytorch.nn.Parameter().shape == (0,)
    assert (
        type(pickle.loads(pickle.dumps(p))) is mytorch.nn.Parameter
        and type(copy.deepcopy(p)) is mytorch.nn.Parameter
    )
    with pytest.raises(TypeError, match="expected a Tensor"):
        mytorch.nn.Parameter([1.0])


# ---- where errors come from ----------------------------------------------------------------------


class Net(mytorch.nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = mytorch.nn.ModuleList([mytorch.nn.Sequential(OrderedDict(fc=mytorch.nn.Linear(5, 2)))])

    def forward(self, x, error=None):
        if error is not None:
            raise error
        return self.blocks[0](x)


def test_errors_name_the_place():
    with pytest.raises(RuntimeError) as found:
        Net()(mytorch.ones(2, 4))
    assert str(found.value).startswith(
        "in blocks.0.fc Linear(5 -> 2): "
    ) and "expected (..., 5), got (2, 4)" in str(found.value)
    with pytest.raises(RuntimeError, match=r"^in Linear\(5 -> 2\): "):
        mytorch.nn.Linear(5, 2)(mytorch.ones(4))
    with pytest.raises(TypeError, match=r"^in Net: .*missing 1 required positional argument"):
        Net()()


class Mine(RuntimeError):
    pass


@pytest.mark.parametrize(
    "error", [Mine("a"), RuntimeError("a", "b"), RuntimeError(3), KeyError("a"), StopIteration("a")], ids=repr
)
def test_other_errors_are_left_alone(error):
    args = error.args
    with pytest.raises(type(error)) as found:
        Net()(None, error)
    assert found.value is error and found.value.args == args


def test_calls_are_lean():
    """Without hooks, calling a module is one frame above ``forward``."""
    import sys

    class Depth(mytorch.nn.Module):
        def forward(self):
            return sys._getframe(2).f_code.co_name

    assert Depth()() == "test_calls_are_lean"


def post_hook_with_result(lib):
    module = lib.nn.Linear(1, 1)
    module.register_state_dict_post_hook(lambda *args: {"x": 1})
    return module.state_dict()


def post_hook(lib):
    module = lib.nn.Linear(1, 1)
    module.register_state_dict_post_hook(lambda module, state, prefix, local: state.pop("bias") and None)
    return list(module.state_dict())


def old_hook_with_result(lib):
    module = lib.nn.Linear(1, 1)
    module._register_state_dict_hook(lambda *args: {"x": 1})
    return module.state_dict()


def buffer_of_none(lib):
    module = lib.nn.Module()
    module.register_buffer("b", None)
    return module.get_buffer("b")


def parameter_of_none(lib):
    module = lib.nn.Module()
    module.register_parameter("p", None)
    return module.get_parameter("p")


def buffer_that_is_a_parameter(lib):
    return lib.nn.Linear(1, 1).get_buffer("weight")


def scripted(lib):
    return isinstance(lib.nn.Linear(1, 1), lib.jit.ScriptModule), issubclass(
        lib.jit.ScriptModule, lib.nn.Module
    )


@scenario(
    post_hook_with_result,
    post_hook,
    old_hook_with_result,
    buffer_of_none,
    parameter_of_none,
    buffer_that_is_a_parameter,
    scripted,
)
def test_hooks_and_names_as_torch(function):
    assert outcome(function, mytorch) == outcome(function, torch)


def test_a_class_has_every_attribute_that_it_names():
    """Packages walk through ``dir(Module)`` to copy docstrings."""
    assert all(hasattr(mytorch.nn.Module, name) for name in dir(mytorch.nn.Module))
    assert not hasattr(mytorch.nn.Linear, "weight") and "bias" in dir(mytorch.nn.Linear(2, 3, bias=False))


def test_attributes_of_a_class_that_answers_for_its_child():
    class Around(mytorch.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self._inner = inner

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self._inner, name)

    assert Around(mytorch.nn.Linear(2, 3)).weight.shape == (3, 2)
