"""The walk back against its simplest form (``core/reference_backward.py``), on random programs."""

import ast
import inspect

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import mytorch
from mytorch.core import reference_backward

# Each takes two matrices of 2 x 3 and gives one; the results are small.
STEPS = {
    "add": lambda a, b: a + b,
    "the same twice": lambda a, b: a + a,
    "the same twice in a product": lambda a, b: (a * a).tanh(),
    "mul": lambda a, b: (a * b).sin(),
    "div": lambda a, b: a / (b * b + 1),
    "where": lambda a, b: mytorch.where(a > 0, a, b),
    "matmul": lambda a, b: (a @ b.mT @ b).tanh(),
    "broadcast a row": lambda a, b: a + b[0],
    "broadcast a column": lambda a, b: a * b[:, :1].tanh(),
    "broadcast a number": lambda a, b: a - b.mean(),
    "softmax": lambda a, b: a.softmax(1) + b.log_softmax(0) * 0.1,
    "layer_norm": lambda a, b: mytorch.nn.functional.layer_norm(a, (3,), b[0], b[1]),
    "sort": lambda a, b: a.sort(1)[0],
    "max of two": lambda a, b: mytorch.maximum(a, b),
    "extremes": lambda a, b: mytorch.stack([a.amax(0), b.max(0)[0]]),
    "outputs, one unused": lambda a, b: a.split(1)[0] + b,
    "outputs, used twice": lambda a, b: mytorch.cat([a.split(1)[1], a.split(1)[1]]) * b,
    "outputs, shuffled": lambda a, b: mytorch.stack([b.unbind()[1], a.unbind()[0]]),
    "cat": lambda a, b: mytorch.cat([a, b], 1)[:, 1:4],
    "einsum": lambda a, b: mytorch.einsum("ij,kj,kl->il", a, b, a).tanh(),
    "cast": lambda a, b: a.float().double() + b,
    "detach": lambda a, b: a.detach() * b,
    "view": lambda a, b: a.reshape(3, 2).mT.contiguous(),
    "gather": lambda a, b: a[:, mytorch.tensor([2, 0, 0])] + b,
    "in place": lambda a, b: a.mul_(0.5),
    "in place with another": lambda a, b: a.add_(b),
    "relu in place": lambda a, b: a.relu_(),
    "in place on a row": lambda a, b: (a[0].mul_(b[1].tanh()), a)[1],
    "in place on a view of a view": lambda a, b: (a.mT[1:].mT[0].add_(1.5), a)[1],
    "assignment": lambda a, b: (a.__setitem__(1, b[0] * 0.1), a)[1],
    "assignment of a number": lambda a, b: (a.__setitem__((0, 1), 2.0), a)[1],
    "assignment by a mask": lambda a, b: (a.__setitem__(a > 1, 0.5), a)[1],
}

programs = st.lists(
    st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=16
)


def loss_of(program, leaves):
    """A number computed by the program from ``leaves``."""
    pool = [x * 1.0 for x in leaves]
    for name, i, j in program:
        pool.append(STEPS[name](pool[i % len(pool)], pool[j % len(pool)]))
    return sum((y * y).mean() for y in pool[-3:]) + pool[0].sum()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(programs, st.integers(0, 2**16))
def test_the_fast_walk_gives_the_same(program, seed):
    rng = np.random.default_rng(seed)
    leaves = [mytorch.tensor(rng.standard_normal((2, 3)), requires_grad=True) for _ in range(3)]
    loss = loss_of(program, leaves)
    try:
        expected = mytorch.autograd.grad(loss, leaves, retain_graph=True, materialize_grads=True)
    except RuntimeError as error:
        assert "modified by an inplace operation" in str(error)
        assume(False)
    found = reference_backward.gradients(loss._node, np.ones(()))
    loss.backward()
    for x, by_grad in zip(leaves, expected):
        assert (x.grad is None) == (x._node not in found)
        simple = found.get(x._node, np.zeros((2, 3)))
        np.testing.assert_allclose(by_grad.numpy(), simple, rtol=1e-9, atol=1e-12)
        if x.grad is not None:
            np.testing.assert_allclose(x.grad.numpy(), simple, rtol=1e-9, atol=1e-12)


def test_it_is_short():
    function = ast.parse(inspect.getsource(reference_backward.gradients)).body[0]
    assert len(ast.unparse(function.body[1:]).strip().splitlines()) <= 13
