"""Weights from the web, and their cache."""

import hashlib

import pytest

import mytorch
from tests.referee import torch


def test_weights_from_the_web(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    assert mytorch.hub.get_dir() == str(tmp_path / "home" / "hub")
    source = tmp_path / "weights.pth"
    torch.save({"w": torch.arange(3.0)}, source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    named = source.rename(tmp_path / f"net-{digest[:8]}.pth")
    state = mytorch.hub.load_state_dict_from_url(named.as_uri(), check_hash=True)
    assert state["w"].tolist() == [0, 1, 2]
    named.unlink()
    assert mytorch.hub.load_state_dict_from_url(named.as_uri())["w"].tolist() == [0, 1, 2]  # from the cache
    other = tmp_path / "other.pth"
    other.write_bytes(b"x")
    with pytest.raises(RuntimeError, match="invalid hash"):
        mytorch.hub.download_url_to_file(other.as_uri(), str(tmp_path / "copy"), "ffffffff")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "other.pth"]
    with pytest.raises(NotImplementedError, match="written for torch"):
        mytorch.hub.load("pytorch/vision", "resnet18")
