"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict: the same as PyTorch's."""

from collections import OrderedDict

import mytorch
from tests.nn.scenarios import in_torch, outcome, scenario
from tests.referee import answer


def chain(lib):
    return lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.ReLU(), lib.nn.Linear(3, 4))


def named(lib):
    net = lib.nn.Sequential(OrderedDict([("one", lib.nn.Linear(2, 3)), ("two", lib.nn.Tanh())]))
    return (
        net,
        net[:1],
        net[-1],
        list(net.state_dict()),
        net.one is net[0],
        len(net),
        [type(m).__name__ for m in net],
    )


def sliced(lib):
    net = chain(lib)
    return net[1:], net[::2], net[-2], net[1:][0] is net[1]


def changed(lib):
    net = chain(lib)
    net[1] = lib.nn.Tanh()
    net.append(lib.nn.Sigmoid()).insert(0, lib.nn.Identity()).extend([lib.nn.ReLU()])
    before = repr(net)
    del net[1]
    del net[-2:]
    popped = net.pop(0)
    return before, net, popped, list(net.state_dict())


def arithmetic(lib):
    a, b = chain(lib), lib.nn.Sequential(lib.nn.Tanh())
    c = a + b
    a += b
    d = b * 3
    b *= 2
    return c, a, d, b, 2 * lib.nn.Sequential(lib.nn.ReLU())


def runs(lib):
    return lib.nn.Sequential()(lib.ones(2)), lib.nn.Sequential(lib.nn.Flatten(), lib.nn.Identity())(
        lib.ones(2, 3, 4)
    ).shape


def sequential_of_strings(lib):
    lib.nn.Sequential("a")


def index_out_of_range(lib):
    return chain(lib)[3]


def insert_out_of_range(lib):
    chain(lib).insert(9, lib.nn.ReLU())


def add_a_list(lib):
    return chain(lib) + [lib.nn.ReLU()]


def times_zero(lib):
    return chain(lib) * 0


def times_text(lib):
    return chain(lib) * "a"


def module_list(lib):
    layers = lib.nn.ModuleList([lib.nn.Linear(2, 2) for _ in range(3)])
    layers.append(lib.nn.ReLU())
    layers.insert(1, lib.nn.Tanh())
    layers += [lib.nn.Linear(2, 2)]
    before = repr(layers), repr(layers[1:3]), repr(layers + [lib.nn.ReLU()])
    del layers[0]
    del layers[1:3]
    layers[0] = lib.nn.Identity()
    return before, layers, len(layers), list(layers.state_dict()), layers.pop(-1), layers, lib.nn.ModuleList()


def module_list_of_an_int(lib):
    lib.nn.ModuleList(3)


def module_list_out_of_range(lib):
    return lib.nn.ModuleList([lib.nn.ReLU()])[1]


def module_list_is_not_called(lib):
    lib.nn.ModuleList()(1)


def module_dict(lib):
    table = lib.nn.ModuleDict({"a": lib.nn.ReLU(), "b": lib.nn.Linear(2, 2)})
    table["c"] = lib.nn.Tanh()
    table.update([("d", lib.nn.Sigmoid())])
    table.update(OrderedDict(e=lib.nn.ReLU()))
    table.update(lib.nn.ModuleDict({"f": lib.nn.ReLU()}))
    before = (
        repr(table),
        list(table),
        list(table.keys()),
        [repr(m) for m in table.values()],
        "a" in table,
        len(table),
    )
    del table["a"]
    popped = table.pop("b")
    text = repr(table)
    table.clear()
    return before, popped, text, table, [k for k, _ in table.items()]


def module_dict_of_an_int(lib):
    lib.nn.ModuleDict(3)


def module_dict_of_triples(lib):
    lib.nn.ModuleDict([("a", "b", "c")])


def module_dict_missing(lib):
    return lib.nn.ModuleDict()["a"]


def parameter_list(lib):
    ps = lib.nn.ParameterList([lib.ones(2), lib.nn.Parameter(lib.zeros(1, 2)), "text"])
    ps.append(lib.ones(1))
    ps += [lib.ones(3)]
    ps[0] = lib.zeros(2)
    return (
        ps,
        len(ps),
        ps[-1],
        ps[1:3],
        list(ps.state_dict()),
        [type(p).__name__ for p in ps],
        len(list(ps.parameters())),
    )


def parameter_list_of_a_tensor(lib):
    lib.nn.ParameterList(lib.ones(2))


def parameter_list_out_of_range(lib):
    return lib.nn.ParameterList([lib.ones(2)])[1]


def parameter_dict(lib):
    ps = lib.nn.ParameterDict({"b": lib.ones(2), "a": lib.nn.Parameter(lib.zeros(1, 2)), "c": 3})
    ps["d"] = lib.ones(1)
    ps.update([("e", lib.ones(1))])
    both = ps | lib.nn.ParameterDict({"z": lib.ones(1)})
    before = (
        repr(ps),
        list(ps),
        list(reversed(ps)),
        [k for k, _ in ps.items()],
        list(both),
        ps.get("x"),
        ps.setdefault("g", lib.ones(1)),
    )
    del ps["a"]
    last, popped = ps.popitem(), ps.pop("c")
    names, copied = list(ps.state_dict()), list(ps.copy())
    ps |= {"n": lib.ones(1)}
    kept = list(ps)
    ps.clear()
    return before, last, popped, names, copied, kept, len(ps), "b" in ps, list(ps.fromkeys(["x", "y"]))


def parameter_dict_with_a_number(lib):
    lib.nn.ParameterDict()[3] = lib.ones(1)


def parameter_dict_is_not_called(lib):
    lib.nn.ParameterDict()(1)


@scenario(
    chain,
    named,
    sliced,
    changed,
    arithmetic,
    runs,
    sequential_of_strings,
    index_out_of_range,
    insert_out_of_range,
    times_zero,
    times_text,
    module_list,
    module_list_of_an_int,
    module_list_out_of_range,
    module_dict,
    module_dict_of_triples,
    module_dict_missing,
    module_dict_of_an_int,
    parameter_list,
    parameter_list_of_a_tensor,
    parameter_list_out_of_range,
    parameter_dict,
    parameter_dict_is_not_called,
)
def test_same_as_torch(function):
    mine, theirs = outcome(function, mytorch), answer(in_torch, function)
    assert str(mine).replace("torch.nn.modules.", "torch.nn.") == str(theirs).replace(
        "torch.nn.modules.", "torch.nn."
    )


@scenario(add_a_list, module_list_is_not_called, parameter_dict_with_a_number)
def test_same_refusal_in_other_words(function):
    assert outcome(function, mytorch)[0] == answer(in_torch, function)[0]
