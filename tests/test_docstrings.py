"""Every public name says what it is: a docstring of its own, with the shapes of tensors and the errors it
raises.
"""

import ast
import importlib
import inspect
import re
import textwrap

import pytest

import mytorch

MODULES = [
    "mytorch",
    "mytorch.accelerator",
    "mytorch.amp",
    "mytorch.autograd",
    "mytorch.autograd.forward_ad",
    "mytorch.autograd.functional",
    "mytorch.autograd.graph",
    "mytorch.core.anomaly_mode",
    "mytorch.cuda",
    "mytorch.datasets",
    "mytorch.distributed",
    "mytorch.distributed.algorithms.ddp_comm_hooks.default_hooks",
    "mytorch.distributed.algorithms.join",
    "mytorch.distributed.nn",
    "mytorch.distributed.optim",
    "mytorch.distributions",
    "mytorch.fft",
    "mytorch.func",
    "mytorch.linalg",
    "mytorch.masked",
    "mytorch.nn",
    "mytorch.nn.functional",
    "mytorch.nn.init",
    "mytorch.nn.parallel",
    "mytorch.nn.utils",
    "mytorch.nn.utils.prune",
    "mytorch.optim",
    "mytorch.optim.lr_scheduler",
    "mytorch.profiler",
    "mytorch.serialization",
    "mytorch.signal.windows",
    "mytorch.special",
    "mytorch.testing",
    "mytorch.utils.checkpoint",
    "mytorch.utils.data",
]

TENSORS = {
    "input",
    "x",
    "tensor",
    "tensors",
    "target",
    "y",
    "other",
    "a",
    "b",
    "A",
    "mat",
    "vec",
    "values",
    "source",
    "index",
    "input1",
    "input2",
}
SHAPES = re.compile(
    r"shape|element|entry|entries|everywhere|dim|size|\(N|\(…|\(\.\.\.|\(\*|0-d|1-d|2-d|number|scalar|vector|matri|batch|class|row|column|every|"
    r"reduced|``\w+\(|whether|view|copy|memory|itself",
    re.IGNORECASE,
)


def public():
    """{name: object} of the functions and classes that users see, each once."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(name)
        for key in getattr(module, "__all__", dir(module)):
            value = getattr(module, key)
            own = getattr(value, "__module__", None) or ""
            if (
                not key.startswith("_")
                and callable(value)
                and own.startswith("mytorch")
                and not inspect.ismodule(value)
            ):
                found.setdefault(id(value), (f"{name}.{key}", value))
    return dict(found.values())


PUBLIC = public()


def text(value):
    """Its own docstring, not one that a class inherits."""
    return "" if inspect.isclass(value) and "__doc__" not in vars(value) else value.__doc__ or ""


def sentences(value):
    """Its docstring up to ``Args:`` or another heading."""
    return re.split(r"\n\n(?:Args|Shape|Returns|Raises|Note|Example):\n", inspect.cleandoc(text(value)))[0]


def raised(function):
    """The names of the errors that its own body raises."""
    forward = getattr(getattr(function, "primitive", None), "forward", function)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(forward))))
    except (OSError, TypeError, SyntaxError):
        return set()
    calls = [n.exc for n in ast.walk(tree) if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call)]
    return {c.func.id for c in calls if isinstance(c.func, ast.Name) and c.func.id.endswith("Error")}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_sentence(name):
    words = sentences(PUBLIC[name]).strip()
    assert len(words.split()) >= 2 or words.startswith("``"), f"{name} has no docstring of its own"
    assert words[-1] in ".:)`" or "https://" in words.split()[-1], (
        f"{name}: the docstring is cut short: {words[-40:]!r}"
    )


@pytest.mark.parametrize("name", [n for n, v in PUBLIC.items() if not inspect.isclass(v)])
def test_shapes(name):
    try:
        parameters = set(inspect.signature(PUBLIC[name]).parameters)
    except ValueError:
        parameters = set()
    if parameters & TENSORS:
        assert SHAPES.search(text(PUBLIC[name])), (
            f"{name} takes tensors; say which shapes, or that it works on each element: "
            f"{text(PUBLIC[name])!r}"
        )


@pytest.mark.parametrize("name", [n for n, v in PUBLIC.items() if not inspect.isclass(v)])
def test_errors(name):
    words = text(PUBLIC[name])
    if re.match(r"(As|In-place form of) `", words):
        return  # the errors are told there
    missing = sorted(error for error in raised(PUBLIC[name]) if error not in words)
    assert not missing, f"{name} raises {missing} and does not say when"


def test_the_rules_can_fail():
    def silent(x):
        raise ValueError("no")

    assert raised(silent) == {"ValueError"}
    assert not SHAPES.search("Something.")
    assert len(PUBLIC) > 500
    assert mytorch.relu in PUBLIC.values()


def test_help_shows_no_internal_attributes():
    """What ``help`` lists of a layer beside its methods is what PyTorch's has, too."""
    wrong = set()
    for name in dir(mytorch.nn):
        kind = getattr(mytorch.nn, name)
        for base in kind.__mro__ if isinstance(kind, type) and issubclass(kind, mytorch.nn.Module) else ():
            for key, value in vars(base).items():
                is_data = not (key.startswith("_") or callable(value) or hasattr(value, "__get__"))
                if is_data and base.__module__.startswith("mytorch") and key not in LISTED:
                    wrong.add(f"{base.__name__}.{key}")
    assert not wrong


LISTED = {"dump_patches", "training", "call_super_init", "cls_to_become", "T_destination"}  # PyTorch's own
