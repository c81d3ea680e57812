"""The names of the public namespaces: whose they say they are, which are there at once, what is said of one
that is not there; and a user's own names, which never meet those that mytorch needs for itself.
"""

import copy
import importlib
import importlib.util
import pickle
import subprocess
import sys
import types

import numpy
import pytest

import mytorch
import mytorch.utils.data
from tests.referee import answer, torch

NAMESPACES = """
    mytorch mytorch.autograd mytorch.func mytorch.linalg mytorch.special mytorch.random mytorch.serialization
    mytorch.nn.functional mytorch.nn.init mytorch.nn.parameter mytorch.nn.utils
    mytorch.nn.utils.parametrizations mytorch.nn.utils.parametrize mytorch.nn.utils.prune mytorch.nn.utils.rnn
    mytorch.optim
    mytorch.optim.lr_scheduler mytorch.optim.swa_utils mytorch.utils.hooks mytorch.utils.data
    mytorch.utils.checkpoint mytorch.autograd.grad_mode mytorch.autograd.functional
""".split()
# Its name in its file is another one, which pickles would look for.
ALIASES = {"get_default_device"}


def has_file(name):
    try:
        return importlib.util.find_spec(name) is not None
    except (ModuleNotFoundError, ValueError):  # ValueError: another name of a file
        return False


def modules_of_names(torch, namespace):
    """Which module each public class and function of a namespace of torch says that it is from; those that
    other packages put there do not count.
    """
    found = vars(importlib.import_module(namespace))
    public = {
        name: value.__module__
        for name, value in found.items()
        if isinstance(value, (type, types.FunctionType)) and not name.startswith("_")
    }
    known = {"torch", "typing_extensions", *sys.stdlib_module_names}
    return {name: module for name, module in public.items() if module.partition(".")[0] in known}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_the_public_module_is_said_to_hold_a_name(namespace):
    ours = importlib.import_module(namespace)
    theirs = answer(modules_of_names, namespace.replace("mytorch", "torch", 1))
    for name in set(dir(ours)) & set(theirs) - ALIASES:
        value, module = getattr(ours, name), theirs[name].replace("torch", "mytorch", 1)
        if not isinstance(value, (type, types.FunctionType)):
            continue
        if has_file(module) and getattr(importlib.import_module(module), name, None) is value:
            assert value.__module__ == module, name


def test_names_are_pickled_by_the_public_module():
    for value in (
        mytorch.optim.lr_scheduler.StepLR,
        mytorch.Tensor,
        mytorch.add,
        mytorch.nn.functional.relu,
        mytorch.func.grad,
        mytorch.manual_seed,
    ):
        assert pickle.loads(pickle.dumps(value)) is value


WALK = """
import types, torch

def walk(module):
    for name, value in list(vars(module).items()):
        path = f"{module.__name__}.{name}"
        if isinstance(value, types.ModuleType) and value.__name__ == path and name[0] != "_":
            print(path)
            walk(value)

walk(torch)
"""


def python(code):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    ).stdout


def submodules(torch):
    return python(WALK).split()


def test_the_submodules_that_torch_has_at_once():
    names = [name.replace("torch", "mytorch", 1) for name in answer(submodules)]
    names = [name for name in names if has_file(name)]
    assert "mytorch.optim.swa_utils" in names
    python("\n".join(["import mytorch", *names]))


@pytest.mark.parametrize(
    ("namespace", "name", "meant"),
    [
        ("mytorch", "zeroes", "zeros"),
        ("mytorch.nn", "Linaer", "Linear"),
        ("mytorch.nn.functional", "sotfmax", "softmax"),
        ("mytorch.nn.init", "xavier_unifrom_", "xavier_uniform_"),
        ("mytorch.nn.utils", "clip_grad_norms_", "clip_grad_norm_"),
        ("mytorch.optim", "Adm", "Adam"),
        ("mytorch.optim.lr_scheduler", "StepLr", "StepLR"),
        ("mytorch.linalg", "eigvalues", "eigvals"),
        ("mytorch.special", "gamaln", "gammaln"),
        ("mytorch.autograd", "Funktion", "Function"),
        ("mytorch.func", "jacref", "jacrev"),
        ("mytorch.utils.data", "Dataloader", "DataLoader"),
        ("mytorch.distributions", "Norml", "Normal"),
        ("mytorch.cuda", "is_availible", "is_available"),
        ("mytorch.serialization", "safe", "save"),
        ("mytorch.random", "manual_sed", "manual_seed"),
        ("mytorch.jit", "scirpt", "script"),
    ],
)
def test_a_name_that_was_meant(namespace, name, meant):
    module = importlib.import_module(namespace)
    assert not hasattr(module, name)
    with pytest.raises(AttributeError, match=f"{namespace}' has no attribute '{name}'. .*'{meant}'") as found:
        getattr(module, name)
    assert str(pickle.loads(pickle.dumps(found.value))) == str(found.value)


def test_a_name_like_none():
    with pytest.raises(AttributeError, match=r"has no attribute 'qqqqqqqqqq'$"):
        mytorch.qqqqqqqqqq


@pytest.mark.parametrize("part", ["nested", "fx", "quantization"])
def test_left_out_on_purpose(part):
    assert not hasattr(mytorch, part)
    with pytest.raises(AttributeError, match="on purpose: "):
        getattr(mytorch, part)
    with pytest.raises(ImportError, match="on purpose: "):
        importlib.import_module(f"mytorch.{part}")
    with pytest.raises(ImportError):
        exec(f"from mytorch import {part}")


# ---- names of a user's own -----------------------------------------------------------------------


def parameter(lib):
    return lib.nn.Parameter(lib.ones(2))


def underscored(torch, thing):
    """The private names of an object."""
    return sorted(n for n in object.__dir__(thing) if n.startswith("_") and not n.startswith("__"))


def private(mine, theirs):
    """Names of ours that torch's class lacks, but for those that nobody else would choose."""
    chosen = "_mytorch_", *(f"_{cls.__name__.lstrip('_')}__" for cls in type(mine).__mro__)
    names = set(underscored(mytorch, mine)) - set(answer(underscored, theirs))
    return sorted(name for name in names if not name.startswith(chosen))


def use_module(cls):
    module = cls(2, 3)
    module(mytorch.ones(1, 2)).sum().backward()
    module.register_forward_hook(lambda *args: None)
    module(mytorch.ones(1, 2))
    module.load_state_dict(copy.deepcopy(module).state_dict())
    assert len(list(module.parameters())) == 2
    assert module.get_parameter("weight") is module.weight
    repr(module.to(mytorch.float64).eval())


OPTIMIZERS = (
    "SGD Adam AdamW Adamax NAdam RAdam Adagrad Adadelta RMSprop Rprop ASGD LBFGS Adafactor Muon".split()
)
# names of an algorithm's parts that a subclass may well use for something else
COMMON = ["update", "begin", "slots", "scalars", "change", "_plan", "_plans", "_run", "_hooks", "_restore"]


# A tensor's place in the graph, which operations read at every turn: the names of ``Variable``.
PLACE = {"_base_node", "_inference", "_leaf", "_node", "_view"}


def test_private_names_of_tensors():
    for mine, theirs in (
        (mytorch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)),
        (mytorch.nn.Parameter(mytorch.ones(2)), torch.nn.Parameter(torch.ones(2))),
    ):
        assert set(private(mine, theirs)) == PLACE


@pytest.mark.parametrize("name", ["_new", "_place", "_scalar", "_extras", "_fresh_node", "_retains", "_data"])
def test_a_tensor_with_private_names_of_its_own(name):
    own = type("Own", (mytorch.Tensor,), {name: "the user's"})
    x = mytorch.ones(2).as_subclass(own) if hasattr(mytorch.Tensor, "as_subclass") else own([1.0, 1.0])
    setattr(x, name, {"the user's": 1})
    x.requires_grad_()
    y = x * 2
    y.retain_grad()
    y.sum().backward()
    assert float(x[0]) == 1
    assert x.new_zeros(2).tolist() == [0, 0]
    assert x.grad.tolist() == [2, 2]
    assert y.grad.tolist() == [1, 1]
    assert getattr(copy.deepcopy(x), name) == {"the user's": 1}


LAYERS = [
    lambda nn: nn.GRU(2, 3),
    lambda nn: nn.LSTMCell(2, 3),
    lambda nn: nn.Conv2d(1, 1, 3),
    lambda nn: nn.ConvTranspose1d(1, 1, 3),
    lambda nn: nn.Embedding(2, 3),
    lambda nn: nn.EmbeddingBag(2, 3),
    lambda nn: nn.BatchNorm1d(2),
    lambda nn: nn.InstanceNorm1d(2),
    lambda nn: nn.LayerNorm(2),
    lambda nn: nn.GELU(),
    lambda nn: nn.MaxPool2d(2),
    lambda nn: nn.Dropout(),
    lambda nn: nn.CrossEntropyLoss(),
    lambda nn: nn.MultiheadAttention(4, 2),
    lambda nn: nn.TransformerEncoderLayer(4, 2),
    lambda nn: nn.TransformerDecoderLayer(4, 2),
    lambda nn: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, batch_first=True), 1),
    lambda nn: nn.Sequential(),
    lambda nn: nn.ModuleList(),
    lambda nn: nn.ModuleDict(),
    lambda nn: nn.ParameterList(),
    lambda nn: nn.ParameterDict(),
    lambda nn: nn.AdaptiveLogSoftmaxWithLoss(16, 6, [2, 4]),
]


def test_private_names_of_classes():
    steps = [lib.optim.SGD([parameter(lib)], lr=0.1) for lib in (mytorch, torch)]
    pairs = [
        (mytorch.nn.Linear(2, 3), torch.nn.Linear(2, 3)),
        (mytorch.nn.Module(), torch.nn.Module()),
        *(tuple(make(lib.nn) for lib in (mytorch, torch)) for make in LAYERS),
        (mytorch.utils.data.Dataset(), torch.utils.data.Dataset()),
        (mytorch.utils.data.RandomSampler([1]), torch.utils.data.RandomSampler([1])),
        (mytorch.utils.data.DataLoader([1]), torch.utils.data.DataLoader([1])),
        tuple(lib.optim.lr_scheduler.StepLR(o, 1) for lib, o in zip((mytorch, torch), steps)),
    ]
    for mine, theirs in pairs:
        assert private(mine, theirs) == [], type(mine).__name__


@pytest.mark.parametrize(
    "name", ["_persistent", "_hooked", "_describe", "_forget", "_check_name", "_get_tensor"]
)
def test_a_module_with_private_names_of_its_own(name):
    use_module(type("Layer", (mytorch.nn.Linear,), {name: {}}))

    class Instance(mytorch.nn.Linear):
        def __init__(self, *args):
            super().__init__(*args)
            setattr(self, name, {})

    use_module(Instance)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_with_names_of_its_own(optimizer):
    def arbitrary(self, *args):
        raise AssertionError("a method of the user's")

    results = []
    for names in ({}, dict.fromkeys(COMMON, arbitrary)):
        p = mytorch.nn.Parameter(mytorch.ones(2, 2))
        own = type("Own", (getattr(mytorch.optim, optimizer),), names)([p], lr=0.1)
        for _ in range(2):
            p.grad = mytorch.ones(2, 2)
            own.step(lambda: (p * p).sum())
        own.load_state_dict(own.state_dict())
        results.append(p.detach().numpy())
    numpy.testing.assert_array_equal(*results)


def test_private_names_of_optimizers():
    for name in OPTIMIZERS:
        mine, theirs = (
            getattr(lib.optim, name)([lib.nn.Parameter(lib.ones(2, 2))]) for lib in (mytorch, torch)
        )
        assert private(mine, theirs) in ([], ["_opt_called"]), name  # torch's own, once there is a schedule


def test_a_loader_with_private_names_of_its_own():
    class Loader(mytorch.utils.data.DataLoader):
        _progress = _resume = _context = _protected = _initialized = "the user's"

    assert [x.tolist() for x in Loader([1, 2, 3], batch_size=2)] == [[1, 2], [3]]


def test_a_function_with_private_names_of_its_own():
    class Double(mytorch.autograd.Function):
        _plans = "the user's"

        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            for name in NODE_NAMES:
                setattr(ctx, name, "the user's")
            return x * 2, x * 3

        @staticmethod
        def backward(ctx, g, h):
            assert [getattr(ctx, name) for name in NODE_NAMES] == ["the user's"] * len(NODE_NAMES)
            assert ctx.saved_tensors[0] is not None
            return g * 2 + h * 3

    x = mytorch.ones(2, requires_grad=True)
    y, z = Double.apply(x)
    assert y.grad_fn.mine == "the user's"
    assert y.grad_fn.saved_tensors[0].tolist() == [1, 1]
    (y + z).sum().backward()
    assert x.grad.tolist() == [5, 5]


# what a node of the graph keeps for itself, or once kept, and an attribute that it never had
NODE_NAMES = """
    mine order saved plan edges guards hooks outputs output_edges inputs results definition origin restore ctx
    _materialize _dirty _fixed _to_save _inputs _shapes name next_functions
""".split()
