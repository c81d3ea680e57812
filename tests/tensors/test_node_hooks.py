"""Hooks on nodes against PyTorch: what they see, what they change, when they are asked."""

import gc

import pytest

import mytorch
from mytorch.core.walk import Walk
from mytorch.ops.interpose import _chains
from tests.referee import agree_on, table


def values(gradients):
    return [None if g is None else g.detach().clone() for g in gradients]


def leaf(t, *numbers):
    return t.tensor(numbers or (1.0, 2.0), requires_grad=True)


def s_hooks_see_both_sides(t):
    x, seen = leaf(t), []
    y = x * x * 3
    y.grad_fn.register_hook(lambda inputs, outputs: seen.append((values(inputs), values(outputs))))
    y.grad_fn.register_prehook(lambda outputs: seen.append(values(outputs)))
    (y * y).sum().backward()
    return seen, x.grad


def s_what_hooks_return_counts(t):
    x = leaf(t)
    y = x * 2
    y.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 10, None))
    y.grad_fn.register_prehook(lambda outputs: (outputs[0] * 3,))
    y.sum().backward()
    return x.grad


def s_several_hooks_in_order(t):
    x, seen = leaf(t), []
    y = x.exp()
    for k in (1, 2, 3):
        y.grad_fn.register_hook(lambda i, o, k=k: seen.append(k) or (i[0] * k,))
        y.grad_fn.register_prehook(lambda o, k=k: seen.append(-k) or (o[0] * k,))
    y.sum().backward()
    return seen, x.grad


def s_after_the_hooks_of_the_tensor(t):
    x, seen = leaf(t), []
    y = x * 2
    y.grad_fn.register_prehook(lambda o: seen.append(values(o)))
    y.register_hook(lambda g: g * 5)
    y.sum().backward()
    return seen, x.grad


def s_of_several_outputs(t):
    x, seen = leaf(t, 1.0, 2.0, 3.0, 4.0), []
    first, second = x.split(2)
    first.grad_fn.register_prehook(lambda o: seen.append(values(o)))
    first.grad_fn.register_hook(lambda i, o: seen.append(values(i)) or (i[0] * 2,))
    (first * second).sum().backward()
    return seen, x.grad


def s_removed(t):
    x = leaf(t)
    y = x * 2
    handles = [
        y.grad_fn.register_hook(lambda i, o: (i[0] * 9, None)),
        y.grad_fn.register_prehook(lambda o: (o[0] * 9,)),
    ]
    y.sum().backward(retain_graph=True)
    for handle in handles:
        handle.remove()
        handle.remove()
    y.sum().backward()
    return x.grad


def s_under_create_graph(t):
    x = leaf(t)
    y = x**3
    y.grad_fn.register_hook(lambda i, o: (i[0] * 2, *[None] * (len(i) - 1)))
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = t.autograd.grad(g.sum(), x)
    return g, h


def s_of_a_function(t):
    class Double(t.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x * 2 + y

        @staticmethod
        def backward(ctx, g):
            return g * 2, g

    x, y, seen = leaf(t), leaf(t), []
    out = Double.apply(x, y)
    out.grad_fn.register_hook(lambda i, o: seen.append((values(i), values(o))) or (i[0] * 3, i[1]))
    out.sum().backward()
    return seen, x.grad, y.grad


def accumulator(x):
    return x.expand_as(x).grad_fn.next_functions[0][0]


def s_at_the_end_of_an_edge(t):
    x, seen = leaf(t), []
    end = accumulator(x)
    handle = end.register_hook(lambda i, o: seen.append((values(i), values(o), x.grad.clone())))
    end.register_prehook(lambda o: (o[0] * 2,))
    (x * 2).sum().backward()
    (x * 3).sum().backward()
    handle.remove()
    (x * 4).sum().backward()
    return seen, x.grad


def s_the_leaf_of_an_edge(t):
    x = leaf(t)
    return accumulator(x).variable is x


def s_metadata(t):
    y = leaf(t) * 2
    y.grad_fn.metadata["a"] = 1
    return y.grad_fn.metadata


def s_a_tensor_for_a_tuple(t):
    y = leaf(t) * 2
    y.grad_fn.register_hook(lambda i, o: i[0])
    y.sum().backward()


def s_too_few(t):
    y = leaf(t) * leaf(t)
    y.grad_fn.register_hook(lambda i, o: (i[0],))
    y.sum().backward()


def s_another_shape(t):
    y = leaf(t) * 2
    y.grad_fn.register_prehook(lambda o: (o[0][:1],))
    y.sum().backward()


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_nobody_is_asked_while_there_are_none():
    y = leaf(mytorch) * 2
    y.grad_fn.register_hook(lambda i, o: None)
    assert Walk.gradients_of in _chains
    del y
    gc.collect()
    assert Walk.gradients_of not in _chains


def test_an_edge_does_not_hold_its_leaf():
    x = leaf(mytorch)
    end = accumulator(x)
    del x
    assert end.variable is None


def test_the_error_names_the_hook():
    def halves(inputs, outputs):
        return inputs[0]

    y = leaf(mytorch) * leaf(mytorch)
    y.grad_fn.register_hook(halves)
    with pytest.raises(TypeError, match="expected tuple, but hook 'halves' returned 'Tensor'"):
        y.sum().backward()
