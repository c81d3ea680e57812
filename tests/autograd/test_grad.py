"""autograd.grad, of every order, against PyTorch."""

from tests.referee import agree_on, table


def leaf(t, *values, dtype=None):
    return t.tensor(list(values), requires_grad=True, dtype=dtype)


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


# ---- leaves and nodes ----------------------------------------------------------------------------


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)
