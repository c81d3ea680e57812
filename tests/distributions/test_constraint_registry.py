"""From all numbers to a constraint."""

import pytest

import mytorch
from mytorch import distributions as mine
from tests.distributions.test_distributions import close, theirs
from tests.referee import torch

CONSTRAINTS = """
    real positive nonnegative unit_interval simplex lower_cholesky positive_definite real_vector
    interval(-1.0,2.0) greater_than(3.0) greater_than_eq(0.5) less_than(-1.0) half_open_interval(0.0,2.0)
    independent(constraints.positive,1)
""".split()


@pytest.mark.parametrize("registry", ["biject_to", "transform_to"])
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_from_all_numbers_to_a_constraint(registry, name):
    found = []
    if registry == "biject_to" and name in ("lower_cholesky", "positive_definite"):
        for module in (mine, theirs):
            with pytest.raises(NotImplementedError):
                module.biject_to(getattr(module.constraints, name))
        return
    for library, module in ((mytorch, mine), (torch, theirs)):
        constraint = eval(f"constraints.{name}", {"constraints": module.constraints})
        transform = getattr(module, registry)(constraint)
        y = transform(library.tensor([[1.0, 2.0], [0.5, -1.0]], dtype=library.float64))
        assert constraint.check(y).all()
        found.append((y, transform.inv(y)))
    for a, b in zip(*found):
        close(a, b, 1e-9)


def test_constraints_without_a_transform():
    with pytest.raises(NotImplementedError, match="Cannot transform Boolean"):
        mine.biject_to(mine.constraints.boolean)
    own = mine.constraints.Constraint("Even()", lambda x: x % 2 == 0)
    mine.biject_to.register(own)(lambda constraint: mine.identity_transform)
    assert mine.biject_to(own) is mine.identity_transform
