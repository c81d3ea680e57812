"""Nodes that operations record, and gradients that formulas return."""

import numpy as np
import pytest

import mytorch
from mytorch.core.primitive import primitive
from tests.referee import agree_on


def leaf(t, *values, dtype=None):
    return t.tensor(list(values), requires_grad=True, dtype=dtype)


# ---- leaves and nodes ----------------------------------------------------------------------------


def test_names_of_nodes(device):
    x = mytorch.ones(2, 2, requires_grad=True, device=device)
    assert (x * x).grad_fn.name == "MulBackward0"
    assert repr(x.exp().grad_fn).startswith("<ExpBackward0 object at 0x")
    assert x.exp().grad_fn.name() == "ExpBackward0"
    assert type((x @ x).grad_fn.next_functions[0][0]).__name__ == "Leaf"
    assert (x * x).grad_fn.next_functions[0][0].name == "AccumulateGrad"


# ---- memory ownership ----------------------------------------------------------------------------


def shared(*tensors):
    """Pairs of tensors that share memory."""
    arrays = [t.detach().cpu().numpy() for t in tensors]
    return [(i, j) for i in range(len(arrays)) for j in range(i) if np.shares_memory(arrays[i], arrays[j])]


@pytest.mark.parametrize("n", [31, 32, 33, 40])
@pytest.mark.parametrize("constants", [False, True])
def test_joins_of_many(n, constants):
    def scenario(t):
        xs = [leaf(t, float(i), 2.0) for i in range(n)]
        given = [x.detach() if constants and i % 3 == 1 else x * x for i, x in enumerate(xs)]
        joined = [t.cat(given), t.stack(given, 1).flatten(), t.block_diag(*given).sum(0)]
        loss = sum((y * t.arange(2.0 * n)).sum() for y in joined)
        (g,) = t.autograd.grad(loss, xs[0], create_graph=True)
        (g * g).sum().backward(retain_graph=True)
        second = xs[0].grad.clone()
        loss.backward()
        return [loss, g, second, *(x.grad for x in xs)]

    agree_on(scenario)


def test_a_rule_may_return_one_array_for_two_inputs():
    @primitive(joint=lambda g, x, y: [g * 2] * 2)
    def twice_the_sum(x, y):
        return 2 * (x + y)

    a, b = (mytorch.ones(3, requires_grad=True) for _ in range(2))
    twice_the_sum(a, b).sum().backward()
    assert not shared(a.grad, b.grad)
    assert a.grad.tolist() == b.grad.tolist() == [2, 2, 2]
