"""Gradients of weights on other threads: the same numbers, whatever hooks and users do meanwhile."""

import threading

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.autograd import overlap
from mytorch.core.primitive import primitive
from mytorch.core.walk import Walk
from mytorch.kernels import threads as parallel
from mytorch.profiler import profile


@pytest.fixture
def begun(threads, monkeypatch):
    """The gradients that other threads may compute: all of them, however small."""
    threads(2)
    monkeypatch.setattr(overlap, "_WORTH", 0)
    all_of_them = []

    class Noted(overlap.Later):
        def __init__(self, rule, begun):
            super().__init__(rule, begun)
            all_of_them.append(self)

    monkeypatch.setattr(overlap, "Later", Noted)
    return all_of_them


class TwoProducts(nn.Module):
    """A weight that is used twice, and one by two layers."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(6, 6), nn.Linear(6, 6, bias=False)
        self.tied = nn.Linear(6, 6)
        self.tied.weight = self.second.weight
        self.matrix = nn.Parameter(mytorch.randn(6, 3))

    def forward(self, x):
        return self.first(self.tied(self.second(self.first(x)))) @ self.matrix


NETWORKS = {
    "perceptron": (lambda: nn.Sequential(nn.Linear(7, 9), nn.Tanh(), nn.Linear(9, 4)), (5, 7)),
    "rows of rows": (
        lambda: nn.Sequential(nn.Linear(7, 9), nn.Tanh(), nn.Linear(9, 4, bias=False)),
        (2, 5, 7),
    ),
    "convolutions": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(4, 8, 3, stride=2, groups=2),
            nn.Conv2d(8, 2, 1),
        ),
        (2, 3, 9, 9),
    ),
    "transposed": (
        lambda: nn.Sequential(nn.ConvTranspose2d(3, 4, 4, 2, 1), nn.ConvTranspose2d(4, 2, 3)),
        (2, 3, 5, 5),
    ),
    "depthwise": (lambda: nn.Sequential(nn.Conv1d(4, 8, 1), nn.Conv1d(8, 8, 3, groups=8)), (2, 4, 20)),
    "shared weights": (TwoProducts, (4, 6)),
}


def gradients(network, x):
    network.zero_grad()
    network(x).square().sum().backward()
    return [p.grad.numpy().copy() for p in network.parameters()]


@pytest.mark.parametrize("dtype", [mytorch.float32, mytorch.float64, mytorch.float16], ids=str)
@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradients_are_the_same_to_the_last_bit(begun, monkeypatch, name, dtype):
    make, shape = NETWORKS[name]
    network, x = make().to(dtype), mytorch.randn(shape).to(dtype)
    found = [gradients(network, x) for _ in range(20)]
    assert len(begun) >= 20
    with monkeypatch.context() as patch:
        patch.setattr(Walk, "overlapped", None)
        expected = gradients(network, x)
    for each in found:
        for a, b in zip(each, expected, strict=True):
            assert a.dtype == b.dtype and (a == b).all()


def test_another_thread_computes_them(threads):
    threads(2)
    layers = [nn.Linear(200, 200) for _ in range(8)]
    network, x, seen = nn.Sequential(*layers), mytorch.randn(100, 200), set()
    compute = overlap.Later._compute

    def noting(later, piece):
        seen.add(parallel.is_worker())
        compute(later, piece)

    for _ in range(50):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(overlap.Later, "_compute", noting)
            gradients(network, x)
    assert True in seen


def test_the_parameter_keeps_the_array_without_a_copy(begun):
    network = nn.Sequential(nn.Linear(7, 9), nn.Linear(9, 4))
    gradients(network, mytorch.randn(5, 7))
    arrays = [later.array for later in begun]
    assert any(network[1].weight.grad.array is array for array in arrays)


def small_products(begun, monkeypatch):
    monkeypatch.setattr(overlap, "_WORTH", 10_000_000)


def with_a_hook_on_the_weight(begun, monkeypatch):
    for layer in LAYERS:
        layer.weight.register_hook(lambda g: None)


def with_a_hook_after_accumulation(begun, monkeypatch):
    for layer in LAYERS:
        layer.weight.register_post_accumulate_grad_hook(lambda p: None)


def on_one_thread(begun, monkeypatch):
    mytorch.set_num_threads(1)


LAYERS: list = []
SERIAL = [small_products, with_a_hook_on_the_weight, with_a_hook_after_accumulation, on_one_thread]


@pytest.mark.parametrize("condition", SERIAL, ids=lambda f: f.__name__)
def test_where_nothing_is_begun(begun, monkeypatch, condition):
    LAYERS[:] = nn.Linear(7, 9), nn.Linear(9, 4)
    condition(begun, monkeypatch)
    gradients(nn.Sequential(*LAYERS), mytorch.randn(5, 7))
    assert not begun


def test_a_layer_with_nothing_before_it_is_not_left_to_others(begun):
    gradients(nn.Linear(7, 4), mytorch.randn(5, 7))
    assert not begun


def test_a_profile_shows_every_rule_on_its_own_thread(begun):
    network = nn.Sequential(nn.Conv1d(2, 3, 3), nn.Conv1d(3, 3, 3))
    with profile() as profiled:
        gradients(network, mytorch.randn(2, 2, 9))
    assert not begun
    assert {row.key: row.count for row in profiled.key_averages()}["convolution_weight"] == 2


def test_a_hook_may_change_a_gradient_that_others_read(begun):
    layer = nn.Linear(300, 300)
    for _ in range(20):
        x = mytorch.randn(64, 300)
        doubled = mytorch.ones(64, 300, requires_grad=True) * 2
        doubled.register_hook(lambda g: g.mul_(0))  # the array that is the gradient of the layer, too
        out = layer(mytorch.ones(64, 300, requires_grad=True) * x) + doubled
        layer.zero_grad()
        out.backward(mytorch.ones(64, 300))
        np.testing.assert_allclose(layer.weight.grad, mytorch.ones(300, 64) @ x, rtol=1e-4, atol=1e-4)
    assert len(begun) == 20


def test_a_users_function_may_change_what_it_saved(begun):
    class Halved(mytorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            out = x / 2
            ctx.save_for_backward(out)
            return out

        @staticmethod
        def backward(ctx, g):
            (out,) = ctx.saved_tensors
            out.detach().mul_(2)  # its input again, in the same memory
            return g / 2

    layer = nn.Linear(300, 300)
    for _ in range(20):
        x = mytorch.randn(64, 300, requires_grad=True)
        layer.zero_grad()
        layer(Halved.apply(x)).sum().backward()
        expected = mytorch.ones(300, 64) @ (x.detach() / 2)
        np.testing.assert_allclose(layer.weight.grad, expected, rtol=1e-4, atol=1e-4)
    assert len(begun) == 20


def test_an_error_on_another_thread_is_raised_by_backward(begun):
    def fails(g, x):
        raise MemoryError("no room for the gradient")

    @primitive(later=("y",), x=lambda g, y: g * y, y=fails, name="fails_later")
    def product(x, y):
        return x * y

    x, y = mytorch.ones(3, requires_grad=True), mytorch.ones(3, requires_grad=True)
    for _ in range(3):
        with pytest.raises(MemoryError, match="no room"):
            product(x * 2, y).sum().backward()
    network = nn.Sequential(nn.Linear(7, 9), nn.Linear(9, 4))
    assert all(np.isfinite(g).all() for g in gradients(network, mytorch.randn(5, 7)))


def test_backward_in_several_threads_of_the_user(begun):
    networks = [nn.Sequential(nn.Linear(30, 30), nn.Tanh(), nn.Linear(30, 30)) for _ in range(4)]
    x = mytorch.randn(20, 30)
    expected, found = [gradients(network, x) for network in networks], {}

    def work(i):
        for _ in range(30):
            found[i] = gradients(networks[i], x)

    users = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    for i in range(4):
        assert all((a == b).all() for a, b in zip(found[i], expected[i], strict=True))


def test_second_order_is_recorded_as_ever(begun):
    network, x = (
        nn.Sequential(nn.Linear(7, 9), nn.Tanh(), nn.Linear(9, 1)),
        mytorch.randn(5, 7, requires_grad=True),
    )
    (g,) = mytorch.autograd.grad(network(x).sum(), x, create_graph=True)
    g.square().sum().backward()
    assert all(p.grad is None or np.isfinite(p.grad.numpy()).all() for p in network.parameters())
    assert network[0].weight.grad.abs().sum() > 0
