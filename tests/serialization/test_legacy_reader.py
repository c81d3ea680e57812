"""Files of PyTorch before 1.6: read as those after it, and whatever else they hold refused."""

import io
import os
import pickle
import random
import struct
import tracemalloc

import pytest

import mytorch
from tests.referee import answer, torch
from tests.serialization.torch_files import DTYPES, Bomb, model, same, values, written

VALUES = values()


def old(obj, **options):
    return written(obj, _use_new_zipfile_serialization=False, **options)


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("name", VALUES)
def test_reads_what_torch_writes(name, protocol):
    assert same(mytorch.load(old(VALUES[name], pickle_protocol=protocol)), VALUES[name])


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    t = torch.arange(15).reshape(3, 5).to(getattr(torch, dtype))
    assert same(mytorch.load(old([t, t.t()[1:]])), [t, t.t()[1:]])


def test_views_share_memory():
    base = torch.zeros(4)
    mine = mytorch.load(old({"base": base, "part": base[1:], "again": base}))
    mine["part"].array[0] = 7
    assert mine["base"].tolist() == [0, 7, 0, 0] and mine["again"] is mine["base"]


def test_files_by_path_and_one_after_the_other(tmp_path):
    both = old([torch.ones(2)]).getvalue() + old({"a": 1}).getvalue()
    (tmp_path / "old.pth").write_bytes(both)
    assert mytorch.load(tmp_path / "old.pth")[0].tolist() == [1, 1]
    with open(tmp_path / "old.pth", "rb") as on_disk:
        for file in (io.BytesIO(both), on_disk):
            assert mytorch.load(file)[0].tolist() == [1, 1] and mytorch.load(file) == {"a": 1}


# ---- files by hand -------------------------------------------------------------------------------

MACHINE = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x007X\x03\x00\x00\x00cpuK\x04NtQ"
TAIL = b"\x89ccollections\nOrderedDict\n)RtR."


def tensor(storage=STORAGE, size=b"K\x04\x85", tail=TAIL):
    return b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + size + b"K\x01\x85" + tail


def by_hand(
    content=None,
    keys=("7",),
    storages=struct.pack("<q4f", 4, 1, 2, 3, 4),
    version=1001,
    machine=MACHINE,
):
    front = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, version, machine)]
    return b"".join([*front, content or tensor(), pickle.dumps([*keys], 2), storages])


def test_the_handwritten_file_is_right():
    assert mytorch.load(io.BytesIO(by_hand())).tolist() == [1, 2, 3, 4]


def test_files_of_python_2_with_parts_of_storages():
    """Their text has no encoding, tensors have no flags, and storages may be parts of others."""
    part = b"(U\x07storagectorch.cuda\nFloatStorage\nU\x017U\x03cpuK\x04(U\x018K\x01K\x02ttQ"
    content = b"\x80\x02}U\x01wctorch._utils\n_rebuild_tensor\n(" + part + b"K\x00K\x02\x85K\x01\x85tRs."
    file = by_hand(content)
    mine = mytorch.load(io.BytesIO(file))
    theirs = answer(lambda torch, file: torch.load(file, weights_only=True), io.BytesIO(file))
    assert mine["w"].tolist() == [2, 3] == theirs["w"].tolist()


HUGE = STORAGE.replace(b"K\x04N", b"\x8a\x06\x00\x00\x00\x00\x00\x10N")
MALFORMED = {
    "version": (dict(version=1000), "version"),
    "version of another type": (dict(version=[1001]), "version"),
    "machine": (dict(machine=[]), "machine"),
    "no keys": (dict(keys=()), "keys are not its storages"),
    "other keys": (dict(keys="8"), "keys are not its storages"),
    "more keys": (dict(keys="78"), "keys are not its storages"),
    "a key twice": (dict(keys="77"), "keys are not its storages"),
    "keys of another type": (dict(keys=[7]), "keys are malformed"),
    "another count": (dict(storages=struct.pack("<q4f", 3, 1, 2, 3, 4)), "should have 4 elements"),
    "a short storage": (dict(storages=struct.pack("<q3f", 4, 1, 2, 3)), "ends too early"),
    "no storage": (dict(storages=b""), "more bytes than the file has"),
    "huge": (dict(content=tensor(HUGE)), "more bytes than the file has"),
    "negative": (dict(content=tensor(STORAGE.replace(b"K\x04N", b"J\xff\xff\xff\xffN"))), "storage is malf"),
    "beyond": (dict(content=tensor(size=b"K\x05\x85")), "reaches beyond"),
    "two dtypes": (
        dict(content=tensor()[:-1] + tensor(STORAGE.replace(b"Float", b"Int"))[2:-1] + b"\x86."),
        "two lengths or dtypes",
    ),
    "a part beyond": (
        dict(content=tensor(STORAGE.replace(b"N", b"(X\x01\x00\x00\x008K\x01K\x04t"))),
        "beyond",
    ),
    "a negative part": (
        dict(content=tensor(STORAGE.replace(b"N", b"(X\x01\x00\x00\x008J\xff\xff\xff\xffK\x01t"))),
        "part of a storage is malformed",
    ),
    "a part of another type": (dict(content=tensor(STORAGE.replace(b"N", b"K\x01"))), "part of a storage"),
    "no boolean": (
        dict(
            content=tensor(STORAGE.replace(b"Float", b"Bool")),
            storages=struct.pack("<q4B", 4, 0, 1, 7, 0),
        ),
        "neither true nor false",
    ),
    "a module": (dict(content=b"\x80\x02(X\x06\x00\x00\x00moduleNNNNtQ."), "it holds a whole module"),
    "a call": (dict(content=b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."), "it needs os.system"),
    "no STOP": (dict(content=b"\x80\x02N"), ""),
    "an opcode of none": (dict(content=b"\x80\x02\xff."), "at position"),
    "text beyond the end": (dict(content=b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x00."), "expected"),
    "a storage in the keys": (dict(keys=(), storages=b"\x80\x02" + STORAGE + b"."), ""),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_files(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parts, message = MALFORMED[name]
    with pytest.raises(RuntimeError, match=f"the file object: .*{message}"):
        mytorch.load(io.BytesIO(by_hand(**parts)))
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("key", ["version", "machine", "keys"])
def test_pickles_around_the_object_are_never_run(key, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in (2, 4):
        with pytest.raises(RuntimeError, match=r"the file object: it needs posix\.mkdir|nt\.mkdir"):
            mytorch.load(io.BytesIO(by_hand(**{key: [Bomb()]})))
        with pytest.raises(RuntimeError, match=r"the file object: it needs posix\.mkdir|nt\.mkdir"):
            mytorch.load(io.BytesIO(by_hand(pickle.dumps(Bomb(), protocol))))
    assert not os.listdir(tmp_path)


def test_a_whole_module_is_refused():
    with pytest.raises(RuntimeError, match=r"it needs torch\.nn.*in PyTorch, save model\.state_dict\(\)"):
        mytorch.load(old(torch.nn.Linear(2, 2)))


@pytest.mark.parametrize("content", [tensor(HUGE), b"\x80\x04\x8e" + b"\xff" * 7 + b"\x00."])
def test_a_small_file_takes_little_memory(content):
    file = io.BytesIO(by_hand(content))
    tracemalloc.start()
    try:
        with pytest.raises(RuntimeError):
            mytorch.load(file)
        assert tracemalloc.get_traced_memory()[1] < 1e6
    finally:
        tracemalloc.stop()


def test_windows_that_repeat_are_checked_in_time():
    """The booleans of an expanded tensor are compared once, not as often as they repeat."""
    size, stride = b"J\x00\x00\x00\x40" * 2 + b"\x86", b"K\x00K\x00\x86"
    content = tensor(STORAGE.replace(b"Float", b"Bool"), size).replace(b"K\x01\x85", stride)
    file = by_hand(content, storages=struct.pack("<q4B", 4, 1, 1, 7, 1))
    assert mytorch.load(io.BytesIO(file)).shape == (2**30, 2**30)


# ---- damage --------------------------------------------------------------------------------------


def state():
    base = torch.arange(6)
    return {
        "model": model().state_dict(),
        "b": base,
        "v": base[2:] > 3,
        "p": torch.nn.Parameter(torch.ones(2)),
        "n": [1, 2.5, None, "x", (1, {2})],
    }


@pytest.mark.parametrize("protocol", [2, 4])
def test_flipped_and_missing_bytes(protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content, rng = old(state(), pickle_protocol=protocol).getvalue(), random.Random(protocol)
    opcodes = [ord(op.code) for op in __import__("pickletools").opcodes]
    for _ in range(600):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 2, 8))):
            damaged[rng.randrange(len(damaged))] = (
                rng.choice(opcodes) if rng.random() < 0.5 else rng.randrange(256)
            )
        if rng.random() < 0.2:
            start = rng.randrange(len(damaged))
            del damaged[start : start + rng.randrange(1, 50)]
        try:
            mytorch.load(io.BytesIO(bytes(damaged)))
        except RuntimeError as error:
            assert "the file object" in str(error)
    for length in range(0, len(content), 97):
        with pytest.raises(RuntimeError, match="the file object"):
            mytorch.load(io.BytesIO(content[:length]))
    assert not os.listdir(tmp_path)
