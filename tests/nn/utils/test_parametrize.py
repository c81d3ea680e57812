"""Parametrizations, against PyTorch, and what nn.utils refuses."""

import copy

import pytest

from tests.draws import draws
from tests.referee import compare, same_error

rng = draws(6)


def symmetric(lib, **methods):
    class Symmetric(lib.nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).mT

        def right_inverse(self, a):
            return a.triu()

    return Symmetric()


def doubled(lib):
    class Doubled(lib.nn.Module):
        def forward(self, x):
            return x * 2

    return Doubled()


def test_parametrize():
    def call(lib, x):
        parametrize = lib.nn.utils.parametrize
        layer = lib.nn.Linear(3, 3).double()
        parametrize.register_parametrization(layer, "weight", symmetric(lib))
        layer.weight = lib.ones(3, 3, dtype=lib.float64)
        first = layer.weight
        parametrize.register_parametrization(layer, "weight", doubled(lib))
        with lib.no_grad():
            layer.bias.fill_(0.5)
        y = layer(x)
        y.sum().backward()
        with parametrize.cached():
            assert layer.weight is layer.weight
        assert (
            parametrize.is_parametrized(layer)
            and parametrize.is_parametrized(layer, "weight")
            and not parametrize.is_parametrized(layer, "bias")
        )
        assert (
            parametrize.type_before_parametrizations(layer) is lib.nn.Linear
            and type(layer).__name__ == "ParametrizedLinear"
        )
        names, text = list(layer.state_dict()), repr(layer)
        twin = copy.deepcopy(layer)
        results = [first, y, layer.parametrizations.weight.original.grad, twin(x), layer.weight]
        parametrize.remove_parametrizations(layer, "weight")
        assert type(layer) is lib.nn.Linear and not parametrize.is_parametrized(layer)
        return [*results, layer.weight, names, text, list(layer.state_dict())]

    compare(call, [rng.standard_normal((2, 3))], backward=False)


def test_parametrization_of_several_tensors_and_buffers():
    def call(lib, x):
        class Product(lib.nn.Module):
            def forward(self, a, b):
                return a * b

            def right_inverse(self, w):
                return w.sqrt(), w.sqrt()

        parametrize = lib.nn.utils.parametrize
        layer = lib.nn.Linear(3, 3, bias=False).double()
        with lib.no_grad():
            layer.weight.fill_(4.0)
        parametrize.register_parametrization(layer, "weight", Product())
        layer.register_buffer("shift", lib.ones(3, dtype=lib.float64))
        parametrize.register_parametrization(layer, "shift", doubled(lib))
        layer(x).sum().backward()
        return [*layer.state_dict().values(), layer.shift, *(p.grad for p in layer.parameters())]

    compare(call, [rng.standard_normal((2, 3))], backward=False)


def cut(lib):
    class Cut(lib.nn.Module):
        def forward(self, x):
            return x[:1]

    return Cut()


REFUSED = {
    "no such tensor": (
        lambda lib: lib.nn.utils.parametrize.register_parametrization(lib.nn.Linear(2, 2), "x", doubled(lib)),
        "or a parametrized element with name 'x'",
    ),
    "another shape": (
        lambda lib: lib.nn.utils.parametrize.register_parametrization(
            lib.nn.Linear(2, 2), "weight", cut(lib)
        ),
        "may not change the shape of the tensor",
    ),
    "nothing to remove": (
        lambda lib: lib.nn.utils.parametrize.remove_parametrizations(lib.nn.Linear(2, 2), "weight"),
        "does not have a parametrization on weight",
    ),
    "iterations": (
        lambda lib: lib.nn.utils.spectral_norm(lib.nn.Linear(2, 2), n_power_iterations=0),
        "Expected n_power_iterations to be positive",
    ),
    "no bias": (
        lambda lib: lib.nn.utils.spectral_norm(lib.nn.Linear(2, 2, bias=False), "bias"),
        "parameter `bias` is None",
    ),
    "no inverse": (
        lambda lib: setattr(
            lib.nn.utils.parametrize.register_parametrization(lib.nn.Linear(2, 2), "weight", doubled(lib)),
            "weight",
            lib.ones(2, 2),
        ),
        "does not implement right_inverse",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    call, match = REFUSED[name]
    same_error(call, match=match)
