"""A small model that was traced, for the tests of this folder."""

import pytest

import mytorch
from mytorch import nn
from mytorch.utils.visualize import Trace


class Residual(nn.Module):
    """x + lin(relu(lin(x))): a layer that is called twice, a value that is used twice, a broadcast bias."""

    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(3, 3)
        self.shift = nn.Parameter(mytorch.zeros(3))

    def forward(self, x):
        h = x + self.shift
        return h + self.lin(self.lin(h).relu())


@pytest.fixture
def traced():
    model = Residual()
    with Trace(model) as trace:
        loss = (model(mytorch.randn(4, 3)) ** 2).sum()
    return model, trace, loss
