"""In-place changes: views of views, writes to bases and to views, what has to be refused. Each program runs
in mytorch and in PyTorch.
"""

import inspect

import numpy as np
import pytest

import mytorch
from tests.referee import agree

X = np.arange(12.0, dtype="float32").reshape(3, 4) / 3 - 1.7
Y = np.linspace(0.5, 2, 12, dtype="float32").reshape(3, 4)


class Programs:
    """``f(m, x, y)`` for m = mytorch and torch, on leaves x, y that require grad."""

    def add_to_a_copy(m, x, y):
        a = x * 2
        a += y
        return a * a

    def mul_by_itself(m, x, y):
        a = x * 1
        a.mul_(a)
        return a

    def chain(m, x, y):
        a = x * 2
        a.add_(y).mul_(y).sub_(1).exp_()
        return a

    def write_a_row(m, x, y):
        a = x * 2
        a[1] = y[0]
        return a * y

    def write_view_then_read_base(m, x, y):
        a = x * 2
        v = a[1:]
        v.mul_(y[1:])
        return a

    def write_base_then_read_view(m, x, y):
        a = x * 2
        v = a[1:]
        a.mul_(y)
        return v

    def write_base_then_read_both(m, x, y):
        a = x * 2
        v = a[:, 1:3]
        a[1] = y[2]
        return a * 3, v * v

    def view_of_a_view(m, x, y):
        a = x * 2
        v = a[1:]
        w = v[:, 2]
        w.mul_(y[1:, 0])
        return a, v, w

    def sibling_views(m, x, y):
        a = x * 2
        v, w = a[:2], a[1:]
        v.mul_(3)
        w.mul_(y[1:])
        return a, v, w

    def alternating(m, x, y):
        a = x * 2
        v = a[0]
        for i in range(3):
            v.mul_(y[i])
            a.add_(1)
        return a, v

    def transposed_view(m, x, y):
        a = x * 2
        a.T[1] = y[:, 0]
        a.transpose(0, 1).mul_(3)
        return a

    def reshaped_view(m, x, y):
        a = x * 2
        v = a.view(2, 6)
        v[0].mul_(2)
        a.reshape(-1)[3:5] = y[0, :2]
        return a, v

    def squeezed_view(m, x, y):
        a = (x * 2).unsqueeze(1)
        v = a.squeeze(1)
        v.mul_(y)
        return a

    def diagonal_view(m, x, y):
        a = x * 2
        a.diagonal().mul_(y.diagonal())
        return a

    def permuted_view(m, x, y):
        a = (x * 2).view(3, 2, 2)
        a.permute(2, 0, 1)[0] = y[:, :2]
        return a

    def expanded_value(m, x, y):
        a = x * 2
        a[:] = y[0]
        return a

    def broadcast_value(m, x, y):
        a = x * 2
        a.add_(y[:1]).mul_(y[:, :1])
        return a

    def value_from_itself(m, x, y):
        a = x * 2
        a[0] = a[1] * y[0]
        a[2] = a[0]
        return a

    def zero_in_the_graph(m, x, y):
        a = x * 2
        a.zero_()
        return a + y

    def zero_a_part(m, x, y):
        a = x * 2
        a[1].zero_()
        return a

    def fill_with_a_tensor(m, x, y):
        a = x * 2
        a[0].fill_(y[1, 1])
        a[1].fill_(3)
        return a

    def copy_whole(m, x, y):
        a = x * 2
        a.copy_(y)
        return a

    def copy_into_a_view(m, x, y):
        a = x * 2
        a[:, 1:].copy_(y[:, :3])
        return a

    def copy_broadcasts(m, x, y):
        a = x * 2
        a.copy_(y[1])
        return a

    def into_fresh_memory(m, x, y):
        a = m.zeros(3, 4)
        a[0] = x[1]
        a[:, 1] = y[:, 0]
        return a

    def into_fresh_memory_step_by_step(m, x, y):
        a = m.empty(4, 4)
        h = x[0]
        for i in range(4):
            h = h * y[0]
            a[i] = h
        return a

    def view_taken_before_the_base_joined_the_graph(m, x, y):
        a = m.zeros(3, 4)
        v = a[1]
        a += x
        return v * 2, a

    def view_written_before_the_base_joined_the_graph(m, x, y):
        a = m.zeros(3, 4)
        v, w = a[1], a[:, 0]
        v.add_(x[0])
        return w * 2, a, v

    def masked(m, x, y):
        a = x * 2
        a[a > 0] = 0
        a[y > 1] *= 3
        return a

    def masked_by_a_tensor(m, x, y):
        a = x * 2
        a[y > 1] = y[y > 1]
        return a

    def masked_fill_(m, x, y):
        a = x * 2
        a.masked_fill_(y > 1, 7.0)
        return a

    def clamp_and_relu(m, x, y):
        a = x * 2
        a.clamp_(-1, 1)
        b = y * 1
        b.relu_()
        return a, b

    def saved_value_intact(m, x, y):
        a = x * 2
        b = a + y
        a.mul_(3)
        return b, a

    def sum_of_parts(m, x, y):
        a = x * 2
        total = a[0].sum()
        a[0] = 5
        return total + a.sum()

    def index_operations(m, x, y):
        a = x * 2
        i = m.tensor([2, 0])
        a.index_add_(0, i, y[:2])
        a.index_copy_(1, i, y[:, :2])
        a.index_fill_(1, m.tensor([3]), 0.5)
        a.index_put_((i, i), y[0, :2])
        a.index_put_((m.tensor([1, 1]), i), y[0, :2], accumulate=True)
        return a

    def scatter_operations(m, x, y):
        a = x * 2
        i = m.tensor([[0, 1, 2, 0]])
        a.scatter_(0, i, y[:1])
        a.scatter_add_(0, i, y[:1])
        a.scatter_(1, m.tensor([[1], [0], [2]]), 4.0)
        return a

    def index_of_a_view_written(m, x, y):
        a = x * 2
        a[1:][[0, 1, 0], [1, 2, 3]] = y[:, 0]
        return a

    def accumulated_at_an_index(m, x, y):
        a = x * 2
        a[[0, 1]] += y[:2]
        a[:, 1] *= y[:, 2]
        return a

    def shape_in_place(m, x, y):
        a = x * 2
        a.unsqueeze_(0)
        b = (y * 2).t_()
        c = (x * 3).unsqueeze(1).squeeze_()
        return a, b, c, (x * 2).transpose_(0, 1)

    def written_after_shape_in_place(m, x, y):
        a = x * 2
        a.t_()
        a[1] = y[:, 0]
        return a

    def triangle_in_place(m, x, y):
        return (x * 2).triu_(), (y * 2).tril_(-1)

    def of_lower_precision(m, x, y):
        a = x * 2
        a += y.double()
        a[0] = y[0].double()
        return a

    def detached_shares_memory(m, x, y):
        a = x * 2
        d = a.detach()
        d[0] = 100
        return a + y

    def data_shares_memory(m, x, y):
        x.data[0] = 5
        x.data.mul_(2)
        return x * y

    def data_goes_unnoticed(m, x, y):
        z = x * y
        x.data[0] = 5
        return z

    def update_without_grad(m, x, y):
        with m.no_grad():
            x -= 0.1 * y
            x[0] = 3
            x[1].zero_()
            x.mul_(2).add_(1)
        return x * y

    def unrecorded_write_to_an_intermediate(m, x, y):
        a = x * 2
        with m.no_grad():
            a[0] = 0
        return a * 3

    def unbound_rows_read_after_a_write(m, x, y):
        a = x * 2
        rows = a.unbind(0)
        a[0] = 0
        return rows[0] + rows[1]

    def split_read_after_a_write(m, x, y):
        a = x * 2
        left, right = a.split(2, 1)
        a.mul_(y)
        return left * right

    def windows_read_after_a_write(m, x, y):
        a = x * 2
        w = a.unfold(1, 2, 1)
        a.mul_(y)
        return w

    def windows_written(m, x, y):
        a = x * 2
        a.unfold(1, 2, 2)[0] = 1
        return a

    def expanded_then_base_written(m, x, y):
        a = x[:, :1] * 2
        e = a.expand(3, 4)
        a.mul_(y[:, :1])
        return e * y

    def a_row_of_an_expanded_tensor(m, x, y):
        a = (x[0] * 2).expand(3, 4)
        a[1].mul_(2)
        return a

    def contiguous_is_itself(m, x, y):
        a = x * 2
        a.contiguous()[0] = 1
        a.T.contiguous()[0] = 5
        return a

    def in_place_on_integers(m, x, y):
        i = m.tensor([1, 2, 3])
        i += 1
        i[0] = 7
        i *= 2
        return i

    def bools(m, x, y):
        b = m.tensor([True, False])
        b |= m.tensor([False, False])
        b[1] = 3
        return b

    # ---- what has to be refused

    def leaf(m, x, y):
        x += 1
        return x

    def leaf_item(m, x, y):
        x[0] = 1
        return x

    def leaf_index(m, x, y):
        x[[0, 1]] = 1.0
        return x

    def leaf_fill(m, x, y):
        return x.zero_()

    def leaf_copy(m, x, y):
        return x.copy_(y)

    def view_of_a_leaf(m, x, y):
        x[0].mul_(2)
        return x

    def shape_of_a_leaf(m, x, y):
        return x.t_()

    def expanded(m, x, y):
        a = (x[0] * 2).expand(3, 4)
        a.mul_(2)
        return a

    def expanded_item(m, x, y):
        a = m.zeros(4).expand(3, 4)
        a[:, 0] = 1
        return a

    def larger_result(m, x, y):
        a = x[0] * 2
        a += y
        return a

    def float_into_int(m, x, y):
        i = m.tensor([1, 2, 3])
        i += 0.5
        return i

    def true_division_of_ints(m, x, y):
        i = m.tensor([1, 2, 3])
        i /= 2
        return i

    def int_into_bool(m, x, y):
        b = m.tensor([True])
        b += 1
        return b

    def copy_of_another_size(m, x, y):
        a = x * 2
        a.copy_(y[:, :3])
        return a

    def fill_with_a_vector(m, x, y):
        a = x * 2
        a.fill_(y[0])
        return a

    def row_of_unbind(m, x, y):
        a = x * 2
        a.unbind(0)[0].mul_(2)
        return a

    def part_of_split(m, x, y):
        a = x * 2
        a.split(2, 1)[0].mul_(2)
        return a

    def view_of_a_part_of_split(m, x, y):
        a = x * 2
        a.split(2, 1)[0][0].mul_(2)
        return a

    def row_of_an_iteration(m, x, y):
        a = x * 2
        for row in a:
            row.mul_(2)
        return a

    def saved_input_changed(m, x, y):
        a = x * 2
        b = a * y
        a.mul_(2)
        b.sum().backward()
        return b.detach()

    def saved_output_changed(m, x, y):
        a = (x * 2).exp()
        a.mul_(2)
        a.sum().backward()
        return a.detach()

    def saved_input_changed_through_a_view(m, x, y):
        a = x * 2
        b = a * a
        a[0].zero_()
        b.sum().backward()
        return b.detach()

    def saved_view_changed_through_its_base(m, x, y):
        a = x * 2
        b = a[0] * a[1]
        a.add_(1)
        b.sum().backward()
        return b.detach()

    def saved_leaf_changed_without_grad(m, x, y):
        z = x * y
        with m.no_grad():
            x.add_(1)
        z.sum().backward()
        return z.detach()

    def saved_through_detach(m, x, y):
        a = x * 2
        b = a * a
        a.detach().zero_()
        b.sum().backward()
        return b.detach()

    def matmul_input_changed(m, x, y):
        a = x * 2
        b = a @ y.T
        a.zero_()
        b.sum().backward()
        return b.detach()


PROGRAMS = {name: f for name, f in inspect.getmembers(Programs, inspect.isfunction)}


def run(m, x, y, program):
    """The results and, after a backward from their weighted sum, the gradients."""
    results = program(m, x, y)
    results = results if isinstance(results, tuple) else (results,)
    wanted = [r for r in results if r.requires_grad]
    if wanted:
        total = sum((r / (1 + r.detach().abs())).sum() for r in wanted)
        total.backward()
    return (
        [r.detach() for r in results],
        x.grad is None,
        y.grad is None,
        x.grad if x.grad is not None else 0,
        y.grad if y.grad is not None else 0,
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    agree(lambda m, x, y: run(m, x, y, PROGRAMS[name]), [X, Y], name, tolerance=1e-5)


@pytest.mark.parametrize(
    "name",
    "mul div pow atan2 fmod remainder xlogy clamp_min clamp_max hypot float_power lerp addcmul copysign".split(),  # noqa: E501
)
def test_a_constant_changed_by_what_requires_grad(name):
    """The formulas need the old values of the constant, not what was written over them."""

    def change(m, x, y):
        a = x.detach().abs().double() + 0.1
        more = {"lerp": (0.3,), "addcmul": (y,)}.get(name, ())
        return getattr(a, name + "_")(y, *more)

    agree(change, [X.astype("float64"), Y.astype("float64")], name)


def gru(m, x):
    layer = m.nn.GRU(4, 2, batch_first=True)
    with m.no_grad():
        for i, p in enumerate(layer.parameters()):
            p.copy_(m.linspace(-1, 1 + i, p.numel()).view(p.shape))
    return layer(x.view(1, 3, 4))[0]


MAKERS = {
    "max_pool1d": lambda m, x: m.nn.functional.max_pool1d(x[None], 2),
    "max_pool2d": lambda m, x: m.nn.functional.max_pool2d(x[None, None], 2, 1),
    "max_pool2d without a batch": lambda m, x: m.nn.functional.max_pool2d(x[None], 2, return_indices=True)[0],
    "adaptive_max_pool2d": lambda m, x: m.nn.functional.adaptive_max_pool2d(x[None], 2),
    "max_pool2d flattened": lambda m, x: m.nn.functional.max_pool2d(x[None, None], 2).flatten(1),
    "div": lambda m, x: x / (x * x + 1),
    "normalize": lambda m, x: m.nn.functional.normalize(x),
    "local_response_norm": lambda m, x: m.nn.functional.local_response_norm(x[None], 2),
    "gru": gru,
}
CHANGES = {
    "relu": lambda m, a: m.nn.functional.relu(a, inplace=True),
    "mul": lambda m, a: a.mul_(3).add_(1),
    "a part": lambda m, a: a[0].mul_(a.detach()[0].exp()),
    "fill": lambda m, a: a[..., 0].fill_(2),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("maker", MAKERS)
def test_what_a_layer_made_is_changed_in_place(maker, change):
    """As in a network with MaxPool2d and then ReLU(inplace=True); also when the gradient is differentiated
    again.
    """

    def gradients(m, x, y):
        a = MAKERS[maker](m, x * y)
        CHANGES[change](m, a)
        (first,) = m.autograd.grad((a * a).sum(), x, create_graph=True)
        (second,) = m.autograd.grad((first * first).sum(), x)
        return a.detach(), first.detach(), second

    agree(gradients, [X.astype("float64"), Y.astype("float64")], (maker, change), tolerance=1e-9)


def test_versions_are_shared_by_views_and_detached_tensors():
    x = mytorch.zeros(3, 4)
    v, d = x[0], x.detach()
    x.add_(1)
    v.add_(1)
    d.add_(1)
    assert x._version == v._version == d._version == 3
    assert x.data._version == 0


def test_views_share_memory():
    x = mytorch.zeros(2, 3, 4)
    for view in (
        x[0],
        x[:, 1:],
        x.T,
        x.view(6, 4),
        x.reshape(-1),
        x.permute(2, 0, 1),
        x.unsqueeze(0),
        x.squeeze(),
        x.expand(2, 2, 3, 4),
        x.flatten(1),
        x.narrow(2, 1, 2),
        x.select(1, 0),
        x.diagonal(),
        x.unfold(2, 2, 1),
        *x.split(2, 2),
        *x.unbind(0),
        x.detach(),
        x.data,
        x[...],
    ):
        assert np.shares_memory(view.array, x.array)
    for copy in (
        x[[0, 1]],
        x.clone(),
        x.T.contiguous(),
        x.flip(0),
        x.repeat(1, 1, 1),
        x[x > -1],
        x.T.reshape(-1),
    ):
        assert not np.shares_memory(copy.array, x.array)


def test_the_error_names_the_operation():
    x = mytorch.zeros(3, requires_grad=True)
    y = (x * 2).exp()
    y.add_(1)
    with pytest.raises(RuntimeError, match=r"modified by an inplace operation.*exp"):
        y.sum().backward()


def test_a_view_of_what_changed_its_shape_in_place_is_refused():
    x = mytorch.zeros(3, 4, requires_grad=True)
    a = x * 2
    v = a[0]
    a.t_()
    with pytest.raises(RuntimeError, match="changed in place"):
        v.sum()


VIEWS = {
    "slice": lambda y: y[1:3],
    "transpose": lambda y: y.t()[1],
    "diagonal": lambda y: y.diagonal(1),
    "view": lambda y: y.view(16)[3:9],
    "unfold": lambda y: y.unfold(0, 2, 2),
    "as_strided": lambda y: y.as_strided((2, 2), (1, 2)),
    "as_strided far": lambda y: y.as_strided((3,), (5,), 1),
    "as_strided beyond a view": lambda y: y[1:3].as_strided((3,), (3,), 6),
    "as_strided before a view": lambda y: y.t()[2:].as_strided((2, 2), (4, 1), 1),
    "as_strided twice": lambda y: y.as_strided((2, 4), (5, 1)).as_strided((2, 2), (5, 2), 1),
}
GRADIENTS = {
    "in order": lambda m, y: y * m.arange(16.0).reshape(4, 4),
    "transposed": lambda m, y: y.t() * m.arange(16.0).reshape(4, 4),
    "expanded": lambda m, y: y,
    "a part": lambda m, y: y[1:, ::2] * 3,
}


@pytest.mark.parametrize("gradient", GRADIENTS)
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_that_was_written_gets_its_part_of_any_gradient(view, gradient):
    """However the gradient lies in memory, the view of it is of the same elements."""

    def scale(m, x):
        y = (x * 2).clone()
        VIEWS[view](y).mul_(3)
        return GRADIENTS[gradient](m, y).sum()

    agree(scale, [np.arange(16.0, dtype="float32").reshape(4, 4)])
