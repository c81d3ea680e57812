"""User-defined Functions, compared with PyTorch."""

import numpy as np
import pytest

import mytorch
from mytorch.autograd import Function, gradcheck, gradgradcheck
from tests.referee import agree_on, table


def leaf(t, *values, **options):
    return t.tensor(list(values), requires_grad=True, **options)


def function(t, forward, backward, **more):
    return type(
        "Mine",
        (t.autograd.Function,),
        {"forward": staticmethod(forward), "backward": staticmethod(backward), **more},
    )


def exp(t):
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    return function(t, forward, lambda ctx, g: g * ctx.saved_tensors[0])


def product(t):
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return (g * y if ctx.needs_input_grad[0] else None), (g * x if ctx.needs_input_grad[1] else None)

    return function(t, forward, backward)


def s_simple(t):
    x = leaf(t, 1.0, 2.0)
    y = exp(t).apply(x)
    y.sum().backward()
    return y, x.grad, y.is_leaf, y.requires_grad


def s_two_inputs(t):
    x, y = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    (product(t).apply(x, y) * x).sum().backward()
    return x.grad, y.grad


def s_needs_input_grad(t):
    seen = []

    def backward(ctx, g):
        seen.append(ctx.needs_input_grad)
        return g, None, None, None

    f = function(t, lambda ctx, x, y, k, name: x * k, backward)
    f.apply(leaf(t, 1.0), t.ones(1), 3, name := "a").sum().backward()
    return seen, name


def s_non_tensor_arguments(t):
    def forward(ctx, x, k, options):
        ctx.k, ctx.options = k, options
        return x * k + options["add"]

    f = function(t, forward, lambda ctx, g: (g * ctx.k, None, None))
    x = leaf(t, 1.0)
    f.apply(x, 3, {"add": 1}).backward()
    return x.grad


def s_setup_context(t):
    def setup_context(ctx, inputs, output):
        x, k = inputs
        ctx.k = k
        ctx.save_for_backward(x, output)

    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * ctx.k * y / x, None

    f = function(t, lambda x, k: x**k, backward, setup_context=staticmethod(setup_context))
    x = leaf(t, 1.5, 2.0)
    (g,) = t.autograd.grad(f.apply(x, 3).sum(), x, create_graph=True)
    return g, t.autograd.grad(g.sum(), x)


def s_several_outputs(t):
    f = function(t, lambda ctx, x: (x * 2, x * 3), lambda ctx, a, b: a * 2 + b * 3)
    x = leaf(t, 1.0, 2.0)
    a, b = f.apply(x)
    (a * 10 + b).sum().backward()
    return a, b, x.grad


def s_tuple_of_one(t):
    f = function(t, lambda ctx, x: (x * 2,), lambda ctx, a: a * 2)
    x = leaf(t, 1.0)
    out = f.apply(x)
    out[0].backward()
    return type(out).__name__, x.grad


def s_unused_output_gets_zeros(t):
    seen = []

    def backward(ctx, a, b):
        seen.append((a, b))
        return a * 2 + b * 3

    f = function(t, lambda ctx, x: (x * 2, x * 3), backward)
    x = leaf(t, 1.0, 2.0)
    f.apply(x)[1].sum().backward()
    return seen, x.grad


def s_unused_output_gets_none(t):
    def forward(ctx, x):
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    def backward(ctx, a, b):
        assert a is None
        return b * 3

    x = leaf(t, 1.0, 2.0)
    function(t, forward, backward).apply(x)[1].sum().backward()
    return x.grad


def s_integer_output(t):
    seen = []

    def forward(ctx, x):
        places = x.argsort()
        ctx.mark_non_differentiable(places)
        ctx.save_for_backward(places)
        return x[places], places

    def backward(ctx, g, h):
        (places,) = ctx.saved_tensors
        seen.append(h)
        out = g * 0
        out[places] = g
        return out

    x = leaf(t, 3.0, 1.0, 2.0)
    y, places = function(t, forward, backward).apply(x)
    (y * t.tensor([1.0, 2.0, 3.0])).sum().backward()
    return y, places, places.requires_grad, seen, x.grad


def s_non_differentiable_float_output(t):
    def forward(ctx, x):
        a, b = x * 2, x * 3
        ctx.mark_non_differentiable(b)
        return a, b

    x = leaf(t, 1.0)
    a, b = function(t, forward, lambda ctx, a, b: a * 2 + b * 100).apply(x)
    (a + b).backward()
    return a.requires_grad, b.requires_grad, x.grad


def s_none_output(t):
    f = function(t, lambda ctx, x: (x * 2, None, 5), lambda ctx, a, b, c: a * 2)
    x = leaf(t, 1.0)
    a, b, c = f.apply(x)
    a.backward()
    return b, c, x.grad


def s_input_returned_as_is(t):
    f = function(t, lambda ctx, x: x, lambda ctx, g: g * 7)
    x = leaf(t, 1.0, 2.0)
    y = f.apply(x)
    y.sum().backward()
    return y is x, y.is_leaf, x.is_leaf, x.grad


def s_view_of_input_returned(t):
    f = function(t, lambda ctx, x: x.view(2, 1), lambda ctx, g: g.view(2) * 7)
    x = leaf(t, 1.0, 2.0)
    y = f.apply(x * 1)
    y.sum().backward()
    return y, x.grad


def s_input_that_is_a_view_returned(t):
    f = function(t, lambda ctx, x: x, lambda ctx, g: g * 7)
    x = t.tensor([[0.0, 2.0], [3.0, 4.0]], requires_grad=True)
    a = x * 1
    y = f.apply(a[0])
    (y * y).sum().backward()
    return y, x.grad


def s_view_of_input_changed(t):
    f = function(t, lambda ctx, x: x.view(2, 1), lambda ctx, g: g.view(2) * 7)
    f.apply(leaf(t, 1.0, 2.0) * 1).mul_(2)


def s_dirty(t):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    f = function(t, forward, lambda ctx, g: g * 2)
    x = leaf(t, 1.0, 2.0)
    y = x * 1
    z = f.apply(y)
    (z * z).sum().backward()
    return z is y, y, y._version, x.grad


def s_dirty_view(t):
    def forward(ctx, x):
        x.mul_(2)
        ctx.mark_dirty(x)
        return x

    f = function(t, forward, lambda ctx, g: g * 2)
    x = leaf(t, 1.0, 2.0)
    y = x * 1
    f.apply(y[:1])
    (y * y).sum().backward()
    return y, x.grad


def s_dirty_leaf(t):
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(2)

    function(t, forward, lambda ctx, g: g * 2).apply(leaf(t, 1.0))


def s_dirty_but_not_returned(t):
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x * 2

    function(t, forward, lambda ctx, g: g * 2).apply(leaf(t, 1.0) * 1)


def s_too_few_gradients(t):
    function(t, lambda ctx, x, y: x * y, lambda ctx, g: g).apply(leaf(t, 1.0), leaf(t, 1.0)).backward()


def s_too_many_gradients(t):
    function(t, lambda ctx, x: x * 2, lambda ctx, g: (g, g)).apply(leaf(t, 1.0)).backward()


def s_trailing_nones(t):
    x = leaf(t, 1.0)
    function(t, lambda ctx, x: x * 2, lambda ctx, g: (g, None, None)).apply(x).backward()
    return x.grad


def s_gradient_for_a_number(t):
    function(t, lambda ctx, x, k: x * k, lambda ctx, g: (g, g)).apply(leaf(t, 1.0), 2).backward()


def s_gradient_of_wrong_shape(t):
    function(t, lambda ctx, x: x.sum(), lambda ctx, g: t.ones(3)).apply(leaf(t, 1.0, 2.0)).backward()


def s_gradient_that_broadcasts_back(t):
    x = leaf(t, 1.0, 2.0)
    function(t, lambda ctx, x: x.sum(), lambda ctx, g: t.ones(3, 2)).apply(x).backward()
    return x.grad


def s_gradient_of_another_dtype(t):
    x = leaf(t, 1.0, 2.0)
    function(t, lambda ctx, x: x.sum(), lambda ctx, g: t.ones(2, dtype=t.float64)).apply(x).backward()
    return x.grad


def s_gradient_that_is_no_tensor(t):
    function(t, lambda ctx, x: x * 2, lambda ctx, g: 3.0).apply(leaf(t, 1.0)).backward()


def s_no_gradient(t):
    x = leaf(t, 1.0)
    y = x + function(t, lambda ctx, x: x * 2, lambda ctx, g: None).apply(x)
    y.backward()
    return x.grad


def s_without_backward(t):
    f = type("Mine", (t.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)})
    f.apply(leaf(t, 1.0)).backward()


def s_without_forward(t):
    type("Mine", (t.autograd.Function,), {}).apply(leaf(t, 1.0))


def s_vjp_is_backward(t):
    f = type(
        "Mine",
        (t.autograd.Function,),
        {"forward": staticmethod(lambda ctx, x: x * 2), "vjp": staticmethod(lambda ctx, g: g * 5)},
    )
    x = leaf(t, 1.0)
    f.apply(x).backward()
    return x.grad


def s_instances_are_refused(t):
    exp(t)()(leaf(t, 1.0))


def s_forward_is_not_recorded(t):
    seen = []

    def forward(ctx, x):
        y = x * 2
        seen.append((t.is_grad_enabled(), y.requires_grad))
        return y

    function(t, forward, lambda ctx, g: g).apply(leaf(t, 1.0))
    return seen


def s_backward_is_recorded_only_with_create_graph(t):
    seen = []

    def backward(ctx, g):
        seen.append(t.is_grad_enabled())
        return g * 2

    f, x = function(t, lambda ctx, x: x * 2, backward), leaf(t, 1.0)
    f.apply(x).backward()
    t.autograd.grad(f.apply(x), x, create_graph=True)
    return seen


def s_double_backward(t):
    x = leaf(t, 0.5, 2.0)
    (g,) = t.autograd.grad((exp(t).apply(x) ** 2).sum(), x, create_graph=True)
    (h,) = t.autograd.grad(g.sum(), x, create_graph=True)
    return g, h, t.autograd.grad(h.sum(), x)


def s_double_backward_of_several_outputs(t):
    def forward(ctx, x):
        a, b = x.exp(), x * x
        ctx.save_for_backward(x, a)
        return a, b

    def backward(ctx, g, h):
        x, a = ctx.saved_tensors
        return g * a + h * 2 * x

    x = leaf(t, 0.5, 2.0)
    a, b = function(t, forward, backward).apply(x)
    (g,) = t.autograd.grad((a * b).sum(), x, create_graph=True)
    return g, t.autograd.grad((g * a).sum(), x)


def s_gradient_with_respect_to_a_saved_output(t):
    x = leaf(t, 0.5, 2.0)
    y = exp(t).apply(x)
    (g,) = t.autograd.grad(y.sum(), x, create_graph=True)
    return t.autograd.grad(g.sum(), y)


def once(t, rule):
    return t.autograd.function.once_differentiable(rule)


def s_once_differentiable(t):
    f = function(t, lambda ctx, x: x * 2, once(t, lambda ctx, g: g * 2))
    x = leaf(t, 1.0)
    f.apply(x).backward()
    return x.grad


def s_once_differentiable_twice(t):
    f = function(t, lambda ctx, x: x * 2, once(t, lambda ctx, g: g * 2))
    x = leaf(t, 1.0)
    y = x * x
    (g,) = t.autograd.grad(f.apply(y) * y, x, create_graph=True)
    g.backward()


def s_saved_value_changed(t):
    x = leaf(t, 1.0, 2.0) * 1
    y = product(t).apply(x, x)
    x.add_(1)
    y.sum().backward()


def s_freed(t):
    y = exp(t).apply(leaf(t, 1.0))
    y.backward()
    y.backward()


def s_not_freed_where_nothing_was_saved(t):
    x = leaf(t, 1.0)
    y = function(t, lambda ctx, x: x * 2, lambda ctx, g: g * 2).apply(x)
    y.backward()
    y.backward()
    return x.grad


def s_saving_what_is_no_tensor(t):
    function(t, lambda ctx, x: ctx.save_for_backward(x, 3) or x * 2, lambda ctx, g: g).apply(leaf(t, 1.0))


def s_saving_none(t):
    def forward(ctx, x):
        ctx.save_for_backward(x, None)
        return x * 2

    def backward(ctx, g):
        x, nothing = ctx.saved_tensors
        assert nothing is None
        return g * x

    x = leaf(t, 3.0)
    function(t, forward, backward).apply(x).backward()
    return x.grad


def s_without_a_live_input(t):
    y = exp(t).apply(t.ones(2))
    return y, y.requires_grad


def s_under_no_grad(t):
    with t.no_grad():
        y = exp(t).apply(leaf(t, 1.0))
    return y.requires_grad


def s_same_output_twice(t):
    def forward(ctx, x):
        y = x * 2
        return y, y

    x = leaf(t, 1.0)
    a, b = function(t, forward, lambda ctx, g, h: g * 2 + h * 20).apply(x)
    (a * 3 + b).backward()
    return a, b


def s_nested(t):
    f = exp(t)

    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        with t.enable_grad():
            x = x.detach().requires_grad_()
            y = f.apply(x) * x
        return t.autograd.grad(y, x, g)[0]

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return f.apply(x) * x

    x = leaf(t, 1.0, 2.0)
    function(t, forward, backward).apply(x).sum().backward()
    return x.grad


def s_hook_on_output(t):
    x = leaf(t, 1.0)
    y = exp(t).apply(x)
    y.register_hook(lambda g: g * 3)
    y.backward()
    return x.grad


def s_straight_through(t):
    f = function(t, lambda ctx, x: x.round(), lambda ctx, g: g)
    x = leaf(t, 1.3, 2.6)
    (f.apply(x) * x).sum().backward()
    return x.grad


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


class Exp(Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


def test_gradients_numerically(device):
    x = mytorch.tensor(np.linspace(-1, 1, 6).reshape(2, 3), requires_grad=True, device=device)
    assert gradcheck(Exp.apply, x)
    assert gradgradcheck(Exp.apply, x)


def test_it_is_the_node():
    y = Exp.apply(mytorch.ones(2, requires_grad=True))
    assert y.grad_fn.name == "ExpBackward"
    assert y.grad_fn.saved_tensors[0].shape == (2,)


def test_messages():
    x = mytorch.ones(2, requires_grad=True)

    class Bad(Function):
        @staticmethod
        def forward(ctx, x, k):
            return x * k

        @staticmethod
        def backward(ctx, g):
            return Bad.result

    for result, kind, message in [
        (
            x.detach(),
            RuntimeError,
            r"BadBackward returned an incorrect number of gradients \(expected 2, got 1\)",
        ),
        (
            (x.detach(), x.detach()),
            RuntimeError,
            r"BadBackward returned a gradient different from None at position 2",
        ),
        (
            (mytorch.ones(3), None),
            RuntimeError,
            r"BadBackward returned an invalid gradient at index 0 - got \[3\] but expected.*\[2\]",
        ),
        ((1.0, None), RuntimeError, r"expected Variable or None \(got float\)"),
    ]:
        Bad.result = result
        with pytest.raises(kind, match=message):
            Bad.apply(x, 2).sum().backward()
    with pytest.raises(
        TypeError, match="save_for_backward can only save variables, but argument 1 is of type int"
    ):
        mytorch.autograd.function.FunctionCtx().save_for_backward(x, 1)


def test_the_same_gradient_for_two_inputs_is_not_shared():
    class Both(Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            g = g * 2
            return g, g

    x, y = mytorch.ones(2, requires_grad=True), mytorch.ones(2, requires_grad=True)
    Both.apply(x, y).sum().backward()
    x.grad += 1
    np.testing.assert_array_equal(y.grad.numpy(), [2, 2])


def test_a_gradient_that_the_user_keeps_is_not_shared():
    kept = mytorch.ones(2)

    class Keep(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return kept

    x = mytorch.ones(2, requires_grad=True)
    for _ in range(3):
        Keep.apply(x).sum().backward()
    np.testing.assert_array_equal(kept.numpy(), [1, 1])
    np.testing.assert_array_equal(x.grad.numpy(), [3, 3])


def test_variable_is_the_old_name_of_tensor():
    x = mytorch.autograd.Variable(mytorch.ones(2), requires_grad=True)
    assert type(x) is mytorch.Tensor
    assert x.requires_grad
    assert isinstance(x, mytorch.autograd.Variable)
    assert not isinstance(3, mytorch.autograd.Variable)
    assert not mytorch.autograd.Variable(x * 2).requires_grad
