"""Leaves and nodes of the graph, against PyTorch."""

from tests.referee import agree_on, table


def leaf(t, *values, dtype=None):
    return t.tensor(list(values), requires_grad=True, dtype=dtype)


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
