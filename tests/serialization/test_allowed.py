"""Modules that the user vouches for."""

import io
import pickle

import pytest

import mytorch


class Net(mytorch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear, self.function = mytorch.nn.Linear(2, 2), mytorch.relu

    def forward(self, x):
        return self.function(self.linear(x))


def test_modules_that_the_user_vouches_for():
    file, net = io.BytesIO(), Net()
    mytorch.save(net, file)
    x = mytorch.ones(1, 2)
    with pytest.raises(RuntimeError, match="weights_only=False"):
        mytorch.load(io.BytesIO(file.getvalue()))
    with mytorch.serialization.safe_globals([Net, mytorch.nn.Linear, mytorch.relu]):
        assert (mytorch.load(io.BytesIO(file.getvalue()))(x) == net(x)).all()
    with (
        mytorch.serialization.safe_globals([Net]),
        pytest.raises((RuntimeError, pickle.UnpicklingError), match="Linear was not an allowed"),
    ):
        mytorch.load(io.BytesIO(file.getvalue()))
    assert mytorch.serialization.get_safe_globals() == []
