"""The walk back: what PyTorch defines is compared with PyTorch, the rest is said here."""

import gc
import threading
import time

import numpy as np
import pytest

import mytorch
from tests.referee import agree_on, table


def leaf(t, *values, dtype=None):
    return t.tensor(list(values), requires_grad=True, dtype=dtype)


# ---- backward and its options --------------------------------------------------------------------


def s_scalar(t):
    x = leaf(t, 1.0, 2.0)
    (x * x).sum().backward()
    return x.grad


def s_gradient_given(t):
    x = leaf(t, 1.0, 2.0)
    (x * x).backward(t.tensor([10.0, 1.0]))
    return x.grad


def s_gradient_missing(t):
    (leaf(t, 1.0, 2.0) * 2).backward()


def s_gradient_of_wrong_shape(t):
    (leaf(t, 1.0, 2.0) * 2).backward(t.tensor([1.0]))


def s_gradient_that_is_no_tensor(t):
    (leaf(t, 1.0, 2.0) * 2).backward([1.0, 2.0])


def s_one_element_counts_as_scalar(t):
    x = leaf(t, 3.0)
    (x * x).backward()
    return x.grad


def s_backward_of_a_leaf(t):
    x = t.tensor(3.0, requires_grad=True)
    x.backward()
    return x.grad


def s_backward_without_graph(t):
    t.tensor(1.0).backward()


def s_second_backward(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    y.backward()
    y.backward()


def s_second_backward_where_nothing_was_saved(t):
    x = leaf(t, 1.0, 2.0)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return x.grad


def s_retain_graph(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad


def s_freed_part_shared_by_two_losses(t):
    x = leaf(t, 1.0, 2.0)
    h = x.exp()
    a, b = h.sum(), (h * 2).sum()
    a.backward()
    b.backward()


def s_accumulates(t):
    x = leaf(t, 1.0, 2.0)
    for k in range(3):
        (x * k).sum().backward()
    return x.grad


def s_inputs(t):
    x, y = leaf(t, 1.0), leaf(t, 2.0)
    (x * y).backward(inputs=[x])
    return x.grad, y.grad


def s_inputs_single(t):
    x, y = leaf(t, 1.0), leaf(t, 2.0)
    (x * y).backward(inputs=x)
    return x.grad, y.grad


def s_inputs_empty(t):
    leaf(t, 1.0).exp().backward(inputs=[])


def s_inputs_non_leaf(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 3
    y.retain_grad()
    (y * y).sum().backward(inputs=[y])
    return x.grad, y.grad


def s_backward_of_several(t):
    x = leaf(t, 1.0, 2.0)
    t.autograd.backward([(x * 2).sum(), x * 3], [None, t.tensor([1.0, 10.0])])
    return x.grad


def s_backward_of_several_with_a_gradient_missing(t):
    x = leaf(t, 1.0, 2.0)
    t.autograd.backward([(x * 2).sum(), x * 3], [None])


def s_create_graph_then_backward(t):
    x = leaf(t, 1.0, 2.0)
    (x * x * x).sum().backward(create_graph=True)
    g = x.grad
    x.grad = None
    (g * g).sum().backward()
    return g, g.requires_grad, x.grad


def s_create_graph_adds_to_a_plain_gradient(t):
    x = leaf(t, 1.0, 2.0)
    (x * 2).sum().backward()
    (x * x).sum().backward(create_graph=True)
    return x.grad, x.grad.requires_grad


def s_plain_adds_to_a_gradient_with_graph(t):
    x = leaf(t, 1.0, 2.0)
    (x * x).sum().backward(create_graph=True)
    (x * 2).sum().backward()
    return x.grad


def s_backward_under_no_grad(t):
    x = leaf(t, 1.0, 2.0)
    y = (x * x).sum()
    with t.no_grad():
        y.backward()
    return x.grad


# ---- shapes of graphs ----------------------------------------------------------------------------


def s_diamond(t):
    x = leaf(t, 1.0, 2.0)
    h = x.exp()
    ((h * 2) * (h + 1)).sum().backward()
    return x.grad


def s_leaf_used_many_times(t):
    x = leaf(t, 1.0, 2.0)
    y = x
    for _ in range(50):
        y = y * 0.5 + x
    y.sum().backward()
    return x.grad


def s_same_tensor_on_both_sides(t):
    x = leaf(t, 1.0, 2.0)
    ((x * x) + (x - x) + x / x).sum().backward()
    return x.grad


def s_only_one_of_several_outputs_used(t):
    x = leaf(t, 1.0, 3.0, 2.0, 5.0)
    a, _, c = x.split([1, 1, 2])
    (a * 2 + (c * c).sum()).sum().backward()
    return x.grad


def s_unused_branch(t):
    x, y = leaf(t, 1.0), leaf(t, 2.0)
    x.exp() * y  # never used
    (x * 3).backward()
    return x.grad, y.grad


def s_stop_gradient(t):
    x = leaf(t, 1.0, 2.0)
    (x.exp().detach() * x).sum().backward()
    return x.grad


def s_zero_size(t):
    x = t.zeros(0, 3, requires_grad=True)
    (x * 2).sum().backward()
    return x.grad


# ---- leaves and nodes ----------------------------------------------------------------------------


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_error_messages():
    x = mytorch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="grad can be implicitly created only for scalar outputs"):
        x.exp().backward()
    y = x.exp().sum()
    y.backward()
    with pytest.raises(
        RuntimeError, match=r"Trying to backward through the graph a second time.*retain_graph=True"
    ):
        y.backward()
    with pytest.raises(RuntimeError, match="does not require grad and does not have a grad_fn"):
        mytorch.ones(()).backward()
    with pytest.raises(RuntimeError, match=r"Mismatch in shape.*\[3\].*\[2\]"):
        x.exp().backward(mytorch.ones(3))
    with pytest.raises(RuntimeError, match="appears to not have been used in the graph"):
        mytorch.autograd.grad(x.exp().sum(), mytorch.ones(2, requires_grad=True))


# ---- long chains, threads, errors ----------------------------------------------------------------


def test_a_chain_of_a_million_operations():
    x = mytorch.tensor([1.0], requires_grad=True)
    y = x
    for _ in range(1_000_000):
        y = y + x
    assert y.item() == 1_000_001
    y.backward()
    assert x.grad.item() == 1_000_001
    del y


def test_dropping_a_long_chain_without_backward():
    y = mytorch.tensor([1.0], requires_grad=True)
    for _ in range(200_000):
        y = y * 1.0
    del y  # nested destructors must not overflow the stack


def test_a_long_chain_of_user_functions():
    class Double(mytorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + x

        @staticmethod
        def backward(ctx, g):
            return g

    x = mytorch.tensor([1.0], requires_grad=True)
    y = x
    for _ in range(20_000):
        y = Double.apply(y) * 0.5
    y.backward()
    del y


def test_a_backward_that_raises_leaves_later_ones_unaffected():
    class Bad(mytorch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise ValueError("broken")

    x = mytorch.ones(2, requires_grad=True)
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            Bad.apply(x * 2).sum().backward()
        assert x.grad is None
        assert mytorch.is_grad_enabled()
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3.0, 3.0])
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        np.ones(1) / 0  # the error state outside is the user's again


def test_a_hook_that_raises_leaves_later_ones_unaffected():
    x = mytorch.ones(2, requires_grad=True)
    handle = x.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        (x * 3).sum().backward()
    handle.remove()
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [3.0, 3.0])


def in_threads(work, count=8):
    errors = []

    def guarded(i):
        try:
            work(i)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors


def test_independent_backwards_in_threads():
    def work(i):
        x = mytorch.tensor(np.full(50, i + 1.0), requires_grad=True)
        for _ in range(20):
            x.grad = None
            y = x
            for _ in range(30):
                y = y * 1.01
            (y * x).sum().backward()
            np.testing.assert_allclose(x.grad.numpy(), 2 * 1.01**30 * (i + 1.0))

    in_threads(work)


def test_a_shared_retained_graph_in_threads():
    x = mytorch.tensor(np.linspace(0.1, 1, 2000), requires_grad=True)
    y = (x.exp() * x).sum()
    wanted = (np.exp(x.detach().numpy()) * (1 + x.detach().numpy())).copy()

    def work(i):
        for _ in range(50):
            (g,) = mytorch.autograd.grad(y, x, retain_graph=True)
            np.testing.assert_allclose(g.numpy(), wanted)
            y.backward(retain_graph=True)

    in_threads(work)
    np.testing.assert_allclose(x.grad.numpy(), 400 * wanted)


# ---- memory ownership ----------------------------------------------------------------------------


def shared(*tensors):
    """Pairs of tensors that share memory."""
    arrays = [t.detach().cpu().numpy() for t in tensors]
    return [(i, j) for i in range(len(arrays)) for j in range(i) if np.shares_memory(arrays[i], arrays[j])]


class Doubled(mytorch.autograd.Function):
    @staticmethod
    def forward(ctx, *xs):
        return tuple(x * 2 for x in xs)

    @staticmethod
    def backward(ctx, *gradients):
        return tuple(g * 2 for g in gradients)


CYCLES = {
    "Tensor.backward": lambda t, x: (x * x).sum().backward(create_graph=True),
    "autograd.backward": lambda t, x: t.autograd.backward((x * x).sum(), create_graph=True),
    "backward of inputs": lambda t, x: (x * x).sum().backward(create_graph=True, inputs=[x]),
}


@pytest.mark.parametrize("call", CYCLES)
def test_backward_with_create_graph_warns_of_the_cycle(call):
    x = leaf(mytorch, 1.0, 2.0)
    with pytest.warns(UserWarning, match="will create a reference cycle between the parameter"):
        CYCLES[call](mytorch, x)
    x.grad = None


def test_grad_with_create_graph_makes_no_cycle():
    x = leaf(mytorch, 1.0, 2.0)
    mytorch.autograd.grad((x * x).sum(), x, create_graph=True)  # warnings are errors here


JOINS = {
    "cat": mytorch.cat,
    "cat of some constants": lambda xs: mytorch.cat([*xs[::2], *(x.detach() for x in xs[1::2])]),
    "stack": mytorch.stack,
    "broadcast_tensors": lambda xs: mytorch.cat(mytorch.broadcast_tensors(*xs)),
    "split": lambda xs: mytorch.cat(mytorch.cat(xs).split(1)),
    "Function": lambda xs: mytorch.cat(Doubled.apply(*xs)),
    "gradient's graph": lambda xs: mytorch.cat(
        mytorch.autograd.grad((mytorch.cat(xs) ** 2).sum(), xs, create_graph=True)
    ),
}


@pytest.mark.parametrize("name", JOINS)
def test_the_time_of_many_inputs_is_linear(name):
    def seconds(n):  # without the collector, whose share grows with all that the other tests keep
        gc.collect()
        gc.disable()
        xs = [mytorch.ones(1, requires_grad=True) for _ in range(n)]
        start = time.process_time()
        JOINS[name](xs).sum().backward()
        assert xs[0].grad is not None and xs[-2].grad is not None
        gc.enable()
        return time.process_time() - start

    assert seconds(32_000) < 60 * min(seconds(2000) for _ in range(3))  # 16 times; 256 if it were quadratic


ALIASING = {
    "sum": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "view": lambda x, y: x.reshape(4) + y.reshape(4),
    "transpose": lambda x, y: x.transpose(0, 1) + y.transpose(0, 1),
    "product": lambda x, y: x * y,
    "clone": lambda x, y: x.clone() + y.clone(),
    "chain": lambda x, y: (x + 1) + (y + 1) + (x + y),
    "same dtype": lambda x, y: x.to("float64") + y.to("float64"),
    "stack": lambda x, y: mytorch.stack([x, y]).sum(0),
    "cat": lambda x, y: mytorch.cat([x, y])[:2] + mytorch.cat([x, y])[2:],
}


@pytest.mark.filterwarnings("ignore:Using backward.* with create_graph=True")
@pytest.mark.parametrize("create", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("name", ALIASING)
def test_gradients_own_their_memory(name, create):
    x, y = (mytorch.tensor(np.arange(4.0).reshape(2, 2) + k, requires_grad=True) for k in (1, 2))
    z = ALIASING[name](x, y)
    z.retain_grad()
    seed = mytorch.ones(*z.shape, dtype="float64")
    z.backward(seed, create_graph=create)
    assert not shared(x, y, z, seed, x.grad, y.grad, z.grad)
    if not create:
        z = ALIASING[name](x, y)
        gx, gy = mytorch.autograd.grad(z, (x, y), seed)
        assert not shared(x, y, z, seed, gx, gy)
        gx += 1  # and it can be written
        gy += 1


def test_a_gradient_kept_by_a_hook_does_not_change_later():
    x, kept = mytorch.ones(3, requires_grad=True), []
    x.register_hook(kept.append)
    (x * 2).sum().backward()
    before = kept[0].numpy().copy()
    (x * 5).sum().backward()
    np.testing.assert_array_equal(kept[0].numpy(), before)


def test_zeroing_a_gradient_in_place_keeps_others():
    x, y = mytorch.ones(3, requires_grad=True), mytorch.ones(3, requires_grad=True)
    (x + y).sum().backward()
    x.grad *= 0
    np.testing.assert_array_equal(y.grad.numpy(), [1, 1, 1])
    (x + y).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [1, 1, 1])
    np.testing.assert_array_equal(y.grad.numpy(), [2, 2, 2])
