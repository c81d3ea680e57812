"""Exponential families of one's own: their entropy follows from the log-normalizer."""

import pytest

import mytorch
from tests.referee import answer


def entropies(lib):
    class Normal(lib.distributions.ExponentialFamily):
        def __init__(self, loc, scale):
            self.loc, self.scale = loc, scale
            super().__init__(loc.shape, validate_args=False)

        @property
        def _natural_params(self):
            return self.loc / self.scale**2, -0.5 / self.scale**2

        _mean_carrier_measure = 0

        def _log_normalizer(self, x, y):
            return -0.25 * x**2 / y + 0.5 * lib.log(-3.141592653589793 / y)

    loc, scale = lib.tensor([0.5, -1.0]), lib.tensor([1.0, 3.0])
    return Normal(loc, scale).entropy().tolist(), lib.distributions.Normal(loc, scale).entropy().tolist()


def test_entropy():
    mine, same = entropies(mytorch)
    assert mine == pytest.approx(same, rel=1e-6) and mine == pytest.approx(answer(entropies)[0], rel=1e-6)


def test_what_a_class_has_to_say():
    with pytest.raises(NotImplementedError, match="natural parameters"):
        mytorch.distributions.ExponentialFamily((2,), validate_args=False).entropy()
