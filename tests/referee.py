"""PyTorch, the referee of the tests: live where it is installed, from a record where it is not.

A test compares with PyTorch through this module alone. Most run one call in both libraries::

    from tests.referee import agree

    def test_softplus():
        agree(lambda lib, x: lib.nn.functional.softplus(x), [np.linspace(-3, 3, 7)])

``agree`` compares values, dtypes, shapes, gradients and refusals of ``call(lib, *tensors)``. ``compare`` does
so for layers, in one dtype, with the tolerance of sums. ``same_error`` wants both to refuse. ``agree_on``
compares whatever ``scenario(lib)`` returns. Other tests use ``torch`` as if it were there::

    from tests.referee import torch

    def test_names():
        assert list(mytorch.nn.Linear(2, 3).state_dict()) == list(torch.nn.Linear(2, 3).state_dict())

This ``torch`` is a stand-in. Each question to it (a call, an attribute, an operator, ``float(x)``) goes to
PyTorch, and the answer comes back: numbers, strings, arrays, tuples, lists and dicts as they are; tensors,
modules and optimizers as stand-ins again. The questions and answers of a test are its record, in
``tests/records/``:

* PyTorch is installed: it answers, and the test fails if the record says otherwise.
* It is not: the record answers, in order, and the test fails if it asks something that was not recorded.
* ``python -m tests.record [pytest's arguments]`` needs PyTorch and records the tests that it runs.
* ``pytest --torch recorded`` plays the records although PyTorch is installed.
* The record of ``tests/nn/test_x.py`` is ``tests/records/nn/test_x.npz``: it moves with its test file. Where
  two branches changed it, take either and record again; answers that still agree stay as they are.

Converting a test: write ``from tests.referee import torch`` for ``torch = pytest.importorskip("torch")``, run
``python -m tests.record <file>``, then ``pytest --torch recorded <file>``. What a stand-in cannot do is done
by ``answer(function, ...)``: it calls ``function(torch, ...)`` with PyTorch itself, and the result is one
answer. It is for

* subclasses of torch's classes, and hooks and closures that the test watches (return what they saw);
* ``type(x)``, ``inspect.signature(f)``, pickling, arrays that share memory with a tensor (a stand-in copies);
* long computations of which only the end matters, so that the record is small.

A large array is recorded as weighted means: ``close(mine, theirs, tolerance)`` and the functions above
compare it in full with a live PyTorch, by the means with the record. Exceptions arrive as the built-in class
that they descend from. A test asks the same in each run: its inputs come from ``tests.draws`` or a table,
never from a clock or the order of a set. Where hypothesis draws them, mark the test ``@live``: it is not
recorded, and skipped without PyTorch.
"""

import builtins
import math
import warnings

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.tape import Numbers, StandIn, answer, builtin_of, live, torch

__all__ = [
    "INF",
    "NAN",
    "Numbers",
    "agree",
    "agree_on",
    "answer",
    "close",
    "compare",
    "equal",
    "facts",
    "leaves",
    "live",
    "name_of",
    "same_error",
    "table",
    "torch",
]

INF, NAN = math.inf, math.nan
TOLERANCE = {"float16": 2e-3, "float32": 2e-6, "float64": 1e-12}  # one operation
LAYER_TOLERANCE = {"float16": 4e-3, "float32": 2e-5, "float64": 1e-10}  # many, in an order of one's own


# ---- what a library gives ------------------------------------------------------------------------


def facts(value):
    """What is compared, as plain values: a tensor is ("tensor", dtype, requires_grad, numbers)."""
    if hasattr(value, "detach"):
        array = value.detach().cpu()
        array = (array.float() if name_of(value.dtype) == "bfloat16" else array).numpy()
        return ("tensor", name_of(value.dtype), value.requires_grad, Numbers.of(array))
    if type(value).__name__ == "dtype":
        return name_of(value)
    if isinstance(value, BaseException):
        return builtin_of(type(value))
    if isinstance(value, (tuple, list)):
        return [facts(v) for v in value]
    if isinstance(value, dict):
        return {k: facts(v) for k, v in value.items()}
    return value


def name_of(dtype):
    return str(dtype).rsplit(".", 1)[-1]


def leaves(result):
    """The tensors and numbers of a nested result, in order."""
    if isinstance(result, dict):
        result = list(result.values())
    return (
        [leaf for part in result for leaf in leaves(part)] if isinstance(result, (tuple, list)) else [result]
    )


def outcome(lib, call, arrays, gradient, backward, module, match=""):
    """The error of ``call(lib, *tensors)``, or facts: its results, gradients of inputs and parameters."""
    inputs = [lib.tensor(a) if isinstance(a, (np.ndarray, np.generic)) else a for a in arrays]
    tensors = [x for x in inputs if isinstance(x, lib.Tensor)]
    for x in tensors:
        if gradient and x.is_floating_point():
            x.requires_grad_()
    try:
        results = leaves(call(lib, *inputs))
    except Exception as error:
        return {"error": builtin_of(type(error)), "matches": match in str(error)}
    found = {"results": [facts(r) for r in results], "inputs": [name_of(x.dtype) for x in tensors]}
    ends = [r for r in results if isinstance(r, lib.Tensor) and r.requires_grad]
    if not gradient or not backward or not ends:
        return found
    draw = draws(0)
    weights = [lib.tensor(np.asarray(draw.standard_normal(tuple(r.shape)), name_of(r.dtype))) for r in ends]
    try:
        lib.autograd.backward(ends, weights)
    except RuntimeError:
        return found
    wanted = [x for x in tensors if x.requires_grad] + ([*module.parameters()] if module is not None else [])
    return found | {"gradients": [facts(x.grad) for x in wanted]}


# ---- comparisons ---------------------------------------------------------------------------------


def agree(
    call,
    arrays,
    where="",
    gradient=True,
    tolerance=None,
    backward=True,
    modules=(None, None),
    none_is_zero=True,
):
    """``call(lib, *tensors)`` gives the same in both libraries, and the same gradients of the inputs and of
    the parameters of ``modules`` (ours, torch's). Where torch refuses, so does mytorch, with the same kind of
    error.
    """
    mine = outcome(mytorch, call, arrays, gradient, backward, modules[0])
    theirs = answer(outcome, call, arrays, gradient, backward, modules[1])
    if "error" in theirs:
        assert "error" in mine, f"{where}: torch refuses ({theirs}), mytorch gives {mine}"
        same_kind(mine, theirs, where)
        return
    assert "error" not in mine, f"{where}: mytorch refuses what torch takes: {mine}"
    if tolerance is None:  # as exact as the coarsest dtype involved
        dtypes = [r[1] for r in theirs["results"] if is_tensor(r)] + theirs["inputs"]
        tolerance = max((TOLERANCE.get(dtype, 0) for dtype in dtypes), default=0)
    equal(mine["results"], theirs["results"], f"{where} result", tolerance, gradient)
    if "gradients" not in theirs:  # torch has no derivative here
        return
    assert "gradients" in mine, f"{where}: {mine}"
    for i, (m, t) in enumerate(zip(mine["gradients"], theirs["gradients"])):
        if t is None and none_is_zero and m is not None:  # torch leaves out gradients that are zero
            assert not m[3].array.any(), f"{where}: gradient {i}: {m[3].array}, torch None"
        else:
            equal(m, t, f"{where} gradient {i}", 10 * tolerance)


def compare(call, arrays, dtype="float64", backward=True, modules=(None, None), tolerance=None):
    """``agree`` for layers: floating-point arrays as ``dtype``, the tolerance of sums, warnings aside."""
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tolerance = tolerance or LAYER_TOLERANCE[dtype]
        agree(call, arrays, "", True, tolerance, backward, modules, none_is_zero=False)


def same_error(call, *arrays, match=None):
    """Both refuse with the same type; ``match`` is in both messages."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = answer(outcome, call, arrays, True, False, None, match or "")
        mine = outcome(mytorch, call, arrays, True, False, None, match or "")
    assert "error" in theirs, f"torch gives {theirs}"
    assert "error" in mine, f"mytorch gives {mine}"
    assert mine == theirs == {"error": theirs["error"], "matches": True}, f"{mine}, torch {theirs}"


def same_kind(mine, theirs, where):
    kind = theirs["error"] if theirs["error"] != "NotImplementedError" else "RuntimeError"
    assert issubclass(getattr(builtins, mine["error"]), getattr(builtins, kind)), (
        f"{where}: {mine}, torch {theirs}"
    )


def agree_on(scenario, *args, close=1e-6):
    """``scenario(lib, *args)`` gives the same in both: values (to ``close``), dtypes, types of errors."""
    theirs = answer(end_of, scenario, *args)
    equal(end_of(mytorch, scenario, *args), theirs, tolerance=(close, close / 10), gradient=False)
    return theirs


def end_of(lib, scenario, *args):
    """The facts that a scenario ends with, or the type of its error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the cycle that create_graph makes, for one
            return facts(scenario(lib, *args))
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        return f"raises {builtin_of(type(error))}"


def table(namespace):
    """Every scenario (function ``s_...``) of a test file, for ``pytest.mark.parametrize``."""
    found = [f for name, f in namespace.items() if name.startswith("s_")]
    return pytest.mark.parametrize("scenario", found, ids=lambda f: f.__name__[2:])


def close(mine, theirs, tolerance, what="value"):
    """Two tensors, one of which may be torch's: shape, dtype and numbers."""
    equal(
        facts(mine),
        answer(lambda _, t: facts(t), theirs) if isinstance(theirs, StandIn) else facts(theirs),
        what,
        tolerance,
        gradient=False,
    )


def is_tensor(fact):
    return isinstance(fact, tuple) and fact[:1] == ("tensor",)


def equal(mine, theirs, where="result", tolerance=0.0, gradient=True):
    """Facts are the same; ``tolerance`` is one number or (relative, absolute)."""
    if is_tensor(theirs):
        assert is_tensor(mine), f"{where}: {mine} != {theirs}"
        assert mine[1] == theirs[1], f"{where}: dtype {mine[1]}, torch {theirs[1]}"
        assert not gradient or mine[2] == theirs[2], f"{where}: requires_grad {mine[2]}, torch {theirs[2]}"
        rtol, atol = tolerance if isinstance(tolerance, tuple) else (tolerance, tolerance)
        exact = np.dtype(mine[3].array.dtype).kind in "biu"
        theirs[3].check(mine[3].array, 0 if exact else rtol, 0 if exact else atol, where)
    elif isinstance(theirs, (list, tuple)):
        assert isinstance(mine, (list, tuple)) and len(mine) == len(theirs), f"{where}: {mine} != {theirs}"
        for i, (m, t) in enumerate(zip(mine, theirs)):
            equal(m, t, f"{where}[{i}]", tolerance, gradient)
    elif isinstance(theirs, dict):
        assert isinstance(mine, dict) and list(mine) == list(theirs), f"{where}: {mine} != {theirs}"
        for key in theirs:
            equal(mine[key], theirs[key], f"{where}[{key!r}]", tolerance, gradient)
    else:
        assert type(mine) is type(theirs), f"{where}: {mine!r}, torch {theirs!r}"
        assert mine == theirs or (mine != mine and theirs != theirs), f"{where}: {mine!r}, torch {theirs!r}"
