"""Activations against PyTorch: values, gradients, in-place forms, arguments."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.nn.twins import agree
from tests.referee import answer, compare, torch

rng = draws(7)


def real(*shape):
    return rng.standard_normal(shape)


SETTINGS = {
    "Softmax": [(), (1,)],
    "Softmin": [(0,)],
    "LogSoftmax": [(1,)],
    "GELU": [("none",), ("tanh",)],
    "GLU": [(), (0,)],
    "ELU": [(), (0.5,)],
    "CELU": [(), (2.0,)],
    "LeakyReLU": [(), (0.2,)],
    "Softplus": [(), (2.0, 1.0)],
    "Hardshrink": [(), (0.3,)],
    "Softshrink": [(), (0.3,)],
    "Hardtanh": [(), (-0.5, 2.0)],
    "Threshold": [(0.1, 20.0)],
    "PReLU": [(), (4,)],
    "RReLU": [()],
    "Softmax2d": [()],
}

PLAIN = [
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Mish",
    "Sigmoid",
    "Tanh",
    "LogSigmoid",
    "Softsign",
    "Tanhshrink",
    "Hardsigmoid",
    "Hardswish",
]

CASES = [(name, args) for name, all_args in SETTINGS.items() for args in all_args] + [
    (name, ()) for name in PLAIN
]

IN_PLACE = [
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Mish",
    "Hardsigmoid",
    "Hardswish",
    "ELU",
    "CELU",
    "LeakyReLU",
    "Hardtanh",
    "RReLU",
]


@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
@pytest.mark.parametrize("name, args", CASES, ids=str)
def test_activations(name, args):
    mine, theirs = getattr(mytorch.nn, name)(*args), getattr(torch.nn, name)(*args)
    assert repr(mine) == repr(theirs) == repr(copy.deepcopy(mine)) == repr(pickle.loads(pickle.dumps(mine)))
    for m in (mine, theirs):
        m.eval()
    for shape in [(6, 4), (2, 4, 2, 2)] if name != "Softmax2d" else [(2, 4, 2, 2), (4, 2, 2)]:
        # torch's slope is the float32 number next to 1/6
        dtype = "float32" if name == "Hardsigmoid" else "float64"
        modules = {mytorch: mine.to(getattr(mytorch, dtype)), torch: theirs.to(getattr(torch, dtype))}
        agree(modules, lambda m, x: m(x), [real(*shape) * 3], dtype)


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place(name):
    assert repr(getattr(mytorch.nn, name)(inplace=True)) == repr(getattr(torch.nn, name)(inplace=True))

    def call(lib, x):
        y = x * 1
        result = getattr(lib.nn, name)(inplace=True).eval()(y)
        assert result is y
        return y

    compare(call, [real(6, 4) * 3], "float32")


def test_functions_of_torchs_names():
    x = real(6, 4) * 3
    for name in ("relu_", "leaky_relu_", "elu_", "celu_", "selu_", "hardtanh_"):
        compare(lambda lib, x: getattr(lib.nn.functional, name)(x * 1), [x])
    compare(lambda lib, x: lib.nn.functional.threshold_(x * 1, 0.5, 2.0), [x])
    compare(
        lambda lib, x: lib.nn.functional.softmax(x, dim=0, dtype=lib.float64),
        [x.astype("float32")],
        "float32",
    )
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax has been deprecated"):
        mytorch.nn.functional.softmax(mytorch.ones(2, 3))


OLD = ("min_value", "max_value", "args", "kwargs")


def arguments(lib, name):
    parameters = inspect.signature(getattr(lib.nn, name)).parameters.values()
    return [(p.name, None if p.default is p.empty else p.default) for p in parameters if p.name not in OLD]


def test_constructors_take_torchs_arguments():
    for name in [*SETTINGS, *PLAIN]:
        assert arguments(mytorch, name) == answer(arguments, name), name
    with pytest.raises(TypeError):
        mytorch.nn.ELU(1.0, False, 3)


def test_random_slopes():
    x = -mytorch.ones(10000)
    y = -mytorch.nn.RReLU(0.2, 0.4)(x)
    assert y.min() >= 0.2 and y.max() <= 0.4 and abs(y.mean().item() - 0.3) < 0.01
    assert mytorch.equal(mytorch.nn.RReLU()(-x), -x)


def test_gumbel_softmax_of_half_precision_is_finite():
    sample = mytorch.nn.functional.gumbel_softmax(mytorch.zeros(20000, 4, dtype=mytorch.float16))
    assert sample.dtype is mytorch.float16 and sample.isfinite().all()


def test_gumbel_softmax():
    logits = mytorch.tensor([[1.0, 2.0, 0.0]]).expand(20000, 3).clone().requires_grad_()
    soft, hard = (
        mytorch.nn.functional.gumbel_softmax(logits),
        mytorch.nn.functional.gumbel_softmax(logits, tau=0.5, hard=True),
    )
    assert np.allclose(soft.sum(1).detach().numpy(), 1, atol=1e-5) and set(
        np.unique(hard.detach().numpy().round(5))
    ) == {0, 1}
    np.testing.assert_allclose(
        hard.mean(0).detach().numpy(), np.exp([1, 2, 0]) / np.exp([1, 2, 0]).sum(), atol=0.02
    )
    (hard * hard.detach()).sum().backward()
    assert logits.grad.abs().sum() > 0
