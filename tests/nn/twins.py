"""The same layer in mytorch and in PyTorch."""

import mytorch
from tests.referee import compare, torch


def twins(name, *args, dtype="float64", **settings):
    """The same module in both libraries, with the same weights."""
    theirs = getattr(torch.nn, name)(*args, **settings).to(getattr(torch, dtype))
    mine = getattr(mytorch.nn, name)(*args, **settings).to(getattr(mytorch, dtype))
    assert list(mine.state_dict()) == list(theirs.state_dict())
    mine.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    assert repr(mine) == repr(theirs)
    return {mytorch: mine, torch: theirs}


def agree(modules, call, arrays, dtype="float64"):
    mine, theirs = modules[mytorch], modules[torch]
    compare(
        lambda lib, *x: call(mine if lib is mytorch else theirs, *x), arrays, dtype, modules=(mine, theirs)
    )
