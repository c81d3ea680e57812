"""The graph and the walk back: what PyTorch defines is compared with PyTorch, the rest is said here."""

import gc
import threading
import time

import numpy as np
import pytest

import mytorch
from mytorch.core.primitive import primitive
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


# ---- autograd.grad -------------------------------------------------------------------------------


def s_grad(t):
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    z = (x * y).sum()
    return [*t.autograd.grad(z, (x, y)), x.grad, y.grad]


def s_grad_unused(t):
    x, y = leaf(t, 1.0), leaf(t, 3.0)
    return t.autograd.grad(x * 2, (x, y))


def s_grad_allow_unused(t):
    x, y = leaf(t, 1.0), leaf(t, 3.0)
    return t.autograd.grad(x * 2, (x, y), allow_unused=True)


def s_grad_materialize(t):
    x, y = leaf(t, 1.0), leaf(t, 3.0, 4.0)
    return t.autograd.grad(x * 2, (x, y), materialize_grads=True)


def s_grad_materialize_against_allow_unused_false(t):
    x, y = leaf(t, 1.0), leaf(t, 3.0, 4.0)
    return t.autograd.grad(x * 2, (x, y), allow_unused=False, materialize_grads=True)


def s_grad_of_something_constant(t):
    return t.autograd.grad(t.tensor(1.0), leaf(t, 1.0))


def s_grad_with_respect_to_something_constant(t):
    return t.autograd.grad(leaf(t, 1.0) * 2, t.tensor(1.0))


def s_grad_of_intermediate(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    z = (y * y).sum()
    return t.autograd.grad(z, (y, x))


def s_grad_several_outputs(t):
    x = leaf(t, 1.0, 2.0)
    return t.autograd.grad((x * 2, x.exp()), x, (t.tensor([1.0, 2.0]), t.tensor([1.0, 0.0])))


def s_grad_same_input_twice(t):
    x = leaf(t, 1.0, 2.0)
    return t.autograd.grad((x * 2).sum(), (x, x))


def s_grad_of_itself(t):
    x = leaf(t, 1.0)
    return t.autograd.grad(x, x)


def s_grad_frees_the_graph(t):
    x = leaf(t, 1.0)
    y = x.exp()
    t.autograd.grad(y, x)
    t.autograd.grad(y, x)


def s_grad_batched(t):
    x = leaf(t, 1.0, 2.0)
    return t.autograd.grad(x * x, x, t.tensor([[1.0, 0.0], [0.0, 1.0]]), is_grads_batched=True)


def s_third_order(t):
    x = leaf(t, 0.5, 2.0)
    y = (x * x * x * x).sum()
    found = []
    for _ in range(3):
        (g,) = t.autograd.grad(y, x, create_graph=True)
        found.append(g)
        y = g.sum()
    return found


def s_retain_graph_false_with_create_graph(t):
    x = leaf(t, 1.0)
    y = x.exp()
    (g,) = t.autograd.grad(y, x, create_graph=True, retain_graph=True)
    return g, t.autograd.grad(g, x)


def s_double_backward_of_mixed_dtypes(t):
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0, dtype=t.float64)
    gx, gy = t.autograd.grad((x * y * y).sum(), (x, y), create_graph=True)
    gx.sum().backward(retain_graph=True)
    gy.sum().backward()
    return gx, gy, x.grad, y.grad


def s_double_backward_of_broadcast(t):
    x, y = t.tensor([[1.0], [2.0]], requires_grad=True), leaf(t, 3.0, 4.0, 5.0)
    gx, gy = t.autograd.grad((x * y).exp().sum(), (x, y), create_graph=True)
    (gx.sum() + (gy * gy).sum()).backward()
    return x.grad, y.grad


def s_double_backward_through_views(t):
    x = t.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    (g,) = t.autograd.grad((x.transpose(0, 1)[1:].reshape(-1) ** 3).sum(), x, create_graph=True)
    (h,) = t.autograd.grad((g * g).sum(), x)
    return g, h


def s_double_backward_of_several_outputs(t):
    x = leaf(t, 1.0, 3.0, 2.0)
    values, places = x.exp().sort()
    (g,) = t.autograd.grad((values * values * t.tensor([1.0, 2.0, 3.0])).sum(), x, create_graph=True)
    (g * g).sum().backward()
    return places, g, x.grad


def s_double_backward_of_var_mean(t):
    x = leaf(t, 1.0, 3.0, 2.5)
    var, mean = t.var_mean(x)
    (g,) = t.autograd.grad(var * mean + mean * mean, x, create_graph=True)
    (g * g).sum().backward()
    return g, x.grad


def s_double_backward_of_softmax(t):
    x = leaf(t, 1.0, 3.0, 2.5)
    (g,) = t.autograd.grad((t.softmax(x, 0) * t.tensor([1.0, 2.0, 4.0])).sum(), x, create_graph=True)
    (g * g).sum().backward()
    return g, x.grad


def s_gradient_penalty(t):
    w, x = leaf(t, 1.0, -2.0), leaf(t, 0.5, 0.25)
    (g,) = t.autograd.grad((w * x).tanh().sum(), x, create_graph=True)
    ((g * g).sum() - 1).pow(2).backward()
    return w.grad, x.grad


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


def s_leaf_semantics(t):
    x = leaf(t, 1.0)
    y, z = x * 2, t.tensor([1.0]) * 2
    return [
        (v.is_leaf, v.requires_grad, v.grad_fn is None)
        for v in (x, y, z, y.detach(), x.detach(), y[0], x.data)
    ]


def s_integers_cannot_require_grad(t):
    t.tensor([1], requires_grad=True)


def s_integers_cannot_require_grad_later(t):
    t.tensor([1]).requires_grad_()


def s_non_leaf_keeps_requiring_grad(t):
    y = leaf(t, 1.0) * 2
    y.requires_grad_(True)
    y.requires_grad = False


def s_requires_grad_assigned(t):
    x = t.tensor([1.0])
    x.requires_grad = True
    (x * 3).backward()
    return x.grad


def s_frozen_leaf(t):
    x, y = leaf(t, 1.0), leaf(t, 2.0)
    y.requires_grad_(False)
    (x * y).backward()
    return x.grad, y.grad


def s_frozen_after_use(t):
    x = leaf(t, 1.0)
    y = x * 2
    x.requires_grad_(False)
    z = x * 5
    return z.requires_grad, y.requires_grad


def s_grad_assignment_is_checked(t):
    x, found = leaf(t, 1.0, 2.0), []
    for bad in ([1.0], t.tensor([1.0]), t.tensor([1.0, 2.0], dtype=t.float64)):
        try:
            x.grad = bad
            found.append("taken")
        except (TypeError, RuntimeError) as error:
            found.append(error)
    x.grad = t.tensor([5.0, 6.0])
    (x * 2).sum().backward()
    return [*found, x.grad]


def s_detach_in_place(t):
    x = leaf(t, 1.0)
    y = x * 2
    y.detach_()
    return y.requires_grad, y.is_leaf, y.grad_fn is None


def s_detach_shares_memory(t):
    x = leaf(t, 1.0, 2.0)
    x.detach()[0] = 7.0
    return x


def s_data_shares_memory(t):
    x = leaf(t, 1.0, 2.0)
    x.data.add_(1)
    (x * x).sum().backward()
    return x, x.grad


def s_deepcopy_of_non_leaf(t):
    import copy

    copy.deepcopy(leaf(t, 1.0) * 2)


def s_numpy_of_what_requires_grad(t):
    leaf(t, 1.0).numpy()


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_names_of_nodes(device):
    x = mytorch.ones(2, 2, requires_grad=True, device=device)
    assert (x * x).grad_fn.name == "MulBackward0"
    assert repr(x.exp().grad_fn).startswith("<ExpBackward0 object at 0x")
    assert x.exp().grad_fn.name() == "ExpBackward0"
    assert type((x @ x).grad_fn.next_functions[0][0]).__name__ == "Leaf"
    assert (x * x).grad_fn.next_functions[0][0].name == "AccumulateGrad"


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


@pytest.mark.parametrize("n", [31, 32, 33, 40])
@pytest.mark.parametrize("constants", [False, True])
def test_joins_of_many(n, constants):
    def scenario(t):
        xs = [leaf(t, float(i), 2.0) for i in range(n)]
        given = [x.detach() if constants and i % 3 == 1 else x * x for i, x in enumerate(xs)]
        joined = [t.cat(given), t.stack(given, 1).flatten(), t.block_diag(*given).sum(0)]
        loss = sum((y * t.arange(2.0 * n)).sum() for y in joined)
        (g,) = t.autograd.grad(loss, xs[0], create_graph=True)
        (g * g).sum().backward(retain_graph=True)
        second = xs[0].grad.clone()
        loss.backward()
        return [loss, g, second, *(x.grad for x in xs)]

    agree_on(scenario)


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


def test_a_rule_may_return_one_array_for_two_inputs():
    @primitive(joint=lambda g, x, y: [g * 2] * 2)
    def twice_the_sum(x, y):
        return 2 * (x + y)

    a, b = (mytorch.ones(3, requires_grad=True) for _ in range(2))
    twice_the_sum(a, b).sum().backward()
    assert not shared(a.grad, b.grad)
    assert a.grad.tolist() == b.grad.tolist() == [2, 2, 2]
