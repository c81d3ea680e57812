"""Hooks on tensors: order, replacing, removal, retain_grad, post-accumulate; compared with PyTorch."""

import pytest

import mytorch
from tests.referee import agree_on, table, torch


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


# ---- in-place changes: the retained gradient is that of the values at the end -----------------------


CHANGES = {
    "relu_": lambda t, b: b.relu_(),
    "ReLU(inplace=True)": lambda t, b: t.nn.ReLU(inplace=True)(b),
    "leaky_relu(inplace=True)": lambda t, b: t.nn.functional.leaky_relu(b, 0.5, inplace=True),
    "Hardtanh(inplace=True)": lambda t, b: t.nn.Hardtanh(-0.5, 2.5, inplace=True)(b),
    "clamp_": lambda t, b: b.clamp_(min=0.0),
    "mul_": lambda t, b: b.mul_(3),
    "mul_ by itself": lambda t, b: b.mul_(b),
    "sub": lambda t, b: b.__isub__(b.sum()),
    "pow": lambda t, b: b.__ipow__(2),
    "exp_": lambda t, b: b.exp_(),
    "addcmul_": lambda t, b: b.addcmul_(b.detach(), b.detach(), value=0.5),
    "masked_fill_": lambda t, b: b.masked_fill_(b < 0, 3.0),
    "index_add_": lambda t, b: b.index_add_(0, t.tensor([1]), t.tensor([[9.0, 1.0]])),
    "zero_": lambda t, b: b.zero_(),
    "fill_": lambda t, b: b.fill_(2.0),
    "copy_": lambda t, b: b.copy_(b.detach() * 2),
    "number to a place": lambda t, b: b.__setitem__(0, 5.0),
    "tensor to a place": lambda t, b: b.__setitem__(0, b[1] * 4),
    "to a mask": lambda t, b: b.__setitem__(b > 0, 1.5),
    "to places of a tensor": lambda t, b: b.__setitem__(t.tensor([1]), b.detach()[:1] * 2),
    "a view": lambda t, b: b[0].mul_(4),
    "a view of a view": lambda t, b: b.t()[0][:1].exp_(),
    "twice": lambda t, b: b.mul_(2).add_(1),
    "without recording": lambda t, b: b.detach().mul_(2),
}


# PyTorch's formulas read the result of these, so that it refuses a second change
ONCE = {"relu_", "ReLU(inplace=True)", "leaky_relu(inplace=True)", "exp_", "a view of a view"}


@pytest.mark.parametrize(
    ("change", "again"), [(c, False) for c in CHANGES] + [(c, True) for c in CHANGES if c not in ONCE]
)
def test_retained_gradient_after_a_change(change, again):
    def scenario(t):
        x, weight = leaf(t, [-1.0, 2.0], [3.0, -4.0]), t.tensor([[5.0, 7.0], [11.0, 13.0]])
        b = x * 1
        b.retain_grad()
        earlier = []
        b.register_hook(lambda g: earlier.append(g.clone()))  # stays with the values before the change
        CHANGES[change](t, b)
        if again:
            b.mul_(0.5)
        (b * weight).sum().backward()
        return b.grad, x.grad, earlier, b.retains_grad

    agree_on(scenario)


@pytest.mark.parametrize("change", ["t_", "unsqueeze_"])
def test_retained_gradient_after_a_change_of_shape(change):
    x = mytorch.tensor([[-1.0, 2.0], [3.0, -4.0]], requires_grad=True)
    b = x * 1
    b.retain_grad()
    b.t_() if change == "t_" else b.unsqueeze_(0)
    b.backward(mytorch.arange(4.0).reshape(b.shape))
    assert b.grad.tolist() == mytorch.arange(4.0).reshape(b.shape).tolist()  # PyTorch's is that of x * 1


def s_a_retained_view_is_changed(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    b = x * 1
    v = b[:2]
    b.retain_grad()
    v.retain_grad()
    v.mul_(10)
    (b.sum() + (v * v).sum()).backward()
    return v.grad, b.grad, x.grad


def s_the_base_of_a_retained_view_is_changed(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    b = x * 1
    v = b[:2]
    v.retain_grad()
    b.mul_(10)
    (b * b).sum().backward()
    return v.grad, x.grad


def s_the_base_of_a_retained_view_is_changed_and_the_view_used(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    b = x * 1
    v = b[:2]
    v.retain_grad()
    b.mul_(10)
    (v * v).sum().backward()
    return v.grad, x.grad


def s_a_retained_view_is_changed_through_another(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    b = x * 1
    v, w = b[:2], b[1:]
    v.retain_grad()
    w.mul_(10)
    (b.sum() + (v * v).sum()).backward()
    return v.grad, x.grad


def s_a_retained_output_of_several_is_changed(t):
    x = leaf(t, 3.0, 1.0, 2.0)
    values, _ = (x * 1).sort()
    values.retain_grad()
    values.mul_(2)
    (values * t.tensor([5.0, 7.0, 9.0])).sum().backward()
    return values.grad, x.grad


def s_a_retained_tensor_is_changed_by_a_user_function(t):
    class Double(t.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = leaf(t, 1.0, 2.0)
    b = x * 1
    b.retain_grad()
    Double.apply(b)
    (b * t.tensor([5.0, 7.0])).sum().backward()
    return b.grad, x.grad


def s_retained_and_changed_under_no_grad(t):
    x = leaf(t, 1.0, 2.0)
    b = x * 1
    b.retain_grad()
    with t.no_grad():
        b.mul_(2)
    b.sum().backward()
    return b.grad, x.grad


def s_retained_then_detached_then_changed(t):
    x = leaf(t, 1.0, 2.0)
    b = x * 1
    b.retain_grad()
    b.detach_()
    return b.mul_(2), b.requires_grad


# ---- a leaf frozen after the forward pass collects nothing ------------------------------------------


def _unflagged(w):
    w.requires_grad = False


FREEZING = {
    "requires_grad_": lambda t, w: w.requires_grad_(False),
    "requires_grad": lambda t, w: _unflagged(w),
    "detach_": lambda t, w: w.detach_(),
    "Module.requires_grad_": lambda t, w: t.nn.ParameterList([w]).requires_grad_(False),
}


@pytest.mark.parametrize("way", FREEZING)
@pytest.mark.parametrize("create", [False, True], ids=["plain", "create_graph"])
def test_a_frozen_leaf_collects_nothing(way, create):
    def scenario(t):
        w, v, seen = t.nn.Parameter(t.ones(2)), leaf(t, 3.0, 4.0), []
        w.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad is None))
        w.register_hook(lambda g: seen.append(g.clone()))
        y = (w * v).sum()
        FREEZING[way](t, w)
        y.backward(retain_graph=True, create_graph=create)
        frozen = w.grad
        w.requires_grad_()
        y.backward()
        return frozen, w.grad, v.grad, seen

    agree_on(scenario)


@pytest.mark.parametrize("way", FREEZING)
def test_a_frozen_leaf_keeps_its_gradient(way):
    def scenario(t):
        w = t.nn.Parameter(t.ones(2))
        (w * 3).sum().backward()
        y = (w * 5).sum()
        FREEZING[way](t, w)
        y.backward()
        return w.grad

    agree_on(scenario)


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
    agree_on(scenario)


def test_gradients_of_intermediate_results_warn():
    for t in (mytorch, torch):
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


def test_post_accumulate_hooks_run_as_soon_as_the_gradient_is_whole():
    """While older operations still wait for their turn: whatever reduces gradients can begin then."""
    old = mytorch.ones(3, requires_grad=True)
    y = (old * 2).exp()
    new = mytorch.ones(3, requires_grad=True)  # younger than the operations on ``old``
    order = []
    y.register_hook(lambda g: order.append("an older operation"))
    new.register_post_accumulate_grad_hook(lambda p: order.append("new") or p.grad.mul_(10))
    old.register_post_accumulate_grad_hook(lambda p: order.append("old"))
    (y * new + new.sin()).sum().backward()
    assert order == ["new", "an older operation", "old"]
    assert mytorch.allclose(new.grad, 10 * (y.detach() + new.detach().cos()))


def test_a_gradient_that_comes_after_the_hooks_is_still_added():
    x = mytorch.ones(3, requires_grad=True)
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.clone()))
    old = x * 2
    x._node.order = mytorch.core.graph.now()  # as if only what follows used it
    (old.exp() + x * 3).sum().backward()
    assert len(seen) == 2 and (seen[0] == 3).all()
    assert mytorch.allclose(x.grad, 3 + 2 * (2 * x.detach()).exp())
