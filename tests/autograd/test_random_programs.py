"""Random programs of views, in-place changes and operations with several outputs: values, first and second
gradients as in PyTorch.
"""

import random

import pytest

import mytorch
from tests.draws import draws
from tests.referee import answer, end_of, equal

STEPS = [
    lambda t, a, b: a * b if a.shape == b.shape else a.sum() * b,
    lambda t, a, b: a.tanh(),
    lambda t, a, b: t.sin(a),
    lambda t, a, b: a.transpose(0, 1) if a.dim() == 2 else a + 1,
    lambda t, a, b: a[..., ::2] if a.dim() else a * 2,
    lambda t, a, b: a[0] if a.dim() else a,
    lambda t, a, b: a.mul_((b if b.shape == a.shape else b.sum()) * 0.5),
    lambda t, a, b: a.add_(1.5),
    lambda t, a, b: a[:1].mul_(0.5) if a.dim() else a * 3,
    lambda t, a, b: t.mul(*a[:2].split(1)) if a.dim() and a.shape[0] > 1 else a * a,
    lambda t, a, b: a.sort(-1)[0] if a.dim() else a.cos(),
    lambda t, a, b: written(a, b) if a.dim() else a,
    lambda t, a, b: t.softmax(a, -1) if a.dim() else a.sigmoid(),
    lambda t, a, b: a.detach() * a,
]


def written(a, b):
    a[0] = b.sum() * 0.1
    return a


def program(t, seed):
    """Loss, gradients, and the gradients of the gradients' squares (zeros where there is no dependence)."""
    choose, rng = random.Random(seed), draws(seed)
    xs = [
        t.tensor(rng.standard_normal((2, 3)).tolist(), dtype=t.float64, requires_grad=True) for _ in range(2)
    ]
    pool = [x * 1.0 for x in xs] + [xs[0].exp()]
    for _ in range(choose.randint(4, 14)):
        step, a, b = choose.choice(STEPS), choose.choice(pool), choose.choice(pool)
        pool.append(step(t, a, b))
    loss = sum((p * p).mean() for p in pool[-4:])
    first = t.autograd.grad(loss, xs, create_graph=True, materialize_grads=True)
    again = sum((g * g).sum() for g in first)
    second = t.autograd.grad(again, xs, materialize_grads=True) if again.requires_grad else ()
    return [loss, *first, *second]


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_as_in_torch(start):
    values = lenient = 0
    for seed in range(start, start + 100):
        theirs, mine = answer(end_of, program, seed), end_of(mytorch, program, seed)
        if isinstance(mine, list) and not isinstance(theirs, list):
            # PyTorch's tanh and sigmoid read their result again, so it may not change; ours read their input
            lenient += 1
            continue
        equal(mine, theirs, f"program {seed}", (1e-6, 1e-7), gradient=False)
        values += isinstance(theirs, list)
    assert lenient < 10
    assert values > 20  # the others change what was saved, which both refuse
