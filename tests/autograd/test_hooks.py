"""Hooks on tensors: order, replacing, removal, retain_grad, post-accumulate; compared with PyTorch."""

import pytest

import mytorch
from tests.autograd.agree import agree, table


def leaf(t, *values, **options):
    return t.tensor(list(values), requires_grad=True, **options)


def s_order_of_registration(t):
    x, seen = leaf(t, 1.0, 2.0), []
    x.register_hook(lambda g: seen.append(("first", g.clone())))
    x.register_hook(lambda g: seen.append(("second", g.clone())))
    (x * 3).sum().backward()
    return [list(pair) for pair in seen]


def s_replacing_is_chained(t):
    x = leaf(t, 1.0, 2.0)
    x.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: g + 1)
    (x * 3).sum().backward()
    return x.grad


def s_replacing_on_an_intermediate(t):
    x, y_seen = leaf(t, 1.0, 2.0), []
    y = x * 3
    y.register_hook(lambda g: g * 10)
    y.register_hook(y_seen.append)
    (y * y).sum().backward()
    return x.grad, y_seen[0]


def s_called_once_with_the_whole_gradient(t):
    x, seen = leaf(t, 1.0), []
    y = x * 2
    y.register_hook(seen.append)
    (y + y * 3 + y.exp()).backward()
    return seen


def s_hook_on_a_leaf_gets_the_new_part_only(t):
    x, seen = leaf(t, 1.0), []
    x.register_hook(lambda g: seen.append(g.clone()))
    for _ in range(2):
        (x * 2).backward()
    return seen, x.grad


def s_removal(t):
    x = leaf(t, 1.0)
    handle = x.register_hook(lambda g: g * 100)
    handle.remove()
    handle.remove()
    (x * 2).backward()
    return x.grad


def s_removal_by_context(t):
    x = leaf(t, 1.0)
    with x.register_hook(lambda g: g * 100):
        (x * 2).backward()
    (x * 2).backward()
    return x.grad


def s_removal_inside_a_hook(t):
    x, seen = leaf(t, 1.0), []

    def once(g):
        seen.append(g.clone())
        handle.remove()

    handle = x.register_hook(once)
    (x * 2).backward()
    (x * 2).backward()
    return seen


def s_hook_on_constant(t):
    t.tensor([1.0]).register_hook(print)


def s_hook_seen_by_grad(t):
    x = leaf(t, 1.0)
    y = x * 2
    y.register_hook(lambda g: g * 5)
    return t.autograd.grad(y * 3, y)


def s_hook_on_leaf_seen_by_grad(t):
    x = leaf(t, 1.0)
    x.register_hook(lambda g: g * 5)
    return t.autograd.grad(x * 3, x)


def s_hook_differentiable_under_create_graph(t):
    x = leaf(t, 2.0)
    y = x * x
    y.register_hook(lambda g: g * g)
    (g,) = t.autograd.grad(y * y, x, create_graph=True)
    return g, t.autograd.grad(g, x)


def s_hook_on_one_of_several_outputs(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    a, b = x.split([1, 2])
    b.register_hook(lambda g: g * 10)
    (a.sum() + b.sum()).backward()
    return x.grad


def s_retain_grad(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    (y * y).sum().backward(retain_graph=True)
    first = y.grad.clone()
    (y * y).sum().backward()
    return first, y.grad, y.retains_grad, x.retains_grad


def s_retain_grad_of_a_leaf(t):
    x = leaf(t, 1.0)
    x.retain_grad()
    (x * 2).backward()
    return x.grad, x.retains_grad


def s_retain_grad_of_constant(t):
    t.tensor([1.0]).retain_grad()


def s_retain_grad_sees_what_hooks_made(t):
    x = leaf(t, 1.0)
    y = x * 2
    y.retain_grad()
    y.register_hook(lambda g: g * 7)
    (y * 3).backward()
    return y.grad, x.grad


def s_post_accumulate(t):
    x, seen = leaf(t, 1.0), []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
    (x * 2).backward()
    (x * 3).backward()
    return seen


def s_post_accumulate_may_step_and_free(t):
    x = leaf(t, 1.0)

    def step(p):
        with t.no_grad():
            p.sub_(p.grad, alpha=0.1)
        p.grad = None

    handle = x.register_post_accumulate_grad_hook(step)
    (x * 2).backward()
    grad = x.grad
    handle.remove()
    (x * 2).backward()
    return x, grad, x.grad


def s_post_accumulate_not_called_by_grad(t):
    x, seen = leaf(t, 1.0), []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(1))
    t.autograd.grad(x * 2, x)
    return seen


def s_post_accumulate_on_non_leaf(t):
    (leaf(t, 1.0) * 2).register_post_accumulate_grad_hook(print)


def s_a_gradient_is_not_its_own(t):
    x = leaf(t, 1.0)
    x.grad = x


@table(globals())
def test_as_in_torch(scenario):
    agree(scenario)


def test_gradients_of_intermediate_results_warn():
    for t in (mytorch, pytest.importorskip("torch")):
        x = t.ones(2, requires_grad=True)
        y, kept = x * 2, x * 3
        kept.retain_grad()
        assert kept.grad is None and x.grad is None and y.detach().grad is None  # in silence
        with pytest.warns(
            UserWarning, match="The .grad attribute of a Tensor that is not a leaf Tensor is being accessed"
        ):
            assert y.grad is None


def test_a_hook_that_returns_something_else():
    x = mytorch.ones(2, requires_grad=True)
    x.register_hook(lambda g: 3)
    with pytest.raises(TypeError, match=r"hook.*int"):
        (x * 2).sum().backward()


def test_a_hook_that_returns_another_shape():
    x = mytorch.ones(2, requires_grad=True)
    y = x * 2
    y.register_hook(lambda g: mytorch.ones(3))
    with pytest.raises(RuntimeError, match=r"\[3\].*\[2\]"):
        y.sum().backward()
