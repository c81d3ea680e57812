"""PyTorch's ``.pt`` / ``.pth`` files, written without torch, as its safe loader reads them.

``archive/data.pkl`` is the object, a pickle of protocol 2 with only the instructions and names that PyTorch's
safe loader takes. A tensor in it is a call of ``_rebuild_tensor_v2`` with a storage, sizes and strides;
``archive/data/0``, ``archive/data/1``, … are the storages. Tensors that share memory share a storage.
"""

from __future__ import annotations

import pickle
import struct
import sys
import zipfile
from collections import Counter, OrderedDict

import numpy

from ..core.arrays import device
from ..core.dtypes import by_numpy, dtype
from ..tensors.tensor import Size, Tensor
from .archive import writing
from .array_table import ArrayTable
from .checkpoint import MAX_DEPTH, NotPlain, kind_of
from .opcodes import PLAIN
from .torch_reader import STORAGES

ENDINGS = (".pt", ".pth")
ALIGNMENT = 64  # of storages in the file, for torch.load(f, mmap=True)
_storage_of = {dtype: name for name, dtype in STORAGES.items() if name != "UntypedStorage"}


def save_torch(obj, f) -> None:
    """Write ``obj`` to ``f``, a path or a binary file object, as ``torch.save`` does.

    Tensors, parameters, numbers, strings, bytes, None, dtypes, devices, and dicts, lists, tuples and sets of
    them; :func:`save` does so for files named ``.pt`` and ``.pth``. Tensors that share memory share it in
    PyTorch. An existing file is replaced only when the new one is complete. TypeError for anything else,
    such as a NumPy array or a whole module; ValueError for containers nested deeper than 100.
    """
    try:
        write(obj, f)
    except NotPlain as error:
        raise TypeError(
            f"a PyTorch file cannot hold {error}: PyTorch would not load it with weights_only=True. Save "
            "tensors and numbers, such as model.state_dict(), or name the file .mt for mytorch's own format"
        ) from None


def write(obj, f):
    """As :func:`save_torch`, but NotPlain for what a PyTorch file cannot hold."""
    pickler = Pickler()
    pickler.add(obj)
    content, storages = pickler.finish()
    with writing(f) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _write(archive, "archive/data.pkl", content)
        _write(archive, "archive/byteorder", sys.byteorder.encode())
        for i, storage in enumerate(storages):
            _write(archive, f"archive/data/{i}", storage)
        _write(archive, "archive/version", b"3\n")


def _write(archive, name, content):
    """Write a member whose content begins at a multiple of ALIGNMENT, by an extra field as in torch."""
    info = zipfile.ZipInfo(name)
    info.file_size = len(content)
    start = archive.start_dir + zipfile.sizeFileHeader + len(name) + 4
    padding = -start % ALIGNMENT
    info.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
    with archive.open(info, "w") as member:
        member.write(content)


class Pickler:
    """Writes the pickle of an object; the calls that make tensors are filled in when all are known."""

    def __init__(self):
        self.parts, self.tensors = [pickle.PROTO + b"\x02"], []  # tensors: (index of its part, array, value)
        self.arrays, self.memo = ArrayTable(), {}

    def finish(self):
        """(the bytes of the pickle, the bytes of each storage)."""
        storages, views = _storages(self.arrays)
        for part, array, value in self.tensors:
            self.parts[part] = _tensor(value, *views[array])
        return b"".join(self.parts) + pickle.STOP, storages

    def add(self, value, depth=0):
        """Write ``value``; NotPlain if PyTorch's safe loader would refuse it."""
        kind = type(value)
        if id(value) in self.memo:
            self.parts.append(_numbered(pickle.BINGET, pickle.LONG_BINGET, self.memo[id(value)][0]))
        elif kind in _leaves:
            self.parts.append(_leaves[kind](value))
        elif isinstance(value, Tensor) and kind_of(value):
            self.tensors.append((len(self.parts), self.arrays.add(value.detach().array), value))
            self.parts.append(b"")
            self.remember(value)
        elif kind in _containers:
            if depth > MAX_DEPTH:
                raise ValueError(f"cannot save containers nested more than {MAX_DEPTH} deep")
            _containers[kind](self, value, depth + 1)
        else:
            raise NotPlain(value)

    def remember(self, value):
        """Give the object on top of the stack a number; when it comes again, the number is written."""
        if id(value) in self.memo:  # a tuple that contains itself, in a list
            return
        self.memo[id(value)] = len(self.memo), value  # the reference keeps the id in use
        self.parts.append(_numbered(pickle.BINPUT, pickle.LONG_BINPUT, self.memo[id(value)][0]))

    def item(self, value, key, depth):
        try:
            self.add(value, depth)
        except NotPlain as error:
            error.path.append(f"[{key!r}]")
            raise

    def items(self, values, depth):
        """MARK and ``values``."""
        self.parts.append(pickle.MARK)
        for i, value in enumerate(values):
            self.item(value, i, depth)

    def entries(self, mapping, depth):
        """Fill the dict on top of the stack."""
        self.parts.append(pickle.MARK)
        for key, value in mapping.items():
            self.add(_checked(key), depth)
            self.item(value, key, depth)
        self.parts.append(pickle.SETITEMS)

    def list(self, value, depth):
        self.parts.append(pickle.EMPTY_LIST)
        self.remember(value)
        self.items(value, depth)
        self.parts.append(pickle.APPENDS)

    def tuple(self, value, depth):
        self.items(value, depth)
        self.parts.append(pickle.TUPLE)
        self.remember(value)

    def dict(self, value, depth):
        self.parts.append(pickle.EMPTY_DICT)
        self.remember(value)
        self.entries(value, depth)

    def ordered_dict(self, value, depth):
        """An OrderedDict; that of ``Module.state_dict`` has the versions of its modules in ``_metadata``."""
        self.parts.append(_EMPTY_ORDERED)
        self.remember(value)
        self.entries(value, depth)
        metadata = getattr(value, "_metadata", None)
        if metadata is not None:
            self.add({"_metadata": metadata}, depth)
            self.parts.append(pickle.BUILD)

    def counter(self, value, depth):
        self.parts.append(_name("collections", "Counter") + pickle.EMPTY_DICT)
        self.entries(value, depth)
        self.parts.append(pickle.TUPLE1 + pickle.REDUCE)
        self.remember(value)

    def set(self, value, depth):
        self.parts.append(_name("__builtin__", "set") + pickle.EMPTY_LIST)
        self.items(map(_checked, value), depth)
        self.parts.append(pickle.APPENDS + pickle.TUPLE1 + pickle.REDUCE)
        self.remember(value)


_containers = {
    list: Pickler.list,
    tuple: Pickler.tuple,
    dict: Pickler.dict,
    OrderedDict: Pickler.ordered_dict,
    Counter: Pickler.counter,
    set: Pickler.set,
}


def _checked(key):
    """``key`` of a dict or set; NotPlain unless it is plain, for mytorch's reader takes no other."""
    if type(key) is tuple:
        for part in key:
            _checked(part)
    elif type(key) not in PLAIN:
        raise NotPlain(key, f"a key of type {type(key).__name__}")
    return key


# ---- values without parts -----------------------------------------------------------------------


def _numbered(short, long, number):
    return short + bytes([number]) if number < 256 else long + struct.pack("<I", number)


def _name(module, name):
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def _call(module, name, *arguments):
    return _name(module, name) + pickle.MARK + b"".join(arguments) + pickle.TUPLE + pickle.REDUCE


def _int(value):
    if -(2**31) <= value < 2**31:
        return pickle.BININT + struct.pack("<i", value)
    content = pickle.encode_long(value)
    if len(content) > 255:
        raise NotPlain(value, "an int of more than 255 bytes")
    return pickle.LONG1 + bytes([len(content)]) + content


def _float(value):
    return pickle.BINFLOAT + struct.pack(">d", value)


def _text(value):
    content = value.encode("utf-8", "surrogatepass")
    return pickle.BINUNICODE + struct.pack("<I", len(content)) + content


def _ints(values):
    return pickle.MARK + b"".join(_int(int(n)) for n in values) + pickle.TUPLE


def _bool(value):
    return pickle.NEWTRUE if value else pickle.NEWFALSE


def _device(value):
    index = () if value.index is None else (_int(value.index),)
    return _call("torch", "device", _text(value.type), *index)


_EMPTY_ORDERED = _name("collections", "OrderedDict") + pickle.EMPTY_TUPLE + pickle.REDUCE
_leaves = {
    type(None): lambda value: pickle.NONE,
    bool: _bool,
    int: _int,
    float: _float,
    str: _text,
    complex: lambda value: _call("__builtin__", "complex", _float(value.real), _float(value.imag)),
    bytes: lambda value: _call("_codecs", "encode", _text(value.decode("latin1")), _text("latin1")),
    bytearray: lambda value: _call(
        "__builtin__", "bytearray", _text(value.decode("latin1")), _text("latin-1")
    ),
    Size: lambda value: _call("torch", "Size", _ints(value)),
    dtype: lambda value: _name("torch", value.name),
    device: _device,
}


# ---- tensors and storages -----------------------------------------------------------------------


def _tensor(value, storage, count, offset, size, stride, kind, typed):
    """The call that makes the tensor ``value``: a view, of element type ``kind``, of a storage."""
    is_parameter = kind_of(value) == "Parameter"
    storage_name = ("torch", _storage_of[kind.name]) if typed else ("torch.storage", "UntypedStorage")
    identifier = (_text("storage"), _name(*storage_name), _text(str(storage)), _text(str(value.device)))
    arguments = [
        pickle.MARK + b"".join(identifier) + _int(count) + pickle.TUPLE + pickle.BINPERSID,
        _int(offset),
        _ints(size),
        _ints(stride),
        _bool(value.requires_grad and not is_parameter),
        _EMPTY_ORDERED,  # hooks
    ]
    if typed:
        tensor = _call("torch._utils", "_rebuild_tensor_v2", *arguments)
    else:
        tensor = _call("torch._utils", "_rebuild_tensor_v3", *arguments, _name("torch", kind.name))
    if not is_parameter:
        return tensor
    return _call("torch._utils", "_rebuild_parameter", tensor, _bool(value.requires_grad), _EMPTY_ORDERED)


def _storages(table):
    """(the bytes of each storage, for each array its view of one).

    A view is (storage, number of elements there, offset, size, strides, dtype, whether the storage has that
    dtype), counted in elements. A storage without a dtype, counted in bytes, has arrays of several.
    """
    written, places = table.settle()
    contents, views, windows = [], [None] * len(places), {}
    for i, (array, place) in enumerate(zip(table.arrays, places)):
        steps, offset = place.get("strides"), place.get("offset", 0)
        if steps is None or any(n < 0 or n % array.itemsize for n in (*steps, offset)):
            dense = _dense(array)  # torch has no such strides
            steps = [n // array.itemsize for n in dense.strides]
            kind = by_numpy[array.dtype]
            typed = kind.name in _storage_of
            count = dense.size if typed else dense.nbytes
            views[i] = len(contents), count, 0, dense.shape, steps, kind, typed
            contents.append(_bytes(dense))
        else:
            windows.setdefault(place["member"], []).append(i)
    for member, group in windows.items():
        block = written[member]
        kinds = {by_numpy[table.arrays[i].dtype] for i in group}
        typed = len(kinds) == 1 and all(k.name in _storage_of and block.size % k.itemsize == 0 for k in kinds)
        for i in group:
            size, place, kind = table.arrays[i].itemsize, places[i], by_numpy[table.arrays[i].dtype]
            steps = [n // size for n in place["strides"]]
            count = block.size // size if typed else block.size
            views[i] = len(contents), count, place["offset"] // size, place["shape"], steps, kind, typed
        contents.append(_bytes(block))
    return contents, views


def _dense(array):
    """``array`` or a copy whose elements fill its memory, in the order in which they lie there now."""
    order = sorted(range(array.ndim), key=lambda d: -abs(array.strides[d]))
    return numpy.asarray(array.transpose(order), order="C").transpose(numpy.argsort(order))


def _bytes(array):
    """The memory of a dense array."""
    flat = array.transpose(sorted(range(array.ndim), key=lambda d: -array.strides[d])).reshape(-1)
    return memoryview(flat.view(numpy.uint8))
