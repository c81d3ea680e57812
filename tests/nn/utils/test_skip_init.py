"""Modules without their initial values."""

import pytest

import mytorch
from mytorch.nn.utils import skip_init


def test_skip_init():
    assert skip_init(mytorch.nn.Linear, 3, 4).weight.shape == (4, 3)
    with pytest.raises(RuntimeError, match="device"):
        skip_init(mytorch.nn.ReLU)
