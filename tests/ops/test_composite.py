"""What is no tensor where one is needed: a TypeError that names the function, the argument and the type, from
every public function and every layer. NumPy's arrays: operations compute with them, nothing else does.
"""

import importlib
import inspect
import itertools

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.ops.composite import takes_tensors
from mytorch.testing.samples import Complex, Real, rows

NAMESPACES = ["mytorch", "mytorch.nn.functional", "mytorch.linalg", "mytorch.special"]
NO_TENSORS = [2.5, [1.0, 2.0], None, "ab", (3,), {}]
# Those change the state of the process.
STATE = ("set_", "manual_seed", "seed", "save", "load", "compile", "printoptions", "keep_freed_memory")


def functions():
    found = {}
    for namespace in NAMESPACES:
        module = importlib.import_module(namespace)
        for name in getattr(module, "__all__", [n for n in dir(module) if not n.startswith("_")]):
            value = getattr(module, name)
            if callable(value) and not inspect.isclass(value) and not name.startswith(STATE):
                found[f"{namespace}.{name}"] = value
    return found


FUNCTIONS = functions()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_says_what_an_argument_lacks(name):
    """Errors are of the kinds that PyTorch raises, never of what the code looked for in the argument."""
    forms = [lambda v: (v,), lambda v: (v, v), *ONE_OF_TWO, lambda v: (mytorch.ones(3, 3),) * 2 + (v,)]
    for value, form in itertools.product(NO_TENSORS, forms):
        try:
            FUNCTIONS[name](*form(value))
        except (TypeError, ValueError, RuntimeError, IndexError) as error:
            assert "object has no attribute" not in str(error), f"{value!r}: {error}"
        except NotImplementedError:
            pass


ONE_OF_TWO = [lambda v: (mytorch.ones(3, 3), v), lambda v: (v, mytorch.ones(3, 3))]
X = mytorch.ones(2, 3)
MESSAGES = {
    "conv2d(): argument 'weight' (position 2) must be Tensor, not list": lambda: nn.functional.conv2d(X, [1]),
    "flatten(): argument 'input' (position 1) must be Tensor, not int": lambda: mytorch.flatten(5),
    "mse_loss(): argument 'target' (position 2) must be Tensor, not ndarray": lambda: nn.functional.mse_loss(
        X, np.ones(2)
    ),
    "meshgrid(): argument 'tensors' (position 1) must be Tensors, not float": lambda: mytorch.meshgrid(
        X[0], 1.0
    ),
    "exp_(): argument 'input' (position 1) must be Tensor, not int": lambda: mytorch.exp_(3),
    "mul_() missing required argument: 'other'": lambda: X.mul_(),
    "relu() missing required argument: 'input'": lambda: mytorch.relu(),
    "threshold() missing required argument": lambda: mytorch.threshold(X),
    "glu(): argument 'input' (position 1) must be Tensor, not str": lambda: nn.functional.glu("a"),
    "linear([1], float32[2, 2], float32[2]): argument 'input' (position 1) must be Tensor": lambda: nn.Linear(
        2, 2
    )([1]),
    "in 1.0 Flatten(start_dim=1, end_dim=-1): Flatten(): argument 'input' (position 1) must be Tensor": (
        lambda: nn.Sequential(_Five(), nn.Sequential(nn.Flatten()))(X)
    ),
    "in LSTM(2, 2): LSTM(): argument 'input' (position 1) must be Tensor, not list": lambda: nn.LSTM(2, 2)(
        [1]
    ),
    "sizes must be ints, got str in (2, 'a')": lambda: nn.Linear("a", 2),
    "sizes must be ints, got float in (2.5,)": lambda: mytorch.ones(2.5),
    "Conv2d.__init__() missing 1 required positional argument: 'kernel_size'": lambda: nn.Conv2d(3, 4),
    "MaxPool1d.__init__() got an unexpected keyword argument 'size'": lambda: nn.MaxPool1d(2, size=1),
    "SGD.__init__() got an unexpected keyword argument 'momentun'. Did you mean 'momentum'?": lambda: (
        mytorch.optim.SGD([X], momentun=1)
    ),
    "SGD.__init__(): missing a required argument: 'params'": lambda: mytorch.optim.SGD(),
    "no_grad() decorates a function, not int": lambda: mytorch.no_grad()(5),
    "arange() missing 1 required positional argument: 'end'": lambda: mytorch.arange(),
}


class _Five(nn.Module):
    def forward(self, x):
        return 5


@pytest.mark.parametrize("message", MESSAGES)
def test_messages(message):
    with pytest.raises(TypeError) as caught:
        MESSAGES[message]()
    assert message in str(caught.value)


def test_errors_of_other_objects_are_left_alone():
    class Own:
        pass

    def lacks(input):
        return Own().shape

    with pytest.raises(AttributeError, match="Own"):
        takes_tensors(lacks)(X)
    assert takes_tensors(mytorch.exp) is mytorch.exp
    assert inspect.signature(takes_tensors(lacks)) == inspect.signature(lacks)


ALONE = {
    "exp": lambda m, x: m.exp(x),
    "add": lambda m, x: m.add(x, x),
    "matmul": lambda m, x: m.matmul(x, x),
    "sum": lambda m, x: m.sum(x, 1),
    "max": lambda m, x: m.max(x),
    "sort": lambda m, x: m.sort(x).values,
    "cat": lambda m, x: m.cat([x, x]),
    "where": lambda m, x: m.where(x > 0, x, 0),
    "flatten": lambda m, x: m.flatten(x),
    "softmax": lambda m, x: m.softmax(x, 0),
    "relu": lambda m, x: m.nn.functional.relu(x),
    "linear": lambda m, x: m.nn.functional.linear(x, x),
    "inv": lambda m, x: m.linalg.inv(x),
}


@pytest.mark.parametrize("name", ALONE)
def test_operations_of_arrays_alone_give_arrays(name):
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    result = ALONE[name](mytorch, x)
    assert isinstance(result, (np.ndarray, np.generic))
    np.testing.assert_array_equal(result, ALONE[name](mytorch, mytorch.tensor(x)).numpy())


# NumPy's methods of these names mean something else.
PLAIN = [row for row in rows() if all(isinstance(m, (Real, Complex)) for m in row.makers())]
PLAIN = [row for row in PLAIN if row.op not in ("transpose", "squeeze")]


@pytest.mark.parametrize("row", PLAIN, ids=lambda row: row.id)
def test_arrays_give_the_same_numbers_or_are_refused(row):
    arrays = row.arrays("float64")
    try:
        results = row.call(*arrays)
    except TypeError as error:
        assert "object has no attribute" not in str(error)
        return
    except AttributeError:  # the row itself calls a method that arrays lack
        return
    for mine, wanted in zip(parts(results), parts(row.call(*map(mytorch.tensor, arrays)))):
        np.testing.assert_allclose(np.asarray(mine), wanted.numpy(), 1e-12, 1e-12)


def parts(results):
    return [r for r in (results if isinstance(results, (tuple, list)) else [results]) if r is not None]
