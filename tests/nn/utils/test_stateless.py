"""The older name of calling a module with other parameters."""

import pytest

import mytorch
from tests.referee import compare, same_error


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.stateless:FutureWarning")
def test_stateless():
    def call(lib, names, **settings):
        net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3))
        net[0].weight.data.fill_(0.5)
        net[0].bias.data.zero_()
        given = {name: lib.full(shape, 0.25) for name, shape in names.items()}
        out = lib.nn.utils.stateless.functional_call(net.eval(), given, lib.ones(2, 2), **settings)
        return out.detach(), net[0].bias.detach()

    for names in ({}, {"0.bias": (3,)}, {"0.bias": (3,), "1.running_mean": (3,)}):
        compare(lambda lib, names=names: call(lib, names), [], dtype="float32")
    for names, settings in (
        ({"0.bias": (3,)}, {"strict": True}),
        ({"other": (3,)}, {"strict": True}),
        ({"0.bias": (4,)}, {}),
    ):
        same_error(lambda lib, names=names, settings=settings: call(lib, names, **settings))


def test_stateless_is_older():
    with pytest.warns(FutureWarning, match="torch.func.functional_call"):
        mytorch.nn.utils.stateless.functional_call(mytorch.nn.Linear(2, 1), {}, mytorch.ones(1, 2))
