"""nn.utils against PyTorch: clipping, vectors, weight and spectral normalization, parametrizations."""

import copy
import warnings

import numpy as np
import pytest

import mytorch
from tests.draws import draws
from tests.referee import compare, same_error, torch

rng = draws(6)
GRADS = [rng.standard_normal((3, 4)), rng.standard_normal(5), None, np.zeros(2)]


def parameters(lib, dtype="float64"):
    made = []
    for g in GRADS:
        p = lib.nn.Parameter(lib.zeros(3 if g is None else g.shape, dtype=getattr(lib, dtype)))
        p.grad = None if g is None else lib.tensor(g, dtype=p.dtype)
        made.append(p)
    return made


@pytest.mark.parametrize("order", [2, 1, 3, 0.5, float("inf"), 0, float("-inf")])
@pytest.mark.parametrize("limit", [0.1, 2.0, 1e6])
def test_clip_grad_norm(order, limit):
    def call(lib):
        ps = parameters(lib)
        total = lib.nn.utils.clip_grad_norm_(iter(ps), limit, order)
        return [total, *(p.grad for p in ps if p.grad is not None)]

    compare(call, [])


def test_clip_grad_others():
    def call(lib):
        ps = parameters(lib, "float32")
        lib.nn.utils.clip_grad_value_(ps, 0.5)
        total = lib.nn.utils.get_total_norm([p.grad for p in ps if p.grad is not None])
        lib.nn.utils.clip_grads_with_norm_(ps, 0.3, total)
        return [total, *(p.grad for p in ps if p.grad is not None), lib.nn.utils.clip_grad_norm_(ps[0], 0.1)]

    compare(call, [], "float32")
    for none in ([], [mytorch.nn.Parameter(mytorch.ones(2))]):
        assert mytorch.nn.utils.clip_grad_norm_(none, 1.0).item() == 0
    with pytest.warns(UserWarning, match="empty generator"):
        mytorch.nn.utils.clip_grad_norm_((p for p in []), 1.0)
    p = mytorch.nn.Parameter(mytorch.ones(2))
    p.grad = mytorch.tensor([1.0, float("nan")])
    assert mytorch.nn.utils.clip_grad_norm_([p], 1.0).isnan()
    p.grad = mytorch.tensor([1.0, float("inf")])
    mytorch.nn.utils.clip_grad_norm_([p], 1.0)
    assert p.grad.isnan().tolist() == [False, True]
    with pytest.raises(
        RuntimeError, match=r"The total norm of order 2\.0 for gradients from `parameters` is non-finite"
    ):
        mytorch.nn.utils.clip_grad_norm_([p], 1.0, error_if_nonfinite=True)


def test_vectors():
    def call(lib, a, b, v):
        both = lib.nn.utils.parameters_to_vector([a, b])
        ps = [lib.nn.Parameter(lib.zeros(2, 3, dtype=a.dtype)), lib.nn.Parameter(lib.zeros(4, dtype=a.dtype))]
        lib.nn.utils.vector_to_parameters(v.detach(), ps)
        return both, [p.detach() for p in ps]

    compare(call, [rng.standard_normal((2, 3)), rng.standard_normal(4), rng.standard_normal(10)])
    same_error(lambda lib: lib.nn.utils.vector_to_parameters([1.0], []), match="but got: list")


# ---- weight and spectral normalization -----------------------------------------------------------


def copied(make, steps):
    """The same normalized layer in both libraries, with the same parameters and buffers; what ``steps``
    gives.
    """
    values = {}

    def call(lib, x):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer = make(lib)
        if lib is mytorch:
            values.update({k: v.detach().numpy().copy() for k, v in layer.state_dict().items()})
        assert list(values) == list(layer.state_dict())
        layer.load_state_dict({k: lib.tensor(v) for k, v in values.items()})
        return steps(lib, layer, x)

    return call


def run(lib, layer, x):
    outputs = [layer(x), layer(x)]
    (outputs[0].sum() + outputs[1].sum() * 2).backward()
    gradients = [p.grad for p in layer.parameters()]
    layer.eval()
    return [*outputs, layer(x), *gradients, list(layer.state_dict().values())]


LINEAR, CONV = rng.standard_normal((2, 3)), rng.standard_normal((2, 3, 5))


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("new", [True, False])
def test_weight_norm(dim, new):
    def make(layer):
        return lambda lib: (lib.nn.utils.parametrizations if new else lib.nn.utils).weight_norm(
            layer(lib), dim=dim
        )

    compare(copied(make(lambda lib: lib.nn.Linear(3, 4).double()), run), [LINEAR], backward=False)
    compare(copied(make(lambda lib: lib.nn.Conv1d(3, 4, 3).double()), run), [CONV], backward=False)


@pytest.mark.parametrize("new", [True, False])
def test_spectral_norm(new):
    def make(layer):
        return lambda lib: (lib.nn.utils.parametrizations if new else lib.nn.utils).spectral_norm(
            layer(lib), n_power_iterations=2
        )

    compare(copied(make(lambda lib: lib.nn.Linear(3, 4).double()), run), [LINEAR], backward=False)
    compare(copied(make(lambda lib: lib.nn.ConvTranspose1d(3, 4, 3).double()), run), [CONV], backward=False)
    layer = make(lambda lib: lib.nn.Linear(30, 40))(mytorch)
    for _ in range(100):
        layer(mytorch.zeros(1, 30))
    assert abs(np.linalg.norm(layer.weight.detach().numpy(), 2) - 1) < 1e-2


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_normalization_is_removed():
    for add, remove in (("weight_norm", "remove_weight_norm"), ("spectral_norm", "remove_spectral_norm")):
        utils = mytorch.nn.utils
        layer = getattr(utils, add)(mytorch.nn.Linear(3, 4))
        weight = layer(mytorch.eye(3)) - layer.bias
        with pytest.raises(RuntimeError, match="Cannot register two"):
            getattr(utils, add)(layer)
        layer.eval()
        getattr(utils, remove)(layer)
        assert list(layer.state_dict()) == ["bias", "weight"] and isinstance(
            layer.weight, mytorch.nn.Parameter
        )
        np.testing.assert_allclose(
            layer.weight.detach().numpy(), weight.detach().numpy().T, rtol=1e-5, atol=1e-6
        )
        with pytest.raises(ValueError, match="not found in"):
            getattr(utils, remove)(layer)


def test_old_names_load_into_the_new_weight_norm():
    with pytest.warns(FutureWarning, match="deprecated in favor of"):
        old = mytorch.nn.utils.weight_norm(mytorch.nn.Linear(3, 4))
    new = mytorch.nn.utils.parametrizations.weight_norm(mytorch.nn.Linear(3, 4))
    new.load_state_dict(old.state_dict())
    assert mytorch.equal(new(mytorch.ones(2, 3)), old(mytorch.ones(2, 3)))


# ---- parametrizations ----------------------------------------------------------------------------


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


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.stateless:FutureWarning")
def test_stateless():
    def call(lib, names, **settings):
        net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3))
        net[0].weight.data.fill_(0.5)
        net[0].bias.data.zero_()
        given = {name: lib.full(shape, 0.25) for name, shape in names.items()}
        out = lib.nn.utils.stateless.functional_call(net.eval(), given, lib.ones(2, 2), **settings)
        return out.detach(), net[0].bias.detach()

    for names in ({}, {"0.bias": (3,)}, {"0.bias": (3,), "1.running_mean": (3,)}):
        compare(lambda lib, names=names: call(lib, names), [], dtype="float32")
    for names, settings in (
        ({"0.bias": (3,)}, {"strict": True}),
        ({"other": (3,)}, {"strict": True}),
        ({"0.bias": (4,)}, {}),
    ):
        same_error(lambda lib, names=names, settings=settings: call(lib, names, **settings))


def test_stateless_is_older():
    with pytest.warns(FutureWarning, match="torch.func.functional_call"):
        mytorch.nn.utils.stateless.functional_call(mytorch.nn.Linear(2, 1), {}, mytorch.ones(1, 2))


@pytest.mark.parametrize("value", [0.0, 1e-45, 1e20, 1e38, -1e38, np.inf, np.nan], ids=str)
@pytest.mark.parametrize("order", [0, 0.5, 1, 2, 3, np.inf, -np.inf], ids=str)
def test_clipping_at_the_ends_of_the_range(value, order):
    """As torch, and without NumPy's warnings, which would fail the test."""
    found = []
    for lib in (mytorch, torch):
        p = lib.ones(3, requires_grad=True)
        p.grad = lib.tensor([value, value, 1.0])
        total = lib.nn.utils.clip_grad_norm_([p], 1.0, norm_type=order)
        by_norm = p.grad.numpy().copy()
        lib.nn.utils.clip_grad_value_([p], 0.5)
        found.append([total.item(), *by_norm, *p.grad.numpy()])
    np.testing.assert_allclose(*found, rtol=1e-5)
