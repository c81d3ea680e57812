"""PyTorch's files, written by mytorch: PyTorch's safe loader reads them, and so does mytorch."""

import collections
import io
import os
import pathlib
import zipfile

import numpy as np
import pytest

import mytorch
from mytorch import nn, optim
from mytorch.core.graph import wrap
from mytorch.serialization import save_torch
from mytorch.serialization.torch_reader import DTYPES
from tests.referee import answer, live, name_of
from tests.serialization.files import same


def saved(obj):
    file = io.BytesIO()
    save_torch(obj, file)
    file.seek(0)
    return file


def back(obj):
    return mytorch.load(saved(obj))


def described(value):
    """The types, bits and order of a value of either library, as plain values."""
    kind = type(value).__name__
    if hasattr(value, "detach"):
        array = value.detach()
        array = (array.float() if str(value.dtype).endswith("bfloat16") else array).contiguous().numpy()
        return [kind, name_of(value.dtype), value.requires_grad, *value.shape, array.tobytes()]
    if isinstance(value, dict):
        return [kind, [[described(k), described(v)] for k, v in value.items()]]
    if isinstance(value, (list, tuple)):
        return [kind, [described(v) for v in value]]
    if isinstance(value, set):
        return [kind, sorted(map(repr, value))]
    return [kind, repr(value).replace("mytorch.", "torch.")]


def in_torch(obj):
    """What PyTorch reads."""
    return answer(lambda torch, file: described(torch.load(file, weights_only=True)), saved(obj))


class Sub(mytorch.Tensor):
    pass


x = mytorch.arange(24.0).reshape(2, 3, 4)
BACKWARDS = np.arange(6.0).reshape(2, 3)
ALIKE = [1, {"a": None}]
VALUES = {
    "tensor": x,
    "scalar": mytorch.tensor(1.5),
    "empty": [mytorch.zeros(0, 3), mytorch.zeros(2, 0)],
    "views": [x, x[1], x[:, ::2], x.transpose(0, 2), x[0, 0].expand(5, 4), x.flatten()[5:7], x[1:1]],
    "alone": [mytorch.arange(6).reshape(2, 3).t(), mytorch.arange(10)[1::3], mytorch.ones(1).expand(3, 4)],
    "as_strided": mytorch.arange(10.0).as_strided((4, 3), (2, 1), 1),
    "channels last": mytorch.arange(24.0).reshape(1, 2, 3, 4).permute(0, 3, 1, 2),
    "backwards": [wrap(BACKWARDS[:, ::-1]), wrap(BACKWARDS)],
    "backwards alone": wrap(np.arange(6.0)[::-1]),
    "requires grad": [
        mytorch.ones(2, requires_grad=True),
        mytorch.ones(2, requires_grad=True) * 2,
        nn.Parameter(mytorch.ones(2)),
        nn.Parameter(mytorch.ones(2), requires_grad=False),
    ],
    "containers": {
        "a": [1, (2, 3.5), {"b": None}],
        5: {1, 2},
        True: "ünï\ud800",
        None: b"\x00\xff",
        (1, ("k", None)): -(10**30),
        b"k": bytearray(b"\x00\xff"),
        "c": collections.Counter("aab"),
    },
    "numbers": [0, -1, 255, 2**31 - 1, 2**31, -(2**31), 2**63, -(2**2000), 1.5, 2 + 3j, True, False],
    "not finite": [float("inf"), -float("inf"), -0.0, complex(-0.0, float("inf"))],
    "names": [
        mytorch.float16,
        mytorch.bool,
        mytorch.device("cuda:1"),
        mytorch.device("cpu"),
        mytorch.Size([2, 3]),
        mytorch.Size([]),
    ],
    "many": {str(i): [i] for i in range(300)},
    "again": [ALIKE, ALIKE, (ALIKE,)],
    "nested": collections.OrderedDict(a=collections.OrderedDict(b=mytorch.ones(1))),
    "empty containers": [
        [],
        (),
        {},
        set(),
        collections.OrderedDict(),
        collections.Counter(),
        b"",
        bytearray(),
    ],
}


@pytest.mark.parametrize("name", VALUES)
def test_both_read_what_is_written(name):
    assert same(back(VALUES[name]), VALUES[name] if "grad" not in name else [*map(leaf, VALUES[name])])
    assert described(VALUES[name]) == in_torch(VALUES[name])


def leaf(tensor):
    return tensor if tensor.is_leaf else tensor.detach().requires_grad_()


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_dtypes(dtype):
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    t = mytorch.arange(15).reshape(3, 5).to(getattr(mytorch, dtype))
    assert same(back([t, t.t()[1:]]), [t, t.t()[1:]])
    assert described([t, t.t()[1:]]) == in_torch([t, t.t()[1:]])


def strides(torch, file):
    return [t.stride() for t in torch.load(file, weights_only=True)]


def test_layouts_stay():
    for name in ("views", "alone", "channels last"):
        tensors = VALUES[name] if type(VALUES[name]) is list else [VALUES[name]]
        mine = [t.stride() for t in tensors if name != "alone" and t.numel()] or [(1, 3), (1,), (0, 0)]
        theirs = answer(strides, saved(tensors))
        assert [tuple(s) for s, t in zip(theirs, tensors) if t.numel()] == mine


# ---- shared memory -------------------------------------------------------------------------------


def test_views_share_memory():
    base, z = mytorch.zeros(2, 3), mytorch.ones(3, dtype=mytorch.complex64)
    weight = nn.Parameter(mytorch.ones(3))
    obj = {
        "base": base,
        "row": base[1],
        "t": base.t(),
        "z": z,
        "imag": z.imag,
        "w": weight,
        "tied": [weight],
        "data": weight.detach(),
    }

    def change(lib, file):
        new = lib.load(file, weights_only=True)
        with lib.no_grad():
            new["row"][2], new["imag"][1], new["data"][0] = 7, 5, 9
        tensors = [new["base"], new["t"], new["z"].real, new["z"].imag, new["w"]]
        return [t.tolist() for t in tensors], new["w"] is new["tied"][0]

    wanted = [[[0, 0, 0], [0, 0, 7]], [[0, 0], [0, 0], [0, 7]], [1, 1, 1], [0, 5, 0], [9, 1, 1]]
    assert change(mytorch, saved(obj)) == (wanted, True) == answer(change, saved(obj))


def test_a_view_does_not_drag_its_base_along():
    parts = mytorch.zeros(10**6)
    assert len(saved([parts[10 * i : 10 * i + 10] for i in range(20)]).getvalue()) < 20000
    assert len(saved(mytorch.tensor(3.0).expand(1000, 1000)).getvalue()) < 3000


def test_storages_are_aligned_for_mmap(tmp_path):
    save_torch([mytorch.arange(3), mytorch.ones(5), mytorch.zeros(0)], tmp_path / "a.pth")
    with zipfile.ZipFile(tmp_path / "a.pth") as archive:
        for info in archive.infolist():
            start = info.header_offset + 30 + len(info.filename) + len(info.extra)
            assert start % 64 == 0 and info.compress_type == zipfile.ZIP_STORED
    theirs = answer(lambda torch, path: torch.load(path, mmap=True, weights_only=True)[1], tmp_path / "a.pth")
    assert theirs.tolist() == [1] * 5


# ---- models and training -------------------------------------------------------------------------


def residual(lib):
    """The layers of a small residual network, without the sums, for its state_dict."""
    layers = lib.nn
    block = [layers.Conv2d(4, 4, 3, bias=False), layers.BatchNorm2d(4), layers.ReLU()]
    return layers.Sequential(
        layers.Conv2d(3, 4, 7, stride=2, bias=False),
        layers.BatchNorm2d(4),
        layers.Sequential(*block),
        layers.AdaptiveAvgPool2d(1),
        layers.Flatten(),
        layers.Linear(4, 5),
    )


def steps(lib, net, optimizer, scheduler, count):
    inputs = lib.linspace(-1, 1, 2 * 3 * 20 * 20).reshape(2, 3, 20, 20)
    for _ in range(count):
        optimizer.zero_grad()
        net(inputs).square().sum().backward()
        optimizer.step()
        scheduler.step()


def training(lib, state=None, count=2):
    """The checkpoint of a network, after ``count`` steps that begin where ``state`` ended."""
    net = residual(lib)
    with lib.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_((lib.arange(p.numel()).reshape(p.shape) % 7 - 3) / (5.0 + i))
    optimizer = lib.optim.Adam(net.parameters(), lr=0.01, amsgrad=True)
    scheduler = lib.optim.lr_scheduler.MultiStepLR(optimizer, [1, 3])
    if state is not None:
        net.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
    steps(lib, net, optimizer, scheduler, count)
    return {
        "model": net.state_dict(),
        "optimizer": optimizer.state_dict(),
        "scheduler": scheduler.state_dict(),
        "epoch": count,
    }


@live
def test_a_training_goes_on_in_the_other_library(tmp_path):
    """mytorch saves, PyTorch goes on and saves, mytorch goes on: as one run in PyTorch."""

    def go_on(torch, mine, theirs):
        state = torch.load(mine, weights_only=True)
        assert state["model"]._metadata["1"] == {"version": 2}
        torch.save(training(torch, state, 1), theirs)

    def whole(torch):
        state = training(torch, count=4)
        return {name: t.numpy() for name, t in state["model"].items()}, state["optimizer"]["state"][0][
            "step"
        ].item()

    (tmp_path / "theirs.pth").touch()
    mytorch.save(training(mytorch), tmp_path / "mine.pth")
    answer(go_on, tmp_path / "mine.pth", tmp_path / "theirs.pth")
    end = training(mytorch, mytorch.load(tmp_path / "theirs.pth"), 1)
    model, step = answer(whole)
    assert int(end["optimizer"]["state"][0]["step"]) == step == 4
    for name, value in model.items():
        np.testing.assert_allclose(end["model"][name].array, value, rtol=2e-3, atol=2e-4, err_msg=name)


def optimizers():
    """The names of those that take a matrix with a dense gradient."""
    for name in optim.__all__:
        cls = getattr(optim, name)
        if (
            isinstance(cls, type)
            and issubclass(cls, optim.Optimizer)
            and name not in ("Optimizer", "SparseAdam")
        ):
            yield name


@pytest.mark.parametrize("name", sorted(optimizers()))
def test_every_optimizer_has_a_state_for_pytorch(name):
    p = nn.Parameter(mytorch.ones(2, 2))
    optimizer = getattr(optim, name)([p], lr=0.1)

    def loss():
        optimizer.zero_grad()
        total = p.square().sum()
        total.backward()
        return total

    loss()
    optimizer.step(loss if name == "LBFGS" else None)
    assert same(back(optimizer.state_dict()), optimizer.state_dict())


# ---- names, and what is refused ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "torchs"),
    [("a.pt", True), ("a.pth", True), ("a.mt", False), ("a.npz", False), ("pt", False), ("a.ptx", False)],
)
def test_the_name_decides(name, torchs, tmp_path):
    obj = {"w": mytorch.ones(2)}
    path = tmp_path / name
    for target in (path, str(path), os.fsencode(path)):
        mytorch.save(obj, target)
        assert ("archive/data.pkl" in zipfile.ZipFile(path).namelist()) is torchs
        assert same(mytorch.load(path), obj)
        path.unlink()
    with open(path, "wb") as file:
        mytorch.save(obj, file)
    assert ("archive/data.pkl" in zipfile.ZipFile(path).namelist()) is torchs
    save_torch(obj, path)
    assert "archive/data.pkl" in zipfile.ZipFile(path).namelist()


REFUSED = {
    "array": ({"a": [np.ones(2)]}, r"a numpy\.ndarray at object\['a'\]\[0\]"),
    "scalar": ({"loss": np.float64(1)}, r"a numpy\.float64 at object\['loss'\]"),
    "module": ({"net": nn.Linear(1, 1)}, r"a mytorch\.nn.*Linear at object\['net'\]"),
    "subclass": ([wrap(np.ones(1), cls=Sub)], r".*Sub at object\[0\]"),
    "frozenset": (frozenset({1}), "a builtins.frozenset at object"),
    "function": ([print], r"a builtins.builtin_function_or_method at"),
    "defaultdict": (collections.defaultdict(list), r"a collections\.defaultdict at object"),
    "numpy's dtype": ([np.dtype("f4")], r"a numpy\.dtypes\.Float32DType at"),
    "large": ((1, 10**5000), r"an int of more than 255 bytes at object\[1\]"),
    "key": ({mytorch.float32: 1}, "a key of type dtype at object"),
    "part of a key": ({(1, mytorch.float32): 1}, "a key of type dtype at object"),
    "element": ({"s": {frozenset()}}, r"a key of type frozenset at object\['s'\]"),
    "metadata": ("metadata", r".*Linear at object\['_metadata'\]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_would_not_read_is_refused(name, tmp_path):
    obj, message = REFUSED[name]
    if name == "metadata":
        obj = collections.OrderedDict()
        obj._metadata = nn.Linear(1, 1)
    path = tmp_path / "a.pth"
    mytorch.save({"epoch": 1}, path)
    with pytest.raises(
        TypeError,
        match=f"a PyTorch file cannot hold {message}.*: .*weights_only=True.*state_dict\\(\\).*\\.mt",
    ):
        mytorch.serialization.save_torch(obj, path)
    assert mytorch.load(path) == {"epoch": 1} and os.listdir(tmp_path) == ["a.pth"]


def test_what_pytorch_would_not_read_has_mytorchs_format_under_any_name(tmp_path):
    mytorch.save({"w": np.ones(2), "epoch": 1}, tmp_path / "a.pth")
    assert mytorch.load(tmp_path / "a.pth")["w"].tolist() == [1.0, 1.0]
    model = nn.Linear(2, 1)
    mytorch.save(model, tmp_path / "a.pt")
    loaded = mytorch.load(tmp_path / "a.pt", weights_only=False)
    assert loaded.weight.tolist() == model.weight.tolist()


def test_nesting_has_an_end():
    deep = []
    for _ in range(90):
        deep = [deep]
    assert back(deep) == deep
    wide = [1]
    for _ in range(90):
        wide = [wide, wide]  # 2**90 paths
    assert len(saved(wide).getvalue()) < 10_000
    for _ in range(50):
        deep = [deep]
    with pytest.raises(ValueError, match="nested more than 100"):
        saved(deep)


def test_containers_that_contain_themselves():
    loop, own = [], {}
    loop.append((loop, mytorch.ones(1)))
    own["a"] = (own, loop, [own])

    def shape(lib, file):
        new = lib.load(file, weights_only=True)
        loop, own = new
        return loop[0][0] is loop, own["a"][0] is own, own["a"][1] is loop, own["a"][2][0] is own

    for obj in ([loop, own], (loop[0], own["a"])):
        file = saved(obj)
        if type(obj) is list:
            assert shape(mytorch, file) == (True,) * 4 == tuple(answer(shape, saved(obj)))
        else:
            first, second = mytorch.load(file)
            assert first[0][0][0] is first[0] and second[2][0]["a"][0] is second[0]


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .* does not exist"):
        mytorch.save(1, tmp_path / "no" / "a.pt")
    (tmp_path / "a.pt").mkdir()
    with pytest.raises(IsADirectoryError):
        mytorch.save(1, pathlib.Path(tmp_path / "a.pt"))


def test_equal_files_from_equal_objects():
    assert saved(VALUES["views"]).getvalue() == saved(VALUES["views"]).getvalue()
