"""In-place changes under autograd: version counters, views that propagate gradient, what is refused; compared
with PyTorch.
"""

import pytest

import mytorch
from tests.referee import agree_on, table


def leaf(t, *values):
    return t.tensor(list(values), requires_grad=True)


# ---- saved values that change --------------------------------------------------------------------


def s_saved_input_changed(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    z = y * y
    y.add_(1)
    z.sum().backward()


def s_saved_output_changed(t):
    y = leaf(t, 1.0, 2.0).exp()
    y.mul_(2)
    y.sum().backward()


def s_saved_input_changed_through_a_view(t):
    y = leaf(t, 1.0, 2.0) * 2
    z = y * y
    y[0].zero_()
    z.sum().backward()


def s_saved_input_changed_through_detach(t):
    y = leaf(t, 1.0, 2.0) * 2
    z = y * y
    y.detach().zero_()
    z.sum().backward()


def s_saved_input_changed_through_data(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    z = y * y
    y.data.zero_()  # unnoticed
    z.sum().backward()
    return x.grad


def s_saved_constant_changed(t):
    x, c = leaf(t, 1.0, 2.0), t.tensor([3.0, 4.0])
    z = x * c
    c.add_(1)
    z.sum().backward()


def s_saved_leaf_changed_under_no_grad(t):
    x, w = leaf(t, 1.0, 2.0), leaf(t, 3.0, 4.0)
    z = x * w
    with t.no_grad():
        w.add_(1)
    z.sum().backward()


def s_changed_but_not_saved(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    z = y + 1
    y.add_(5)
    (z.sum() + y.sum()).backward()
    return x.grad, z, y


def s_only_the_saved_output_of_several_counts(t):
    x = leaf(t, 3.0, 1.0, 2.0)
    values, _ = (x * 2).sort()
    values.mul_(3)  # only the places were saved
    values.sum().backward()
    return x.grad


def s_the_saved_output_of_several_changed(t):
    values, places = (leaf(t, 3.0, 1.0, 2.0) * 2).sort()
    places.add_(0)
    values.sum().backward()


def s_changed_before_it_was_saved(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 2
    y.add_(5)
    (y * y).sum().backward()
    return x.grad


def s_changed_by_an_optimizer_step_between_two_backwards(t):
    w = leaf(t, 1.0, 2.0)
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    with t.no_grad():
        w.sub_(w.grad)
    loss.backward()


def s_versions(t):
    x = t.zeros(4)
    v = x.view(2, 2)[0]
    found = [x._version, v._version]
    v.add_(1)
    x.mul_(2)
    x[0] = 3.0
    return [*found, x._version, v._version, x.detach()._version, (x * 1)._version, x.data._version]


# ---- what is refused -----------------------------------------------------------------------------


def s_leaf(t):
    leaf(t, 1.0).add_(1)


def s_view_of_a_leaf(t):
    leaf(t, 1.0, 2.0)[0].add_(1)


def s_assignment_into_a_leaf(t):
    leaf(t, 1.0, 2.0)[0] = 1.0


def s_leaf_under_no_grad(t):
    x = leaf(t, 1.0)
    with t.no_grad():
        x += 1
        x[0] = 5.0
        x.view(1).mul_(2)
    return x, x.requires_grad, x.is_leaf


def s_wrong_broadcast(t):
    t.ones(2).add_(t.ones(3, 2))


def s_wrong_dtype(t):
    t.ones(2, dtype=t.int64).add_(0.5)


def s_output_of_split(t):
    a, _ = (leaf(t, 1.0, 2.0) * 1).split(1)
    a.add_(1)


def s_expanded(t):
    t.ones(1).expand(3).add_(1)


# ---- gradients through changes -------------------------------------------------------------------


def s_in_place_operators(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 1
    y += x
    y *= x
    y -= 3
    y /= 2
    y **= 2
    y.sum().backward()
    return y, x.grad


def s_in_place_keeps_identity(t):
    y = leaf(t, 1.0, 2.0) * 1
    return y.add_(1) is y, y.is_leaf


def s_a_constant_joins_the_graph(t):
    x, c = leaf(t, 1.0, 2.0), t.zeros(2)
    c.add_(x)
    c.mul_(3)
    (c * c).sum().backward()
    return c.requires_grad, x.grad


def s_write_through_a_view(t):
    x = leaf(t, 1.0, 2.0, 3.0, 4.0)
    y = x * 1
    y.view(2, 2)[0].mul_(10)
    (y * y).sum().backward()
    return y, x.grad


def s_a_view_sees_a_change_of_its_base(t):
    x = leaf(t, 1.0, 2.0, 3.0, 4.0)
    y = x * 1
    v = y.view(2, 2)
    y.mul_(3)
    (v * v).sum().backward()
    return v, x.grad


def s_a_view_sees_a_change_through_another_view(t):
    x = leaf(t, 1.0, 2.0, 3.0, 4.0)
    y = x * 1
    v, w = y.view(2, 2), y[1:3]
    w.mul_(5)
    (v * v).sum().backward()
    return v, x.grad


def s_view_of_a_view_of_a_view(t):
    x = t.arange(12.0).reshape(3, 4).requires_grad_()
    y = x * 1
    v = y.transpose(0, 1)[1:].t()[:, ::2]
    v.mul_(2)
    w = y.view(12)[5:7]
    w.exp_()
    (y * y).sum().backward()
    return y, v, w, x.grad


def s_assignment(t):
    x, u = leaf(t, 1.0, 2.0, 3.0), leaf(t, 5.0)
    y = x * 2
    y[0] = u[0] * 2
    y[1:] = y[1:] * y[1:]
    (y * y).sum().backward()
    return y, x.grad, u.grad


def s_assignment_of_constants(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    y = x * 2
    y[0] = 7.0
    y[t.tensor([False, True, False])] = 0.0
    (y * y).sum().backward()
    return y, x.grad


def s_assignment_with_repeated_indices(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    y = x * 2
    y[t.tensor([0, 2])] = t.stack([x[1] * 3, x[1] * 4])
    (y * y).sum().backward()
    return y, x.grad


def s_assignment_into_a_constant(t):
    x, c = leaf(t, 1.0, 2.0), t.zeros(4)
    c[1:3] = x
    (c * t.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    return c, x.grad


def s_fill_and_zero(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    y, z = x * 2, x * 3
    y[1:].zero_()
    z.fill_(4.0)
    (y.sum() + (z * x).sum()).backward()
    return y, z, x.grad


def s_copy(t):
    x, c = leaf(t, 1.0, 2.0), t.zeros(2, 2)
    c.copy_(x)
    (c * c).sum().backward()
    return c, x.grad


def s_a_view_taken_under_no_grad(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 1
    with t.no_grad():
        v = y.view(2, 1)
        v.mul_(3)
    (y * y.detach()).sum().backward()
    return y, x.grad


def s_detached_view_of_a_changed_base(t):
    y = leaf(t, 1.0, 2.0) * 1
    d = y.detach()
    y.mul_(3)
    return d, d.requires_grad


def s_second_order_through_a_change(t):
    x = leaf(t, 1.0, 2.0)
    y = x * x
    y[0].mul_(3)
    y.add_(x)
    (g,) = t.autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = t.autograd.grad((g * g).sum(), x)
    return g, h


def s_loop_that_fills_a_buffer(t):
    x = leaf(t, 0.5)
    out = t.zeros(5)
    h = x
    for i in range(5):
        h = t.tanh(h * 2)
        out[i] = h[0]
    (out * out).sum().backward()
    return out, x.grad


def outdated(t):
    """A view that was taken before its base joined the graph."""
    x, base = leaf(t, 3.0, 4.0), t.zeros(2)
    v = base[:2]
    base[:].add_(x)
    return x, v


def s_outdated_views_are_factors(t):
    x, v = outdated(t)
    y = t.tensor([5.0, 6.0])
    y.mul_(v)
    y.sum().backward()
    return y, x.grad


def s_outdated_views_are_copied(t):
    x, v = outdated(t)
    y, z = t.ones(2), t.ones(3)
    y.copy_(v)
    z[1:], z[t.tensor([0])] = v, outdated(t)[1][:1]
    (y + z[1:] * 2).sum().backward()
    return y, z, x.grad


def s_outdated_views_are_added(t):
    x, v = outdated(t)
    y = t.ones(2)
    y.addcmul_(v, v)
    y.index_add_(0, t.tensor([0, 1]), v)
    y.sum().backward()
    return y, x.grad


def s_an_outdated_view_is_read_at_places(t):
    x, v = outdated(t)
    places = t.tensor([0, 1, 1])
    y = v[places.clone()]
    y.sum().backward()
    return y, x.grad


def s_elements_are_added_up_in_a_loop(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    y, z = x * 1, t.zeros(2, 3)
    for i in range(6):
        y[i % 3] += x[i % 2] * i
        z[i % 2] += y * i
        z[i % 2, 1:] *= 0.5
        z[:, i % 3] -= y[:2]
    (z * z).sum().backward()
    return y, z, y._version, z._version, x.grad


def s_a_part_is_assigned_to_itself(t):
    x = leaf(t, 1.0, 2.0, 3.0)
    y = x * 1
    y[:2] = y[:2]
    y[2] = y[1]
    (y * y).sum().backward()
    return y, x.grad


def s_a_part_of_a_leaf_is_assigned_to_itself(t):
    x = leaf(t, 1.0, 2.0)
    x[0] = x.detach()[0]


def s_a_changed_view_retains_its_gradient(t):
    x = leaf(t, 1.0, 2.0)
    y = x * 1
    v = y[:1]
    v.retain_grad()
    v.mul_(3)
    (y * y).sum().backward()
    return v.grad, x.grad


def s_relu_in_place(t):
    x = leaf(t, -1.0, 2.0)
    y = x * 3
    y.relu_()
    y.sum().backward()
    return y, x.grad


def s_requires_grad_in_place_after_write(t):
    x = t.zeros(3)
    x[0] = 5.0
    x.requires_grad_()
    (x * x).sum().backward()
    return x.grad


@table(globals())
def test_as_in_torch(scenario):
    agree_on(scenario)


def test_the_error_names_the_operation_and_the_version():
    y = mytorch.ones(2, requires_grad=True) * 2
    z = y * y
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*MulBackward0.*version 1"):
        z.sum().backward()
