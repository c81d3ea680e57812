"""Pickles in files that nobody vouches for: they change nothing but what they make, and ask for no more than
their size explains.
"""

import collections
import enum
import io
import json
import pickle
import random
import struct
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import mytorch
from mytorch import nn
from mytorch.serialization import safe_globals
from tests.referee import torch


class Plain:
    """Takes a state into its ``__dict__``."""

    def __init__(self, *parts):
        self.parts = parts


class Slotted:
    __slots__ = ("a", "b")


class Colour(enum.Enum):
    RED = 1


class Stack(list):
    pass


class Table(dict):
    pass


REGISTRY, LISTED = {"relu": "as it was"}, ["as it was"]
THE_ONE = Plain()


def registry():
    return REGISTRY


def listed():
    return LISTED


def the_one():
    return THE_ONE


def fresh():
    return Plain()


def checkpoint(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    file.seek(0)
    return file


def pickled(content):
    """A mytorch checkpoint whose object is this pickle."""
    manifest = {"format": "mytorch", "version": 1, "pickled": "an object", "tensors": [], "arrays": []}
    return checkpoint(manifest_dot_json=json.dumps(manifest), object_dot_pickle=content)


def torchs(content):
    """A PyTorch checkpoint with this pickle."""
    return checkpoint(archive__data_dot_pkl=content, archive__data__0=bytes(16))


def text(value):
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def name(value):
    return f"c{value.__module__}\n{value.__qualname__}\n".encode()


# ---- nothing that was there before is changed ----------------------------------------------------

OWNED = b"}" + text("relu") + text("owned") + b"s"
ITEM, ITEMS = text("relu") + text("owned") + b"s", b"(" + text("relu") + text("owned") + b"u"
CHANGES = {
    "a class": name(mytorch.Tensor) + b"N" + OWNED + b"\x86b",
    "a class's attributes": name(Plain) + OWNED + b"b",
    "a class from the memo": name(Plain) + b"q\x000h\x00" + OWNED + b"b",
    "a function": name(registry) + OWNED + b"b",
    "an enum's member": name(Colour) + b"K\x01\x85R" + OWNED + b"b",
    "the one instance": name(the_one) + b")R" + OWNED + b"b",
    "a dict": name(registry) + b")R" + ITEM,
    "a dict's items": name(registry) + b")R" + ITEMS,
    "a list": name(listed) + b")R" + text("owned") + b"a",
    "a list's items": name(listed) + b")R(" + text("owned") + b"e",
    "items of a class": name(Plain) + ITEM,
    "additions to a list": name(listed) + b")R(" + text("owned") + b"\x90",
    "an unknown slot": name(Slotted) + b")\x81N}" + text("__class__") + name(Plain) + b"s\x86b",
    "a state that is no dict": name(Plain) + b")\x81K\x01b",
    "a name that is no text": name(Plain) + b")\x81}K\x01K\x01sb",
    "an object of a function": name(fresh) + b")\x81",
    "a call of what was made": name(Plain) + b")R)R",
    "a class nobody named": name(Table) + b")\x81",
    "a tensor": name(mytorch.Tensor) + b"K\x01\x85R",
    "an object of a tensor": name(mytorch.Tensor) + b")\x81",
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_was_there_stays_as_it_was(case):
    before = dict(vars(Plain)), dict(vars(mytorch.Tensor)), dict(vars(Colour.RED)), dict(vars(registry))
    vouched = [Plain, Slotted, Colour, Stack, registry, listed, the_one, fresh]
    with (
        safe_globals(vouched),
        pytest.raises(RuntimeError, match="the file object: "),
    ):
        mytorch.load(pickled(b"\x80\x04" + CHANGES[case] + b"."))
    assert before == (
        dict(vars(Plain)),
        dict(vars(mytorch.Tensor)),
        dict(vars(Colour.RED)),
        dict(vars(registry)),
    )
    assert REGISTRY == {"relu": "as it was"} and LISTED == ["as it was"] and not vars(THE_ONE)["parts"]


def test_the_classs_relu_is_its_own():
    with safe_globals([Plain]), pytest.raises(RuntimeError, match="which it has not made"):
        mytorch.load(pickled(b"\x80\x02cmytorch.tensor\nTensor\nN}X\4\0\0\0reluX\5\0\0\0owneds\x86b."))
    assert callable(mytorch.Tensor.relu)


def objects():
    slotted, plain, stack, table = Slotted(), Plain(1, (2, [3])), Stack([1, 2]), Table(a=1)
    slotted.a, plain.again = mytorch.ones(2), plain
    stack.note, table.note = "s", frozenset({1, (2, "x")})
    loop = []
    loop.append((loop, plain))
    return [
        slotted, plain, stack, table, loop, Colour.RED, fresh, collections.deque([1, 2], 5),
        collections.defaultdict(list, a=[1]), nn.Linear(2, 1), {2**70: 1.5, (1, 2): b"x", None: 2.5},
        {1, 2}, 2**100, -3, "ü", True,
    ]  # fmt: skip


def test_objects_of_vouched_classes_come_back_whole():
    file = io.BytesIO()
    mytorch.save(objects(), file)
    vouched = [Plain, Slotted, Colour, Stack, Table, fresh, collections.deque, collections.defaultdict, list]
    with safe_globals([*vouched, nn.Linear]):
        back = mytorch.load(io.BytesIO(file.getvalue()))
    theirs = objects()
    slotted, plain, stack, table, loop = back[:5]
    assert slotted.a.tolist() == [1, 1] and not hasattr(slotted, "b")
    assert plain.again is plain and plain.parts == (1, (2, [3])) and loop[0] == (loop, plain)
    assert (type(stack), stack, stack.note) == (Stack, [1, 2], "s")
    assert (type(table), table, table.note) == (Table, {"a": 1}, frozenset({1, (2, "x")}))
    assert back[5:9] == theirs[5:9] and back[7].maxlen == 5 and back[8].default_factory is list
    assert back[9](mytorch.ones(1, 2)).shape == (1, 1) and back[10:] == theirs[10:]


def test_errors_while_restoring_name_the_file(tmp_path):
    for content in (
        b"\x80\x04r\x00\x00\x00\x40N.",
        b"\x80\x04Nr\xff\xff\xff\x7f.",
        b"\x80\x04h\x07.",
        b"\x80\x04",
    ):
        (tmp_path / "net.pt").write_bytes(pickled(content).getvalue())
        for weights_only in (True, False):
            if weights_only or content[3:4] != b"r":  # Python's own unpickler takes the memory
                with safe_globals([Plain]), pytest.raises(RuntimeError, match=r"net\.pt: its pickled object"):
                    mytorch.load(tmp_path / "net.pt", weights_only=weights_only)


# ---- bare names ----------------------------------------------------------------------------------

STORAGE = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x04tQ"
BARE = {
    "a name": b"ctorch\nFloatStorage\n",
    "a function's name": b"ctorch._utils\n_rebuild_tensor_v2\n",
    "a storage": STORAGE,
    "a mark": b"(",
    "a mark from the memo": b"(q\x000h\x00",
    "a name in a list": b"]ctorch\nSize\na",
    "a storage in a tuple of a dict": b"}K\x01" + STORAGE + b"\x85s",
    "a storage as metadata": b"ccollections\nOrderedDict\n)R}" + text("_metadata") + STORAGE + b"sb",
}


@pytest.mark.parametrize("case", BARE)
def test_what_makes_tensors_is_not_an_object(case):
    with pytest.raises(RuntimeError, match="the file object: "):
        mytorch.load(torchs(b"\x80\x02" + BARE[case] + b"."))


# ---- as much memory and work as the size explains ------------------------------------------------

TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n(" + STORAGE + b"K\x00K\x04\x85K\x01\x85\x89Nt"
GREEDY = {
    "lists": lambda: torchs(b"\x80\x04" + b"]" * 400_000),
    "sets": lambda: torchs(b"\x80\x04" + b"\x8f" * 400_000),
    "lists in one another": lambda: torchs(b"\x80\x04" + b"]" * 200_000 + b"a" * 199_999 + b"."),
    "tuples in one another": lambda: torchs(b"\x80\x04)" + b"\x85" * 400_000),
    "notes": lambda: torchs(b"\x80\x04N" + b"\x94" * 200_000 + b"0"),
    "marks": lambda: torchs(b"\x80\x04" + b"(" * 400_000),
    "nothings": lambda: torchs(b"\x80\x04" + b"N" * 400_000),
    "a place far away": lambda: torchs(b"\x80\x04Nr\x00\x00\x00\x40."),
    "a long text": lambda: torchs(b"\x80\x04\x8d" + b"\xff" * 8),
    "a long frame": lambda: torchs(b"\x80\x04\x95" + b"\xff" * 7 + b"\x7fN."),
    "a long number": lambda: torchs(b"\x80\x04\x8b\xff\xff\xff\x7fabc."),
    "copies": lambda: torchs(b"\x80\x04]" + b"2" * 400_000),
    "doubling": lambda: torchs(b"\x80\x04Nq\x00" + b"h\x00h\x00\x86q\x00" * 60 + b"}h\x00K\x01s."),
    "a doubled key": lambda: torchs(b"\x80\x04Nq\x00" + (b"(" + b"h\x00" * 99 + b"tq\x00") * 7 + b"}h\0Ns."),
    "long keys": lambda: torchs(b"\x80\x04(" + b"K\x01" * 9_000 + b"tq\x000}" + b"h\x00Ns" * 9_000 + b"."),
    "keys that collide": lambda: torchs(
        b"\x80\x04}" + b"".join(b"\x8a\x0a%bNs" % n.to_bytes(10, "little") for n in COLLIDING) + b"."
    ),
    "tensors": lambda: torchs(b"\x80\x02" + TENSOR + b"q\x010q\x02" + b"h\x02h\x01R" * 100_000),
    "objects": lambda: pickled(name(Plain) + b"q\x00" + b"h\x00)R" * 100_000),
    "lists in JSON": lambda: manifest("[" + ",".join(["[]"] * 400_000) + "]"),
    "keys that collide in JSON": lambda: manifest(json.dumps({"set": [{"int": hex(k)} for k in COLLIDING]})),
    "windows on bytes that are no booleans": lambda: manifest(
        '{"ndarray": 0}',
        [{"dtype": "|b1", "member": 0, "shape": [10**5], "strides": [2], "offset": 0}] * 20_000,
        b"\x00\x07" * 10**5,
    ),
    "a member that is not there": lambda: manifest('{"ndarray": 0}', [{"dtype": "|b1", "member": 1}]),
}  # fmt: skip
COLLIDING = range(2**61 - 1, 20_000 * (2**61 - 1), 2**61 - 1)


def manifest(content, arrays=(), block=b""):
    file = io.BytesIO()
    header = json.dumps({"format": "mytorch", "version": 1, "tensors": [], "arrays": list(arrays)})
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("manifest.json", f'{header[:-1]}, "object": {content}}}')
        described = str({"descr": "|u1", "fortran_order": False, "shape": (len(block),)}).encode()
        archive.writestr(
            "0.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(described)) + described + block
        )
    file.seek(0)
    return file


@pytest.mark.parametrize("case", GREEDY)
def test_greedy_files(case, monkeypatch):
    """With a small allowance, small files show what large ones would take."""
    monkeypatch.setattr(mytorch.serialization.archive, "BUDGET", 2**23)
    file, start = GREEDY[case](), time.process_time()
    tracemalloc.start()
    try:
        with safe_globals([Plain]), pytest.raises(RuntimeError, match="the file object: "):
            mytorch.load(file)
        assert tracemalloc.get_traced_memory()[1] < 2**25 + 20 * len(file.getvalue())
        assert time.process_time() - start < 20
    finally:
        tracemalloc.stop()


# ---- any bytes at all ----------------------------------------------------------------------------


def either_loaded_or_refused(file):
    start = time.process_time()
    try:
        with safe_globals([Plain, Stack, Table, Slotted, Colour, fresh]):
            mytorch.load(file)
    except RuntimeError as error:
        assert str(error).startswith("the file object")
    assert time.process_time() - start < 10


pieces = st.one_of(
    st.sampled_from([bytes([ord(op.code)]) for op in __import__("pickletools").opcodes]),
    st.sampled_from([b")", b"(", b"R", b"b", b"s", b"u", b"a", b"e", b"t", b"\x85", b"\x81", b"\x90", b"0"]),
    st.sampled_from([b"K\x01", b"N", b"]", b"}", b"h\x00", b"q\x00", b"q\x01", b"\x94", b"h\x01"]),
    st.sampled_from([STORAGE, TENSOR]),
    st.sampled_from([name(v) for v in (Plain, Stack, Slotted, Colour, fresh, collections.OrderedDict)]),
    st.sampled_from([text("storage"), text("0"), text("cpu"), text("_metadata"), OWNED]),
    st.binary(max_size=4),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=40))
@example([b"(", b"q\x00", b"0", b"h\x00"])
def test_any_opcodes(parts):
    content = b"\x80\x04" + b"".join(parts) + b"."
    either_loaded_or_refused(torchs(content))
    either_loaded_or_refused(pickled(content))


def real_files():
    model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    state = {"model": model.state_dict(), "flags": torch.tensor([True, False]), "p": model[0].weight}
    state["wide"] = torch.zeros(1, dtype=torch.bool).expand(2**40)
    for protocol in (2, 4):
        file = io.BytesIO()
        torch.save(state, file, pickle_protocol=protocol)
        yield file.getvalue()
    for value in ([Plain(1), Stack([2]), mytorch.ones(2)], {"a": mytorch.ones(3), "b": [1, (2, None)]}):
        file = io.BytesIO()
        mytorch.save(value, file)
        yield file.getvalue()


REAL = list(real_files())


def damaged(content, rng):
    content = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(content) + 1)
        kind = rng.randrange(4)
        if kind == 0:
            content[at : at + 1] = bytes([rng.choice(pickle_opcodes)])
        elif kind == 1:
            content[at : at + rng.choice((1, 2, 4, 8))] = rng.choice(
                (b"\xff" * 4, b"\x7f", bytes(8), b"\x01")
            )
        elif kind == 2:
            other = rng.randrange(len(content) + 1)
            content[at:at] = content[other : other + rng.randrange(1, 30)]
        else:
            del content[at : at + rng.randrange(1, 20)]
    return bytes(content)


pickle_opcodes = [ord(op.code) for op in __import__("pickletools").opcodes]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(REAL) - 1), st.integers(0, 2**32))
def test_damaged_members_under_right_checksums(which, seed):
    rng, file = random.Random(seed), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(REAL[which])) as old, zipfile.ZipFile(file, "w") as new:
        described = [n for n in old.namelist() if n.endswith((".pkl", ".json", ".pickle"))]
        chosen = rng.choice([*described, *described, rng.choice(old.namelist())])
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, damaged(content, rng) if member == chosen else content)
    file.seek(0)
    either_loaded_or_refused(file)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(REAL) - 1), st.integers(0, 2**32))
def test_damaged_zip_files(which, seed):
    either_loaded_or_refused(io.BytesIO(damaged(REAL[which], random.Random(seed))))


# ---- files about their own length ----------------------------------------------------------------


@pytest.mark.parametrize("field", ["size", "bomb", "twice"])
def test_zip_entries_that_lie(field):
    file = io.BytesIO()
    if field == "bomb":
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data.pkl", bytes(10**7))
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("archive/data.pkl", b"\x80\x02N.")
            archive.writestr("archive/data/0", bytes(16))
            for info in archive.infolist():
                if field == "size":
                    info.file_size = info.compress_size = 2**40
                else:
                    info.header_offset, info.file_size = 0, len(file.getvalue())
    with pytest.raises(RuntimeError, match="the file object: "):
        mytorch.load(io.BytesIO(file.getvalue()))


def test_expanded_tensors_take_what_their_file_takes():
    wide = {"a": torch.ones(1).expand(2**45), "b": torch.zeros(2, 1, dtype=torch.bool).expand(2, 2**40)}
    file = io.BytesIO()
    torch.save(wide, file)
    back = mytorch.load(io.BytesIO(file.getvalue()))
    again = io.BytesIO()
    mytorch.save(back, again)
    for loaded in (back, mytorch.load(io.BytesIO(again.getvalue()))):
        assert loaded["a"].shape == (2**45,) and loaded["a"].stride() == (0,)
        assert loaded["b"].shape == (2, 2**40) and loaded["b"].stride() == (1, 0)
        assert repr(loaded) == repr(wide)


def test_booleans_in_a_block_of_other_bytes():
    """Bytes that are no booleans may lie beside those that are, not in them."""
    block = bytes([0, 7, 1, 7])
    window = {"dtype": "|b1", "member": 0, "shape": [2], "strides": [2], "offset": 0}
    assert mytorch.load(manifest('{"ndarray": 0}', [window], block)).tolist() == [False, True]
    wide = window | {"shape": [2**40, 2], "strides": [0, 2]}
    assert mytorch.load(manifest('{"ndarray": 0}', [wide], block)).shape == (2**40, 2)
    for wrong in ({"offset": 1}, {"strides": [1]}, {"shape": [3, 3], "strides": [0, 1]}):
        with pytest.raises(RuntimeError, match="neither true nor false"):
            mytorch.load(manifest('{"ndarray": 0}', [window | wrong], block))


def test_pickle_is_not_asked():
    assert not issubclass(mytorch.serialization.opcodes.Interpreter, pickle.Unpickler)
