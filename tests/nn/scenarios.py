"""Functions of a library that end the same in both, with what they return or the error that they raise."""

import warnings

import pytest

import mytorch
from tests.referee import torch


def scenario(*functions):
    """Each function runs in both libraries; what it returns (or the error it ends in) has to be the same."""
    return pytest.mark.parametrize("function", functions, ids=lambda f: f.__name__)


def outcome(function, lib):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return plain(function(lib))
    except Exception as error:
        return type(error).__name__, str(error).replace("mytorch", "torch")


def in_torch(torch, function):
    return outcome(function, torch)


def plain(value):
    if isinstance(value, (mytorch.Tensor, torch.Tensor)):
        return str(value.dtype).split(".")[1], value.detach().tolist()
    if isinstance(value, (mytorch.nn.Module, torch.nn.Module)):
        return repr(value).replace("mytorch", "torch")
    if isinstance(value, dict):
        return [(k, plain(v)) for k, v in value.items()]
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value.replace("mytorch", "torch") if isinstance(value, str) else value


def small(lib):
    """A module with parameters, a shared one, None, buffers of both kinds, and children."""

    class Net(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = lib.nn.Linear(2, 3)
            self.layers = lib.nn.Sequential(lib.nn.Linear(3, 3), lib.nn.ReLU(), self.first)
            self.scale = lib.nn.Parameter(lib.ones(3))
            self.tied = self.scale
            self.register_parameter("nothing", None)
            self.register_buffer("mean", lib.zeros(2))
            self.register_buffer("cache", lib.zeros(1), persistent=False)
            self.register_buffer("no", None)
            self.gone = None

        def forward(self, x):
            return self.layers[:2](self.first(x)) * self.scale

    net = Net()
    with lib.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(lib.arange(p.numel()).reshape(p.shape) * 0.125 + i)  # numbers that no BLAS has to round
    return net
