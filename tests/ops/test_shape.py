"""Views, iteration and the same bytes as another dtype, against PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mytorch
from tests.draws import numbers
from tests.referee import agree, live

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")


def test_the_same_bytes_as_another_dtype():
    x = numbers((2, 4), "float32")
    agree(
        lambda m, x: (x.view(m.int32), x.view(dtype=m.float64), x.view(m.uint8), x.view(m.float32)),
        [x],
        gradient=False,
    )
    agree(lambda m, x: x.view(m.int64), [numbers((3, 1), "float64")], gradient=False)


@live
@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=4), st.data())
def test_random_views(shape, data):
    """A chain of views, then a write through it, then a read: as in torch."""
    steps = []
    for _ in range(data.draw(st.integers(1, 4))):
        kind = data.draw(
            st.sampled_from(
                [
                    "permute",
                    "slice",
                    "unsqueeze",
                    "reshape",
                    "squeeze",
                    "flatten",
                    "narrow",
                    "diagonal",
                    "select",
                    "expand",
                ]
            )
        )
        steps.append((kind, data.draw(st.integers(0, 5)), data.draw(st.integers(0, 5))))

    def apply(x, kind, a, b):
        n = max(x.ndim, 1)
        if kind == "permute" and x.ndim:
            return x.permute(*np.roll(range(x.ndim), a).tolist())
        if kind == "slice" and x.ndim:
            return x[(slice(None),) * (a % n) + (slice(b % 2, None, 1 + b % 3),)]
        if kind == "unsqueeze":
            return x.unsqueeze(a % (x.ndim + 1))
        if kind == "reshape":
            return x.reshape(-1)
        if kind == "squeeze":
            return x.squeeze()
        if kind == "flatten" and x.ndim:
            return x.flatten(a % n)
        if kind == "narrow" and x.ndim and x.shape[a % n]:
            return x.narrow(a % n, 0, 1 + b % x.shape[a % n])
        if kind == "diagonal" and x.ndim > 1:
            return x.diagonal(b % 3 - 1, a % n, (a + 1) % n)
        if kind == "select" and x.ndim and x.shape[a % n]:
            return x.select(a % n, b % x.shape[a % n])
        if kind == "expand" and a == 0:
            return x.expand(2, *x.shape)
        return x

    def program(m, x):
        base = x * 2
        view = base
        for step in steps:
            view = apply(view, *step)
        view *= 3
        again = base
        for step in steps:
            again = apply(again, *step)
        base += 1
        return base, view, again

    agree(program, [numbers(tuple(shape))], f"{shape} {steps}", tolerance=1e-5)


def test_iterating_makes_one_row_at_a_time():
    x = mytorch.arange(6.0).reshape(3, 2)
    rows = iter(x)
    x[1] = 7.0
    assert [row.tolist() for row in rows] == [[0, 1], [7, 7], [4, 5]]
    first, _, _ = x
    first += 1  # a view
    assert x[0].tolist() == [1, 2]
    many = mytorch.arange(10**6)
    assert next(iter(many)).item() == 0  # makes no million of tensors
    with pytest.raises(TypeError, match="iteration over a 0-d tensor"):
        iter(mytorch.tensor(1.0))


def test_iterating_where_a_gradient_is_wanted():
    x = mytorch.ones(3, 2, requires_grad=True)
    rows = list(x)
    assert len({row.grad_fn.name for row in rows}) == 1  # one node, which stacks the gradients
    sum(i * row.sum() for i, row in enumerate(rows)).backward()
    assert x.grad.tolist() == [[0, 0], [1, 1], [2, 2]]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float32", "float16"])
def test_sum_to_size(dtype):
    for shape, size in [
        ((), ()),
        ((1,), (1,)),
        ((1,), ()),
        ((2,), (2,)),
        ((2,), (1,)),
        ((2, 3), ()),
        ((2, 3), (3,)),
    ]:
        agree(lambda m, x, size=size: x.sum_to_size(size), [np.ones(shape, dtype)])
