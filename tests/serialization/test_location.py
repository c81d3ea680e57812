"""Where loaded tensors go."""

import io
import zipfile

import pytest

import mytorch
from tests.serialization.files import roundtrip, same


def saved_on_a_gpu(value):
    """A checkpoint whose tensors say that they were on cuda:1."""
    source, file = io.BytesIO(), io.BytesIO()
    mytorch.save(value, source)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'"device": "cpu"', b'"device": "cuda:1"'))
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "map_location",
    [
        "cpu",
        mytorch.device("cpu"),
        {"cuda:1": "cpu"},
        lambda tensor, place: tensor,
        lambda tensor, place: tensor.cpu() if place == "cuda:1" else None,
    ],
)
def test_map_location(map_location):
    back = mytorch.load(saved_on_a_gpu([mytorch.ones(2)]), map_location=map_location)
    assert back[0].device.type == "cpu" and back[0].tolist() == [1, 1]


@pytest.mark.skipif(mytorch.core.arrays.cuda_is_available(), reason="only without a GPU")
@pytest.mark.parametrize("map_location", [None, {"cuda:0": "cpu"}, lambda tensor, place: None])
def test_no_gpu_to_load_to(map_location):
    with pytest.raises(RuntimeError, match=r"map_location=mytorch\.device"):
        mytorch.load(saved_on_a_gpu([mytorch.ones(2)]), map_location=map_location)


def test_bad_map_location():
    with pytest.raises(RuntimeError, match="Invalid device string"):
        roundtrip(1, map_location="gpu")
    with pytest.raises(TypeError, match="map_location should return a tensor"):
        roundtrip(mytorch.ones(1), map_location=lambda tensor, place: "cpu")


def test_devices(device):
    value = {
        "x": mytorch.ones(3, device=device),
        "half": mytorch.ones(3, dtype=mytorch.float16, device=device),
    }
    assert same(value, roundtrip(value))
    assert roundtrip(value, map_location="cpu")["x"].device == mytorch.device("cpu")
