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
