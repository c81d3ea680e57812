"""Linear and bilinear layers against PyTorch, and layers that only reshape."""

import math

import pytest

import mytorch
from tests.draws import draws
from tests.nn.twins import agree, twins
from tests.referee import compare, torch

rng = draws(7)


def real(*shape):
    return rng.standard_normal(shape)


# ---- linear --------------------------------------------------------------------------------------


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_linear(bias, dtype):
    modules = twins("Linear", 3, 4, bias=bias, dtype=dtype)
    for shape in [(5, 3), (3,), (2, 5, 3), (0, 3), (2, 0, 3)]:
        agree(modules, lambda m, x: m(x), [real(*shape)], dtype)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("sizes", [(0, 4), (3, 0)], ids=str)
def test_linear_without_features(sizes):
    modules = twins("Linear", *sizes)
    for shape in [(2, sizes[0]), (sizes[0],), (2, 5, sizes[0])]:
        agree(modules, lambda m, x: m(x), [real(*shape)])


def test_linear_function():
    compare(lambda lib, x, w, b: lib.nn.functional.linear(x, w, b), [real(2, 4, 3), real(5, 3), real(5)])
    compare(lambda lib, x, w: lib.nn.functional.linear(x, w), [real(2, 4, 3), real(3)])
    compare(lambda lib, x, w, b: lib.nn.functional.linear(x.mT, w, b), [real(2, 3, 4), real(5, 3), real(5)])


def test_bilinear_and_shapes():
    modules = twins("Bilinear", 3, 4, 5)
    agree(modules, lambda m, x, y: m(x, y), [real(6, 3), real(6, 4)])
    agree(modules, lambda m, x, y: m(x, y), [real(2, 6, 3), real(2, 6, 4)])
    for settings in [(), (0, 1), (1, 2)]:
        compare(lambda lib, x: lib.nn.Flatten(*settings)(x), [real(2, 3, 4)])
    compare(lambda lib, x: lib.nn.Unflatten(1, (2, 3))(x), [real(2, 6)])
    assert [
        repr(lib.nn.Unflatten(1, (2, 3))) + repr(lib.nn.Flatten()) + repr(lib.nn.Identity(3, x=4))
        for lib in (mytorch,)
    ] == [repr(torch.nn.Unflatten(1, (2, 3))) + repr(torch.nn.Flatten()) + repr(torch.nn.Identity(3, x=4))]


# ---- initial values ------------------------------------------------------------------------------


def test_linear_initial_values():
    layer = mytorch.nn.Linear(100, 400)
    for p in layer.parameters():
        assert 0.09 < abs(p).max().item() <= 0.1 and abs(p.std().item() - 0.1 / math.sqrt(3)) < 0.004
