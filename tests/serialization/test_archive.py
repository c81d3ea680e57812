"""Damaged files are refused: truncated, altered, with other members."""

import collections
import io
import json
import math
import random
import struct
import zipfile

import numpy as np
import pytest

import mytorch
from tests.serialization.files import rewrite, same


def zip_of(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def manifest_of(obj, **changes):
    """A checkpoint of ``obj`` whose manifest was altered."""
    file = io.BytesIO()
    mytorch.save(obj, file)
    manifest = json.loads(zipfile.ZipFile(file).read("manifest.json"))
    for key, value in changes.items():
        manifest[key] = value(manifest[key]) if callable(value) else value
    return rewrite(file, **{"manifest.json": json.dumps(manifest)})


WINDOW = {"dtype": "|u1", "member": 0, "shape": [2], "strides": [1], "offset": 0}

ALTERED = {
    "format": dict(format="other"),
    "version": dict(version=2),
    "object missing": dict(pickled="both"),
    "tables": dict(tensors=None),
    "unknown tag": dict(object={"eval": "1"}),
    "two tags": dict(object={"int": "1", "float": "1"}),
    "tag content": dict(object={"tuple": 3}),
    "pair": dict(object={"dict": [[1]]}),
    "unhashable key": dict(object={"dict": [[[1], 2]]}),
    "float": dict(object={"float": "zz"}),
    "base64": dict(object={"bytes": "=a"}),
    "device": dict(object={"device": "moon"}),
    "dtype": dict(object={"numpy.dtype": "O"}),
    "no such tensor": dict(object={"tensor": 7}),
    "negative tensor": dict(object={"tensor": -1}),
    "bool as index": dict(object={"tensor": True}),
    "tensor's array": dict(tensors=lambda t: [{**t[0], "array": 9}]),
    "tensor's kind": dict(tensors=lambda t: [{**t[0], "kind": "Module"}]),
    "tensor's device": dict(tensors=lambda t: [{**t[0], "device": 3}]),
    "tensor's flag": dict(tensors=lambda t: [{**t[0], "requires_grad": 1}]),
    "member": dict(arrays=[{"dtype": "<f4", "member": "../../etc/passwd"}]),
    "dtype of array": dict(arrays=[{"dtype": "<f8", "member": 0}]),
    "object dtype": dict(arrays=[{"dtype": "O", "member": 0}]),
    "structured dtype": dict(arrays=[{"dtype": "f4,O", "member": 0}]),
    "window too long": dict(arrays=[WINDOW | {"shape": [10**12]}]),
    "window before": dict(arrays=[WINDOW | {"strides": [-1]}]),
    "window offset": dict(arrays=[WINDOW | {"offset": -1}]),
    "window float": dict(arrays=[WINDOW | {"offset": 0.5}]),
    "window negative": dict(arrays=[WINDOW | {"shape": [-1]}]),
    "window rank": dict(arrays=[WINDOW | {"shape": [2, 2]}]),
}


@pytest.mark.parametrize("name", ALTERED)
def test_an_altered_manifest_is_refused(name):
    with pytest.raises(
        RuntimeError, match="the file object: the file is damaged, truncated or was altered: "
    ):
        mytorch.load(manifest_of([mytorch.ones(2)], **ALTERED[name]))


def test_deep_json_is_refused():
    for text in (
        "[" * 100000,
        '{"format": "mytorch", "object": '
        + "[" * 400
        + "]" * 400
        + ', "version": 1, "tensors": [], "arrays": []}',
        '{"a": NaN}',
    ):
        file = io.BytesIO()
        mytorch.save(1, file)
        with pytest.raises(RuntimeError, match="damaged"):
            mytorch.load(rewrite(file, **{"manifest.json": text}))


def npy(header):
    """A .npy file without its data; ``header`` is a dict's text or (dtype, shape)."""
    if isinstance(header, tuple):
        header = str({"descr": header[0], "fortran_order": False, "shape": header[1]})
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        npy("{}"),
        npy("x" * 50),
        npy(("<f4", (1000000000000,))),
        npy(("<f4", (2,))) + bytes(7),
        npy(("<f4", (2,))) + bytes(9),
        npy(("<f4", (-2, -1))) + bytes(8),
        npy(("|b1", (1,))) + b"\7",
        npy("__import__('os').mkdir('exploded')"),
        npy(([("a", "O")], ())) + bytes(8),
    ],
)
def test_altered_members_are_refused(content):
    file = io.BytesIO()
    mytorch.save(mytorch.ones(2), file)
    with pytest.raises(RuntimeError, match="damaged"):
        mytorch.load(rewrite(file, **{"0.npy": content}))


def test_missing_and_compressed_members():
    file = io.BytesIO()
    mytorch.save(mytorch.ones(100000), file)
    with pytest.raises(RuntimeError, match=r"member '0\.npy' is missing"):
        mytorch.load(rewrite(file, **{"0.npy": None}))
    with pytest.raises(RuntimeError, match="neither a mytorch nor a PyTorch checkpoint"):
        mytorch.load(zip_of(readme=b"hello"))
    with pytest.raises(RuntimeError, match="compressed"):
        mytorch.load(rewrite(file, zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello, this is some text", "not a mytorch or PyTorch checkpoint"),
        (b"\x80\x02}q\x00.", "could run any code"),
        (struct.pack("<Q", 2) + b"{}", "load_safetensors"),
        (b"PK\x03\x04rubbish that follows", "damaged"),
    ],
)
def test_other_files(tmp_path, content, message):
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=rf"odd\.pt.*{message}"):
        mytorch.load(path)


def test_file_object_at_its_end():
    file = io.BytesIO()
    mytorch.save(1, file)
    with pytest.raises(RuntimeError, match=r"seek\(0\)"):
        mytorch.load(file)


def checkpoint():
    base = mytorch.arange(6)
    return {
        "model": collections.OrderedDict(w=mytorch.ones(2, 3), b=base, v=base[2:]),
        "lr": 0.1,
        "n": [10**20, math.inf, b"x", (1, None)],
        "a": np.eye(2),
    }


def test_every_truncation_is_noticed():
    file = io.BytesIO()
    mytorch.save(checkpoint(), file)
    content = file.getvalue()
    for length in range(0, len(content), 13):
        with pytest.raises(RuntimeError, match="the file object"):
            mytorch.load(io.BytesIO(content[:length]))


def fuzz(content, rounds, accept):
    """Load damaged copies: either the documented error, or, where the damage is without meaning, what
    ``accept`` takes.
    """
    rng = random.Random(0)
    for _ in range(rounds):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        if rng.random() < 0.2:
            start = rng.randrange(len(damaged))
            del damaged[start : start + rng.randrange(1, 50)]
        try:
            result = mytorch.load(io.BytesIO(bytes(damaged)))
        except RuntimeError as error:
            assert "the file object" in str(error)
        else:
            accept(result)


def test_flipped_bytes_are_noticed():
    file = io.BytesIO()
    mytorch.save(checkpoint(), file)

    def accept(result):
        assert same(result, checkpoint())

    fuzz(file.getvalue(), 3000, accept)


def test_flipped_bytes_under_a_right_checksum():
    """The checksums do not hide a careless decoder: damage is done before they are made."""
    file = io.BytesIO()
    mytorch.save(checkpoint(), file)
    rng = random.Random(1)
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(1500):
        name = rng.choice([*members, "manifest.json", "manifest.json"])
        damaged = bytearray(members[name])
        for _ in range(rng.choice((1, 2, 5))):
            damaged[rng.randrange(len(damaged))] = rng.choice(
                b'0123456789[]{}",:-tensorx' if name == "manifest.json" else range(256)
            )
        try:
            mytorch.load(rewrite(file, **{name: bytes(damaged)}))
        except RuntimeError as error:
            assert "the file object" in str(error)
