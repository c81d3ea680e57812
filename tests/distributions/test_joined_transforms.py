"""Transforms and constraints of the parts of a tensor: PyTorch's values, Jacobians and refusals."""

import pytest

import mytorch
from tests.referee import answer, same_error

MAKERS = {
    "cat": lambda D, p: D.CatTransform(p, dim=1, lengths=[1, 3, 2]),
    "cat from the end": lambda D, p: D.CatTransform(p, dim=-1, lengths=[1, 3, 2]),
    "cat of events": lambda D, p: D.CatTransform(
        [D.IndependentTransform(t, 1) for t in p[:2]] + [D.SoftmaxTransform()][:0], dim=0, lengths=[1, 2]
    ),
    "stack": lambda D, p: D.StackTransform(p, dim=0),
    "stack from the end": lambda D, p: D.StackTransform([*p, *p], dim=-1),
}


def found(lib, name):
    D = lib.distributions
    parts = [D.ExpTransform(), D.AffineTransform(1.0, 2.0), D.SigmoidTransform()]
    t, x = MAKERS[name](D, parts), lib.arange(18.0).reshape(3, 6) / 9 - 1
    y = t(x)
    results = [y, t.inv(y), t.log_abs_det_jacobian(x, y), t.domain.check(x), t.codomain.check(y - 1)]
    cached = t.with_cache(1)
    assert cached.inv(cached(x)) is x
    kinds = t.bijective, t.domain.event_dim, t.codomain.event_dim, t.domain.is_discrete
    return [r.double().tolist() for r in results], list(kinds)


@pytest.mark.parametrize("name", MAKERS)
def test_as_in_torch(name):
    (values, kinds), (wanted, theirs) = found(mytorch, name), answer(found, name)
    assert kinds == theirs
    for mine, other in zip(values, wanted):
        assert mytorch.allclose(mytorch.tensor(mine), mytorch.tensor(other), atol=1e-6)


def test_refusals():
    same_error(lambda lib: lib.distributions.CatTransform([lib.distributions.ExpTransform()], lengths=[1, 2]))
    same_error(lambda lib: lib.distributions.CatTransform([lib.distributions.ExpTransform()])(lib.ones(2)))
    same_error(lambda lib: lib.distributions.StackTransform([lib.distributions.ExpTransform()])(lib.ones(2)))


def constraint_of_ones_own(lib):
    class Even(lib.distributions.constraints.Constraint):
        is_discrete, event_dim = True, 1

        def check(self, value):
            return (value % 2 == 0).all(-1)

    even = Even()
    return [even.check(lib.tensor([[2, 4], [1, 2]])).tolist(), even.is_discrete, even.event_dim]


def test_a_constraint_of_ones_own():
    assert constraint_of_ones_own(mytorch) == answer(constraint_of_ones_own)
