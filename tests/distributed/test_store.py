"""Stores: PyTorch's answers to the same calls; several processes on one file."""

import datetime
import threading

import pytest

import mytorch
import mytorch.distributed as dist
from tests.referee import answer

CALLS = [
    ("add", "a", 2),
    ("get", "a"),
    ("add", "a", 3),
    ("set", "b", "x"),
    ("append", "b", "yz"),
    ("get", "b"),
    ("check", ["a", "b"]),
    ("check", ["a", "c"]),
    ("compare_set", "c", "wrong", "1"),
    ("check", ["c"]),
    ("compare_set", "c", "", "1"),
    ("compare_set", "c", "wrong", "2"),
    ("compare_set", "c", "1", "2"),
    ("multi_set", ["d", "e"], ["4", "5"]),
    ("multi_get", ["e", "d"]),
    ("delete_key", "d"),
    ("delete_key", "d"),
    ("num_keys",),
    ("wait", ["a", "b"]),
]


def said(torch, kind):
    """What a store of PyTorch or mytorch answers."""
    lib = torch.distributed
    store = lib.HashStore()
    store = lib.PrefixStore("part", store) if kind == "PrefixStore" else store
    found = [getattr(store, name)(*arguments) for name, *arguments in CALLS]
    found = [[part.decode() for part in a] if isinstance(a, list) else a for a in found]
    found = [a.decode() if isinstance(a, bytes) else a for a in found]
    store.set_timeout(datetime.timedelta(seconds=0.05))
    with pytest.raises(lib.DistStoreError):
        store.get("nothing")
    with pytest.raises(lib.DistStoreError):
        store.wait(["a", "nothing"], datetime.timedelta(seconds=0.05))
    return found, sorted(store.list_keys()) if kind == "HashStore" else None, store.timeout.total_seconds()


@pytest.mark.parametrize("kind", ["HashStore", "PrefixStore"])
def test_answers(kind):
    assert list(said(mytorch, kind)) == list(answer(said, kind))


def test_files(tmp_path):
    """A file answers as a store in memory, also through another object, and keeps all bytes."""
    memory, path = dist.HashStore(), tmp_path / "values"
    for name, *arguments in CALLS:
        wanted = getattr(memory, name)(*arguments)
        assert getattr(dist.FileStore(path, 1), name)(*arguments) == wanted
    store = dist.PrefixStore("a", dist.PrefixStore("b", dist.FileStore(str(path))))
    store.set("every", bytes(range(256)))
    assert dist.FileStore(path).get("b/a/every") == bytes(range(256)) and store.list_keys() == ["every"]
    assert sorted(dist.FileStore(path).list_keys()) == ["a", "b", "b/a/every", "c", "e"]


@pytest.mark.parametrize("kind", ["HashStore", "FileStore"])
def test_threads(kind, tmp_path):
    store = dist.HashStore() if kind == "HashStore" else dist.FileStore(tmp_path / "values")
    threads = [threading.Thread(target=lambda: [store.add("n", 1) for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("n") == b"200"
    threading.Timer(0.05, store.set, ("late", "1")).start()
    assert store.get("late") == b"1"


def test_what_is_refused(tmp_path):
    with pytest.raises(NotImplementedError, match="through MPI"):
        dist.TCPStore("localhost", 29500, 2, True)
    with pytest.raises(NotImplementedError, match="tcp://localhost:1"):
        next(dist.rendezvous("tcp://localhost:1", 0, 1))
    with pytest.raises(ValueError, match="world_size=-1"):
        next(dist.rendezvous(f"file://{tmp_path}/values", 0))
    with pytest.raises(NotImplementedError, match="where it keeps"):
        dist.Store().get("a")
    for url, arguments in (("?rank=1&world_size=3", ()), ("", (1, 3))):
        store, rank, size = next(dist.rendezvous(f"file://{tmp_path}/values{url}", *arguments))
        assert (rank, size) == (1, 3) and store.path == f"{tmp_path}/values"


KINDS = [
    ("set", "a", 1),
    ("set", "a", None),
    ("set", "a", ["b"]),
    ("set", "a", bytearray(b"x")),
    ("set", 1, "b"),
    ("set", b"k", "v"),
    ("get", "k"),
    ("add", "n", "x"),
    ("add", "n", 1.5),
    ("append", "a", 1),
    ("compare_set", "a", 1, "b"),
    ("compare_set", "a", "x", 2),
    ("multi_set", ["a"], [1]),
    ("wait", "a"),
    ("check", "a"),
    ("multi_get", "ab"),
    ("delete_key", 1),
]


def taken(lib):
    store, found = lib.distributed.HashStore(), []
    for name, *args in KINDS:
        try:
            found.append(getattr(store, name)(*args))
        except TypeError:
            found.append("TypeError")
    return [value.decode() if isinstance(value, bytes) else value for value in found]


def test_values_and_keys_of_other_kinds():
    assert taken(mytorch) == answer(taken)
