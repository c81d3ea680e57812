"""``torch.compile`` returns what it is given, and refuses what PyTorch refuses."""

import pytest

import mytorch
from mytorch import nn


def test_what_is_taken():
    net = nn.Linear(2, 2)
    settings = dict(fullgraph=True, dynamic=False, backend="inductor", mode="reduce-overhead")
    assert mytorch.compile(net) is mytorch.compile(net, **settings) is net
    assert mytorch.compile(net, backend="eager", options={"trace": True}) is net
    assert mytorch.compile(len) is mytorch.compile(mode="default")(len) is len
    net.compile(backend="eager")


REFUSED = {
    "A callable function is expected, but <class 'int'> is provided": (AssertionError, (5,), {}),
    "Invalid backend: 'nobody'": (RuntimeError, (len,), {"backend": "nobody"}),
    "Unrecognized mode=nobody": (RuntimeError, (len,), {"mode": "nobody"}),
    "Either mode or options": (RuntimeError, (len,), {"mode": "default", "options": {}}),
    "a backend of your own would not be called": (NotImplementedError, (len,), {"backend": print}),
    "unexpected keyword argument 'nobody'": (TypeError, (len,), {"nobody": 1}),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_refused(text):
    kind, args, kwargs = REFUSED[text]
    with pytest.raises(kind, match=text):
        mytorch.compile(*args, **kwargs)


def test_modules_check_the_same():
    with pytest.raises(RuntimeError, match="Invalid backend"):
        nn.Linear(2, 2).compile(backend="nobody")
    with pytest.raises(AssertionError, match="callable"):
        mytorch.compile(mode="default")(5)
