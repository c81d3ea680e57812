"""Which dtype comes out: every pair of dtypes, 0-d and larger, and Python numbers, against PyTorch."""

import itertools
import operator

import pytest

import mytorch
from tests.referee import name_of, torch

NAMES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool", "bfloat16"]
pytestmark = pytest.mark.filterwarnings("ignore")


def outcome(function, *values):
    """The dtype of the result, or that it was refused."""
    try:
        return name_of(getattr(result := function(*values), "dtype", result))
    except Exception:
        return "refused"


@pytest.mark.parametrize("a", [*NAMES, "complex64", "complex128"])
def test_promote_types_and_can_cast(a):
    for b in [*NAMES, "complex64", "complex128"]:
        for function in ("promote_types", "can_cast"):
            ours, theirs = (str(getattr(t, function)(getattr(t, a), getattr(t, b))) for t in (mytorch, torch))
            assert name_of(ours) == name_of(theirs), f"{function}({a}, {b})"


@pytest.mark.parametrize("a", NAMES)
def test_results_of_two_tensors(a):
    for b, shapes in itertools.product(NAMES, itertools.product(((), (2,)), repeat=2)):
        pairs = [
            [t.ones(shape, dtype=getattr(t, d)) for shape, d in zip(shapes, (a, b))] for t in (mytorch, torch)
        ]
        for name in (
            "result_type",
            "add",
            "sub",
            "mul",
            "true_divide",
            "lt",
            "maximum",
            "atan2",
            "pow",
            "remainder",
            "bitwise_and",
            "logaddexp",
        ):
            ours, theirs = (outcome(getattr(t, name), *pair) for t, pair in zip((mytorch, torch), pairs))
            assert ours == theirs, f"{name} of {a}{shapes[0]} and {b}{shapes[1]}"


@pytest.mark.parametrize("a", NAMES)
@pytest.mark.parametrize("number", [2, 2.5, True])
def test_results_with_python_numbers(a, number):
    for shape in ((), (2,)):
        x, y = (t.ones(shape, dtype=getattr(t, a)) for t in (mytorch, torch))
        assert outcome(mytorch.result_type, x, number) == outcome(torch.result_type, y, number)
        for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt"):
            if name == "pow" and a == "bool" and number is True:
                continue  # booleans to the power of True: the one power of booleans that torch takes
            f = getattr(operator, name)
            assert outcome(f, x, number) == outcome(f, y, number), f"{a}{shape} {name} {number}"
            assert outcome(f, number, x) == outcome(f, number, y), f"{number} {name} {a}{shape}"


OF_ONE = [
    "sum",
    "mean",
    "prod",
    "exp",
    "sqrt",
    "abs",
    "neg",
    "square",
    "sigmoid",
    "relu",
    "std",
    "var",
    "max",
    "amax",
    "argmax",
    "all",
    "any",
    "norm",
    "floor",
    "round",
    "sign",
    "nansum",
    "median",
    "erf",
    "lgamma",
    "expm1",
    "rsqrt",
    "reciprocal",
    "tanh",
    "isnan",
    "sin",
    "log",
    "digamma",
    "frac",
    "ceil",
]


@pytest.mark.parametrize("a", NAMES)
def test_results_of_one_tensor(a):
    for name in OF_ONE:
        x, y = (t.ones((2, 2), dtype=getattr(t, a)) for t in (mytorch, torch))
        assert outcome(getattr(mytorch, name), x) == outcome(getattr(torch, name), y), f"{name} of {a}"
    for name in ("cumsum", "cumprod", "softmax", "log_softmax", "logsumexp"):
        assert outcome(getattr(mytorch, name), x, 0) == outcome(getattr(torch, name), y, 0), f"{name} of {a}"


def test_the_default_dtype_decides_for_integers():
    mytorch.set_default_dtype(mytorch.float64)
    try:
        assert (mytorch.tensor([1]) * 2.5).dtype == mytorch.float64
        assert mytorch.tensor([1]).exp().dtype == mytorch.float64
        assert (mytorch.tensor([1], dtype=mytorch.float32) * 2.5).dtype == mytorch.float32
    finally:
        mytorch.set_default_dtype(mytorch.float32)
