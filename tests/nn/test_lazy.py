"""Lazy layers against PyTorch."""

import copy
import importlib
import pickle
import warnings

import numpy as np
import pytest

import mytorch
from tests.referee import agree_on, answer, torch

ROWS = [
    ("LazyLinear", (4,), (2, 3)),
    ("LazyConv1d", (4, 2), (2, 3, 5)),
    ("LazyConv2d", (4, 3, 1, 1), (2, 3, 5, 5)),
    ("LazyConv3d", (4, 2), (2, 3, 4, 4, 4)),
    ("LazyConvTranspose1d", (4, 2), (2, 3, 5)),
    ("LazyConvTranspose2d", (4, 2), (2, 3, 5, 5)),
    ("LazyConvTranspose3d", (4, 2), (2, 3, 4, 4, 4)),
    ("LazyBatchNorm1d", (), (2, 3, 5)),
    ("LazyBatchNorm2d", (1e-3,), (2, 3, 5, 5)),
    ("LazyBatchNorm3d", (), (2, 3, 2, 2, 2)),
    ("LazyInstanceNorm1d", (), (2, 3, 5)),
    ("LazyInstanceNorm2d", (1e-3, 0.2, False), (2, 3, 5, 5)),
    ("LazyInstanceNorm3d", (), (2, 3, 2, 2, 2)),
]


@pytest.mark.parametrize("name, args, shape", ROWS, ids=lambda v: v if isinstance(v, str) else "")
def test_become_ordinary(name, args, shape):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mine, theirs = getattr(mytorch.nn, name)(*args), getattr(torch.nn, name)(*args)
    assert (
        repr(mine) == repr(theirs)
        and list(mine._parameters) == list(theirs._parameters)
        and type(mine).__name__ == name
    )
    parameters = list(mine.parameters())
    mine(mytorch.ones(shape))
    theirs(torch.ones(shape))
    assert repr(mine) == repr(theirs) and type(mine) is getattr(mytorch.nn, name.removeprefix("Lazy"))
    assert [(k, tuple(v.shape)) for k, v in mine.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]
    assert all(
        a is b and type(a) is mytorch.nn.Parameter and a.requires_grad
        for a, b in zip(parameters, mine.parameters(), strict=True)
    )


@pytest.mark.parametrize("name, args, shape", ROWS, ids=lambda v: v if isinstance(v, str) else "")
def test_load_the_state_of_ordinary_layers(name, args, shape):
    loaded = []
    for lib in (mytorch, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lazy, donor = getattr(lib.nn, name)(*args), getattr(lib.nn, name)(*args)
        donor(lib.ones(shape))
        if lib is torch and "Instance" in name:  # its lazy one cannot be called after loading
            lazy = donor
        lazy.load_state_dict({k: lib.full_like(v, 2) for k, v in donor.state_dict().items()})
        assert not any(isinstance(p, lib.nn.UninitializedParameter) for p in lazy.parameters())
        loaded.append(lazy(lib.ones(shape)).tolist())
        with pytest.raises(RuntimeError, match="size mismatch"):
            lazy.load_state_dict({k: lib.ones(7, 7) for k in donor.state_dict()})
    np.testing.assert_allclose(*loaded, rtol=1e-5)


def test_without_a_batch():
    for lib in (mytorch, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = lib.nn.LazyConv2d(4, 3)
        assert layer.has_uninitialized_params()
        layer.initialize_parameters(lib.ones(2, 5, 5))
        assert not layer.has_uninitialized_params()
        assert layer.weight.shape == (4, 2, 3, 3) and layer(lib.ones(2, 5, 5)).shape == (4, 3, 3)


def test_torchs_names_of_arguments():
    for lib in (mytorch, torch):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert (
                lib.nn.LazyConvTranspose2d(4, 3, 2)(lib.ones(1, 2, 4, 4), output_size=[10, 10]).shape[-1]
                == 10
            )
        assert lib.nn.RMSNorm(3)(x=lib.ones(2, 3)).shape == (2, 3)
        assert lib.nn.Transformer.generate_square_subsequent_mask(sz=2).tolist() == [[0, -np.inf], [0, 0]]


def test_optimizers_may_hold_them_already():
    net = mytorch.nn.Sequential(
        mytorch.nn.LazyLinear(4), mytorch.nn.ReLU(), mytorch.nn.LazyLinear(1)
    ).double()
    optimizer = mytorch.optim.SGD(net.parameters(), lr=0.1)
    x = mytorch.ones(2, 3).double()
    net(x)
    before = net[0].weight.detach().clone()
    net(x).sum().backward()
    gradient = net[0].weight.grad.clone()
    optimizer.step()
    np.testing.assert_allclose(net[0].weight.detach().numpy(), (before - 0.1 * gradient).numpy())
    assert net[0].weight.dtype == mytorch.float64


def test_frozen_copied_and_pickled():
    layer = mytorch.nn.LazyLinear(4).requires_grad_(False)
    twin = copy.deepcopy(layer)
    layer(mytorch.ones(2, 3))
    assert (
        not layer.weight.requires_grad
        and layer.weight.shape == (4, 3)
        and repr(twin.weight) == "<UninitializedParameter>"
    )
    assert pickle.loads(pickle.dumps(layer)).weight.shape == (4, 3)
    grouped = mytorch.nn.LazyConv2d(4, 3, groups=2)
    assert grouped(mytorch.ones(1, 6, 5, 5)).shape == (1, 4, 3, 3)


def scaled(lib, requires_grad):
    class Fixed(lib.nn.Module):
        def forward(self, x, more=0):
            return x * self.factor + more

    class Lazy(importlib.import_module(f"{lib.__name__}.nn.modules.lazy").LazyModuleMixin, Fixed):
        cls_to_become = Fixed

        def __init__(self):
            super().__init__()
            self.factor = lib.nn.UninitializedParameter(requires_grad=requires_grad)

        def initialize_parameters(self, x, more=0):
            self.factor.materialize(x.shape[-1:])
            with lib.no_grad():
                self.factor.fill_(2)

    module, other = Lazy(), Lazy()
    before = module.has_uninitialized_params()
    results = [module(lib.ones(3, 4), more=1).tolist(), module(lib.ones(4)).tolist(), type(module) is Fixed]
    other.load_state_dict({"factor": lib.ones(5)})
    return [before, *results, module.factor.requires_grad, other.factor.tolist()]


@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_lazy_module_of_ones_own(requires_grad):
    assert scaled(mytorch, requires_grad) == answer(scaled, requires_grad)


@pytest.mark.parametrize("init", ["zeros_", "normal_", "uniform_", "constant_"])
def test_initial_values_before_the_shape_is_known_are_an_error(init):
    """They would be lost at the first forward."""
    weight = mytorch.nn.LazyLinear(4).weight
    with pytest.raises(RuntimeError, match="shape of an uninitialized parameter"):
        getattr(mytorch.nn.init, init)(weight, *([1.0] if init == "constant_" else []))
    with pytest.raises(RuntimeError, match="shape of an uninitialized parameter"):
        weight.shape


def test_a_buffer_without_a_shape():
    def scenario(lib):
        class Lazy(importlib.import_module(f"{lib.__name__}.nn.modules.lazy").LazyModuleMixin, lib.nn.Module):
            def __init__(self):
                super().__init__()
                self.register_buffer("factor", lib.nn.UninitializedBuffer(dtype=lib.float64))

            def initialize_parameters(self, x):
                if self.has_uninitialized_params():
                    self.factor.materialize(x.shape)
                    self.factor.fill_(2)

            def forward(self, x):
                return x * self.factor

        first, second = Lazy(), Lazy()
        before = repr(first.factor), first.has_uninitialized_params(), first.factor.persistent
        y = first(lib.ones(2))
        second.load_state_dict(first.state_dict())
        return before, y, second.factor, type(second.factor).__name__, first.has_uninitialized_params()

    agree_on(scenario)
    with pytest.raises(RuntimeError, match="shape of an uninitialized"):
        mytorch.nn.UninitializedBuffer().shape
