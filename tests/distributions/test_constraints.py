"""Constraints that depend on the distribution."""

import pytest

import mytorch
from mytorch import distributions as mine
from tests.distributions.test_distributions import theirs
from tests.referee import answer, torch


def test_constraints_that_depend_on_the_distribution():
    limits_that_depend(mytorch, mine)
    answer(lambda torch: limits_that_depend(torch, torch.distributions))


def limits_that_depend(lib, module):
    class Below(module.Distribution):
        arg_constraints = {"anything": module.constraints.dependent, "limit": module.constraints.positive}

        def __init__(self, anything, limit):
            self.anything, self.limit = anything, limit
            super().__init__(limit.shape)

        @module.constraints.dependent_property(is_discrete=False, event_dim=0)
        def support(self):
            return module.constraints.interval(0.0, self.limit)

        def log_prob(self, value):
            self._validate_sample(value)
            return -self.limit.log()

    below = Below(lib.tensor(-3), lib.tensor(2.0))
    assert module.constraints.is_dependent(Below.support) and not module.constraints.is_dependent(
        below.support
    )
    assert Below.support.event_dim == 0 and below.log_prob(lib.tensor(1.0)).item() < 0
    with pytest.raises(ValueError, match="to be within the support"):
        below.log_prob(lib.tensor(3.0))
    with pytest.raises(ValueError, match="Cannot determine validity"):
        module.constraints.dependent.check(lib.ones(1))


@pytest.mark.parametrize(
    "rows",
    [
        [[1.0, 0.0], [0.6, 0.8]],
        [[1.0, 0.0], [0.6, 0.7]],
        [[1.0, 0.5], [0.6, 0.8]],
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
    ],
)
def test_square_and_factors_of_correlations(rows):
    for name in ("square", "corr_cholesky") if len(rows[0]) == 2 else ("square",):
        found, expected = (
            getattr(m.constraints, name).check(lib.tensor([rows])).tolist()
            for lib, m in ((mytorch, mine), (torch, theirs))
        )
        assert found == expected
