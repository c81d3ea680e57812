"""Layers under the paths of torch's files."""

import importlib

import pytest

import mytorch
from tests.referee import answer


def names_of_layers():
    for file in (
        "activation batchnorm channelshuffle container conv distance dropout flatten fold instancenorm "
        "linear loss module normalization padding "
        "pixelshuffle pooling rnn sparse transformer upsampling"
    ).split():
        for name in answer(classes_in, file):
            if hasattr(mytorch.nn, name):
                yield file, name


def classes_in(torch, file):
    module = getattr(torch.nn.modules, file)
    classes = {name: value for name, value in vars(module).items() if isinstance(value, type)}
    return [name for name, value in classes.items() if value.__module__ == module.__name__]


@pytest.mark.parametrize(
    ("file", "name"),
    [*names_of_layers(), ("batchnorm", "_BatchNorm"), ("loss", "_Loss"), ("conv", "_ConvNd")],
)
def test_layers_under_torchs_files(file, name):
    mine = getattr(importlib.import_module(f"mytorch.nn.modules.{file}"), name)
    assert mine is getattr(getattr(mytorch.nn.modules, file), name)
    if not name.startswith("_"):
        assert mine is getattr(mytorch.nn, name) is getattr(mytorch.nn.modules, name)
