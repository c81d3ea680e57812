"""autograd.graph against PyTorch: packed and unpacked saved tensors, hooks on several gradients, edges."""

import gc
import threading

import numpy as np
import pytest

import mytorch
from mytorch.autograd import graph
from mytorch.core.primitive import Primitive
from mytorch.core.walk import Walk
from mytorch.ops.interpose import _chains
from mytorch.testing.samples import rows
from tests.ops.test_ownership import gradients_after
from tests.referee import agree_on, table


def leaf(t, *numbers):
    return t.tensor(numbers or (1.0, 2.0), requires_grad=True)


def hooks(t, pack, unpack=lambda packed: packed):
    return t.autograd.graph.saved_tensors_hooks(pack, unpack)


def s_what_is_packed_is_what_is_read(t):
    x, seen = leaf(t), []
    with hooks(t, lambda s: seen.append(s.detach().clone()) or s * 2, lambda p: seen.append("read") or p / 2):
        y = (x * x).exp()
    y.sum().backward()
    return seen, x.grad


def s_what_is_unpacked_counts(t):
    x = leaf(t)
    with hooks(t, lambda s: 5, lambda number: t.full((2,), float(number))):
        y = x.sin()
    y.sum().backward()
    return x.grad


def s_the_innermost_counts(t):
    x = leaf(t)
    with hooks(t, lambda s: s * 3):
        with hooks(t, lambda s: s * 7):
            a = x.sin()
        b = x.sin()
    (a + b).sum().backward()
    return x.grad


def s_nothing_is_packed_without_gradients(t):
    x, seen = leaf(t), []
    with hooks(t, lambda s: seen.append(1) or s), t.no_grad():
        x.exp()
    with hooks(t, lambda s: seen.append(1) or s):
        x.detach().exp()
    return seen


def s_read_each_time(t):
    x, seen = leaf(t), []
    with hooks(t, lambda s: s, lambda s: seen.append(1) or s):
        y = x.exp()
    y.sum().backward(retain_graph=True)
    y.sum().backward()
    return seen, x.grad


def s_no_tensor_is_unpacked(t):
    x = leaf(t)
    with hooks(t, lambda s: s, lambda s: 3):
        y = x.exp()
    y.sum().backward()


def s_a_hook_that_writes_into_what_it_is_given(t):
    with hooks(t, lambda s: s.mul_(2)):
        leaf(t) * leaf(t).detach().requires_grad_()


def s_a_change_of_what_was_packed_as_a_copy(t):
    w = leaf(t) * 1
    with hooks(t, lambda s: s.detach().clone()):
        y = w * w
    w.add_(1)
    y.sum().backward()
    return y.grad_fn is None


def s_of_a_function(t):
    class Square(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

    x, seen = leaf(t), []
    with hooks(t, lambda s: seen.append("packed") or s, lambda s: seen.append("read") or s * 10):
        y = Square.apply(x)
    y.sum().backward()
    return seen, x.grad


def s_a_layer_and_its_second_order(t):
    x = t.linspace(-1, 1, 6).reshape(2, 3).requires_grad_()
    w = t.linspace(0, 1, 6).reshape(2, 3).requires_grad_()
    with hooks(t, lambda s: s.detach().clone(), lambda s: s):
        y = t.nn.functional.linear(x, w).tanh()
    y.sum().backward()
    return x.grad, w.grad


def s_kept_on_the_cpu(t):
    x = leaf(t)
    with t.autograd.graph.save_on_cpu():
        y = (x * x).exp().sum()
    y.backward()
    return x.grad


def s_refused(t):
    with t.autograd.graph.disable_saved_tensors_hooks("not here"), hooks(t, lambda s: s):
        pass


def s_refused_no_more(t):
    with t.autograd.graph.disable_saved_tensors_hooks("not here"):
        pass
    with hooks(t, lambda s: s):
        return leaf(t).exp()


def s_all_gradients(t):
    a, b, c = leaf(t), leaf(t), leaf(t)
    seen = []
    add = t.autograd.graph.register_multi_grad_hook
    handle = add([a, b, c], lambda gs: seen.append([None if g is None else g.clone() for g in gs]))
    (a * b).sum().backward()
    (a * 2).sum().backward()
    (a * b * c).sum().backward()
    (t.ones(2, requires_grad=True) * 2).sum().backward()
    handle.remove()
    (a * b).sum().backward()
    return seen


def s_of_inner_tensors(t):
    a, seen = leaf(t), []
    y, z = a * 2, a * 3
    t.autograd.graph.register_multi_grad_hook([y, z], lambda gs: seen.append([g.clone() for g in gs]))
    (y * z).sum().backward()
    return seen, a.grad


def s_any_gradient(t):
    a, b, seen = leaf(t), leaf(t, 3.0, 4.0), []
    y = a * 1
    t.autograd.graph.register_multi_grad_hook([y, b], lambda g: seen.append(g.clone()), mode="any")
    (y * b).sum().backward()
    (b * 2).sum().backward()
    return len(seen), seen[1]


def s_another_mode(t):
    t.autograd.graph.register_multi_grad_hook([leaf(t)], print, mode="some")


def s_edges(t):
    x = leaf(t, 1.0, 2.0, 3.0, 4.0)
    first, second = x.split(2)
    edge = t.autograd.graph.get_gradient_edge
    return (
        edge(first).output_nr,
        edge(second).output_nr,
        edge(second).node is second.grad_fn,
        edge(x * 2).output_nr,
    )


def s_no_edge(t):
    t.autograd.graph.get_gradient_edge(t.ones(2))


def s_a_version_that_is_raised(t):
    w = leaf(t) * 1
    y = w.exp() * w
    t.autograd.graph.increment_version(w)
    y.sum().backward()


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


@pytest.mark.parametrize("row", [r for r in rows() if r.smooth], ids=lambda row: row.id)
def test_every_operation_reads_what_was_packed(row):
    """Copies, that are all which is left, give the same gradients."""
    expected = gradients_after(row, lambda results: None)
    with graph.saved_tensors_hooks(lambda s: s.numpy().copy(), lambda packed: mytorch.from_numpy(packed)):
        found = gradients_after(row, lambda results: None)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_what_is_packed_is_the_one_thing_that_lives():
    x = mytorch.ones(1000, requires_grad=True)
    with graph.saved_tensors_hooks(lambda s: None, lambda packed: mytorch.ones(1000)):
        y = (x * 2).exp()
    assert all(value is None for value in y.grad_fn.saved.values)


def test_another_thread_has_its_own():
    x, seen = leaf(mytorch), []
    with graph.saved_tensors_hooks(lambda s: seen.append(1) or s, lambda s: s):
        thread = threading.Thread(target=lambda: x.exp())
        thread.start()
        thread.join()
        assert not seen
        x.exp()
    assert seen == [1]


def test_a_hook_on_several_gradients_ends_with_the_tensors():
    a, b = leaf(mytorch), leaf(mytorch)
    graph.register_multi_grad_hook([a, b], print)
    assert Walk.run in _chains
    del a, b
    gc.collect()
    assert Walk.run not in _chains


def test_nobody_is_asked_outside():
    assert Primitive.record not in _chains
    with graph.saved_tensors_hooks(lambda s: s, lambda s: s):
        assert Primitive.record in _chains
    assert Primitive.record not in _chains
