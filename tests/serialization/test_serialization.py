"""Saving and loading: exact, shared memory kept, nothing executed, nothing half-written."""

import collections
import io
import json
import math
import os
import pathlib
import pickle
import random
import stat
import struct
import subprocess
import sys
import threading
import zipfile

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.serialization import archive
from tests.serialization import torch_files
from tests.serialization.files import rewrite, roundtrip, same

VALUES = {
    "none": None,
    "bools": [True, False],
    "ints": [0, -1, 2**53 - 1, 2**53, -(2**63), 10**5000, -(7**9999)],
    "floats": [
        0.0,
        -0.0,
        0.1,
        1e-320,
        math.inf,
        -math.inf,
        math.nan,
        struct.unpack("d", bytes.fromhex("01000000000000fc")[::1])[0],
    ],
    "complex": [1 + 2j, complex(-0.0, math.inf)],
    "strings": ["", "ünïcode ☃", "\ud800", "\x00", '"\\'],
    "bytes": [b"", bytes(range(256)), bytearray(b"xy")],
    "containers": (
        [],
        (),
        {},
        set(),
        frozenset({1, "a"}),
        {1, 2.5, None},
        collections.OrderedDict(b=1, a=2),
        collections.Counter("abca"),
    ),
    "keys": {"a": 1, 1: 2, 2.5: 3, False: 4, None: 5, (1, ("x", None)): 6, b"k": 7},
    "names": [
        mytorch.float32,
        mytorch.bool,
        mytorch.device("cuda:1"),
        mytorch.device("cpu"),
        mytorch.Size([2, 3]),
        np.dtype(">f4"),
    ],
    "order": {str(i): i for i in range(50, 0, -1)},
    "scalars": [
        np.float64(0.1),
        np.float32(1),
        np.int8(-3),
        np.bool_(True),
        np.str_("a"),
        np.datetime64("2020-01-01"),
    ],
    "nested": {"a": [{"b": ({"c": [1, (2, [3])]},)}]},
    "rng": random.Random(0).getstate(),
    "numpy rng": np.random.RandomState(0).get_state(),
    "numpy generator": np.random.default_rng(0).bit_generator.state,
}


@pytest.mark.parametrize("name", VALUES)
def test_values_come_back_as_they_were(name):
    assert same(VALUES[name], roundtrip(VALUES[name]))


DTYPES = [dtype for dtype in torch_files.DTYPES if dtype != "bfloat16"]
SHAPES = [(), (0,), (3, 0, 2), (1,), (5,), (2, 3), (2, 1, 3, 4)]


@pytest.mark.parametrize("dtype", DTYPES)
def test_tensors_and_arrays_of_every_dtype(dtype):
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        bits = rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize)).astype(np.uint8)
        array = (
            (bits % 2).astype(bool)[..., 0]
            if dtype == "bool"
            else np.ndarray(shape, dtype, bits.tobytes()).copy()
        )
        assert same(array, roundtrip(array))
        big_endian = array.astype(array.dtype.newbyteorder(">"))
        assert same(big_endian, roundtrip(big_endian))
        tensor = mytorch.from_numpy(array)
        assert same([tensor], roundtrip([tensor]))


def test_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    array = np.arange(65536, dtype=np.uint16).view(ml_dtypes.bfloat16).reshape(256, 256)
    back = roundtrip({"t": mytorch.from_numpy(array), "n": array.T[3:]})
    assert back["t"].dtype is mytorch.bfloat16
    assert same(array, back["t"].array) and same(array.T[3:], back["n"])


@pytest.mark.parametrize(
    "array",
    [
        np.array(["ab", "c"]),
        np.array([b"x", b"yz"]),
        np.array(["2020-01-01", "NaT"], "M8[D]"),
        np.array([5], "m8[ns]"),
        np.array(np.longdouble(1) / 3),
    ],
    ids=lambda a: str(a.dtype),
)
def test_other_numpy_arrays(array):
    assert same(array, roundtrip(array))


def test_layouts():
    base = np.arange(24.0).reshape(2, 3, 4)
    views = [
        base.T,
        base[:, ::2],
        base[::-1],
        base[..., 1],
        np.asfortranarray(base),
        np.broadcast_to(base[0, 0], (5, 4)),
        base[1:1],
    ]
    for view in views:
        assert same(view, roundtrip(view))
        assert same(
            mytorch.from_numpy(view.copy(order="K")), roundtrip(mytorch.from_numpy(view.copy(order="K")))
        )
    assert all(same(a, b) for a, b in zip(views, roundtrip(views)))


def test_parameters_and_graph_tensors():
    weight = nn.Parameter(mytorch.ones(2))
    leaf = mytorch.zeros(2, requires_grad=True)
    back = roundtrip([weight, leaf, weight * 2, nn.Parameter(mytorch.ones(1), requires_grad=False)])
    assert type(back[0]) is nn.Parameter and back[0].requires_grad and back[0].is_leaf
    assert type(back[1]) is mytorch.Tensor and back[1].requires_grad
    assert back[2].requires_grad and back[2].is_leaf and back[2].tolist() == [2, 2]
    assert type(back[3]) is nn.Parameter and not back[3].requires_grad
    back[0].sum().backward()
    assert back[0].grad.tolist() == [1, 1]


def test_parameters_load_before_anything_else_of_nn(tmp_path):
    mytorch.save({"w": nn.Parameter(mytorch.ones(2))}, tmp_path / "a.mt")
    code = f"import mytorch; print(mytorch.load({str(tmp_path / 'a.mt')!r}))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "{'w': Parameter containing:\ntensor([1., 1.], requires_grad=True)}", (
        done.stderr
    )


# ---- shared memory -------------------------------------------------------------------------------


def test_identical_tensors_stay_one():
    weight = nn.Parameter(mytorch.ones(3))
    back = roundtrip({"a": weight, "b": [weight], "c": weight.detach()})
    assert back["a"] is back["b"][0]
    with mytorch.no_grad():
        back["a"].array[0] = 7
    assert back["c"].tolist() == [7, 1, 1]


def test_views_share_memory_again():
    base = mytorch.arange(12).reshape(3, 4)
    saved = {
        "base": base,
        "row": base[1],
        "t": base.transpose(0, 1),
        "reversed": base.array[::-1],
        "bytes": base.array.view(np.uint8)[2:, ::3],
    }
    back = roundtrip(saved)
    for name, value in saved.items():
        assert same(value, back[name])
    back["row"].array[2] = 100
    assert (
        back["base"].tolist()[1] == [4, 5, 100, 7]
        and back["t"].tolist()[2] == [2, 100, 10]
        and back["reversed"][1, 2] == 100
    )


def test_one_view_does_not_drag_its_base_along():
    file = io.BytesIO()
    mytorch.save(mytorch.zeros(1000, 1000)[5], file)
    assert len(file.getvalue()) < 6000
    parts = mytorch.zeros(10**6)
    file = io.BytesIO()
    # neighbours in a flat buffer share nothing
    mytorch.save([parts[10 * i : 10 * i + 10] for i in range(20)], file)
    assert len(file.getvalue()) < 20000


def test_an_expanded_tensor_stays_small():
    file = io.BytesIO()
    value = mytorch.tensor(3.0).expand(1000, 1000)
    mytorch.save(value, file)
    assert len(file.getvalue()) < 3000
    file.seek(0)
    assert same(value, mytorch.load(file))


def test_temporary_arrays_are_not_confused():
    """Memory that is freed and reused while saving must not make two tensors one."""
    model = [mytorch.full((1000,), float(i)) for i in range(50)]
    back = roundtrip([x.array[::2] for x in model])
    assert [a[0] for a in back] == list(range(50))


# ---- files ---------------------------------------------------------------------------------------


def test_paths_and_file_objects(tmp_path):
    value = {"x": mytorch.ones(2)}
    for path in (tmp_path / "a.mt", str(tmp_path / "b.mt"), os.fsencode(tmp_path / "c.mt")):
        mytorch.save(value, path)
        assert same(value, mytorch.load(path))
    with open(tmp_path / "d.mt", "wb") as file:
        file.write(b"something before")
        mytorch.save(value, file)
    with open(tmp_path / "d.mt", "rb") as file:
        file.seek(16)
        assert same(value, mytorch.load(file))


def test_numpy_opens_the_file(tmp_path):
    mytorch.save({"x": mytorch.ones(2, 3)}, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as arrays:
        assert same(arrays["0"], np.ones((2, 3), np.float32))
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert manifest["format"] == "mytorch" and manifest["object"] == {"dict": [["x", {"tensor": 0}]]}


class Unsavable:
    def __reduce__(self):
        raise KeyboardInterrupt


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.mt"
    mytorch.save({"epoch": 1}, path)
    with pytest.raises(KeyboardInterrupt):
        mytorch.save([mytorch.ones(10000), Unsavable()], path)
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        mytorch.save([mytorch.ones(10000), lambda: 1, threading.Lock()], path)
    assert mytorch.load(path) == {"epoch": 1}
    assert os.listdir(tmp_path) == ["a.mt"]


KILLED = """
import os, signal, sys
import mytorch
class Last:
    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)
mytorch.save([mytorch.ones(1000), Last()], sys.argv[1])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_drafts_of_processes_that_were_killed_go_with_the_next_save(tmp_path):
    path = tmp_path / "a.mt"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path)])
    assert killed.returncode < 0
    (dead,) = os.listdir(tmp_path)
    start, machine, number, token = dead.split("-")
    kept = [
        f"{start}-{machine}-{os.getppid()}-{token}",  # of a process that lives
        f"{start}-00000000-{number}-{token}",  # of another machine
        f"{start}-0123456789abcdef.tmp",  # of nobody known
        "mine.tmp",
    ]
    reused = f"{start}-{machine}-{os.getpid()}-{token}"  # of an earlier process with this one's number
    for name in (*kept, reused):
        (tmp_path / name).touch()
    with archive.writing(tmp_path / "b.mt") as file:  # a save that is under way stays
        file.write(b"x")
        mytorch.save(1, path)
    assert sorted(os.listdir(tmp_path)) == sorted(["a.mt", "b.mt", *kept])


def test_replacing_keeps_links_and_permissions(tmp_path):
    target, link = tmp_path / "target.mt", tmp_path / "link.mt"
    mytorch.save(1, target)
    usual = stat.S_IMODE(os.stat(target).st_mode)
    (tmp_path / "plain").write_bytes(b"")
    assert usual == stat.S_IMODE(os.stat(tmp_path / "plain").st_mode)
    os.chmod(target, 0o640)
    link.symlink_to(target)
    mytorch.save(2, link)
    assert link.is_symlink() and mytorch.load(target) == 2 and stat.S_IMODE(os.stat(target).st_mode) == 0o640


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        mytorch.save(1, tmp_path / "no" / "a.mt")
    with pytest.raises(IsADirectoryError):
        mytorch.save(1, tmp_path)
    with pytest.raises(FileNotFoundError):
        mytorch.load(tmp_path / "a.mt")
    mytorch.save(1, pathlib.Path(os.devnull))
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)


def test_nesting_has_an_end():
    deep = []
    for _ in range(90):
        deep = [{"x": deep}] if len(str(deep)) % 2 else [deep]
    assert roundtrip(deep) == deep
    for _ in range(200):
        deep = [deep]
    with pytest.raises(ValueError, match="nested more than 100"):
        roundtrip(deep)
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        roundtrip(loop)


# ---- whole modules -------------------------------------------------------------------------------


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(mytorch.ones(3))
        self.tied = self.weight
        self.note = "as it was"

    def forward(self, x):
        return x * self.weight


def test_a_module_needs_weights_only_false(tmp_path):
    net = Net()
    with mytorch.no_grad():
        net.weight.array[:] = 5
    path = tmp_path / "net.mt"
    mytorch.save({"net": net, "epoch": 3}, path)
    with pytest.raises(
        RuntimeError, match=r"net\.mt holds a .*Net at object\['net'\].*weights_only=False.*state_dict"
    ):
        mytorch.load(path)
    back = mytorch.load(path, weights_only=False)
    assert back["epoch"] == 3 and back["net"].note == "as it was"
    assert back["net"].weight is back["net"].tied and type(back["net"].weight) is nn.Parameter
    assert back["net"](mytorch.ones(3)).tolist() == [5, 5, 5]


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_nothing_is_executed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mytorch.save(Bomb(), "bomb.mt")
    with pytest.raises(RuntimeError, match="only pickle can restore"):
        mytorch.load("bomb.mt")
    pathlib.Path("bare.pt").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RuntimeError, match="could run any code"):
        mytorch.load("bare.pt")
    np.savez("array.npz", np.array([Bomb()], object), allow_pickle=True)
    with pytest.raises(RuntimeError, match=r"use numpy\.load"):
        mytorch.load("array.npz")
    good = io.BytesIO()
    mytorch.save(np.ones(3), good)
    object_array = zipfile.ZipFile("array.npz").read("arr_0.npy")
    altered = rewrite(good, **{"0.npy": object_array})
    with pytest.raises(RuntimeError, match="has dtype object"):
        mytorch.load(altered)
    assert not os.path.exists("exploded")


# ---- PyTorch's other arguments -------------------------------------------------------------------

SAVED = {
    "protocol": {"pickle_protocol": 4},
    "pickle": {"pickle_module": pickle},
    "zip": {"_use_new_zipfile_serialization": True, "_disable_byteorder_record": False},
}
NOT_SAVED = {
    "files are zip files": (NotImplementedError, {"_use_new_zipfile_serialization": False}),
    "record the byte order": (NotImplementedError, {"_disable_byteorder_record": True}),
    "by Python's pickle, not by <module 'json'": (NotImplementedError, {"pickle_module": json}),
    "pickle_protocol must be int, not str": (TypeError, {"pickle_protocol": "4"}),
    "unexpected keyword argument 'nobody'": (TypeError, {"nobody": 1}),
}
NOT_LOADED = {
    "f must be a file path in order to use the mmap": (ValueError, {"mmap": True}),
    "by Python's pickle, not by <module 'json'": (NotImplementedError, {"pickle_module": json}),
    "unexpected keyword argument 'nobody'": (TypeError, {"nobody": 1}),
}
NO_FILES = [5, None, 2.5, [1]]


@pytest.mark.parametrize("name", SAVED)
def test_arguments_of_save(name):
    file = io.BytesIO()
    mytorch.save(mytorch.ones(2), file, **SAVED[name])
    file.seek(0)
    assert same(mytorch.load(file), mytorch.ones(2))


@pytest.mark.parametrize("text", NOT_SAVED)
def test_what_save_refuses(text):
    kind, settings = NOT_SAVED[text]
    with pytest.raises(kind, match=text):
        mytorch.save(mytorch.ones(2), io.BytesIO(), **settings)


@pytest.mark.parametrize("text", NOT_LOADED)
def test_what_load_refuses(text):
    kind, settings = NOT_LOADED[text]
    with pytest.raises(kind, match=text):
        mytorch.load(io.BytesIO(), **settings)


def test_arguments_of_load(tmp_path):
    path = tmp_path / "x.mt"
    mytorch.save(mytorch.ones(2), path)
    assert same(mytorch.load(path, None, pickle, mmap=True, encoding="latin1"), mytorch.ones(2))
    mytorch.save(nn.Linear(1, 1), path)
    with pytest.raises(RuntimeError, match="weights_only=False"):
        mytorch.load(path, weights_only=None)  # PyTorch's default, which is True


@pytest.mark.parametrize("f", NO_FILES, ids=str)
@pytest.mark.parametrize(
    "call", [lambda f: mytorch.save(1, f), mytorch.load, mytorch.serialization.save_torch]
)
def test_what_is_no_file(call, f):
    with pytest.raises(AttributeError, match=r"seek|'write' attribute"):
        call(*([1, f] if call is mytorch.serialization.save_torch else [f]))
