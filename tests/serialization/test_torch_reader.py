"""Files that PyTorch writes, read without it: values, sharing, dtypes; and whatever is not a state_dict
refused, however it was damaged.
"""

import collections
import importlib
import io
import os
import pickle
import random
import warnings
import zipfile

import numpy as np
import pytest

import mytorch
from mytorch import nn
from mytorch.serialization import load_safetensors, save_safetensors
from tests.draws import draws
from tests.referee import answer, live, torch
from tests.serialization.torch_files import DTYPES, Bomb, model, rewrite, same, values, written

VALUES = values()


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("name", VALUES)
def test_reads_what_torch_writes(name, protocol):
    assert same(mytorch.load(written(VALUES[name], pickle_protocol=protocol)), VALUES[name])


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    t = torch.randint(0, 2, (3, 5)).to(getattr(torch, dtype))
    assert same(mytorch.load(written([t, t.t()[1:]])), [t, t.t()[1:]])


def test_bfloat16_without_its_package(monkeypatch):
    monkeypatch.setattr(mytorch.core.dtypes, "by_numpy", {})
    monkeypatch.setitem(__import__("sys").modules, "ml_dtypes", None)
    with pytest.raises(RuntimeError, match=r"mytorch\[bfloat16\]"):
        mytorch.load(written(torch.ones(2, dtype=torch.bfloat16)))


def test_views_share_memory():
    base = torch.zeros(4)
    mine = mytorch.load(written({"base": base, "part": base[1:], "again": base}))
    mine["part"].array[0] = 7
    assert mine["base"].tolist() == [0, 7, 0, 0] and mine["again"] is mine["base"]


def test_files_by_path(tmp_path):
    torch.save(model().state_dict(), tmp_path / "model.pth")
    assert same(
        mytorch.load(str(tmp_path / "model.pth"), map_location="cpu", weights_only=True),
        torch.load(tmp_path / "model.pth"),
    )


def on_a_gpu(obj):
    """The file with its storages said to be on cuda:0."""
    return rewrite(
        written(obj),
        **{
            "archive/data.pkl": lambda content: content.replace(
                b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0"
            )
        },
    )


@pytest.mark.skipif(mytorch.core.arrays.cuda_is_available(), reason="only without a GPU")
def test_map_location():
    with pytest.raises(RuntimeError, match=r"map_location=mytorch\.device"):
        mytorch.load(on_a_gpu(torch.ones(2)))
    for where in ("cpu", {"cuda:0": "cpu"}, lambda tensor, place: tensor if place == "cuda:0" else None):
        assert mytorch.load(on_a_gpu([torch.ones(2), torch.nn.Parameter(torch.ones(1))]), map_location=where)[
            0
        ].tolist() == [1, 1]


def test_into_a_model():
    theirs = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2))
    mine = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    mine.load_state_dict(mytorch.load(written(theirs.state_dict())))
    values = draws(0).standard_normal((5, 4)).astype(np.float32)
    np.testing.assert_allclose(
        mine(mytorch.tensor(values)).detach().array,
        theirs(torch.tensor(values)).detach().numpy(),
        rtol=1e-5,
        atol=1e-6,
    )


LAYERS = [
    "Linear(3, 2)",
    "Bilinear(2, 3, 4)",
    "Conv1d(2, 4, 3, groups=2)",
    "Conv2d(1, 2, 3, bias=False)",
    "Conv3d(1, 2, 2)",
    "ConvTranspose1d(2, 3, 2)",
    "ConvTranspose2d(2, 3, 2)",
    "BatchNorm1d(3)",
    "BatchNorm2d(3, affine=False)",
    "BatchNorm3d(2, track_running_stats=False)",
    "LayerNorm((2, 3))",
    "GroupNorm(2, 4)",
    "InstanceNorm1d(3, affine=True, track_running_stats=True)",
    "InstanceNorm2d(3)",
    "RMSNorm(4)",
    "Embedding(5, 3, padding_idx=1)",
    "EmbeddingBag(5, 3)",
    "RNN(2, 3, num_layers=2, bidirectional=True)",
    "LSTM(3, 4, proj_size=2)",
    "GRU(2, 3, bias=False)",
    "RNNCell(2, 3)",
    "LSTMCell(2, 3)",
    "GRUCell(2, 3)",
    "MultiheadAttention(4, 2)",
    "MultiheadAttention(4, 2, kdim=3, vdim=5)",
    "TransformerEncoderLayer(4, 2, 8)",
    "TransformerDecoderLayer(4, 2, 8)",
    "TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2)",
    "Transformer(4, 2, 1, 1, 8)",
    "PReLU(3)",
    "Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ModuleList([nn.Linear(2, 1)]))",
    "ModuleDict({'a': nn.Linear(1, 1)})",
    "ParameterList([nn.Parameter(T.ones(2))])",
    "CrossEntropyLoss(weight=T.ones(3))",
]


def safetensors_of_torch():
    return importlib.import_module("safetensors.torch")


@pytest.mark.parametrize("layer", LAYERS)
def test_weights_travel_both_ways(layer, tmp_path):
    """From torch through its own file, and back through safetensors, equal to the bit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's advice on Transformers
        theirs, mine = (eval(f"nn.{layer}", {"nn": package.nn, "T": package}) for package in (torch, mytorch))
    with torch.no_grad():
        for tensor in theirs.state_dict().values():
            tensor.copy_(torch.randn(tensor.shape) * 100)
    state = theirs.state_dict()
    assert list(mine.state_dict()) == list(state)
    assert str(mine.load_state_dict(mytorch.load(written(state)))) == "<All keys matched successfully>"
    for name, tensor in mine.state_dict().items():
        assert same(tensor, state[name])
    pytest.importorskip("safetensors")
    save_safetensors(mine.state_dict(), tmp_path / "weights")
    back = answer(
        lambda _, path: dict(sorted(safetensors_of_torch().load_file(path).items())), tmp_path / "weights"
    )
    assert set(back) == set(state) and all(
        torch.equal(back[k], state[k]) and back[k].dtype == state[k].dtype for k in state
    )
    state = {k: v.clone() for k, v in state.items()}
    answer(lambda _, *args: safetensors_of_torch().save_file(*args), state, tmp_path / "theirs")
    for name, tensor in sorted(load_safetensors(tmp_path / "theirs").items()):
        assert same(tensor, state[name])


# ---- refused -------------------------------------------------------------------------------------


def made_from_a_class_of_ones_own(torch):
    global Net  # where pickle looks for it

    class Net(torch.nn.Linear):
        pass

    return Net(1, 1)


NOT_STATE = {
    "call": (Bomb(), "it needs posix.mkdir|it needs nt.mkdir"),
    "module": (torch.nn.Linear(2, 2), r"it needs torch\.nn\.modules\.linear\.Linear.*state_dict"),
    "class": (answer(made_from_a_class_of_ones_own), "it needs .*Net"),
    "numpy": ({"a": np.ones(2)}, "it needs numpy"),
    "sparse": (
        torch.sparse_coo_tensor(torch.tensor([[0]]), torch.tensor([1.0]), check_invariants=False),
        "_rebuild_sparse_tensor",
    ),
    "quantised": (torch.zeros(2).to(torch.float8_e4m3fn), "it needs torch.float8_e4m3fn"),
    "function": (print, "it needs .*print"),
    "defaultdict": (collections.defaultdict(list), "it needs collections.defaultdict"),
}


@pytest.mark.parametrize("name", NOT_STATE)
def test_other_objects_are_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    obj, message = NOT_STATE[name]
    for weights_only in (True, False):
        with pytest.raises(RuntimeError, match=message):
            mytorch.load(written(obj), weights_only=weights_only)
    assert not os.path.exists("exploded")


PROGRAMS = {
    "TorchScript": (
        ("data.pkl", "constants.pkl", "code/__torch__.py"),
        r"TorchScript program.*torch\.jit\.load\(f\)\.state_dict\(\)",
    ),
    "torch.export": (
        ("models/model.json", "archive_format", "data/weights/weight_0"),
        r"torch\.export saved.*torch\.export\.load\(f\)\.state_dict,",
    ),
    "torch.export of before 2.8": (
        ("version", "serialized_exported_program.json", "serialized_state_dict.json"),
        r"torch\.export saved.*torch\.export\.load\(f\)\.state_dict,",
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_are_refused_with_what_to_do(name):
    members, message = PROGRAMS[name]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            compression = zipfile.ZIP_DEFLATED if "code" in member else zipfile.ZIP_STORED
            archive.writestr(f"net/{member}", b"", compression)
    file.seek(0)
    with pytest.raises(RuntimeError, match=f"the file object: it is a .*{message}"):
        mytorch.load(file)


def program_of(torch, kind, path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = torch.nn.Linear(2, 2)
        if kind == "TorchScript":
            torch.jit.script(net).save(path)
        else:
            torch.export.save(torch.export.export(net, (torch.ones(1, 2),)), path)


@live
@pytest.mark.parametrize("kind", ["TorchScript", "torch.export"])
def test_programs_that_torch_saves(kind, tmp_path):
    answer(program_of, kind, str(tmp_path / "net.pt2"))
    with pytest.raises(RuntimeError, match=rf"net\.pt2: it is a .*{kind}"):
        mytorch.load(tmp_path / "net.pt2")


# ---- the order of bytes --------------------------------------------------------------------------


def swapped(obj):
    """The file as a big-endian machine writes it."""
    file = written(obj)
    with zipfile.ZipFile(file) as archive:
        keys = [n for n in archive.namelist() if n.startswith("archive/data/")]
    size = obj.element_size() // (2 if obj.is_complex() else 1)
    swap = {key: lambda content: np.frombuffer(content, f"u{size}").byteswap().tobytes() for key in keys}
    return rewrite(file, **swap, **{"archive/byteorder": lambda _: b"big"})


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "uint8", "bool", "complex64", "bfloat16"])
def test_files_of_big_endian_machines(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    t = torch.arange(4).to(getattr(torch, dtype))
    file = swapped(t)
    assert same(mytorch.load(file), t)
    file.seek(0)
    assert torch.equal(torch.load(file), t)


def test_unknown_orders_of_bytes():
    with pytest.raises(RuntimeError, match="uint16 were written on a big-endian machine"):
        mytorch.load(swapped(torch.arange(4).to(torch.uint16)))
    with pytest.raises(RuntimeError, match="a byte order 'middle'"):
        mytorch.load(rewrite(written(torch.ones(2)), **{"archive/byteorder": lambda _: b"middle"}))


# ---- damage --------------------------------------------------------------------------------------


def with_pickle(content):
    return rewrite(written([torch.ones(4)]), **{"archive/data.pkl": lambda _: content})


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQ"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n("
TAIL = b"\x89ccollections\nOrderedDict\n)RtR."


def tensor(offset=b"K\x00", size=b"K\x04\x85", stride=b"K\x01\x85", storage=STORAGE, tail=TAIL):
    return b"\x80\x02" + REBUILD + storage + offset + size + stride + tail


def test_the_handwritten_pickle_is_right():
    assert mytorch.load(with_pickle(tensor())).tolist() == [1, 1, 1, 1]


MALFORMED = {
    "too long": tensor(size=b"K\x05\x85"),
    "huge": tensor(size=b"\x8a\x08\x00\x00\x00\x00\x00\x00\x00\x10\x85", stride=b"K\x01\x85"),
    "overflow": tensor(
        size=b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85",
        stride=b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85",
    ),
    "offset": tensor(offset=b"K\x01"),
    "negative offset": tensor(offset=b"J\xff\xff\xff\xff"),
    "negative stride": tensor(stride=b"J\xff\xff\xff\xff\x85"),
    "negative size": tensor(size=b"J\xff\xff\xff\xff\x85"),
    "ranks": tensor(size=b"K\x02K\x02\x86"),
    "many dimensions": tensor(size=b"(" + b"K\x01" * 70 + b"t", stride=b"(" + b"K\x01" * 70 + b"t"),
    "float size": tensor(size=b"G\x3f\xf0\x00\x00\x00\x00\x00\x00\x85"),
    "bool size": tensor(size=b"\x88\x85"),
    "count": tensor(storage=STORAGE.replace(b"K\x04", b"K\x05")),
    "member": tensor(storage=STORAGE.replace(b"X\x01\x00\x00\x000", b"X\x09\x00\x00\x00../../etc")),
    "storage class": tensor(storage=STORAGE.replace(b"FloatStorage", b"Size")),
    "no storage": tensor(storage=b"K\x01"),
    "requires grad": tensor(tail=TAIL.replace(b"\x89", b"K\x01", 1)),
    "empty": b"",
    "no stop": b"\x80\x02K\x01",
    "empty stack": b"\x80\x02.",
    "two objects": b"\x80\x02K\x01K\x01.",
    "memo": b"\x80\x02h\x07.",
    "no mark": b"\x80\x02K\x01t.",
    "append to int": b"\x80\x02K\x01K\x01a.",
    "setitem of list": b"\x80\x02]K\x01K\x01s.",
    "odd items": b"\x80\x02}(K\x01u.",
    "list as key": b"\x80\x02}]K\x01s.",
    "tensor as key": tensor()[:-1].replace(b"\x80\x02", b"\x80\x02}") + b"K\x01s.",
    "call of int": b"\x80\x02K\x01)R.",
    "call with list": b"\x80\x02ccollections\nOrderedDict\n]R.",
    "OrderedDict of items": b"\x80\x02ccollections\nOrderedDict\n]\x85R.",
    "set of lists": b"\x80\x02c__builtin__\nset\n]]a\x85R.",
    "size of text": b"\x80\x02ctorch\nSize\nX\x01\x00\x00\x00a\x85\x85R.",
    "device": b"\x80\x02ctorch\ndevice\nX\x04\x00\x00\x00moon\x85R.",
    "text too long": b"\x80\x02X\xff\xff\xff\x7fabc.",
    "bytes too long": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",
    "unknown opcode": b"\x80\x02\xf0.",
    "build of dict": b"\x80\x02}}b.",
    "global": b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.",
    "stack global": b"\x80\x04X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93X\x02\x00\x00\x00ls\x85R.",
    "inst": b"\x80\x02(X\x02\x00\x00\x00lsios\nsystem\n.",
    "obj": b"\x80\x02(cos\nsystem\nX\x02\x00\x00\x00lso.",
    "newobj": b"\x80\x02cos\nsystem\n)\x81.",
    "extension": b"\x80\x02\x82\x01.",
    "persistent name": b"\x80\x02Pabc\n.",
    "persistent int": b"\x80\x02K\x01Q.",
    "number of many digits": b"\x80\x02I" + b"9" * 10000 + b"\n.",
    "copies": b"\x80\x02("
    + b"X\x90\x01\x00\x00"
    + b"a" * 400
    + b"q\x01"
    + b"0"
    + b"c_codecs\nencode\nh\x01X\x06\x00\x00\x00latin1\x86R" * 100
    + b"l.",
    "deep key": b"\x80\x02}" + b"K\x01" + b"\x85" * 100000 + b"K\x01s.",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_pickles(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match="the file object: "):
        mytorch.load(with_pickle(MALFORMED[name]))
    assert not os.listdir(tmp_path)


def test_missing_members():
    with pytest.raises(RuntimeError, match="'archive/data/0' is missing"):
        mytorch.load(rewrite(written([torch.ones(4)]), **{"archive/data/0": None}))
    with pytest.raises(RuntimeError, match="neither"):
        mytorch.load(rewrite(written([torch.ones(4)]), **{"archive/data.pkl": None}))
    with pytest.raises(RuntimeError, match="should have 4 elements"):
        mytorch.load(rewrite(written([torch.ones(4)]), **{"archive/data/0": lambda content: content[:-1]}))
    with pytest.raises(RuntimeError, match="neither true nor false"):
        mytorch.load(
            rewrite(
                written([torch.ones(4, dtype=torch.bool)]), **{"archive/data/0": lambda content: b"\x07" * 4}
            )
        )


def state():
    base = torch.arange(6)
    return {
        "model": model().state_dict(),
        "b": base,
        "v": base[2:],
        "p": torch.nn.Parameter(torch.ones(2)),
        "n": [1, 2.5, None, "x", (1, {2})],
    }


def test_flipped_and_missing_bytes():
    content = written(state()).getvalue()
    rng = random.Random(0)
    for _ in range(1500):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 2, 8))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
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


@pytest.mark.parametrize("protocol", [2, 4])
def test_flipped_bytes_of_the_pickle_under_a_right_checksum(protocol, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file, rng = written(state(), pickle_protocol=protocol), random.Random(protocol)
    opcodes = [ord(op.code) for op in __import__("pickletools").opcodes]

    def damage(content):
        damaged = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 5))):
            damaged[rng.randrange(len(damaged))] = (
                rng.choice(opcodes) if rng.random() < 0.5 else rng.randrange(256)
            )
        return bytes(damaged)

    for _ in range(1200):
        try:
            mytorch.load(rewrite(file, **{"archive/data.pkl": damage}))
        except RuntimeError as error:
            assert "the file object" in str(error)
    assert not os.listdir(tmp_path)


def test_plain_pickles_inside_are_never_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for protocol in range(6):
        with pytest.raises(RuntimeError, match="the file object: "):
            mytorch.load(with_pickle(pickle.dumps(Bomb(), protocol)))
    assert not os.listdir(tmp_path)
