"""Which dtype comes out: every pair of dtypes, 0-d and larger, and Python numbers, against PyTorch."""

import itertools
import operator
import warnings

import numpy as np
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


def run(expression, package):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(expression, {"T": package, "np": np})


def test_legacy_types_are_tests():
    t = mytorch.ones(2)
    assert (
        isinstance(t, mytorch.FloatTensor)
        and not isinstance(t, mytorch.LongTensor)
        and not isinstance([1], mytorch.FloatTensor)
    )
    assert isinstance(t.long(), mytorch.LongTensor) and mytorch.FloatTensor.dtype is mytorch.float32


def test_default_tensor_type():
    try:
        mytorch.set_default_tensor_type(mytorch.DoubleTensor)
        assert (
            mytorch.tensor(1.5).dtype is mytorch.float64 and mytorch.tensor([1j]).dtype is mytorch.complex128
        )
        mytorch.set_default_tensor_type("torch.HalfTensor")
        assert mytorch.zeros(2).dtype is mytorch.float16 and mytorch.full((2,), 1.5).dtype is mytorch.float16
        with pytest.raises(TypeError, match="floating-point"):
            mytorch.set_default_tensor_type(mytorch.LongTensor)
    finally:
        mytorch.set_default_tensor_type("mytorch.FloatTensor")


def test_queries():
    assert mytorch.is_tensor(mytorch.ones(1)) and not mytorch.is_tensor(1)
    assert mytorch.is_floating_point(mytorch.ones(1)) and not mytorch.is_floating_point(
        mytorch.ones(1).long()
    )
    assert (
        not mytorch.is_complex(mytorch.ones(1))
        and mytorch.is_nonzero(mytorch.ones(1))
        and mytorch.numel(mytorch.ones(2, 3)) == 6
    )


VALUES = [
    "T.tensor(1.5)",
    "T.tensor(2)",
    "T.tensor(True)",
    "T.ones(2)",
    "T.ones(2).double()",
    "T.ones(2).half()",
    "T.ones(2).int()",
    "T.ones(2).byte()",
]

VALUES += ["1", "1.5", "True"]


@pytest.mark.parametrize("a", VALUES)
@pytest.mark.parametrize("b", VALUES)
def test_result_type(a, b):
    theirs, mine = (package.result_type(run(a, package), run(b, package)) for package in (torch, mytorch))
    assert mine.name == str(theirs)[6:]


@pytest.mark.parametrize(
    "name",
    ["float16", "float32", "float64", "bfloat16", "complex64", "int8", "int16", "int32", "int64", "uint8"],
)
def test_limits(name):
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    kind = "iinfo" if "int" in name else "finfo"
    theirs, mine = (getattr(package, kind)(getattr(package, name)) for package in (torch, mytorch))
    for field in ("bits", "max", "min", "eps", "tiny", "smallest_normal", "resolution"):
        if hasattr(theirs, field):
            assert getattr(mine, field) == pytest.approx(getattr(theirs, field), rel=1e-12)
    if kind == "finfo" and name != "complex64":
        assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("name", ["chalf", "complex32"])
def test_what_numpy_lacks_says_so(name):
    with pytest.raises(AttributeError, match="on purpose: NumPy has no complex numbers of two 16-bit parts"):
        getattr(mytorch, name)


@pytest.mark.parametrize("name", ["cfloat", "cdouble", "complex64", "complex128", "float32", "int8", "bool"])
def test_real_dtypes(name):
    mine, theirs = (getattr(lib, name).to_real() for lib in (mytorch, torch))
    assert str(mine) == str(theirs).replace("torch", "mytorch")


@pytest.mark.parametrize("name", "float16 float32 float64 int8 int64 uint8 bool complex64 complex128".split())
def test_a_dtype_equals_that_of_numpy(name):
    mine = getattr(mytorch, name)
    for other in (np.dtype(name), np.dtype(name).type, name):
        assert mine == other and other == mine
    assert mine != "" and mine is not None
