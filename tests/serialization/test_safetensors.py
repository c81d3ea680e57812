"""safetensors files, there and back."""

import importlib

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.serialization import load_safetensors, save_safetensors
from tests.referee import answer, torch
from tests.serialization.files import same


def test_safetensors_there_and_back(tmp_path):
    pytest.importorskip("safetensors")
    weight = nn.Parameter(mytorch.arange(6.0).reshape(2, 3))
    state = {
        "w": weight,
        "tied": weight,
        "t": weight.transpose(0, 1),
        "n": mytorch.tensor(7),
        "empty": mytorch.zeros(0, 3),
        "b": mytorch.tensor([True, False]),
    }
    save_safetensors(state, tmp_path / "a.safetensors", metadata={"format": "pt"})
    back = load_safetensors(tmp_path / "a.safetensors")
    assert {k: (v.tolist(), v.dtype) for k, v in back.items()} == {
        k: (v.tolist(), v.dtype) for k, v in state.items()
    }
    back["n"].array[...] = 3  # writable memory of its own
    theirs = answer(
        lambda _, path: dict(sorted(safetensors_of_torch().load_file(path).items())),
        tmp_path / "a.safetensors",
    )
    for name, value in sorted(theirs.items()):
        assert same(
            value.numpy(), np.ascontiguousarray(state[name].detach().array).reshape(state[name].shape)
        )
    values = {
        "x": torch.randn(3, 4),
        "h": torch.randn(3).half(),
        "i": torch.tensor([1, 2], dtype=torch.int32),
    }
    answer(lambda _, *args: safetensors_of_torch().save_file(*args), values, tmp_path / "b.safetensors")
    for name, value in sorted(load_safetensors(tmp_path / "b.safetensors").items()):
        assert same(value.array, values[name].numpy())


def safetensors_of_torch():
    return importlib.import_module("safetensors.torch")


def test_safetensors_errors(tmp_path):
    pytest.importorskip("safetensors")
    with pytest.raises(TypeError, match="tensors only, got float under 'lr'"):
        save_safetensors({"lr": 0.1}, tmp_path / "a")
    (tmp_path / "bad").write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00{rubbish")
    with pytest.raises(RuntimeError, match="bad: the file is damaged"):
        load_safetensors(tmp_path / "bad")
