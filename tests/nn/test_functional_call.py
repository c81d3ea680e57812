"""Calling a module with other parameters."""

import pytest

import mytorch
from mytorch import nn
from tests.referee import answer


def called_with(lib, names, strict):
    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = lib.nn.Linear(1, 1)
            self.plain, self.number = lib.ones(1), 3

        def forward(self, x):
            extra = getattr(self, "extra", None)
            return extra is not None, self.plain.tolist(), self.number, self.inner.weight.tolist() == [[0]]

    net = Net()
    given = {name: lib.zeros(1, 1) for name in names}
    try:
        during = lib.func.functional_call(net, given, (lib.ones(1, 1),), strict=strict)
    except Exception as error:
        return type(error).__name__, str(error).partition(":")[0]
    return during, net.plain.tolist(), hasattr(net, "extra"), hasattr(net.inner, "extra")


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    "names",
    [
        ["extra"],
        ["plain"],
        ["number"],
        ["inner"],
        ["inner.weight"],
        ["inner.extra"],
        ["none.extra"],
        ["extra", "inner.weight"],
        ["forward"],
        ["inner.weight", "inner.bias"],
    ],
    ids=str,
)
def test_functional_call_with_further_names(names, strict):
    assert called_with(mytorch, names, strict) == answer(called_with, names, strict)


def test_functional_call():
    model = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.Linear(2, 1))
    x, other = mytorch.ones(4, 3), {name: mytorch.full_like(p, 0.5) for name, p in model.named_parameters()}
    before = [p.detach().clone() for p in model.parameters()]
    found = mytorch.func.functional_call(model, other, (x,))
    for p, b in zip(model.parameters(), before):
        assert mytorch.equal(p, b)
    model.load_state_dict(other)
    assert mytorch.equal(found, model(x))
    partly = mytorch.func.functional_call(model, {"0.bias": mytorch.ones(2)}, x)
    assert not mytorch.equal(partly, found)
    with pytest.raises(RuntimeError, match="nothing"):
        mytorch.func.functional_call(model, {"nothing": x}, x, strict=True)
    with pytest.raises(RuntimeError, match="Missing key"):
        mytorch.func.functional_call(model, {"0.bias": mytorch.ones(2)}, x, strict=True)


def test_functional_call_restores_after_an_error():
    model = nn.Linear(3, 2)
    weight = model.weight
    with pytest.raises(RuntimeError):
        mytorch.func.functional_call(model, {"weight": mytorch.ones(5, 5)}, mytorch.ones(1, 3))
    assert model.weight is weight
